// Gives faces glasses, another hat, hair, background and skin: ways through the latent space learnt from labelled images.
//
//     dotnet run -c Release --project samples/Edit                 trains a small model first
//     dotnet run -c Release --project samples/Edit -- runs/faces   takes one that 'gpuvae train --data faces' has made
using GpuVae.Applications;
using GpuVae.Data;
using GpuVae.Devices;
using GpuVae.Imaging;
using GpuVae.Models;
using GpuVae.Options;
using GpuVae.Training;

const int steps = 5;
(ImageSet train, ImageSet test) = DataSource.Load("faces", new DataOptions { SyntheticCount = 4000, Seed = 1 });
Console.WriteLine($"known of the faces: {string.Join(", ", train.Attributes)}");
using var device = ComputeDevice.Open("auto");
using Vae model = args is [string run] ? Vae.Load(device, run) : Train();

var directions = AttributeDirections.Learn(model, train);
var pictures = new List<float>();
Edit(test.Without("glasses").Without("hat"), "glasses:1.6");
Edit(test.With("hat=beanie").With("hair=curly"), "hat=top");
Edit(test.With("hair-colour=black").With("hair=bob").Without("hat"), "hair-colour=blond:1.6");
Edit(test.With("background=blue").With("hair=short").Without("hat"), "background=pink");
Edit(test.With("skin=pale").With("hair=long").Without("glasses").With("hat=none"), "skin=brown", "glasses=square");
ImageFile.Write("edited.png", ImageGrid.Compose(pictures.ToArray(), train.Width, train.Height, train.Channels, columns: 1 + steps));
Console.WriteLine("look at edited.png: the original, then edited more and more");

// A row of pictures of the first of the faces.
void Edit(ImageSet faces, params string[] edits)
{
    var editor = new ImageEditor(model, faces.Select([0]));
    float[] change = directions.Changes(editor.Codes, edits.Select(AttributeEdit.Parse));
    // Original, reconstruction, and the edit from a fifth of its strength to all of it.
    float[] strip = editor.Strips(change, steps);
    pictures.AddRange([.. strip[..train.PixelsPerImage], .. strip[(2 * train.PixelsPerImage)..]]);
}

Vae Train()
{
    const int epochs = 20;
    var trained = new Vae(device, new VaeOptions
    {
        Shape = train.Shape,
        Network = NetworkKind.Convolutional,
        ChannelsPerStage = [16, 32, 64, 128],
        GroupNorm = true,
        Activation = ActivationKind.Silu,
        Latent = 64,
        Likelihood = Likelihood.GaussianShared,
        Variance = 0.01,
    });
    var options = new TrainingOptions { Epochs = epochs, BatchSize = 32, LearningRate = 2e-3, Decay = LearningRateDecay.Cosine };
    using var trainer = new Trainer(trained, train, options);
    trainer.EpochCompleted += epoch => Console.WriteLine($"epoch {epoch.Epoch} of {epochs}: {epoch.Train.Loss:F0} nats per image");
    trainer.Run();
    return trained;
}
