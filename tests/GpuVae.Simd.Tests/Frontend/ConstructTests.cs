using System.Numerics;
using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Algorithms.ScanReduceOperations;
using ILGPU.Runtime;

namespace GpuVae.Simd.Tests.Frontend;

/// <summary>Every construct of C# that a kernel may use, against direct execution.</summary>
public sealed class ConstructTests
{
    private static readonly int[] Integers =
    [
        0, 1, -1, 2, 7, -8, 31, 100, -1000, 65535, 65536, int.MaxValue, int.MinValue, 123456789, -987654321, 5,
    ];

    private static readonly float[] Floats =
    [
        0f, 1f, -1f, 0.5f, 3.75f, -2.5f, 1e10f, -1e-10f, float.NaN, float.PositiveInfinity, float.NegativeInfinity, 100.25f, 2.5f, 3.5f,
        -0f, 7f,
    ];

    [Fact]
    public void ArithmeticAndBitOperations() => KernelHarness.Run<int>(
        static (input, output) =>
        {
            for (int i = 0; i < input.IntLength; i++)
            {
                int x = input[i];
                int y = input[(i + 5) % input.IntLength] | 3;
                output[i] = ((x + y) * (x - y)) ^ ((x & y) | ~x) ^ (x << (y & 15)) ^ (x >> 3) ^ (int)((uint)x >> 5) ^ (x >>> y) ^ -y;
            }
        },
        Integers, Integers.Length);

    private static void Classify(int x, out bool isOdd, ref bool isAnyNegative)
    {
        isOdd = (x & 1) != 0;
        isAnyNegative |= x < 0;
    }

    [Fact]
    public void BoolsByReference() => KernelHarness.Run<int>(
        static (input, output) =>
        {
            bool isAnyNegative = false;
            for (int i = 0; i < input.IntLength; i++)
            {
                Classify(input[i], out bool isOdd, ref isAnyNegative);
                output[i] = (isOdd ? 1 : 0) + (isAnyNegative ? 2 : 0);
            }
        },
        Integers, Integers.Length);

    [Fact]
    public void DivisionSignedAndUnsigned() => KernelHarness.Run<int>(
        static (input, output) =>
        {
            for (int i = 0; i < input.IntLength; i++)
            {
                int x = input[i];
                int y = (input[(i + 3) % input.IntLength] & 0xFFFF) + 2;
                output[i] = (x / y) + (x % y) + (int)((uint)x / (uint)y) + (int)((uint)x % (uint)y);
            }
        },
        Integers, Integers.Length);

    [Fact]
    public void NarrowAndWideIntegersConvertAsInCSharp() => KernelHarness.Run<int>(
        static (input, output) =>
        {
            for (int i = 0; i < input.IntLength; i++)
            {
                int x = input[i];
                sbyte a = (sbyte)x;
                byte b = (byte)x;
                short c = (short)x;
                ushort d = (ushort)x;
                char e = (char)x;
                long f = x;
                ulong g = (uint)x;
                long h = (long)(ulong)(f * 3);
                byte wrapped = (byte)(b + 200);
                output[i] = a + b + c + d + e + (int)(f >> 7) + (int)(g >> 9) + (int)h + wrapped + (a > c ? 1 : 0) + (b < d ? 2 : 0);
            }
        },
        Integers, Integers.Length);

    [Fact]
    public void ComparisonsSignedUnsignedAndOfFloatsWithNaN() => KernelHarness.Run<float>(
        static (input, output) =>
        {
            for (int i = 0; i < input.IntLength; i++)
            {
                float x = input[i];
                float y = input[(i + 1) % input.IntLength];
                int mask = 0;
                if (x < y)
                    mask |= 1;
                if (x <= y)
                    mask |= 2;
                if (x > y)
                    mask |= 4;
                if (x >= y)
                    mask |= 8;
                if (x == y)
                    mask |= 16;
                if (x != y)
                    mask |= 32;
                if (!(x < y))
                    mask |= 64;
                if (!(x >= y))
                    mask |= 128;
                bool b = x > y;
                mask |= b ? 256 : 0;
                if ((uint)i < 5u && (long)i >= 2L || (ulong)i > 12ul)
                    mask |= 512;
                output[i] = mask;
            }
        },
        Floats, Floats.Length);

