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

    public static TheoryData<Quantization, OnnxPrecision> Kinds => new()
    {
        { Quantization.Codebook, OnnxPrecision.Single },
        { Quantization.Scalar, OnnxPrecision.Single },
        { Quantization.Codebook, OnnxPrecision.Half },
    };

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(Kinds))]
    public void NumbersAndImagesAreTheLibrarys(Quantization quantization, OnnxPrecision precision)
    {
        VaeOptions options = Codebook with { Quantization = quantization, Levels = [8, 5, 3] };
        ImageSet images = TestImages.Random(Count, options.Shape);
        using var model = new Vae(cpu.Device, options);
        using (var trainer = new Trainer(model, images, new TrainingOptions { BatchSize = 4, Epochs = 5, LearningRate = 1e-2 }))
            trainer.Run(Cancellation);
        IReadOnlyList<OnnxFile> files = model.ExportOnnx(folder.FullPath, precision);
        Assert.Equal(["encoder.onnx", "decoder.onnx", "vae.onnx"], files.Select(file => Path.GetFileName(file.Path)));

        float[] pixels = [.. TestImages.AsDoubles(images.Pixels).Select(pixel => (float)pixel)];
        int[] numbers = new int[Count * model.Grid.Width * model.Grid.Height];
        model.EncodeNumbers(pixels, numbers, Cancellation);
        Assert.True(numbers.Distinct().Count() > 2);
        float[] decoded = new float[pixels.Length];
        model.DecodeNumbers(numbers, decoded, Cancellation);
        using var encoder = new OnnxSession(folder["encoder.onnx"]);
        using var decoder = new OnnxSession(folder["decoder.onnx"]);
        using var whole = new OnnxSession(folder["vae.onnx"]);
        Assert.Equal(["image batch 3 6 9"], encoder.Inputs);
        Assert.Equal(["numbers batch 3 5"], encoder.Outputs);
        Assert.Equal(["numbers batch 3 5"], decoder.Inputs);
        Dictionary<string, float[]> all = whole.Run(Count, ("image", pixels));
        // Rounded weights may move a vector to the next code.
        bool isExact = precision == OnnxPrecision.Single;
        if (isExact)
        {
            Assert.Equal(numbers.Select(number => (float)number), encoder.Run(Count, ("image", pixels))["numbers"]);
            Assert.Equal(numbers.Select(number => (float)number), all["numbers"]);
            Near(decoded, all["reconstruction"], 1e-5);
            Near([(float)model.Evaluate(images, cancellation: Cancellation).Reconstruction], [all["reconstruction_loss"].Average()], 1e-4);
        }
        Near(decoded, decoder.Run(Count, ("numbers", numbers))["image"], isExact ? 1e-5 : 1e-2);
    }

    private static void Near(float[] expected, float[] actual, double tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        double error = Math.Sqrt(
            expected.Zip(actual).Sum(pair => Math.Pow(pair.First - pair.Second, 2)) / expected.Sum(value => (double)value * value));
        Assert.True(error <= tolerance, $"{error}");
    }
}
