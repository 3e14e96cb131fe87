namespace GpuVae.Kernels.Common;

/// <summary>Division that rounds up, for the host and for kernels.</summary>
internal static class Blocks
{
    /// <summary>Blocks of some size that it takes to cover a count: ⌈count / size⌉.</summary>
    public static int Of(int count, int size) => (count + size - 1) / size;
}
