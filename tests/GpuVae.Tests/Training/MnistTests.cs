using GpuVae.Data;
using GpuVae.Models;
using GpuVae.Training;

namespace GpuVae.Tests.Training;

/// <summary>The seed article's training on the real MNIST, one epoch of it.</summary>
public sealed class MnistTests(CpuDevice cpu) : IClassFixture<CpuDevice>
{
    [Fact]
    public void OneEpochReachesWhatPyTorchReaches()
    {
        string? folder = Find();
        if (folder is null)
            Assert.Skip("MNIST is not there: put its four idx .gz files into shared/data/mnist beside or above the repository.");
        ImageSet train = IdxFile.Read(Path.Combine(folder, "train-images-idx3-ubyte.gz"));
        ImageSet test = IdxFile.Read(Path.Combine(folder, "t10k-images-idx3-ubyte.gz"));
        using var model = new Vae(cpu.Device, new VaeOptions { Latent = 20 });
        using var trainer = new Trainer(model, train, new TrainingOptions { Epochs = 1, BatchSize = 128, LearningRate = 1e-3 }, test);
        TrainingResult result = trainer.Run(TestContext.Current.CancellationToken);
        // PyTorch 136.4 with the same options; seeds differ by about one nat.
        Assert.InRange(result.LastEpoch!.Test!.Value.Loss, 100, 140);
    }

    private static string? Find()
    {
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            string folder = Path.Combine(at.FullName, "shared", "data", "mnist");
            if (File.Exists(Path.Combine(folder, "train-images-idx3-ubyte.gz")))
                return folder;
        }
        return null;
    }
}