    [Fact]
    public void FloatConversionsSaturate() => KernelHarness.Run<float>(
        static (input, output) =>
        {
            for (int i = 0; i < input.IntLength; i++)
            {
                float x = input[i];
                int a = (int)x;
                uint b = (uint)x;
                long c = (long)x;
                double d = x;
                output[i] = (a / 1000) + (b / 1000) + (float)(c / 1000000) + (float)(d * 0.5) + (float)(double)a + (float)(uint)a
                    + (float)(ulong)(uint)a;
            }
        },
        [0f, 1.9f, -1.9f, 3e9f, -3e9f, 1e20f, -1e20f, float.NaN, 2147483648f, 100f], 10);

    [Fact]
    public void MathFunctions() => KernelHarness.Run<float>(
        static (input, output) =>
        {
            for (int i = 0; i < 12; i++)
            {
                float x = input[i];
                float p = XMath.Abs(x) + 0.25f;
                output[i] = MathF.Exp(-p) + MathF.Log(p) + XMath.Sqrt(p) + XMath.Rsqrt(p) + XMath.Tanh(x) + XMath.Sin(x) + XMath.Cos(x)
                    + MathF.Pow(p, 1.5f);
                output[i + 12] = XMath.Floor(x) + XMath.Ceiling(x) + XMath.Round(x) + XMath.Min(x, 2f) + XMath.Max(x, -1f)
                    + XMath.Clamp(x, -1f, 1f) + XMath.Atan2(x, p) + MathF.Truncate(x) + XMath.Exp2(x * 0.1f) + XMath.Log2(p)
                    + XMath.Rcp(p) + MathF.CopySign(p, x);
            }
        },
        [0f, 1f, -1f, 0.5f, 1.5f, 2.5f, -2.5f, 10f, -10f, 0.1f, 3f, 4f], 24);

    [Fact]
    public void IntegerFunctions() => KernelHarness.Run<int>(
        static (input, output) =>
        {
            for (int i = 0; i < input.IntLength; i++)
            {
                int x = input[i] >> 1;
                output[i] = Math.Abs(x) + Math.Min(x, 9) + Math.Max(x, -9) + BitOperations.PopCount((uint)x)
                    + BitOperations.LeadingZeroCount((uint)x) + BitOperations.TrailingZeroCount(x) + XMath.Clamp(x, -100, 100)
                    + IntrinsicMath.DivRoundUp(x, 7) + Math.Sign(x)
                    + (int)BitOperations.RotateLeft((uint)x, 5) + BitOperations.Log2((uint)x | 1) + (int)Math.Min((uint)x, 77u);
            }
        },
        Integers, Integers.Length);

    [Fact]
    public void NestedLoopsWithBreakContinueAndEarlyReturn() => KernelHarness.Run<int>(
        static (input, output) =>
        {
            int total = 0;
            for (int i = 0; i < input.IntLength; i++)
            {
                int j = 0;
                while (true)
                {
                    if (j > i)
                        break;
                    j++;
                    if ((j & 1) == 0)
                        continue;
                    total += (input[i] % 17) * j;
                    if (total > 100000)
                        goto done;
                }
                do
                    total ^= j--;
                while (j > 0);
                if (i == 13)
                {
                    output[0] = total;
                    return;
                }
            }
        done:
            output[1] = total;
        },
        Integers, 2);

