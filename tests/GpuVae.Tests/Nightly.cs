namespace GpuVae.Tests;

/// <summary>Tests that take minutes: they run where GPUVAE_NIGHTLY=1 is set.</summary>
internal static class Nightly
{
    /// <param name="reason">What takes so long.</param>
    public static void Require(string reason)
    {
        if (Environment.GetEnvironmentVariable("GPUVAE_NIGHTLY") != "1")
            Assert.Skip($"{reason}; set GPUVAE_NIGHTLY=1.");
    }
}
