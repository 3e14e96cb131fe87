using GpuVae.Devices;
using GpuVae.Simd;

namespace GpuVae.Tests.Devices;

public sealed class CpuOptionsTests
{
    [Theory]
    [InlineData(null, null, null, false)]
    [InlineData("", "0", null, false)]
    [InlineData("3", "1", 3, true)]
    public void Variables_limit_and_pin_the_workers(string? workers, string? pin, int? count, bool isPinned) =>
        Assert.Equal(new SimdOptions { Workers = count, PinWorkers = isPinned }, CpuOptions.Parse(workers, pin));

    [Theory]
    [InlineData("0", null, "GPUVAE_CPU_WORKERS")]
    [InlineData("many", null, "GPUVAE_CPU_WORKERS")]
    [InlineData("5000", null, "GPUVAE_CPU_WORKERS")]
    [InlineData(null, "yes", "GPUVAE_CPU_PIN")]
    public void Other_values_are_refused_by_the_variable(string? workers, string? pin, string named) =>
        Assert.Contains(named, Assert.Throws<BadInputException>(() => CpuOptions.Parse(workers, pin)).Message, StringComparison.Ordinal);
}