    [Fact]
    public void SwitchesDenseAndSparse() => KernelHarness.Run<int>(
        static (input, output) =>
        {
            for (int i = 0; i < input.IntLength; i++)
            {
                int a = i switch { 0 => 5, 1 => 7, 2 or 3 => 11, 4 => input[i], _ => -1 };
                switch (input[i])
                {
                    case -8:
                        a += 100;
                        break;
                    case 100000:
                    case 65535:
                        a += 200;
                        goto case -8;
                    default:
                        a *= 2;
                        break;
                }
                output[i] = a;
            }
        },
        Integers, Integers.Length);

    private struct Accumulator
    {
        public int Sum;
        public (int Low, float High) Pair;
        public byte Small;

        public Accumulator(int sum)
        {
            Sum = sum;
            Pair = (sum + 1, 0.5f);
            Small = 250;
        }

        public readonly int Total => Sum + Pair.Low + Small;

        public void Add(int value)
        {
            Sum += value;
            Pair.Low -= value;
            Small++;
        }
    }

    private static void Bump(ref int target, in int by, out int old)
    {
        old = target;
        target += by;
    }

    private static ref int Pick(ref Accumulator accumulator) => ref accumulator.Pair.Low;

    [Fact]
    public void StructsRefsOutsAndRefReturns() => KernelHarness.Run<int>(
        static (input, output) =>
        {
            var accumulator = new Accumulator(3);
            for (int i = 0; i < input.IntLength; i++)
            {
                accumulator.Add(input[i]);
                ref int sum = ref accumulator.Sum;
                Bump(ref sum, in input[i], out int old);
                Pick(ref accumulator) += old & 15;
                Bump(ref output[i], accumulator.Total, out _);
            }
            Accumulator copy = accumulator;
            copy.Sum = 1;
            accumulator = default;
            accumulator.Pair = copy.Pair;
            output[0] += accumulator.Total + copy.Total + (copy.Pair.High > 0.25f ? 1 : 0);
        },
        Integers, Integers.Length);

    private interface IOperation
    {
        static abstract int Identity { get; }

        int Apply(int x, int y);

        int Twice(int x) => Apply(Apply(x, x), 3);
    }

    private readonly struct AddOperation(int bias) : IOperation
    {
        public static int Identity => 0;

        public int Apply(int x, int y) => x + y + bias;
    }

    private struct XorOperation : IOperation
    {
        public static int Identity => -1;

        public readonly int Apply(int x, int y) => x ^ y;
    }

    private static int Fold<TOperation>(ArrayView<int> view, TOperation operation) where TOperation : struct, IOperation
    {
        int result = TOperation.Identity;
        for (int i = 0; i < view.IntLength; i++)
            result = operation.Apply(result, view[i]) + operation.Twice(i);
        return result;
    }

    private static bool AreSame<TFirst, TSecond>() => typeof(TFirst) == typeof(TSecond);

    [Fact]
    public void FunctorsStaticAbstractsAndDefaultInterfaceMethods() => KernelHarness.Run<int>(
        static (input, output) =>
        {
            output[0] = Fold(input, new AddOperation(2));
            output[1] = Fold(input, default(XorOperation));
            output[2] = AreSame<XorOperation, AddOperation>() ? 1 : AreSame<int, int>() ? 2 : 3;
        },
        Integers, 3);

    private static T Sum<T>(ArrayView<T> view, T start) where T : unmanaged, INumber<T>
    {
        T total = start;
        for (int i = 0; i < view.IntLength; i++)
            total += view[i] * T.One;
        return total;
    }

    [Fact]
    public void GenericArithmetic() => KernelHarness.Run<int>(static (input, output) => output[0] = Sum(input, 4), Integers, 1);

    private enum Color : byte
    {
        Red = 3,
        Green = 200,
    }

    private record struct Point(int X, float Y);

