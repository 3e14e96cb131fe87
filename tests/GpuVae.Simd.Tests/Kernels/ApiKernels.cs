using ILGPU;
using ILGPU.Algorithms;
using ILGPU.AtomicOperations;
using ILGPU.Runtime;

namespace GpuVae.Simd.Tests.Kernels;

/// <summary>Kernels that lean on what ILGPU offers inside a kernel, one per part of its API; explicitly grouped.</summary>
internal static class ApiKernels
{
    public const int GeometryResults = 20;

    public static void Geometry(ArrayView<int> input, ArrayView<int> result)
    {
        int o = GeometryResults * Grid.GlobalLinearIndex;
        result[o] = Grid.IdxX + 10 * Grid.IdxY + 100 * Grid.IdxZ;
        result[o + 1] = Group.IdxX + 10 * Group.IdxY + 100 * Group.IdxZ;
        result[o + 2] = Grid.DimX + 10 * Grid.DimY + 100 * Grid.DimZ;
        result[o + 3] = Group.DimX + 10 * Group.DimY + 100 * Group.DimZ;
        result[o + 4] = Grid.LinearIndex;
        result[o + 5] = Group.LinearIndex;
        Index3D global = Grid.GlobalIndex;
        result[o + 6] = global.X;
        result[o + 7] = global.Y;
        result[o + 8] = global.Z;
        LongIndex3D wide = Grid.LongGlobalIndex;
        result[o + 9] = (int)(wide.X + wide.Y + wide.Z);
        result[o + 10] = Group.IsFirstThread ? 1 : 0;
        result[o + 11] = Group.IsLastThread ? 1 : 0;
        result[o + 12] = Group.Dimension.Size;
        result[o + 13] = Grid.Dimension.Size;
        Index3D computed = Grid.ComputeGlobalIndex(Grid.Index, Group.Index);
        result[o + 14] = computed == global ? 1 : 0;
        result[o + 15] = Grid.ComputeGlobalIndex(new Index2D(1, 2), new Index2D(3, 1)).X;
        result[o + 16] = (int)Grid.ComputeLongGlobalIndex(new Index1D(1), new Index1D(2)).X;
        result[o + 17] = (int)GridExtensions.GridStrideLoopStride;
        result[o + 18] = (int)Accelerator.CurrentType;
        result[o + 19] = input[o & 255] + Index1D.Zero;
    }

    public static void Atomics(
        ArrayView<int> input, ArrayView<int> ints, ArrayView<uint> uints, ArrayView<long> longs, ArrayView<ulong> ulongs,
        ArrayView<float> floats, ArrayView<double> doubles)
    {
        int x = input[Grid.GlobalLinearIndex];
        Atomic.Add(ref ints[0], x);
        Atomic.Min(ref ints[1], x);
        Atomic.Max(ref ints[2], x);
        Atomic.And(ref ints[3], x | 0x0F0F0F0F);
        Atomic.Or(ref ints[4], x & 0x7F0F);
        Atomic.Xor(ref ints[5], x);
        uint u = (uint)x;
        Atomic.Add(ref uints[0], u);
        Atomic.Min(ref uints[1], u);
        Atomic.Max(ref uints[2], u);
        Atomic.And(ref uints[3], u | 0x0F0F0F0F);
        Atomic.Or(ref uints[4], u & 0x7F0F);
        Atomic.Xor(ref uints[5], u);
        long w = x * 5_000_000_011L;
        Atomic.Add(ref longs[0], w);
        Atomic.Min(ref longs[1], w);
        Atomic.Max(ref longs[2], w);
        Atomic.And(ref longs[3], w | 0x0F0F0F0F0F0F);
        Atomic.Or(ref longs[4], w & 0x7F0F7F0F7F0F);
        Atomic.Xor(ref longs[5], w);
        ulong v = (ulong)w;
        Atomic.Add(ref ulongs[0], v);
        Atomic.Min(ref ulongs[1], v);
        Atomic.Max(ref ulongs[2], v);
        Atomic.And(ref ulongs[3], v | 0x0F0F0F0F0F0F);
        Atomic.Or(ref ulongs[4], v & 0x7F0F7F0F7F0F);
        Atomic.Xor(ref ulongs[5], v);
        // Small whole numbers: exact in any order.
        Atomic.Add(ref floats[0], x & 15);
        Atomic.Min(ref floats[1], x);
        Atomic.Max(ref floats[2], x);
        Atomic.Add(ref doubles[0], x & 1023);
        Atomic.Min(ref doubles[1], x);
        Atomic.Max(ref doubles[2], x);
        Atomic.MakeAtomic(ref ints[6], x & 1, default(AddOperation), default(CompareExchangeInt32));
        Atomic.MakeAtomic(ref doubles[3], 1.0, default(AddOperation), default(CompareExchangeDouble));
    }

