namespace ILGPU.AtomicOperations;

/// <summary>Compare-and-exchange of a <c>int</c>.</summary>
public readonly struct CompareExchangeInt32 : ICompareExchangeOperation<int>
{
    public int CompareExchange(ref int target, int compare, int value) => Atomic.CompareExchange(ref target, compare, value);

    public bool IsSame(int left, int right) => left == right;
}

/// <summary>Compare-and-exchange of a <c>uint</c>.</summary>
public readonly struct CompareExchangeUInt32 : ICompareExchangeOperation<uint>
{
    public uint CompareExchange(ref uint target, uint compare, uint value) => Atomic.CompareExchange(ref target, compare, value);

    public bool IsSame(uint left, uint right) => left == right;
}

/// <summary>Compare-and-exchange of a <c>long</c>.</summary>
public readonly struct CompareExchangeInt64 : ICompareExchangeOperation<long>
{
    public long CompareExchange(ref long target, long compare, long value) => Atomic.CompareExchange(ref target, compare, value);

    public bool IsSame(long left, long right) => left == right;
}

/// <summary>Compare-and-exchange of a <c>ulong</c>.</summary>
public readonly struct CompareExchangeUInt64 : ICompareExchangeOperation<ulong>
{
    public ulong CompareExchange(ref ulong target, ulong compare, ulong value) => Atomic.CompareExchange(ref target, compare, value);

    public bool IsSame(ulong left, ulong right) => left == right;
}

/// <summary>Compare-and-exchange of a <c>float</c>.</summary>
public readonly struct CompareExchangeFloat : ICompareExchangeOperation<float>
{
    public float CompareExchange(ref float target, float compare, float value) => Atomic.CompareExchange(ref target, compare, value);

    public bool IsSame(float left, float right) => BitConverter.SingleToInt32Bits(left) == BitConverter.SingleToInt32Bits(right);
}

/// <summary>Compare-and-exchange of a <c>double</c>.</summary>
public readonly struct CompareExchangeDouble : ICompareExchangeOperation<double>
{
    public double CompareExchange(ref double target, double compare, double value) => Atomic.CompareExchange(ref target, compare, value);

    public bool IsSame(double left, double right) => BitConverter.DoubleToInt64Bits(left) == BitConverter.DoubleToInt64Bits(right);
}