    [Fact]
    public void EnumsRecordsAndTuples() => KernelHarness.Run<int>(
        static (input, output) =>
        {
            var color = (Color)(byte)input[4];
            var point = new Point(input[1], 2.5f) { X = 4 };
            Point other = point with { Y = 3.5f };
            (int a, Point b) = (point.X, other);
            output[0] = color == Color.Green ? 1 : (int)color;
            output[1] = (int)(b.Y * 2) + a + (point == other ? 100 : 0) + (point.Equals(point) ? 1000 : 0);
        },
        Integers, 2);

    [Fact]
    public void LocalArraysAndLocalMemory() => KernelHarness.RunGroups<int>(
        static (input, output) =>
        {
            int[] zeroed = new int[4];
            int[] filled = [1, 20, 300, 4000];
            ArrayView<long> local = LocalMemory.Allocate<long>(4);
            for (int i = 0; i < zeroed.Length; i++)
            {
                zeroed[(input[i] & 1) + 1] += filled[i];
                local[i] = zeroed[1] * 3L;
            }
            for (int i = 0; i < 4; i++)
                output[i] = zeroed[i] + (int)local[3 - i];
        },
        Integers, 4);

    private unsafe struct Buffered
    {
        public int Count;
        public fixed int Values[4];
    }

    [Fact]
    public unsafe void FixedBuffersAndPointers() => KernelHarness.Run<int>(
        static (input, output) =>
        {
            Buffered buffered = default;
            for (int i = 0; i < 4; i++)
            {
                buffered.Values[i] = input[i + 4] * 3;
                buffered.Count++;
            }
            fixed (int* p = &output[0])
            {
                p[1] = buffered.Values[2] + buffered.Count;
                *(p + 2) = buffered.Values[3];
            }
            int x = 5;
            int* q = &x;
            *q += 2;
            output[0] = x + sizeof(Buffered);
            Unsafe.Add(ref output[0], 3) = Unsafe.As<int, int>(ref output[1]) + 1;
        },
        Integers, 4);

    [Fact]
    public void ViewsSubviewsAndCasts() => KernelHarness.Run<int>(
        static (input, output) =>
        {
            ArrayView<int> part = input.SubView(4, 8);
            ArrayView<short> shorts = part.Cast<short>();
            ArrayView1D<int, Stride1D.Dense> dense = part;
            var matrix = new ArrayView2D<int, Stride2D.DenseY>(part, new LongIndex2D(2, 4), new Stride2D.DenseY(4));
            ArrayView2D<int, Stride2D.DenseX> transposed = matrix.AsTransposed();
            output[0] = part[1] + part[2L] + part.IntLength + (int)shorts.Length + shorts[3];
            output[1] = dense[new Index1D(3)] + matrix[1, 2] + matrix[new Index2D(0, 3)] + transposed[3, 1];
            output[2] = (int)matrix.IntExtent.X + matrix.IntExtent.Y + transposed.IntExtent.X;
            VariableView<int> variable = part.VariableView(5);
            variable.Value = 1 + variable.Value;
            output[3] = part[5];
            ArrayView<int> chosen = input[0] == 0 ? part : input;
            output[4] = chosen[0] + (chosen.IsValid ? 1 : 0);
        },
        Integers, 5);

    [Fact]
    public void ViewsMayChangeInLoops() => KernelHarness.Run<int>(
        static (input, output) =>
        {
            ArrayView<int> rest = input;
            ArrayView<int> longest = default;
            int total = 0;
            while (rest.Length > 2)
            {
                total = (total * 3) + rest[0] + rest.IntLength;
                if (rest[0] > rest[1])
                    longest = rest;
                rest = rest.SubView(1 + (rest[1] & 1));
            }
            output[0] = total;
            output[1] = longest.IsValid ? longest[0] + longest.IntLength : -5;
        },
        Integers, 2);

