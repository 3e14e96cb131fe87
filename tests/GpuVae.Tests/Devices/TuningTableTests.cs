using GpuVae.Devices;
using GpuVae.Kernels.Gemm.Planning;
using GpuVae.Options;
using ILGPU.Runtime;

namespace GpuVae.Tests.Devices;

public sealed class TuningTableTests
{
    private static readonly GemmProblem Problem = new(GemmUse.Product, false, false, 64, 64, 64);

    [Fact]
    public void TheDeviceUsesATableThatIsForIt()
    {
        using var plain = ComputeDevice.Open("cpu");
        TuningTable table = Table(plain.Accelerator);
        using var tuned = ComputeDevice.Open("cpu", new ComputeOptions { Tuning = table });
        Assert.Same(table, tuned.Options.Tuning);
        Assert.Null(plain.Options.Tuning);
    }

    [Fact]
    public void ATableForAnotherDeviceOrOtherKernelsIsLeftAside()
    {
        using var plain = ComputeDevice.Open("cpu");
        TuningTable table = Table(plain.Accelerator);
        foreach (TuningTable other in new[]
        {
            table with { Version = table.Version + 1 }, table with { Device = "another" }, table with { Multiprocessors = 999 },
            table with { Precision = MatrixPrecision.Tf32 },
        })
        {
            using var device = ComputeDevice.Open("cpu", new ComputeOptions { Tuning = other });
            Assert.Null(device.Options.Tuning);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"version":1,"device":"x","multiprocessors":2,"precision":"Float32","products":null}""")]
    [InlineData("""{"version":1,"device":"x","multiprocessors":2,"precision":"Float32","products":[null]}""")]
    [InlineData("""{"version":1,"device":"x","multiprocessors":2,"precision":"Float99","products":[]}""")]
    public void DamagedTablesAreNone(string text) => Assert.True(TuningTable.FromJson(text) is null or { Device: null });

    [Fact]
    public void NewChoicesTakeThePlaceOfOldOnes()
    {
        using var device = ComputeDevice.Open("cpu");
        var newer = new TunedProduct(Problem, new GemmChoice(GemmVariant.Staged));
        var further = new TunedProduct(Problem with { M = 65 }, new GemmChoice(GemmVariant.Lanes));
        Assert.Equal([newer, further], Table(device.Accelerator).With([newer, further]).Products);
    }

    [Fact]
    public void PrecisionsThatADeviceLacksAreBadInput()
    {
        foreach (MatrixPrecision precision in new[] { MatrixPrecision.Tf32, MatrixPrecision.Bf16 })
        {
            BadInputException error = Assert.Throws<BadInputException>(
                () => ComputeDevice.Open("cpu", new ComputeOptions { Precision = precision }));
            Assert.Contains("cpu (", error.Message, StringComparison.Ordinal);
            Assert.Contains("compute capability 8.0", error.Message, StringComparison.Ordinal);
        }
    }

    private static TuningTable Table(Accelerator accelerator) =>
        TuningTable.For(accelerator, MatrixPrecision.Float32).With([new(Problem, new GemmChoice(GemmVariant.LanesPackedBoth))]);
}
