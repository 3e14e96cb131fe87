using GpuVae.Data;
using GpuVae.Devices;
using GpuVae.Elbo;
using GpuVae.Formats;
using GpuVae.Kernels.Random;
using GpuVae.Layers;
using GpuVae.Models;
using GpuVae.Options;
using GpuVae.Simd;
using ILGPU;
using ILGPU.Runtime;

namespace GpuVae.Tests.Models;

public sealed class VaeTests(CpuDevice cpu) : IClassFixture<CpuDevice>, IDisposable
{
    private static readonly VaeOptions Small = new() { Shape = new(4, 3), Hidden = [7, 5], Latent = 3 };

    private readonly string folder = Directory.CreateTempSubdirectory("gpuvae-model-").FullName;

    [Fact]
    public void ParametersAreNamedAndShapedLikeTheSeedsModule()
    {
        using var model = new Vae(cpu.Device);
        Assert.Equal(
            [
                "encoder.0.weight [512, 784]", "encoder.0.bias [512]", "encoder.2.weight [256, 512]", "encoder.2.bias [256]",
                "encoder.4.weight [40, 256]", "encoder.4.bias [40]", "decoder.0.weight [256, 20]", "decoder.0.bias [256]",
                "decoder.2.weight [512, 256]", "decoder.2.bias [512]", "decoder.4.weight [784, 512]", "decoder.4.bias [784]",
            ],
            model.Parameters.Parameters.Select(parameter => $"{parameter.Name} [{string.Join(", ", parameter.Shape)}]"));
        Assert.Equal(1_082_680, model.Parameters.Count);
    }

    [Fact]
    public void InitialWeightsAreUniformWithinOneOverRootFanIn()
    {
        using var model = new Vae(cpu.Device, seed: 4);
        foreach (Parameter parameter in model.Parameters.Parameters)
        {
            int fanIn = model.Parameters[parameter.Name.Replace("bias", "weight", StringComparison.Ordinal)].Shape[1];
            double bound = 1 / Math.Sqrt(fanIn);
            float[] values = model.Parameters.Read(parameter);
            Assert.All(values, value => Assert.InRange(value, -bound, bound));
            // Mean 0 and variance bound²/3, each within five of its own deviations.
            double n = values.Length, mean = values.Average(value => (double)value);
            double square = values.Average(value => (double)value * value);
            Assert.InRange(mean / bound, -5 / Math.Sqrt(3 * n), 5 / Math.Sqrt(3 * n));
            Assert.InRange(square / (bound * bound), 1.0 / 3 - 5 * Math.Sqrt(4.0 / 45 / n), 1.0 / 3 + 5 * Math.Sqrt(4.0 / 45 / n));
        }
    }

    [Fact]
    public void EncodeDecodeAndReconstructFitTogether()
    {
        using var model = new Vae(cpu.Device, Small);
        float[] images = Floats(TestImages.Random(5, Small.Shape));
        float[] means = new float[15], logVariances = new float[15], decoded = new float[60], reconstructed = new float[60];
        model.Encode(images, means, logVariances);
        model.Decode(means, decoded);
        model.Reconstruct(images, reconstructed);
        Assert.Equal(decoded, reconstructed);
        Assert.All(decoded, value => Assert.InRange(value, 0f, 1f));
        Assert.NotEqual(means, logVariances);
    }

    [Fact]
    public void EncodeAgreesWithTheReferenceInDouble()
    {
        // Without hidden layers the moments are W x + b, which is written out here once more.
        VaeOptions options = Small with { Hidden = [] };
        using var model = new Vae(cpu.Device, options);
        float[] images = Floats(TestImages.Random(2, Small.Shape)), means = new float[6], logVariances = new float[6];
        model.Encode(images, means, logVariances);
        float[] weight = model.Parameters.Read(model.Parameters["encoder.0.weight"]);
        float[] bias = model.Parameters.Read(model.Parameters["encoder.0.bias"]);
        for (int row = 0; row < 2; row++)
        {
            for (int output = 0; output < 6; output++)
            {
                double expected = bias[output];
                for (int i = 0; i < 12; i++)
                    expected += (double)weight[output * 12 + i] * images[row * 12 + i];
                Assert.Equal(expected, output < 3 ? means[row * 3 + output] : logVariances[row * 3 + output - 3], 1e-5);
            }
        }
    }