    public const int ExchangeResults = 14;

    /// <summary>Each thread has elements of its own, so that what is returned is the same in any order.</summary>
    public static void Exchanges(ArrayView<int> input, ArrayView<long> memory, ArrayView<double> result)
    {
        int i = Grid.GlobalLinearIndex;
        int x = input[i];
        ArrayView<long> mine = memory.SubView(7 * i, 7);
        ref int first = ref mine.Cast<int>()[0];
        int o = ExchangeResults * i;
        first = 5;
        result[o] = Atomic.Exchange(ref first, x);
        result[o + 1] = Atomic.CompareExchange(ref first, x, 9);
        result[o + 2] = Atomic.CompareExchange(ref first, x == 9 ? 8 : x, 11);
        result[o + 3] = first;
        ref uint second = ref mine.Cast<uint>()[3];
        second = 7;
        result[o + 4] = Atomic.Exchange(ref second, (uint)x) + Atomic.CompareExchange(ref second, (uint)x, 3u);
        ref ulong third = ref mine.Cast<ulong>()[2];
        third = 70;
        result[o + 5] = Atomic.Exchange(ref third, 4ul) + Atomic.CompareExchange(ref third, 4ul, 6ul) + third;
        mine[3] = -8;
        result[o + 6] = Atomic.Exchange(ref mine[3], 12L) + Atomic.CompareExchange(ref mine[3], 13L, 6L) + mine[3];
        ref float fourth = ref mine.Cast<float>()[8];
        fourth = 1.5f;
        result[o + 7] = Atomic.Exchange(ref fourth, 2.5f) + Atomic.CompareExchange(ref fourth, 2.5f, 4f) + fourth;
        ref double fifth = ref mine.Cast<double>()[5];
        fifth = 0.25;
        result[o + 8] = Atomic.Exchange(ref fifth, 0.5) + Atomic.CompareExchange(ref fifth, 0.5, x) + fifth;
        ref Index1D index = ref mine.Cast<Index1D>()[12];
        index = 3;
        result[o + 9] = Atomic.Add(ref index, new Index1D(4)).X + 100 * Atomic.Exchange(ref index, new Index1D(2)).X;
        result[o + 10] = Atomic.CompareExchange(ref index, new Index1D(2), new Index1D(x)).X;
        result[o + 11] = Interlocked.Add(ref first, 2) + Interlocked.Increment(ref first);
        result[o + 12] = Interlocked.Exchange(ref first, 1) + Interlocked.CompareExchange(ref first, 5, 1);
        result[o + 13] = Atomic.Max(ref mine[3], 99L) + Atomic.Min(ref mine[3], 3L) + Atomic.Add(ref mine[3], 2L);
    }

    public const int IntegerResults = 26;