    [Fact]
    public void DoubleBuffersSwap() => KernelHarness.RunGroups<int>(
        static (input, output) =>
        {
            ArrayView<int> front = SharedMemory.Allocate<int>(8);
            ArrayView<int> back = SharedMemory.Allocate<int>(8);
            int i = Group.IdxX;
            front[i] = input[i] & 63;
            for (int round = 0; round < 5; round++)
            {
                Group.Barrier();
                back[i] = front[(i + 1) % 8] + front[i];
                (front, back) = (back, front);
            }
            output[i] = front[i];
        },
        Integers, 8, threads: 8);

    private struct Walker
    {
        public ArrayView<int> View;
        public int Position;

        public ref int Next() => ref View[Position++ % View.IntLength];
    }

    [Fact]
    public void StructsMayHoldViewsAndReturnRefsIntoThem() => KernelHarness.Run<int>(
        static (input, output) =>
        {
            var reader = new Walker { View = input };
            var writer = new Walker { View = output, Position = 2 };
            for (int i = 0; i < 6; i++)
            {
                ref int target = ref writer.Next();
                target += reader.Next() * 2;
                target ^= i;
            }
        },
        Integers, 4);

    private readonly struct Vector(float x, float y, float z, float w)
    {
        public readonly float X = x, Y = y, Z = z, W = w;

        public static Vector operator +(Vector a, Vector b) => new(a.X + b.X, a.Y + b.Y, a.Z + b.Z, a.W + b.W);
    }

    [Fact]
    public void StructElementsLoadAndStore() => KernelHarness.Run<float>(
        static (input, output) =>
        {
            ArrayView<Vector> from = input.Cast<Vector>();
            ArrayView<Vector> to = output.Cast<Vector>();
            for (int i = 0; i < 3; i++)
                to[i] = from[i] + from[i + 1];
            to[3] = new Vector(from[0].Y, to[0].Z, 1f, from[3].W);
        },
        [.. Enumerable.Range(0, 16).Select(i => i * 1.25f)], 16);

