using GpuVae.Data;

namespace GpuVae.Tests;

/// <summary>Data and networks that are not part of the repository.</summary>
internal static class OutsideFiles
{
    /// <summary>The training and the test set of MNIST with their labels; the test that asks is skipped where there are none.</summary>
    public static DataSets Mnist() => DataSource.Load(MnistFolder());

    /// <summary>Where the files of MNIST lie; the test that asks is skipped where they do not.</summary>
    public static string MnistFolder() => Path.GetDirectoryName(FindOrSkip("shared/data/mnist/train-images-idx3-ubyte.gz", "MNIST"))!;

    /// <summary>The photographs of CIFAR-10 as JPEG files in an archive; the test that asks is skipped where it is missing.</summary>
    public static string Photographs() => FindOrSkip("shared/data/photos/cifar10-jpeg.zip", "CIFAR-10");

    /// <summary>ResNet-18 as evaluate --features takes it; the test that asks is skipped where it is missing.</summary>
    public static string[] Features() =>
    [
        .. from file in (string[])["ResNetPreprocess.onnx", "ResNet18.onnx"]
           select FindOrSkip($"artifacts/resnet18/{file}", "ResNet-18 (benchmarks/fetch-resnet18.sh)"),
    ];

    private static string FindOrSkip(string path, string what)
    {
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            string found = Path.Combine([at.FullName, .. path.Split('/')]);
            if (File.Exists(found))
                return found;
        }
        Assert.Skip($"{what} is not there: {path}, in, beside or above the repository.");
        return null!;
    }
}