    public static void IntegerMath(ArrayView<int> input, ArrayView<long> result)
    {
        int i = Grid.GlobalLinearIndex;
        int x = input[i] == int.MinValue ? 1 : input[i];
        long w = x * 3_000_000_019L;
        int o = IntegerResults * i;
        result[o] = IntrinsicMath.Abs(x);
        result[o + 1] = IntrinsicMath.Abs(w);
        result[o + 2] = IntrinsicMath.Min(x, 77) + IntrinsicMath.Max(x, -77);
        result[o + 3] = IntrinsicMath.Min((uint)x, 1000u) + (long)IntrinsicMath.Max((uint)x, 1000u);
        result[o + 4] = IntrinsicMath.Min((byte)x, (byte)100) + IntrinsicMath.Max((sbyte)x, (sbyte)-3);
        result[o + 5] = IntrinsicMath.Min((short)x, (short)-100) + IntrinsicMath.Max((ushort)x, (ushort)50000);
        result[o + 6] = (long)IntrinsicMath.Min((ulong)w, 1ul << 50) ^ (long)IntrinsicMath.Max((ulong)w, 1ul << 63);
        result[o + 7] = IntrinsicMath.Clamp(x, -50, 50) + IntrinsicMath.Clamp(w, -5_000_000_000, 5_000_000_000);
        result[o + 8] = IntrinsicMath.Clamp((uint)x, 5u, 500u) + (long)IntrinsicMath.Clamp((ulong)w, 5ul, 500ul);
        result[o + 9] = IntrinsicMath.Clamp((byte)x, (byte)5, (byte)50) + IntrinsicMath.Clamp((short)x, (short)-5, (short)50);
        result[o + 10] = IntrinsicMath.PopCount(x) + 100 * IntrinsicMath.PopCount((uint)x);
        result[o + 11] = IntrinsicMath.PopCount(w) + 100 * IntrinsicMath.PopCount((ulong)w);
        result[o + 12] = IntrinsicMath.LeadingZeroCount(x) + 100 * IntrinsicMath.LeadingZeroCount((ulong)w);
        result[o + 13] = IntrinsicMath.TrailingZeroCount(x | 1 << 30) + 100 * IntrinsicMath.TrailingZeroCount(w | 1L << 60);
        int small = x & 0xFFFFF;
        result[o + 14] = IntrinsicMath.DivRoundUp(small, 7) + 1000 * IntrinsicMath.DivRoundDown(small, 7);
        result[o + 15] = XMath.DivRoundUp((long)small, 13L) + 1000 * XMath.DivRoundDown((long)small, 13L);
        result[o + 16] = XMath.Abs((short)small) + XMath.Abs((sbyte)(small & 63));
        result[o + 17] = XMath.Sign((double)x) + 10 * Math.Sign(w);
        result[o + 18] = XMath.Min(x, 3) + (XMath.Max((ulong)w, 3ul) > 5 ? 10 : 0);
        IntrinsicMath.IntegerParts parts = IntrinsicMath.Decompose((ulong)w);
        result[o + 19] = parts.Lower ^ (long)parts.Upper << 3;
        result[o + 20] = (long)IntrinsicMath.ComposeULong(parts) ^ XMath.ComposeLong(XMath.Decompose(w));
        result[o + 21] = Interop.FloatAsInt(x * 1f) + Interop.FloatAsInt((ILGPU.Half)(small & 15));
        result[o + 22] = (long)Interop.FloatAsInt(x * 0.5);
        result[o + 23] = (long)Interop.IntAsFloat((uint)(small | 0x3F800000)) + (long)Interop.IntAsFloat(0x4059000000000000ul);
        result[o + 24] = Interop.SizeOf<Mixed>() + 100 * Interop.OffsetOf<Mixed>(nameof(Mixed.Last)) + 10000 * Interop.SizeOf(x);
        result[o + 25] = Interop.ComputeAlignmentOffset(small & 60, 16);
    }

    public const int FloatResults = 40;

