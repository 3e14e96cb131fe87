namespace GpuVae.Tests;

/// <summary>Tests that take minutes: they run where GPUVAE_NIGHTLY=1 is set.</summary>
internal static class Nightly
{
    /// <summary>Whether it is set; a test may do more of the same then.</summary>
    public static bool IsOn => Environment.GetEnvironmentVariable("GPUVAE_NIGHTLY") == "1";

    /// <param name="reason">What takes so long.</param>
    public static void Require(string reason)
    {
        if (!IsOn)
            Assert.Skip($"{reason}; set GPUVAE_NIGHTLY=1.");
    }
}
