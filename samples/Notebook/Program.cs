// The cells of first-model.ipynb one after the other, so that they are compiled and run with the other samples; a test compares both.
//
//     dotnet run -c Release --project samples/Notebook
using GpuVae.Applications;
using GpuVae.Data;
using GpuVae.Devices;
using GpuVae.Imaging;
using GpuVae.Models;
using GpuVae.Options;
using GpuVae.Training;

var device = ComputeDevice.Open("auto");
ImageSet digits = SyntheticDigits.Create(2_000, seed: 1);
Console.WriteLine($"{digits.Count} images of {digits.Shape} on {device.Name}");

var model = new Vae(device, new VaeOptions { Hidden = [256], Latent = 10, Activation = ActivationKind.Silu });
var trainer = new Trainer(model, digits, new TrainingOptions { Epochs = 8, BatchSize = 50, LearningRate = 2e-3 });
trainer.EpochCompleted += epoch => Console.WriteLine($"epoch {epoch.Epoch}: {epoch.Train.Loss:F1} nats per image");
trainer.Run();

float[] drawn = model.Generate(32, seed: 7);
ImageFile.Write("drawn.png", new CaptionedGrid(model.Options.Shape, Columns: 8).Compose(drawn));

float[] code = LatentCodes.Means(model, digits.Select([0]));
float[] codes = LatentGrid.Traversals(code, [0, 1, 2], 7);
float[] images = new float[codes.Length / model.Options.Latent * model.Options.Shape.Pixels];
model.Decode(codes, images);
var traversals = new CaptionedGrid(model.Options.Shape, Columns: 7) { RowNames = ["unit 0", "unit 1", "unit 2"] };
ImageFile.Write("traversals.png", traversals.Compose(images));

model.SaveWeights("digits.safetensors", half: true);
var again = Vae.Load(device, "digits.safetensors");
Console.WriteLine($"{again.Parameters.Count} weights from one file");
trainer.Dispose();
again.Dispose();
model.Dispose();
device.Dispose();
