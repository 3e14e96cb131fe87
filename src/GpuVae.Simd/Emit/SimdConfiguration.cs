using GpuVae.Simd.Ir;

namespace GpuVae.Simd.Emit;

/// <summary>
/// How lanes sit in vectors. A varying value is a row of vectors ("parts") that together hold one element per lane. Registers hold 4-byte
/// lanes (I8, I16 and F16 zero-extended in them, Bool as an all-ones mask) or 8-byte lanes.
/// </summary>
/// <param name="Lanes">Threads per warp: a power of two from 1 to 64. One lane makes every value a scalar.</param>
/// <param name="VectorBits">512, 256 or 128; 0 with one lane.</param>
internal readonly record struct SimdConfiguration(int Lanes, int VectorBits)
{
    public bool IsScalar => Lanes == 1;

    public static int LaneBytes(IrType type) => type is IrType.I64 or IrType.F64 or IrType.Pointer ? 8 : 4;

    public int BitsOf(IrType type) => Math.Min(VectorBits, Lanes * LaneBytes(type) * 8);

    public int PartsOf(IrType type) => IsScalar ? 1 : Lanes * LaneBytes(type) * 8 / BitsOf(type);

    /// <exception cref="ArgumentException">The combination is not one the code generator knows.</exception>
    public void Validate()
    {
        if (Lanes is < 1 or > 64 || !int.IsPow2(Lanes))
            throw new ArgumentException($"a CPU device can have 1, 2, 4, 8, 16, 32 or 64 lanes per warp, not {Lanes}");
        if (IsScalar ? VectorBits is not (0 or 128 or 256 or 512) : VectorBits is not (128 or 256 or 512))
            throw new ArgumentException($"{Lanes} lanes cannot be held in vectors of {VectorBits} bits; choose 128, 256 or 512");
    }
}
