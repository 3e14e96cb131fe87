using GpuVae.Data;

namespace GpuVae.Tests;

/// <summary>The real MNIST, where it is there.</summary>
internal static class MnistData
{
    /// <summary>The training and the test set with their labels; the test that asks is skipped where there are none.</summary>
    public static DataSets LoadOrSkip()
    {
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            string folder = Path.Combine(at.FullName, "shared", "data", "mnist");
            if (File.Exists(Path.Combine(folder, "train-images-idx3-ubyte.gz")))
                return DataSource.Load(folder);
        }
        Assert.Skip("MNIST is not there: put its four idx .gz files into shared/data/mnist beside or above the repository.");
        return null!;
    }
}
