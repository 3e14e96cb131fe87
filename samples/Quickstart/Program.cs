// Trains a VAE on the built-in digits and writes pictures of what it learned.
//
//     dotnet run -c Release --project samples/Quickstart
using GpuVae.Applications;
using GpuVae.Data;
using GpuVae.Devices;
using GpuVae.Imaging;
using GpuVae.Models;
using GpuVae.Options;
using GpuVae.Training;

ImageSet digits = SyntheticDigits.Create(4000, seed: 1);
(ImageSet train, ImageSet test) = digits.Split(testFraction: 0.1, seed: 1);

using var device = ComputeDevice.Open("auto");
Console.WriteLine($"training on {device.Name} ({device.Accelerator.Name})");

using var model = new Vae(device, new VaeOptions { Latent = 10 });
using var trainer = new Trainer(model, train, new TrainingOptions { Epochs = 15, LearningRate = 2e-3 }, test);
trainer.EpochCompleted += epoch => Console.WriteLine(
    $"epoch {epoch.Epoch}: {epoch.Train.Loss:F1} nats per image, test {epoch.Test?.Loss:F1}, {epoch.ImagesPerSecond:F0} images/s");
trainer.Run();

// Sixty-four digits that nobody drew.
Write("quickstart-samples.png", model.Generate(64, seed: 7), columns: 8);

// From one digit to another along an arc in the latent space.
float[] codes = LatentCodes.Means(model, test.Select([0, 1]));
float[] path = Interpolation.Path(codes.AsSpan(0, model.Options.Latent), codes.AsSpan(model.Options.Latent), count: 10);
float[] frames = new float[10 * model.Options.Shape.Pixels];
model.Decode(path, frames);
Write("quickstart-interpolation.png", frames, columns: 10);

model.Save("quickstart-model");
Console.WriteLine("look at quickstart-samples.png and quickstart-interpolation.png; the model is in quickstart-model");

void Write(string file, float[] images, int columns)
{
    ImageShape shape = model.Options.Shape;
    ImageFile.Write(file, ImageGrid.Compose(images, shape.Width, shape.Height, shape.Channels, columns));
}