    public static void FloatMath(ArrayView<int> input, ArrayView<float> result)
    {
        int i = Grid.GlobalLinearIndex;
        // Exact, so that contraction changes nothing.
        float x = (input[i] & 1023) * 0.0078125f - 4f;
        float p = XMath.Abs(x) + 0.125f;
        float unit = x / 5.25f;
        int o = FloatResults * i;
        result[o] = XMath.Sqrt(p);
        result[o + 1] = XMath.Rsqrt(p);
        result[o + 2] = XMath.Rcp(p);
        result[o + 3] = XMath.Exp(x);
        result[o + 4] = XMath.Exp2(x);
        result[o + 5] = XMath.Log(p);
        result[o + 6] = XMath.Log2(p);
        result[o + 7] = XMath.Log10(p);
        result[o + 8] = XMath.Log(p, 3f);
        result[o + 9] = XMath.Pow(p, x);
        result[o + 10] = XMath.Sin(x);
        result[o + 11] = XMath.Cos(x);
        result[o + 12] = XMath.Tan(unit);
        result[o + 13] = XMath.Asin(unit);
        result[o + 14] = XMath.Acos(unit);
        result[o + 15] = XMath.Atan(x);
        result[o + 16] = XMath.Atan2(x, p);
        result[o + 17] = XMath.Sinh(unit);
        result[o + 18] = XMath.Cosh(unit);
        result[o + 19] = XMath.Tanh(x);
        XMath.SinCos(unit, out result[o + 20], out result[o + 21]);
        result[o + 22] = XMath.Floor(x);
        result[o + 23] = XMath.Ceiling(x);
        result[o + 24] = XMath.Truncate(x);
        result[o + 25] = XMath.Round(x);
        result[o + 26] = XMath.RoundToEven(x * 0.5f);
        result[o + 27] = XMath.RoundAwayFromZero(x * 0.5f);
        result[o + 28] = XMath.Round(x, MidpointRounding.ToEven);
        result[o + 29] = XMath.Round(x, 1);
        result[o + 30] = XMath.Rem(x, 0.75f);
        result[o + 31] = XMath.IEEERemainder(x, 0.75f);
        result[o + 32] = XMath.Sign(x);
        result[o + 33] = XMath.Min(x, 0.5f) + XMath.Max(x, -0.5f) + XMath.Clamp(x, -1f, 1f);
        result[o + 34] = XMath.DegToRad(x) + XMath.RadToDeg(unit);
        result[o + 35] = (XMath.IsNaN(x) ? 1 : 0) + (XMath.IsInfinity(1 / (x - x)) ? 2 : 0) + (XMath.IsFinite(x) ? 4 : 0);
        result[o + 36] = IntrinsicMath.CopySign(p, x) + IntrinsicMath.Abs(x) + IntrinsicMath.Clamp(x, -2f, 2f);
        result[o + 37] = IntrinsicMath.Min(x, 1f) * IntrinsicMath.Max(x, 0f);
        result[o + 38] = MathF.PI + MathF.E;
        result[o + 39] = x % 0.3f;
    }

    public const int DoubleResults = 27;

    public static void DoubleMath(ArrayView<int> input, ArrayView<double> result)
    {
        int i = Grid.GlobalLinearIndex;
        double x = (input[i] & 1023) * 0.0078125 - 4;
        double p = XMath.Abs(x) + 0.125;
        double unit = x / 5.25;
        int o = DoubleResults * i;
        result[o] = XMath.Sqrt(p);
        result[o + 1] = XMath.Rsqrt(p);
        result[o + 2] = XMath.Rcp(p);
        result[o + 3] = XMath.Exp(x);
        result[o + 4] = XMath.Exp2(x);
        result[o + 5] = XMath.Log(p);
        result[o + 6] = XMath.Log2(p);
        result[o + 7] = XMath.Log10(p);
        result[o + 8] = XMath.Pow(p, x);
        result[o + 9] = XMath.Sin(x);
        result[o + 10] = XMath.Cos(x);
        result[o + 11] = XMath.Tan(unit);
        result[o + 12] = XMath.Asin(unit);
        result[o + 13] = XMath.Acos(unit);
        result[o + 14] = XMath.Atan(x);
        result[o + 15] = XMath.Atan2(x, p);
        result[o + 16] = XMath.Sinh(unit);
        result[o + 17] = XMath.Cosh(unit);
        result[o + 18] = XMath.Tanh(x);
        result[o + 19] = XMath.Floor(x) + XMath.Ceiling(x) + XMath.Truncate(x);
        result[o + 20] = XMath.Round(x) + XMath.RoundToEven(x * 0.5) + XMath.RoundAwayFromZero(x * 0.5);
        result[o + 21] = XMath.Rem(x, 0.75) + XMath.IEEERemainder(x, 0.75);
        result[o + 22] = XMath.Min(x, 0.5) + XMath.Max(x, -0.5) + XMath.Clamp(x, -1.0, 1.0);
        result[o + 23] = XMath.DegToRad(x);
        result[o + 24] = IntrinsicMath.CopySign(p, x) + IntrinsicMath.Abs(x);
        result[o + 25] = (XMath.IsNaN(x) ? 1 : 0) + (XMath.IsFinite(x) ? 4 : 0);
        result[o + 26] = XMath.Round(x, 1);
    }

