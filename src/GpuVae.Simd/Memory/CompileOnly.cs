namespace GpuVae.Simd.Memory;

/// <summary>Whether launches of this thread only compile their kernels, while memory stays as it is.</summary>
internal static class CompileOnly
{
    [ThreadStatic]
    private static bool isOn;

    public static bool IsOn => isOn;

    public static void Run(Action launch)
    {
        isOn = true;
        try
        {
            launch();
        }
        catch (Exception)
        {
            // The launch that counts will say so where it can be understood.
        }
        finally
        {
            isOn = false;
        }
    }
}
