using GpuVae.Devices;
using GpuVae.Options;
using GpuVae.Simd;

namespace GpuVae.Tests.Devices;

public sealed class CpuOptionsTests
{
    [Theory]
    [InlineData(null, null, null, false)]
    [InlineData("", "", null, false)]
    [InlineData("3", "0", 3, false)]
    [InlineData("1", "1", 1, true)]
    public void VariablesBecomeOptions(string? workers, string? pin, int? count, bool isPinned) =>
        Assert.Equal(new SimdOptions { Workers = count, PinWorkers = isPinned }, CpuOptions.From(workers, pin));

    [Theory]
    [InlineData("0", null, "GPUVAE_CPU_WORKERS is '0'")]
    [InlineData("many", null, "GPUVAE_CPU_WORKERS is 'many'")]
    [InlineData("5000", null, "GPUVAE_CPU_WORKERS is '5000'")]
    [InlineData(null, "yes", "GPUVAE_CPU_PIN is 'yes'")]
    public void AValueThatMeansNothingIsBadInput(string? workers, string? pin, string start) =>
        Assert.StartsWith(start, Assert.Throws<BadInputException>(() => CpuOptions.From(workers, pin)).Message, StringComparison.Ordinal);
}
