using System.Globalization;
using GpuVae.Simd;

namespace GpuVae.Devices;

/// <summary>How the processor computes, where no code can say it: two environment variables.</summary>
internal static class CpuOptions
{
    public const string WorkersVariable = "GPUVAE_CPU_WORKERS";
    public const string PinVariable = "GPUVAE_CPU_PIN";

    // The library's tests set it: writes beyond a buffer of the CPU are found when it is disposed.
    private const string GuardSwitch = "GpuVae.GuardBuffers";

    /// <exception cref="BadInputException">One of the variables holds something else.</exception>
    public static SimdOptions FromEnvironment() =>
        Parse(Environment.GetEnvironmentVariable(WorkersVariable), Environment.GetEnvironmentVariable(PinVariable)) with
        {
            GuardBuffers = AppContext.TryGetSwitch(GuardSwitch, out bool isGuarded) && isGuarded,
        };

    /// <summary>The options that the values of the variables describe; null for one that is not set.</summary>
    /// <exception cref="BadInputException">One of them is no such value.</exception>
    internal static SimdOptions Parse(string? workers, string? pin)
    {
        int count = 0;
        if (!string.IsNullOrEmpty(workers) && (!int.TryParse(workers, CultureInfo.InvariantCulture, out count) || count is < 1 or > 4096))
            throw new BadInputException($"{WorkersVariable} is '{workers}'. Set it to a whole number from 1 to 4096, or remove it.");
        if (pin is not (null or "" or "0" or "1"))
            throw new BadInputException($"{PinVariable} is '{pin}'. Set it to 1 to pin the workers, to 0 to leave them, or remove it.");
        return new() { Workers = count > 0 ? count : null, PinWorkers = pin == "1" };
    }
}
