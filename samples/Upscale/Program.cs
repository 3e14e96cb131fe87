// Trains two VAEs on the built-in digits and enlarges digits of 7×7 pixels to 28×28 with both: one model knows whole digits, and the code
// is searched whose image, reduced, is the input; the other was trained to enlarge, its encoder seeing means of 4×4 pixels alone.
//
//     dotnet run -c Release --project samples/Upscale
using GpuVae.Applications;
using GpuVae.Data;
using GpuVae.Devices;
using GpuVae.Imaging;
using GpuVae.Models;
using GpuVae.Options;
using GpuVae.Training;

const int count = 12, factor = 4;
using var device = ComputeDevice.Open("auto");
ImageSet train = SyntheticDigits.Create(10_000, seed: 1);
using Vae whole = Train(new VaeOptions { Latent = 16 }), enlarging = Train(new VaeOptions { Latent = 16, Upscale = factor });

ImageShape shape = whole.Options.Shape, smallShape = Upscaling.SmallShape(shape, factor);
float[] originals = PictureInput.Rows(SyntheticDigits.Create(count, seed: 3)), small = Enlargement.Reduce(originals, shape, factor);
float[] bicubic = Enlargement.Bicubic(small, smallShape, factor);
float[] searched = Upscaling.Enlarge(whole, small, factor), direct = Upscaling.Enlarge(enlarging, small, factor);
Report("bicubic", bicubic);
Report("searched code", searched);
Report("trained to enlarge", direct);

float[] rows = [.. Enlargement.Repeat(small, smallShape, factor), .. bicubic, .. searched, .. direct, .. originals];
ImageFile.Write("upscaled.png", ImageGrid.Compose(rows, shape.Width, shape.Height, shape.Channels, count));
Console.WriteLine("look at upscaled.png, from above: input, bicubic, searched code, trained to enlarge, original");

Vae Train(VaeOptions options)
{
    var model = new Vae(device, options);
    using var trainer = new Trainer(model, train, new TrainingOptions { Epochs = 15, LearningRate = 2e-3 });
    trainer.EpochCompleted += epoch => Console.WriteLine($"epoch {epoch.Epoch}: {epoch.Train.Loss:F1} nats per image");
    trainer.Run();
    return model;
}

void Report(string name, float[] enlarged)
{
    double error = enlarged.Zip(originals, (a, b) => (a - b) * (double)(a - b)).Average();
    Console.WriteLine($"{name}: {-10 * Math.Log10(error):F1} dB");
}
