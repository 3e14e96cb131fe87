// Gives faces glasses, hats, another hair and another background: directions of the latent space learnt from labelled images.
//
//     dotnet run -c Release --project samples/Edit
using GpuVae.Applications;
using GpuVae.Data;
using GpuVae.Devices;
using GpuVae.Imaging;
using GpuVae.Models;
using GpuVae.Training;

const int epochs = 40, size = 32;
var small = new DataOptions { Size = new ImageSize(size, size), SyntheticCount = 6000, Seed = 1 };
(ImageSet train, ImageSet test) = DataSource.Load("faces", small);
Console.WriteLine($"known of the faces: {string.Join(", ", train.Attributes)}");

using ComputeDevice device = ComputeDevice.Open("auto");
using var model = new Vae(device, new VaeOptions
{
    Shape = ImageShape.Of(train), Latent = 32, Activation = ActivationKind.Silu, Likelihood = Likelihood.Gaussian, Variance = 0.01,
});
using (var trainer = new Trainer(
    model, train, new TrainingOptions { Epochs = epochs, BatchSize = 64, Decay = LearningRateDecay.Cosine }, test))
{
    trainer.EpochCompleted += epoch => Console.Write($"\repoch {epoch.Epoch} of {epochs}: {epoch.Test?.Loss:F0} nats per image ");
    trainer.Run();
    Console.WriteLine();
}

AttributeDirections directions = AttributeDirections.Learn(model, train);
ImageSet plain = test.Without("glasses").Without("hat").Select([0, 1]);
var pictures = new List<float>();
foreach (string edit in (string[])["glasses", "hat=beanie", "hair-colour=blond", "background=pink"])
{
    // Original, reconstruction, and the edit from a fifth of its strength to all of it.
    var editor = new ImageEditor(model, plain);
    pictures.AddRange(editor.Strips(directions.Sum(AttributeEdit.Parse(edit)), steps: 5));
}
// Several at once, one of them removed and one exaggerated.
float[] all = directions.Sum(new("glasses", 1), new("hair=curly", -1), new("smile", 2));
pictures.AddRange(new ImageEditor(model, plain).Strips(all, steps: 5));
ImageFile.Write("edited.png", ImageGrid.Compose(pictures.ToArray(), size, size, channels: 3, columns: 7));
Console.WriteLine("look at edited.png: original, reconstruction, edited more and more");