    public const int ViewResults = 16;

    public static void Views(ArrayView<int> input, ArrayView<int> result)
    {
        int i = Grid.GlobalLinearIndex;
        int o = ViewResults * i;
        ArrayView<int> part = input.SubView(2 * i, 24);
        var denseX = new ArrayView2D<int, Stride2D.DenseX>(part, new LongIndex2D(4, 6), new Stride2D.DenseX(4));
        var denseY = new ArrayView2D<int, Stride2D.DenseY>(part, new LongIndex2D(4, 6), new Stride2D.DenseY(6));
        var general = new ArrayView2D<int, Stride2D.General>(part, new LongIndex2D(3, 3), new Stride2D.General((2, 5)));
        result[o] = denseX[2, 3] + 3 * denseY[2, 3] + 7 * general[2, 1];
        result[o + 1] = denseX[new Index2D(3, 5)] + denseY[new LongIndex2D(1, 4)] + denseX.AsTransposed()[5, 3];
        result[o + 2] = denseX.SubView(new Index2D(1, 2), new Index2D(2, 3))[1, 1]
            + general.SubView(new Index2D(1, 0), new Index2D(1, 2))[0, 1];
        result[o + 3] = denseX.AsGeneral()[1, 2] + denseY.IntExtent.X + 10 * (int)denseY.Extent.Y + 100 * denseX.IntLength;
        var xy = new ArrayView3D<int, Stride3D.DenseXY>(part, new LongIndex3D(2, 3, 4), new Stride3D.DenseXY(2, 6));
        var zy = new ArrayView3D<int, Stride3D.DenseZY>(part, new LongIndex3D(2, 3, 4), new Stride3D.DenseZY(12, 4));
        result[o + 4] = xy[1, 2, 3] + 3 * zy[1, 0, 3] + xy.AsTransposed()[3, 1, 1];
        result[o + 5] = zy[new Index3D(0, 2, 1)] + zy.AsGeneral()[1, 1, 1] + xy.IntExtent.Z;
        var strided = new ArrayView1D<int, Stride1D.General>(part, 5, new Stride1D.General(3));
        result[o + 6] = strided[4] + strided.IntExtent.X + strided.Stride.StrideExtent.X;
        var infinite = new ArrayView1D<int, Stride1D.Infinite>(part, 100, default);
        result[o + 7] = infinite[77];
        ArrayView1D<int, Stride1D.Dense> dense = part;
        result[o + 8] = dense[3] + dense.SubView(2, 4)[1] + (int)dense.BaseView.Length + (int)dense.AsGeneral().Length;
        result[o + 9] = (int)part.Cast<long>()[1] ^ part.Cast<byte>()[5] ^ (int)part.Cast<short>().Length;
        VariableView<int> variable = part.VariableView(new Index1D(7));
        result[o + 10] = variable.Value + (variable.IsValid ? 1 : 0) + variable.SubView<short>(2).Value;
        var pair = new Pair { Left = part.SubView(3, 5), Right = denseY, Scale = 3 };
        result[o + 11] = pair.Sum() + pair.Nested.Length();
        result[o + 12] = part.IsValid && !default(ArrayView<int>).IsValid ? part.IntLength : -1;
        (ArrayView<int> prefix, ArrayView<int> main) = part.AlignTo(16);
        result[o + 13] = prefix.IntLength + main.IntLength;
        result[o + 14] = denseX.BaseView[5] + (int)denseX.LengthInBytes;
        result[o + 15] = part.SubView(part.Length - 1)[0] + part.SubView(2)[0] + part[(Index1D)4] + part[(LongIndex1D)5];
    }

