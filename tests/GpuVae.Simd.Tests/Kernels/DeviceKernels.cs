using System.Numerics;
using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime;

namespace GpuVae.Simd.Tests.Kernels;

/// <summary>Small kernels, one per family of IR constructs, that every backend must run like .NET does.</summary>
internal static class DeviceKernels
{
    public const int IntegerResults = 24;

    public static void Integers(Index1D i, ArrayView<int> a, ArrayView<int> b, ArrayView<int> result)
    {
        int x = a[i];
        int y = b[i];
        int nonZero = y == 0 || y == -1 ? 3 : y;
        uint u = (uint)x;
        uint v = (uint)nonZero;
        int o = i * IntegerResults;
        result[o] = x + y;
        result[o + 1] = x - y;
        result[o + 2] = x * y;
        result[o + 3] = x / nonZero;
        result[o + 4] = x % nonZero;
        result[o + 5] = (int)(u / v);
        result[o + 6] = (int)(u % v);
        result[o + 7] = x & y;
        result[o + 8] = x | y;
        result[o + 9] = x ^ ~y;
        result[o + 10] = x << y;
        result[o + 11] = x >> y;
        result[o + 12] = (int)(u >> y);
        result[o + 13] = Math.Min(x, y);
        result[o + 14] = Math.Max(x, y);
        result[o + 15] = (int)Math.Min(u, v);
        result[o + 16] = x == int.MinValue ? 0 : Math.Abs(x);
        result[o + 17] = BitOperations.PopCount(u);
        result[o + 18] = BitOperations.LeadingZeroCount(u);
        result[o + 19] = BitOperations.TrailingZeroCount(u);
        result[o + 20] = x < y ? 1 : 2;
        result[o + 21] = u < v ? 1 : 2;
        result[o + 22] = -x;
        result[o + 23] = x >= y && u > 7 ? x : y;
    }

    public const int LongResults = 14;

    public static void Longs(Index1D i, ArrayView<long> a, ArrayView<long> b, ArrayView<long> result)
    {
        long x = a[i];
        long y = b[i];
        long nonZero = y == 0 || y == -1 ? 5 : y;
        ulong u = (ulong)x;
        int o = i * LongResults;
        result[o] = x + y;
        result[o + 1] = x * y;
        result[o + 2] = x / nonZero;
        result[o + 3] = x % nonZero;
        result[o + 4] = (long)(u / (ulong)nonZero);
        result[o + 5] = x << (int)y;
        result[o + 6] = x >> (int)y;
        result[o + 7] = (long)(u >> (int)y);
        result[o + 8] = BitOperations.LeadingZeroCount(u);
        result[o + 9] = BitOperations.TrailingZeroCount(u);
        result[o + 10] = Math.Min(x, y);
        result[o + 11] = u > (ulong)y ? 1 : 0;
        result[o + 12] = (int)x;
        result[o + 13] = (uint)x;
    }

    public const int NarrowResults = 12;

    public static void Narrow(Index1D i, ArrayView<byte> a, ArrayView<short> b, ArrayView<sbyte> c, ArrayView<int> result,
        ArrayView<byte> bytes)
    {
        byte x = a[i];
        short y = b[i];
        sbyte z = c[i];
        int o = i * NarrowResults;
        result[o] = x + y;
        result[o + 1] = (byte)(x + y);
        result[o + 2] = (short)(y * x);
        result[o + 3] = (sbyte)(z - 100);
        result[o + 4] = (ushort)y;
        result[o + 5] = z >> 2;
        result[o + 6] = z < x ? 1 : 0;
        result[o + 7] = (byte)z;
        result[o + 8] = (short)(y << 3);
        result[o + 9] = y / (z == 0 ? 3 : z);
        result[o + 10] = (sbyte)x;
        result[o + 11] = (ushort)(x * 1000);
        bytes[i] = (byte)(x ^ z);
    }

    public const int FloatResults = 22;

