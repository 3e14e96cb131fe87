using System.Numerics;
using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Algorithms.ScanReduceOperations;
using ILGPU.Runtime;
using static GpuVae.Simd.Tests.Frontend.Inputs;

namespace GpuVae.Simd.Tests.Frontend;

/// <summary>What C# has for control, calls, structs and generics, against direct execution.</summary>
public sealed class ConstructTests
{
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

    private static readonly float Scale = 2.5f;
    private static readonly (int A, float B) Pair = (3, 0.25f);

    [Fact]
    public void StaticReadonlyFieldsAreConstants() => KernelHarness.Run<float>(
        static (input, output) => output[0] = (input[0] * Scale) + Pair.A + Pair.B, [4f], 1);

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
}