    [Fact]
    public void BitsOfFloats() => KernelHarness.Run<float>(
        static (input, output) =>
        {
            for (int i = 0; i < input.IntLength; i++)
                output[i] = Interop.IntAsFloat(Interop.FloatAsInt(input[i]) ^ 0x80000000u)
                    + BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(2f));
        },
        [0.5f, -1f, 3f], 3);

    private static readonly float Scale = 2.5f;
    private static readonly (int A, float B) Pair = (3, 0.25f);

    [Fact]
    public void StaticReadonlyFieldsAreConstants() => KernelHarness.Run<float>(
        static (input, output) => output[0] = (input[0] * Scale) + Pair.A + Pair.B, [4f], 1);

    private static readonly int[] Table = [3, 1, 4, 1, 5];

    [Fact]
    public void StaticReadonlyArraysAreConstants() => KernelHarness.Run<int>(
        static (input, output) =>
        {
            for (int i = 0; i < input.IntLength; i++)
                output[i] = Table[i % Table.Length] * input[i] + Table[2];
        },
        Integers, Integers.Length);

    [Fact]
    public void LocalFunctionsMayCaptureByReference() => KernelHarness.Run<int>(
        static (input, output) =>
        {
            int total = 0;
            for (int i = 0; i < 5; i++)
                Add(input[i]);
            output[0] = total;

            void Add(int value) => total += value * 2;
        },
        Integers, 1);

    [Fact]
    public void ShortCircuitsAndConditionalValues() => KernelHarness.Run<int>(
        static (input, output) =>
        {
            for (int i = 0; i < input.IntLength; i++)
            {
                bool a = input[i] > 3 && input[i] < 1000 || input[i] == -8;
                bool b = !a | (i == 4) ^ (input[i] < 0);
                int value = a ? b ? 1 : 2 : b ? 3 : 4;
                output[i] = value + (a && b ? 10 : 0) + (IsSmall(input[i]) == a ? 100 : 0);
            }

            static bool IsSmall(int x) => x < 50 && x > -50;
        },
        Integers, Integers.Length);

    [Fact]
    public void SharedMemoryBarriersAndBroadcasts() => KernelHarness.RunGroups<int>(
        static (input, output) =>
        {
            ArrayView<int> tile = SharedMemory.Allocate<int>(16);
            ref int total = ref SharedMemory.Allocate<int>();
            int i = Group.IdxX;
            tile[i] = input[i] & 1023;
            if (Group.IsFirstThread)
                total = 0;
            Group.Barrier();
            for (int step = 8; step > 0; step /= 2)
            {
                int value = i < step ? tile[i] + tile[i + step] : 0;
                Group.Barrier();
                if (i < step)
                    tile[i] = value;
                Group.Barrier();
            }
            Atomic.Add(ref total, i);
            Group.Barrier();
            int positive = Group.BarrierPopCount(input[i] > 0);
            output[Grid.GlobalIndex.X] = tile[0] + total + positive + (Group.BarrierAnd(i >= 0) ? 1000 : 0) + Group.Broadcast(i * 7, 3)
                + (Group.BarrierOr(i == 5) ? 5000 : 0) + Grid.IdxX;
        },
        Integers, 32, groups: 2, threads: 16);

    [Fact]
    public void GroupAndWarpAlgorithms() => KernelHarness.RunGroups<int>(
        static (input, output) =>
        {
            int value = input[Group.IdxX] & 255;
            int sum = GroupExtensions.AllReduce<int, AddInt32>(value);
            int largest = GroupExtensions.Reduce<int, MaxInt32>(value);
            int before = GroupExtensions.ExclusiveScan<int, AddInt32>(value);
            int upTo = GroupExtensions.InclusiveScan<int, AddInt32>(value);
            int warp = WarpExtensions.AllReduce<int, MinInt32>(value);
            output[Grid.GlobalIndex.X] = sum + (Group.IsFirstThread ? largest : 0) + (before * 3) + (upTo * 7) + warp;
        },
        Integers, 32, groups: 2, threads: 16);

    [Fact]
    public void NullablesAndNestedGenerics() => KernelHarness.Run<int>(
        static (input, output) =>
        {
            int? found = null;
            for (int i = 0; i < input.IntLength; i++)
            {
                if (input[i] == 31)
                    found = i;
            }
            output[0] = found.GetValueOrDefault() + (found.HasValue ? 100 : 0) + (found ?? 7);
            (int, (float Low, long High)) nested = (1, (2f, 3L));
            nested.Item2.High += input[3];
            output[1] = (int)nested.Item2.High + nested.Item1;
        },
        Integers, 2);

    [Fact]
    public void AtomicsReturnTheOldValue() => KernelHarness.RunGroups<int>(
        static (input, output) =>
        {
            int i = Group.IdxX;
            Atomic.Add(ref output[0], input[i] & 15);
            Atomic.Max(ref output[1], i);
            Atomic.Min(ref output[2], -i);
            Atomic.Or(ref output[3], 1 << i);
            Atomic.Xor(ref output[4], 1 << i);
            Interlocked.Increment(ref output[5]);
            if (Atomic.CompareExchange(ref output[6], 0, 99) == 0)
                Atomic.Add(ref output[7], 1);
            Atomic.Exchange(ref output[8], 4);
            ref float f = ref Unsafe.As<int, float>(ref output[9]);
            Atomic.Add(ref f, 0.5f);
            Atomic.Max(ref Unsafe.As<int, float>(ref output[10]), i * 1.5f);
        },
        Integers, 11, threads: 8);

    [Fact]
    public void RandomNumbersByWideMultiplication() => KernelHarness.Run<int>(
        static (input, output) =>
        {
            for (int i = 0; i < input.IntLength; i++)
            {
                ulong product = (ulong)(uint)input[i] * 0xD2511F53u;
                output[i] = (int)(uint)(product >> 32) ^ (int)(uint)product ^ (int)Math.BigMul((uint)input[i], 77u);
            }
        },
        Integers, Integers.Length);
}