    public static void MemoryKinds(ArrayView<int> input, ArrayView<int> result)
    {
        int t = Group.LinearIndex;
        int i = Grid.IdxX * Group.Dimension.Size + t;
        ArrayView<int> flat = SharedMemory.Allocate<int>(64);
        ArrayView2D<int, Stride2D.DenseX> matrix = SharedMemory.Allocate2D<int, Stride2D.DenseX>(new Index2D(8, 8), new Stride2D.DenseX(9));
        ArrayView3D<short, Stride3D.DenseXY> cube = SharedMemory.Allocate3DDenseXY<short>(new Index3D(4, 4, 4));
        ref long total = ref SharedMemory.Allocate<Total>(1)[0].Value;
        ArrayView<double> dynamic = SharedMemory.GetDynamic<double>();
        ArrayView2D<int, Stride2D.DenseY> local = LocalMemory.Allocate2D<int, Stride2D.DenseY>(new Index2D(3, 2), new Stride2D.DenseY(2));
        if (Group.IsFirstThread)
            total = 0;
        flat[t] = input[i] & 0xFFFF;
        matrix[t % 8, t / 8] = t;
        cube[t % 4, t / 4 % 4, t / 16] = (short)(t * 3);
        dynamic[t] = t * 0.5;
        for (int k = 0; k < 6; k++)
            local[k / 2, k % 2] = k * t;
        Group.Barrier();
        Atomic.Add(ref total, (long)flat[t]);
        Group.Barrier();
        int other = (t + 13) % Group.Dimension.Size;
        result[i] = (int)total + flat[other] + 3 * matrix[other % 8, other / 8] + cube[other % 4, other / 4 % 4, other / 16]
            + (int)(dynamic[other] * 2) + dynamic.IntLength + local[t % 3, t & 1];
    }

    /// <summary>The last group to arrive adds up what all of them wrote: fences make their writes visible to it.</summary>
    public static void LastGroupAddsUp(ArrayView<int> input, ArrayView<int> result)
    {
        int t = Group.IdxX;
        ref int rank = ref SharedMemory.Allocate<int>(1)[0];
        result[2 + Grid.IdxX * Group.DimX + t] = input[Grid.IdxX * Group.DimX + t] & 255;
        MemoryFence.DeviceLevel();
        MemoryFence.GroupLevel();
        Group.Barrier();
        if (t == 0)
            rank = Atomic.Add(ref result[0], 1);
        Group.Barrier();
        if (rank == Grid.DimX - 1)
        {
            MemoryFence.SystemLevel();
            for (int g = 0; g < Grid.DimX; g++)
                Atomic.Add(ref result[1], result[2 + g * Group.DimX + t]);
        }
    }

    public static void Halves(ArrayView<int> input, ArrayView<float> result)
    {
        int i = Grid.GlobalLinearIndex;
        // Multiples of 1/8 below 64 are exact, so that rounding has no part in it.
        var x = (ILGPU.Half)((input[i] & 255) * 0.125f);
        // ILGPU.Half.One is not 1 but the smallest number.
        var y = (ILGPU.Half)1f;
        result[4 * i] = (float)(x + y) + (float)(x - y) + (float)(-x);
        result[4 * i + 1] = (x < y ? 1 : 0) + (x >= y ? 2 : 0) + (x == y ? 4 : 0) + (x != ILGPU.Half.Zero ? 8 : 0);
        result[4 * i + 2] = (float)IntrinsicMath.Abs(-x) + (ILGPU.Half.IsNaN(x) ? 1 : 0) + (ILGPU.Half.IsFinite(x) ? 2 : 0);
        result[4 * i + 3] = (float)(double)x * (float)(y * x) + (int)(float)x;
    }

    private readonly struct AddOperation : IAtomicOperation<int>, IAtomicOperation<double>
    {
        public int Operation(int current, int value) => current + value;

        public double Operation(double current, double value) => current + value;
    }

    private struct Total
    {
        public long Value;
    }

    private struct Mixed(byte first, double middle, short last)
    {
        public byte First = first;
        public double Middle = middle;
        public short Last = last;
    }

    private struct Inner
    {
        public ArrayView<int> Values;

        public readonly int Length() => Values.IntLength;
    }

    private struct Pair
    {
        public ArrayView<int> Left;
        public ArrayView2D<int, Stride2D.DenseY> Right;
        public int Scale;

        public readonly Inner Nested => new() { Values = Left.SubView(1) };

        public readonly int Sum()
        {
            int sum = 0;
            for (int i = 0; i < Left.IntLength; i++)
                sum += Left[i] * Scale - Right[i % 4, i];
            return sum;
        }
    }
}
