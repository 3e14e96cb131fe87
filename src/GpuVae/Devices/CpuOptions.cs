using System.Globalization;
using GpuVae.Simd;

namespace GpuVae.Devices;

/// <summary>How the processor computes, where no code can say it.</summary>
internal static class CpuOptions
{
    private const string WorkersVariable = "GPUVAE_CPU_WORKERS";
    private const string PinVariable = "GPUVAE_CPU_PIN";
    private const int MaxWorkers = 4096;

    // The library's tests set it: writes beyond a buffer are found when it is disposed.
    private const string GuardSwitch = "GpuVae.GuardBuffers";

    /// <exception cref="BadInputException">An environment variable has a value that means nothing.</exception>
    public static SimdOptions OfThisProcess => From(
        Environment.GetEnvironmentVariable(WorkersVariable), Environment.GetEnvironmentVariable(PinVariable)) with
    {
        GuardBuffers = AppContext.TryGetSwitch(GuardSwitch, out bool isGuarded) && isGuarded,
    };

    /// <summary>What the variables describe; null or empty for one that is not set.</summary>
    internal static SimdOptions From(string? workers, string? pin)
    {
        int? count = null;
        if (!string.IsNullOrEmpty(workers))
        {
            if (!int.TryParse(workers, CultureInfo.InvariantCulture, out int number) || number is < 1 or > MaxWorkers)
                throw new BadInputException(
                    $"{WorkersVariable} is '{workers}'. Set it to a whole number from 1 to {MaxWorkers}, or remove it.");
            count = number;
        }
        if (pin is not (null or "" or "0" or "1"))
            throw new BadInputException($"{PinVariable} is '{pin}'. Set it to 1 to pin the workers, to 0 to leave them, or remove it.");
        return new SimdOptions { Workers = count, PinWorkers = pin == "1" };
    }
}
