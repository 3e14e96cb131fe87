// Turns painted faces into line drawings and back. The model sees faces of both kinds, and no face in both: nothing is paired.
//
//     dotnet run -c Release --project samples/Translate
using GpuVae.Applications;
using GpuVae.Data;
using GpuVae.Devices;
using GpuVae.Imaging;
using GpuVae.Models;
using GpuVae.Options;
using GpuVae.Training;

const int epochs = 60, size = 32, painted = 0, drawn = 1;
var small = new DataOptions { Size = new ImageSize(size, size), SyntheticCount = 6000, Seed = 1 };
// Two folders do as well: ImageDomains.Load(["photos", "drawings"], small).
(ImageSet train, ImageSet test) = DataSource.Load("faces:both", small);

using var device = ComputeDevice.Open("auto");
using var model = new Vae(device, new VaeOptions
{
    Shape = train.Shape,
    Classes = 2,
    LabelNames = train.LabelNames!,
    Latent = 24,
    Beta = 4,
    Activation = ActivationKind.Silu,
    Likelihood = Likelihood.Gaussian,
    Variance = 0.02,
});
using (var trainer = new Trainer(
    model, train, new TrainingOptions { Epochs = epochs, BatchSize = 64, Decay = LearningRateDecay.Cosine }, test))
{
    trainer.EpochCompleted += epoch => Console.Write($"\repoch {epoch.Epoch} of {epochs}: {epoch.Test?.Loss:F0} nats per image ");
    trainer.Run();
    Console.WriteLine();
}

// Each of these is there in both styles, so the translation can be compared with the truth, which it has never seen.
DataOptions others = small with { SyntheticCount = 500, Seed = 2 };
ImageSet paintings = DataSource.Load("faces", others).Train, drawings = DataSource.Load("faces:drawn", others).Train;
var translator = Translator.Learn(model, train);
float[] paintedRows = PictureInput.Rows(paintings), drawnRows = PictureInput.Rows(drawings);
float[] toDrawn = translator.Translate(paintedRows, painted, drawn), toPainted = translator.Translate(drawnRows, drawn, painted);
Console.WriteLine(
    $"squared error per pixel to the true drawing: {Error(toDrawn, drawnRows):F4}; the painting itself {Error(paintedRows, drawnRows):F4}");

int row = 12 * train.PixelsPerImage;
float[] picture = [.. paintedRows[..row], .. toDrawn[..row], .. drawnRows[..row], .. toPainted[..row]];
ImageFile.Write("translated.png", ImageGrid.Compose(picture, size, size, channels: 3, columns: 12));
Console.WriteLine("look at translated.png: painted, translated into drawn, truly drawn, translated back into painted");

static double Error(float[] a, float[] b) => a.Zip(b, (x, y) => Math.Pow(x - y, 2)).Average();