    [Fact]
    public void DecodingOneByOneInBatchesAndInChunksGivesTheSame()
    {
        using var model = new Vae(cpu.Device, Small with { Hidden = [4] });
        const int count = 515;
        float[] codes = model.SamplePrior(count, 3), together = new float[count * 12], single = new float[12];
        model.Decode(codes, together);
        foreach (int i in (int[])[0, 1, 511, 512, 514])
        {
            model.Decode(codes.AsSpan(i * 3, 3), single);
            for (int p = 0; p < 12; p++)
                Assert.Equal(single[p], together[i * 12 + p], 1e-6f);
        }
    }

    [Fact]
    public void LearnedVarianceDecodesToTheMeans()
    {
        using var model = new Vae(cpu.Device, Small with { Likelihood = Likelihood.GaussianLearned, Hidden = [] });
        float[] code = [0.5f, -1, 2], image = new float[12];
        model.Decode(code, image);
        float[] weight = model.Parameters.Read(model.Parameters["decoder.0.weight"]);
        float[] bias = model.Parameters.Read(model.Parameters["decoder.0.bias"]);
        for (int p = 0; p < 12; p++)
            Assert.Equal(bias[p] + code[0] * weight[3 * p] + code[1] * weight[3 * p + 1] + code[2] * weight[3 * p + 2], image[p], 1e-5f);
    }

    [Fact]
    public void GeneratingMoreImagesKeepsTheFirstOnes()
    {
        using var model = new Vae(cpu.Device, Small);
        float[] few = model.Generate(3, seed: 8), many = model.Generate(40, seed: 8);
        Assert.Equal(few, many[..few.Length], (a, b) => MathF.Abs(a - b) < 1e-6f);
        Assert.NotEqual(few, model.Generate(3, seed: 9));
    }

    [Fact]
    public void EvaluationAgreesWithTheReference()
    {
        // More images than one evaluation batch, so that the smaller last one is in it.
        ImageSet images = TestImages.Random(260, Small.Shape);
        using var model = new Vae(cpu.Device, Small);
        ElboParts actual = model.Evaluate(images, seed: 6);
        var parameters = model.Parameters.Parameters.ToDictionary(
            parameter => parameter.Name, parameter => model.Parameters.Read(parameter).Select(value => (double)value).ToArray());
        double[] noise =
        [
            .. from row in Enumerable.Range(0, 260)
               from unit in Enumerable.Range(0, Small.Latent)
               select (double)Philox.NormalAt(6, RandomPurpose.Evaluation, row / 256, row % 256, unit),
        ];
        ElboParts expected = ReferenceVae.Loss(Small, parameters, TestImages.AsDoubles(images.Pixels), noise, Small.Beta);
        Assert.Equal(1, actual.Reconstruction / expected.Reconstruction, 1e-5);
        Assert.Equal(1, actual.Kl / expected.Kl, 1e-5);
    }

    [Fact]
    public void SavedAndLoadedTheBitsAreTheSame()
    {
        using var model = new Vae(cpu.Device, Small with { Activation = ActivationKind.Gelu, Likelihood = Likelihood.Gaussian }, seed: 3);
        model.Save(folder);
        using var loaded = Vae.Load(cpu.Device, folder);
        Assert.Equal(VaeConfig.ToJson(model.Options), VaeConfig.ToJson(loaded.Options));
        foreach (Parameter parameter in model.Parameters.Parameters)
            Assert.Equal(model.Parameters.Read(parameter), loaded.Parameters.Read(loaded.Parameters[parameter.Name]));
    }

    [Fact]
    public void WeightsOfAnotherArchitectureAreBadInput()
    {
        string path = Path.Combine(folder, "weights.safetensors");
        using var model = new Vae(cpu.Device, Small);
        model.SaveWeights(path);
        using var wider = new Vae(cpu.Device, Small with { Hidden = [8, 5] });
        Assert.Contains(
            "encoder.0.weight", Assert.Throws<BadInputException>(() => wider.LoadWeights(path)).Message, StringComparison.Ordinal);
        // Its layers are the first of the file's, which holds one more.
        using var shallower = new Vae(cpu.Device, Small with { Hidden = [] });
        float[] before = shallower.Parameters.Read(shallower.Parameters["encoder.0.weight"]);
        Assert.Throws<BadInputException>(() => shallower.LoadWeights(path));
        Assert.Equal(before, shallower.Parameters.Read(shallower.Parameters["encoder.0.weight"]));
    }

