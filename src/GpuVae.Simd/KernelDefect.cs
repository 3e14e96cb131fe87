namespace GpuVae.Simd;

/// <summary>What a checked launch found.</summary>
public enum KernelDefect
{
    /// <summary>An index outside its view, or an address outside every buffer.</summary>
    OutOfBounds,

    /// <summary>A barrier, broadcast or shuffle that not all threads reach.</summary>
    DivergentBarrier,

    /// <summary>Two threads touch the same memory with no barrier between, one of them writing without an atomic.</summary>
    DataRace,

    /// <summary>Memory is read that nothing wrote.</summary>
    UninitializedRead,

    /// <summary>An address is no multiple of the size that is accessed, as after a cast of a view at an odd offset.</summary>
    MisalignedAccess,

    /// <summary>An integer is divided by zero.</summary>
    DivisionByZero,

    /// <summary>The condition of a Debug.Assert or Trace.Assert is false.</summary>
    AssertionFailed,
}
