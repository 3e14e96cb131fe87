namespace GpuVae.Simd.Tests.Frontend;

/// <summary>What the kernels of the constructs read.</summary>
internal static class Inputs
{
    public static readonly int[] Integers =
    [
        0, 1, -1, 2, 7, -8, 31, 100, -1000, 65535, 65536, int.MaxValue, int.MinValue, 123456789, -987654321, 5,
    ];

    public static readonly float[] Floats =
    [
        0f, 1f, -1f, 0.5f, 3.75f, -2.5f, 1e10f, -1e-10f, float.NaN, float.PositiveInfinity, float.NegativeInfinity, 100.25f, 2.5f, 3.5f,
        -0f, 7f,
    ];
}
