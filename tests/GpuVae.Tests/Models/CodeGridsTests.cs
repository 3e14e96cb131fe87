using GpuVae.Devices;
using GpuVae.Kernels.Common;
using GpuVae.Latent;
using GpuVae.Layers;
using GpuVae.Models;
using GpuVae.Options;
using GpuVae.Scheduling;
using ILGPU;
using ILGPU.Runtime;

namespace GpuVae.Tests.Models;

/// <summary>Two grids of codes so fine that they are nearly no codes: then the gradient that passes them is nearly a derivative.</summary>
public sealed class CodeGridsTests(CpuDevice cpu) : IClassFixture<CpuDevice>
{
    private const int Count = 96;

    [Theory]
    [InlineData(UpsamplingKind.Nearest)]
    [InlineData(UpsamplingKind.Transposed)]
    public void TheGradientIsThatOfWideCentralDifferences(UpsamplingKind upsampling)
    {
        using var model = new Vae(cpu.Device, new VaeOptions
        {
            Shape = new(7, 6, 2),
            Network = NetworkKind.Convolutional,
            ChannelsPerStage = [16],
            ResidualBlocks = 1,
            Upsampling = upsampling,
            Activation = ActivationKind.Silu,
            Quantization = Quantization.Scalar,
            Levels = [255, 255],
            CodeLevels = 2,
        }, seed: 3);
        // Initial weights let little of a gradient through so many layers.
        Parameter[] between = [.. model.Parameters.Parameters.Where(of => of.Name.StartsWith("codes.", StringComparison.Ordinal))];
        Assert.NotEmpty(between);
        foreach (Parameter weight in between.Where(of => of.Shape.Count == 4))
            model.Parameters.Write(weight, [.. model.Parameters.Read(weight).Select(value => 2.5f * value)]);
        float[] encoded = Random(Count * model.Options.Latent, seed: 1);
        // What the decoder is given: 4×3 places of both grids' two numbers.
        float[] weights = Random(Count * 12 * 4, seed: 2);
        float[] derivatives = Array.ConvertAll(encoded, SiluDerivative);
        using MemoryBuffer1D<float, Stride1D.Dense> derivative = cpu.Device.Accelerator.Allocate1D(derivatives);
        using MemoryBuffer1D<float, Stride1D.Dense> activated = cpu.Device.Accelerator.Allocate1D(Array.ConvertAll(encoded, Silu));
        using MemoryBuffer1D<float, Stride1D.Dense> ofSum = cpu.Device.Accelerator.Allocate1D(weights);
        using MemoryBuffer1D<float, Stride1D.Dense> gradients = cpu.Device.Accelerator.Allocate1D<float>(model.Parameters.Values.Length);
        var builder = new ScheduleBuilder(Count);
        LayerContext context = model.ContextOf(builder) with { Gradients = gradients.View };
        var h = new LayerOutput(
            ScheduleBuilder.Fixed("h", activated.View, Count), ScheduleBuilder.Fixed("derivative", derivative.View, Count),
            Activation.Of<Silu>());
        CodesPass pass = model.Parts.Codes!.Forward(context, h);
        float[] given = new float[weights.Length], ofEncoded = new float[encoded.Length];
        Assert.Equal(given.Length, pass.DecoderInput.Length);
        builder.Add("read", 0, 0, [pass.DecoderInput], stream => pass.DecoderInput.View.Download(stream, given.AsSpan()));
        PlannedTensor dEncoded = pass.Backward(context, ScheduleBuilder.Fixed("weights", ofSum.View, Count));
        builder.Add("read gradient", 0, 0, [dEncoded], stream => dEncoded.View.Download(stream, ofEncoded.AsSpan()));
        using MemoryBuffer1D<float, Stride1D.Dense> arena = cpu.Device.Accelerator.Allocate1D<float>(builder.Plan());
        using Schedule schedule = builder.Bind(arena.View);
        Sum();

        float[] ofInput = [.. ofEncoded];
        RequireNear("pre-activation of h", ofInput, encoded, at =>
        {
            derivative.CopyFromCPU(Array.ConvertAll(at, SiluDerivative));
            activated.CopyFromCPU(Array.ConvertAll(at, Silu));
        });
        Dictionary<string, float[]> all = between.ToDictionary(of => of.Name, of => model.Parameters.Read(of, gradients.View));
        foreach (Parameter parameter in between)
        {
            float[] start = model.Parameters.Read(parameter);
            RequireNear(parameter.Name, all[parameter.Name], start, at => model.Parameters.Write(parameter, at));
            model.Parameters.Write(parameter, start);
        }

        double Sum()
        {
            schedule.Run(cpu.Device.Stream);
            cpu.Device.Stream.Synchronize();
            return given.Zip(weights, (a, b) => (double)a * b).Sum();
        }

        // Along the gradient itself, so far that the codes' steps of 1/127 do not matter much.
        void RequireNear(string name, float[] gradient, float[] start, Action<float[]> write)
        {
            double norm = Math.Sqrt(gradient.Sum(value => (double)value * value)), step = Math.Min(0.3, 5 / norm);
            double difference = (At(step) - At(-step)) / (2 * step);
            write(start);
            // Beside what rounding makes of it: some hundred steps of either sign.
            Assert.True(Math.Abs(difference - norm) < 0.12 * norm + 0.6, $"{name}: {norm}, {difference}");
            Assert.True(norm > 1 || name.EndsWith(".bias", StringComparison.Ordinal), $"{name}: {norm}");

            double At(double by)
            {
                write([.. start.Zip(gradient, (value, slope) => (float)(value + by / norm * slope))]);
                return Sum();
            }
        }
    }

    private static float Silu(float x) => x / (1 + MathF.Exp(-x));

    private static float SiluDerivative(float x)
    {
        float s = 1 / (1 + MathF.Exp(-x));
        return s + x * s * (1 - s);
    }

    private static float[] Random(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() * 2 - 1)];
    }
}
