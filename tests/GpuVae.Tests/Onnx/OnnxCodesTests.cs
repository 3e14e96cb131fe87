using GpuVae.Data;
using GpuVae.Models;
using GpuVae.Onnx;
using GpuVae.Options;
using GpuVae.Training;

namespace GpuVae.Tests.Onnx;

/// <summary>Models with discrete codes, run by ONNX Runtime: the same numbers, and the same images from them.</summary>
public sealed class OnnxCodesTests(CpuDevice cpu) : IClassFixture<CpuDevice>, IDisposable
{
    private const int Count = 7;

    private static readonly VaeOptions Codebook = new()
    {
        Shape = new(9, 6, 3),
        Network = NetworkKind.Convolutional,
        ChannelsPerStage = [5],
        Centered = true,
        Likelihood = Likelihood.GaussianShared,
        Quantization = Quantization.Codebook,
        Codes = 11,
        CodeSize = 3,
    };

    private readonly TemporaryFolder folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<Quantization, OnnxPrecision, int> Kinds => new()
    {
        { Quantization.Codebook, OnnxPrecision.Single, 1 },
        { Quantization.Codebook, OnnxPrecision.Single, 2 },
        { Quantization.Scalar, OnnxPrecision.Single, 1 },
        { Quantization.Scalar, OnnxPrecision.Single, 2 },
        { Quantization.Codebook, OnnxPrecision.Half, 1 },
        { Quantization.Codebook, OnnxPrecision.Half, 2 },
    };

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(Kinds))]
    public void NumbersAndImagesAreTheLibrarys(Quantization quantization, OnnxPrecision precision, int levels)
    {
        VaeOptions options = Codebook with { Quantization = quantization, Levels = [8, 5, 3], CodeLevels = levels };
        ImageSet images = TestImages.Random(Count, options.Shape);
        using var model = new Vae(cpu.Device, options);
        using (var trainer = new Trainer(model, images, new TrainingOptions { BatchSize = 4, Epochs = 30, LearningRate = 1e-2 }))
            trainer.Run(Cancellation);
        IReadOnlyList<OnnxFile> files = model.ExportOnnx(folder.FullPath, precision);
        Assert.Equal(["encoder.onnx", "decoder.onnx", "vae.onnx"], files.Select(file => Path.GetFileName(file.Path)));

        float[] pixels = [.. TestImages.AsDoubles(images.Pixels).Select(pixel => (float)pixel)];
        int[] numbers = new int[Count * model.Places];
        model.EncodeNumbers(pixels, numbers, Cancellation);
        Assert.True(numbers.Distinct().Count() > 2);
        float[] decoded = new float[pixels.Length];
        model.DecodeNumbers(numbers, decoded, Cancellation);
        using var encoder = new OnnxSession(folder["encoder.onnx"]);
        using var decoder = new OnnxSession(folder["decoder.onnx"]);
        using var whole = new OnnxSession(folder["vae.onnx"]);
        Assert.Equal(["image batch 3 6 9"], encoder.Inputs);
        string[] names = levels == 2 ? ["top_numbers", "bottom_numbers"] : ["numbers"];
        string[] grids = levels == 2 ? ["top_numbers batch 2 3", "bottom_numbers batch 3 5"] : ["numbers batch 3 5"];
        Assert.Equal(grids, encoder.Outputs);
        Assert.Equal(grids, decoder.Inputs);
        int[][] ofGrids = levels == 2 ? [OfImages(0, 6), OfImages(6, 15)] : [numbers];
        Dictionary<string, float[]> all = whole.Run(Count, ("image", pixels));
        // Rounded weights may move a vector to the next code.
        bool isExact = precision == OnnxPrecision.Single;
        if (isExact)
        {
            foreach ((string name, int[] ofGrid) in names.Zip(ofGrids))
            {
                Assert.Equal(ofGrid.Select(number => (float)number), encoder.Run(Count, ("image", pixels))[name]);
                Assert.Equal(ofGrid.Select(number => (float)number), all[name]);
            }
            Near(decoded, all["reconstruction"], 1e-5);
            Near([(float)model.Evaluate(images, cancellation: Cancellation).Reconstruction], [all["reconstruction_loss"].Average()], 1e-4);
        }
        else
            Assert.InRange(model.PsnrLoss(images, precision, Cancellation), -3, 3);
        Near(decoded, decoder.Run(Count, [.. names.Zip(ofGrids, (name, of) => (name, (Array)of))])["image"], isExact ? 1e-5 : 1e-2);

        int[] OfImages(int first, int count) =>
            [.. Enumerable.Range(0, Count * count).Select(i => numbers[i / count * model.Places + first + i % count])];
    }

    private static void Near(float[] expected, float[] actual, double tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        double error = Math.Sqrt(
            expected.Zip(actual).Sum(pair => Math.Pow(pair.First - pair.Second, 2)) / expected.Sum(value => (double)value * value));
        Assert.True(error <= tolerance, $"{error}");
    }
}
