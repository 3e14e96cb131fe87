// Trains a VAE on the built-in digits, hides the lower half of some that it has not seen, and completes them: the most probable completion
// of each and several drawn from the posterior of the code given the seen pixels.
//
//     dotnet run -c Release --project samples/Inpaint
using GpuVae.Applications;
using GpuVae.Data;
using GpuVae.Devices;
using GpuVae.Imaging;
using GpuVae.Models;
using GpuVae.Options;
using GpuVae.Training;

const int count = 8, samples = 5;
using var device = ComputeDevice.Open("auto");
using var model = new Vae(device, new VaeOptions { Latent = 16 });
using (var trainer = new Trainer(model, SyntheticDigits.Create(10_000, seed: 1), new TrainingOptions { Epochs = 15, LearningRate = 2e-3 }))
{
    trainer.EpochCompleted += epoch => Console.WriteLine($"epoch {epoch.Epoch}: {epoch.Train.Loss:F1} nats per image");
    trainer.Run();
}

ImageShape shape = model.Options.Shape;
float[] images = PictureInput.Rows(SyntheticDigits.Create(count, seed: 3));
var mask = Mask.Half(shape.Width, shape.Height, ImageHalf.Lower);
float[] probable = Inpainting.Complete(model, images, mask);
float[] drawn = Inpainting.Sample(model, images, mask, samples);

// A row for each digit: the original, what is seen of it, the most probable completion, the drawn ones.
float[] seen = mask.Show(images, shape);
var rows = new List<float>();
for (int i = 0; i < count; i++)
{
    foreach (float[] column in (float[][])[images, seen, probable])
        rows.AddRange(column.AsSpan(i * shape.Pixels, shape.Pixels));
    rows.AddRange(drawn.AsSpan(i * samples * shape.Pixels, samples * shape.Pixels));
}
ImageFile.Write("inpainted.png", ImageGrid.Compose(rows.ToArray(), shape.Width, shape.Height, shape.Channels, 3 + samples));
Console.WriteLine("look at inpainted.png: original, what is seen, the most probable completion, five others");