    [Fact]
    public void AFileWithMoreTensorsThanTheModelIsBadInput()
    {
        string path = Path.Combine(folder, "more.safetensors");
        using var model = new Vae(cpu.Device, Small);
        model.SaveWeights(path);
        var file = SafetensorsFile.Read(path);
        SafetensorsFile.Write(path, [.. file.Tensors, new NamedTensor("encoder.6.weight", [1], [1f])]);
        Assert.Contains(
            "encoder.6.weight", Assert.Throws<BadInputException>(() => model.LoadWeights(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AFolderWithoutAModelIsBadInput() =>
        Assert.Contains(
            "config.json", Assert.Throws<BadInputException>(() => Vae.Load(cpu.Device, folder)).Message, StringComparison.Ordinal);

    [Fact]
    public void RowsThatDoNotFitAreRefused()
    {
        using var model = new Vae(cpu.Device, Small);
        Assert.Throws<ArgumentException>(() => model.Decode(new float[4], new float[12]));
        Assert.Throws<ArgumentOutOfRangeException>(() => model.Generate(-1, seed: 1));
        Assert.Throws<ArgumentException>(() => model.Decode(new float[6], new float[12]));
        Assert.Throws<ArgumentException>(() => model.Encode(new float[12], new float[3], new float[6]));
    }

    [Fact]
    public void ADisposedModelSaysThatItIs()
    {
        var model = new Vae(cpu.Device, Small);
        // What was computed once has its launches at hand and would not look at the weights again.
        float[] images = model.Generate(2, seed: 1), codes = new float[2 * Small.Latent];
        model.Encode(images, codes, codes.ToArray());
        model.Dispose();
        model.Dispose();
        Action[] uses =
        [
            () => model.Generate(2, seed: 1), () => model.Encode(images, codes, codes), () => model.Decode(codes, images),
            () => model.Reconstruct(images, images), () => model.Save(folder), () => _ = model.Parameters,
        ];
        Assert.All(uses, use => Assert.Equal(typeof(Vae).FullName, Assert.Throws<ObjectDisposedException>(use).ObjectName));
    }

    [Fact]
    public void RepeatedDecodingAllocatesNothing()
    {
        using var model = new Vae(cpu.Device, Small);
        float[] code = new float[3], image = new float[12];
        model.Decode(code, image);
        model.Decode(code, image);
        Assert.Equal(0, Allocations.Of(() =>
        {
            for (int i = 0; i < 20; i++)
                model.Decode(code, image);
        }));
    }

    [Fact]
    public void OnAnAcceleratorOfTheCallersViewsAreUsedInPlaceAndTheAcceleratorStaysOpen()
    {
        using var context = Context.Create(builder => builder.EnableAlgorithms());
        using Accelerator accelerator = context.CreateSimdAccelerator();
        float[] images = Floats(TestImages.Random(4, Small.Shape));
        using MemoryBuffer1D<float, Stride1D.Dense> input = accelerator.Allocate1D(images);
        using MemoryBuffer1D<float, Stride1D.Dense> moments = accelerator.Allocate1D<float>(4 * 6);
        using MemoryBuffer1D<float, Stride1D.Dense> output = accelerator.Allocate1D<float>(4 * 12);
        using (var device = ComputeDevice.Wrap(accelerator))
        using (var model = new Vae(device, Small))
        {
            Assert.Equal("cpu", device.Name);
            model.Encode(input.View, moments.View);
            model.Reconstruct(input.View, output.View);
            device.Synchronize();
            float[] means = new float[12], logVariances = new float[12], expected = new float[48];
            model.Encode(images, means, logVariances);
            model.Reconstruct(images, expected);
            Assert.Equal(means[..3], moments.GetAsArray1D()[..3]);
            Assert.Equal(expected, output.GetAsArray1D());
        }
        output.MemSetToZero();
        Assert.All(output.GetAsArray1D(), value => Assert.Equal(0, value));
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private static float[] Floats(ImageSet images) => [.. images.Pixels.Select(pixel => pixel / 255f)];
}
