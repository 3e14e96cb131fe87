// What the units of a CPU that work on vectors are like, as far as products depend on it.

using System.Runtime.Intrinsics.X86;

namespace GpuVae.Kernels.Gemm.Simd;

internal static class VectorUnits
{
    // AMD's Zen 3 and Zen 4; the former has no vectors of 512 bits.
    private const int Zen4Family = 0x19;

    /// <summary>
    /// Whether this processor makes one multiply-add of 512 bits a cycle, as Zen 4 does in two halves: a panel of op(B) then comes from the
    /// second-level cache in time, and need not be brought nearer first. Others that have such vectors make two.
    /// </summary>
    public static bool AreHalves { get; } = IsZen4();

    private static bool IsZen4()
    {
        if (!X86Base.IsSupported)
            return false;
        (_, int first, int last, int middle) = X86Base.CpuId(0, 0);
        int signature = X86Base.CpuId(1, 0).Eax;
        bool isAmd = (first, middle, last) == (0x68747541, 0x69746e65, 0x444d4163);
        return isAmd && ((signature >> 8) & 0xF) + ((signature >> 20) & 0xFF) == Zen4Family;
    }
}