    public static void Floats(Index1D i, ArrayView<float> a, ArrayView<float> b, ArrayView<float> result)
    {
        float x = a[i];
        float y = b[i];
        int o = i * FloatResults;
        result[o] = x + y;
        result[o + 1] = x - y;
        result[o + 2] = x * y;
        result[o + 3] = x / y;
        result[o + 4] = Math.Min(x, y);
        result[o + 5] = Math.Max(x, y);
        result[o + 6] = MathF.Abs(x);
        result[o + 7] = -x;
        result[o + 8] = MathF.Floor(x);
        result[o + 9] = MathF.Ceiling(x);
        result[o + 10] = MathF.Round(x);
        result[o + 11] = MathF.Truncate(x);
        result[o + 12] = MathF.CopySign(x, y);
        result[o + 13] = (x < y ? 1 : 0) + (x <= y ? 2 : 0) + (x > y ? 4 : 0) + (x >= y ? 8 : 0) + (x == y ? 16 : 0) + (x != y ? 32 : 0);
        result[o + 14] = (!(x < y) ? 1 : 0) + (!(x >= y) ? 2 : 0) + (!(x <= y) ? 4 : 0) + (!(x > y) ? 8 : 0);
        result[o + 15] = (float.IsNaN(x) ? 1 : 0) + (float.IsInfinity(x) ? 2 : 0) + (float.IsFinite(y) ? 4 : 0);
        result[o + 16] = MathF.Sqrt(x);
        result[o + 17] = BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(x) ^ 0x00400001);
        // Which of two is taken where one is NaN, or both are zero of either sign.
        result[o + 18] = 1 / (x > y ? x : y);
        result[o + 19] = 1 / (x < y ? x : y);
        result[o + 20] = 1 / (x > y ? y : x);
        result[o + 21] = 1 / (x < y ? y : x);
    }

    public static void Doubles(Index1D i, ArrayView<double> a, ArrayView<double> b, ArrayView<double> result)
    {
        double x = a[i];
        double y = b[i];
        int o = i * 8;
        result[o] = x + y;
        result[o + 1] = x * y;
        result[o + 2] = x / y;
        result[o + 3] = Math.Min(x, y);
        result[o + 4] = Math.Max(x, y);
        result[o + 5] = Math.Round(x);
        result[o + 6] = (float)x;
        result[o + 7] = Math.Sqrt(x);
    }

    public const int ConversionResults = 8;

    public static void Conversions(
        Index1D i, ArrayView<float> a, ArrayView<double> b, ArrayView<int> c, ArrayView<long> result, ArrayView<float> floats)
    {
        float x = a[i];
        double y = b[i];
        int z = c[i];
        int o = i * ConversionResults;
        result[o] = (int)x;
        result[o + 1] = (uint)x;
        result[o + 2] = (long)x;
        result[o + 3] = (long)(ulong)x;
        result[o + 4] = (int)y;
        result[o + 5] = (uint)y;
        result[o + 6] = (long)y;
        result[o + 7] = (long)(ulong)y;
        floats[i * 4] = z;
        floats[i * 4 + 1] = (uint)z;
        floats[i * 4 + 2] = (long)z * 1234567891L;
        floats[i * 4 + 3] = (float)(double)z;
    }

    public static void Halves(Index1D i, ArrayView<float> a, ArrayView<ILGPU.Half> halves, ArrayView<float> result)
    {
        var half = (ILGPU.Half)a[i];
        halves[i] = half;
        result[i] = (float)half + (float)(half * half);
    }

    public const int MathResults = 20;

    public static void Functions(Index1D i, ArrayView<float> a, ArrayView<float> result)
    {
        float x = a[i];
        float positive = MathF.Abs(x) + 1e-3f;
        float unit = x / (1f + MathF.Abs(x));
        int o = i * MathResults;
        result[o] = MathF.Exp(x);
        result[o + 1] = MathF.Log(positive);
        result[o + 2] = XMath.Exp2(x);
        result[o + 3] = XMath.Log2(positive);
        result[o + 4] = MathF.Log10(positive);
        result[o + 5] = MathF.Sin(x);
        result[o + 6] = MathF.Cos(x);
        result[o + 7] = MathF.Tan(unit);
        result[o + 8] = MathF.Asin(unit);
        result[o + 9] = MathF.Acos(unit);
        result[o + 10] = MathF.Atan(x);
        result[o + 11] = MathF.Sinh(x * 0.25f);
        result[o + 12] = MathF.Cosh(x * 0.25f);
        result[o + 13] = MathF.Tanh(x);
        result[o + 14] = XMath.Rsqrt(positive);
        result[o + 15] = XMath.Rcp(positive);
        result[o + 16] = MathF.Pow(positive, unit);
        result[o + 17] = MathF.Atan2(x, unit + 2f);
        result[o + 18] = MathF.Sqrt(positive);
        result[o + 19] = x % 1.75f;
    }

    public static void DoubleFunctions(Index1D i, ArrayView<double> a, ArrayView<double> result)
    {
        double x = a[i];
        int o = i * 6;
        result[o] = Math.Exp(x);
        result[o + 1] = Math.Log(Math.Abs(x) + 0.01);
        result[o + 2] = Math.Sin(x);
        result[o + 3] = Math.Tanh(x);
        result[o + 4] = Math.Pow(Math.Abs(x) + 0.5, x * 0.5);
        result[o + 5] = Math.Atan(x);
    }

    /// <summary>Nested loops with jumps out of several levels, a switch, short-circuit conditions.</summary>
    public static void ControlFlow(Index1D i, ArrayView<int> a, ArrayView<int> result)
    {
        int x = a[i];
        int sum = 0;
        for (int j = 0; j < 20; j++)
        {
            if ((x + j) % 7 == 3)
                continue;
            for (int k = 0; k < 20; k++)
            {
                sum += j * k ^ x;
                if (k > j)
                    break;
                if ((sum & 63) == 13)
                    goto done;
                if (sum % 11 == 5 && k > 2 || j == 17)
                    continue;
                sum++;
            }
            switch ((x ^ j) & 7)
            {
                case 0:
                    sum += 100;
                    break;
                case 1:
                case 2:
                    sum ^= 0x55;
                    break;
                case 5:
                    if (sum < 0)
                        goto done;
                    sum -= 3;
                    break;
                default:
                    sum += j;
                    break;
            }
        }
        sum += 1000000;
    done:
        int p = x & 15;
        int q = sum & 15;
        while (p != q)
        {
            (p, q) = p > q ? (p - q, q + 1) : (q, p);
            if (++sum % 97 == 0)
                break;
        }
        result[i] = sum * 31 + p * 7 + q;
    }

    public static void LocalArrays(Index1D i, ArrayView<int> a, ArrayView<int> result)
    {
        ArrayView<int> local = LocalMemory.Allocate<int>(16);
        int x = a[i];
        for (int j = 0; j < 16; j++)
            local[j] = x * j;
        int sum = 0;
        for (int j = 0; j < 32; j++)
            sum += local[(x + j) & 15] ^ j;
        result[i] = sum;
    }

    /// <summary>Sums, votes and broadcasts of a group.</summary>
    public static void GroupOperations(ArrayView<int> a, ArrayView<int> result)
    {
        ArrayView<int> shared = SharedMemory.Allocate<int>(256);
        int t = Group.IdxX;
        int g = Grid.IdxX * Group.DimX + t;
        shared[t] = a[g];
        Group.Barrier();
        for (int step = Group.DimX / 2; step > 0; step /= 2)
        {
            if (t < step)
                shared[t] += shared[t + step];
            Group.Barrier();
        }
        int total = shared[0];
        int odd = Group.BarrierPopCount((a[g] & 1) != 0);
        bool all = Group.BarrierAnd(a[g] > -1000000);
        bool any = Group.BarrierOr(a[g] == 77);
        int picked = Group.Broadcast(a[g], 3);
        result[g] = total + odd * 3 + (all ? 5 : 0) + (any ? 9 : 0) + picked;
    }

    /// <summary>A loop of unknown length with barriers, and behind it an update that must happen once: PoCL 3.1 got this wrong.</summary>
    public static void LoopedBarriers(ArrayView<int> a, ArrayView<int> totals, int length)
    {
        ArrayView<int> shared = SharedMemory.Allocate<int>(64);
        int t = Group.IdxX;
        int sum = 0;
        for (int start = 0; start < length; start += Group.DimX)
        {
            shared[t] = start + t < length ? a[start + t] : 0;
            Group.Barrier();
            if (t < 16)
            {
                for (int i = 0; i < 4; i++)
                    sum += shared[4 * t + i];
            }
            Group.Barrier();
        }
        int at = Grid.IdxX * Group.DimX + t;
        totals[at] = totals[at] * 3 + sum;
    }

    public static void DynamicShared(ArrayView<float> a, ArrayView<float> result)
    {
        ArrayView<float> shared = SharedMemory.GetDynamic<float>();
        int t = Group.IdxX;
        int g = Grid.IdxX * Group.DimX + t;
        shared[t] = a[g];
        Group.Barrier();
        result[g] = shared[Group.DimX - 1 - t] + shared.IntLength;
    }

    public const int ShuffleResults = 6;

    public static void Shuffles(ArrayView<int> a, ArrayView<float> f, ArrayView<int> result, ArrayView<float> floats)
    {
        int g = Grid.IdxX * Group.DimX + Group.IdxX;
        int x = a[g];
        int o = g * ShuffleResults;
        result[o] = Warp.Shuffle(x, (Warp.LaneIdx + 5) % Warp.WarpSize);
        result[o + 1] = Warp.ShuffleDown(x, 3);
        result[o + 2] = Warp.ShuffleUp(x, 2);
        result[o + 3] = Warp.ShuffleXor(x, 4);
        result[o + 4] = Warp.Broadcast(x, 1);
        result[o + 5] = Warp.LaneIdx * 100 + Warp.WarpIdx;
        float sum = f[g];
        for (int d = Warp.WarpSize / 2; d > 0; d /= 2)
            sum += Warp.ShuffleXor(sum, d);
        floats[g] = sum;
    }

    public static void Atomics(Index1D i, ArrayView<int> a, ArrayView<int> counters, ArrayView<float> floats, ArrayView<uint> unsigned)
    {
        int x = a[i];
        Atomic.Add(ref counters[0], x);
        Atomic.Min(ref counters[1], x);
        Atomic.Max(ref counters[2], x);
        Atomic.And(ref counters[3], x | 0x0F0F0F0F);
        Atomic.Or(ref counters[4], 1 << (x & 31));
        Atomic.Xor(ref counters[5], x);
        if (Atomic.CompareExchange(ref counters[6], 0, 1) == 0)
            Atomic.Add(ref counters[7], 1);
        Atomic.Add(ref counters[8 + (x & 3)], 1);
        Atomic.Add(ref floats[0], x & 7);
        Atomic.Max(ref floats[1], x);
        Atomic.Min(ref floats[2], x);
        Atomic.Max(ref unsigned[0], (uint)x);
        Atomic.Min(ref unsigned[1], (uint)x);
    }

    public static void LongAtomics(Index1D i, ArrayView<int> a, ArrayView<long> counters, ArrayView<double> doubles)
    {
        long x = a[i];
        Atomic.Add(ref counters[0], x * 5000000000L);
        Atomic.Min(ref counters[1], x * 5000000000L);
        Atomic.Max(ref counters[2], x * 5000000000L);
        Atomic.Add(ref doubles[0], x & 1023);
    }

    public static void SharedAtomics(ArrayView<int> a, ArrayView<int> histogram)
    {
        ArrayView<int> local = SharedMemory.Allocate<int>(16);
        if (Group.IdxX < 16)
            local[Group.IdxX] = 0;
        Group.Barrier();
        Atomic.Add(ref local[a[Grid.IdxX * Group.DimX + Group.IdxX] & 15], 1);
        Group.Barrier();
        if (Group.IdxX < 16)
            Atomic.Add(ref histogram[Group.IdxX], local[Group.IdxX]);
    }

    public static void Specialized(Index1D i, ArrayView<int> a, SpecializedValue<int> factor, int offset) =>
        a[i] = a[i] * factor.Value + offset;

    public static void TwoDimensions(Index2D i, ArrayView2D<int, Stride2D.DenseX> a, ArrayView2D<int, Stride2D.DenseX> result) =>
        result[i] = a[i.X, i.Y] * 3 + i.X * 1000 + i.Y;

    public static void ThreeDimensions(Index3D i, ArrayView<int> result, Index3D extent) =>
        result[(i.Z * extent.Y + i.Y) * extent.X + i.X] = i.X + 100 * i.Y + 10000 * i.Z;

    public static void Windows(Index1D i, ArrayView<float> a, ArrayView<float> result, float scale)
    {
        ArrayView<float> left = a.SubView(0, result.IntLength);
        ArrayView<float> right = a.SubView(1, result.IntLength);
        result[i] = (right[i] - left[i]) * scale;
    }

    /// <summary>Four neighbours at 16-byte aligned addresses.</summary>
    /// <summary>Neighbours at promised addresses, read and written in place.</summary>
    public static void AlignedQuads(Index1D i, ArrayView<float> a, ArrayView<float> result, float scale)
    {
        ArrayView<float> source = a.AsAligned16();
        ArrayView<float> target = result.AlignTo16().Main;
        int o = i * 4;
        float x = target[o], y = target[o + 1], z = target[o + 2], w = target[o + 3];
        target[o] = (w + source[o]) * scale;
        target[o + 2] = (y + source[o + 2]) * scale;
        target[o + 1] = (x + source[o + 1]) * scale;
        target[o + 3] = (z - source[o + 3]) * scale;
    }

    public static void Quads(Index1D i, ArrayView<float> a, ArrayView<float> result, float scale)
    {
        int o = i * 4;
        float x = a[o];
        float y = a[o + 1];
        float z = a[o + 2];
        float w = a[o + 3];
        result[o] = w * scale;
        result[o + 1] = z * scale;
        result[o + 2] = y * scale;
        result[o + 3] = x * scale;
    }
}
