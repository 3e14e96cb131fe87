using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;

namespace GpuVae.Simd.Tests.Frontend;

/// <summary>
/// Arrays in kernels: of one and of several axes, made there or static, and the struct parameters that hold buffers of elements.
/// </summary>
public sealed unsafe class ArrayTests
{
    private static readonly int[] Integers = [3, 1, 4, 1, 5, 9, 2, 6];
    private static readonly short[] Primes = [2, 3, 5, 7, 11, 13, 17, 19];
    private static readonly (int Low, double High)[,] Grid = { { (1, 0.5), (2, 1.5) }, { (3, 2.5), (4, 3.5) }, { (5, 4.5), (6, 5.5) } };
    private static readonly ImmutableArray<int> Fixed = [7, 8, 9];

    private static readonly (byte Low, double High)[] Long = [.. Enumerable.Range(0, 300).Select(i => ((byte)(i * 3), i * 1.25))];
    private static readonly short[,] Wide = Spread();

    private struct Taps
    {
        public int Count;
        public fixed short Weights[5];
        public double Scale;
    }

    [InlineArray(3)]
    private struct Triple
    {
        private float first;
    }

    private struct Functor()
    {
        public int Times = 4;

        public readonly int Apply(int x) => (Times + 3) * x;
    }

    public static TheoryData<string> All => TestAccelerators.All;

    private static short[,] Spread()
    {
        short[,] wide = new short[5, 10];
        for (int i = 0; i < wide.Length; i++)
            wide[i / 10, i % 10] = (short)(i * i);
        return wide;
    }

    [Fact]
    public void ArraysOfSeveralAxesAreZeroedAndRowMajor() => KernelHarness.Run<int>(
        static (input, output) =>
        {
            int[,,] box = new int[2, 3, 4];
            int before = box[1, 2, 3];
            for (int i = 0; i < 2; i++)
            {
                for (int j = 0; j < 3; j++)
                {
                    for (int k = 0; k < 4; k++)
                        box[i, j, k] += input[(i + 2 * j + k) & 7] * (i + 1);
                }
            }
            ref int corner = ref box[1, 0, 2];
            corner *= 10;
            output[0] = before + box[0, 2, 1] + 100 * box[1, 0, 2];
            output[1] = box[1, 2, 3];
        },
        Integers, 2);

    [Fact]
    public void TheSizesOfArraysAreKnown() => KernelHarness.Run<int>(
        static (_, output) =>
        {
            double[,] plane = new double[3, 5];
            byte[] line = new byte[7];
            output[0] = plane.Length + 100 * plane.Rank;
            output[1] = plane.GetLength(0) + 100 * plane.GetLength(1);
            output[2] = plane.GetLowerBound(1) + 100 * plane.GetUpperBound(1);
            output[3] = (int)(line.LongLength + plane.GetLongLength(1)) + Array.Empty<int>().Length;
        },
        Integers, 4);

    [Fact]
    public void StaticReadonlyArraysAreConstants() => KernelHarness.Run<int>(
        static (input, output) =>
        {
            for (int i = 0; i < output.IntLength; i++)
                output[i] = Primes[input[i] & 7] + (int)(10 * Grid[i % 3, input[i] & 1].High) + Grid[i % 3, 0].Low + Fixed[i % 3];
        },
        Integers, 8);

    [Fact]
    public void LongStaticArraysAreTables() => KernelHarness.Run<int>(
        static (input, output) =>
        {
            for (int i = 0; i < output.IntLength; i++)
            {
                (byte low, double high) = Long[(input[i & 7] * 37 + i) % Long.Length];
                output[i] = low + (int)high + Wide[i % 5, input[i & 7]];
            }
        },
        Integers, 100);

    [Fact]
    public void TablesCannotBeWritten()
    {
        InternalCompilerException refused = Assert.Throws<InternalCompilerException>(
            () => TestAccelerators.Widest.LoadStreamKernel<ArrayView<int>>(static view => Wide[1, 1] = (short)view[0]));
        Assert.Contains("an element of a constant array is written", refused.Message);
    }

    [Fact]
    public void ArraysOfSeveralAxesWithConstantElements() => KernelHarness.Run<int>(
        static (input, output) =>
        {
            int[,] table = { { 1, 2, 3 }, { 4, 5, 6 } };
            output[0] = table[input[1], input[6]] + table[0, 0];
        },
        Integers, 1);

    [Theory, MemberData(nameof(All))]
    public void FixedBuffersAndInlineArraysAreArguments(string name)
    {
        SimdAccelerator accelerator = TestAccelerators.Open(name);
        using MemoryBuffer1D<double, Stride1D.Dense> buffer = accelerator.Allocate1D<double>(8);
        var taps = new Taps { Count = 5, Scale = 0.5 };
        for (int i = 0; i < 5; i++)
            taps.Weights[i] = (short)(i * i - 7);
        var triple = new Triple();
        for (int i = 0; i < 3; i++)
            triple[i] = i + 0.25f;
        accelerator.LoadAutoGroupedStreamKernel<Index1D, Taps, ArrayView<double>, Triple>(Weigh)(8, taps, buffer.View, triple);
        Assert.Equal([.. Enumerable.Range(0, 8).Select(i => (i % 5 * (i % 5) - 7) * 0.5 + i % 3 + 0.25)], buffer.GetAsArray1D());

        static void Weigh(Index1D i, Taps taps, ArrayView<double> output, Triple triple) =>
            output[i] = taps.Weights[i % taps.Count] * taps.Scale + (i % 3 == 0 ? triple[0] : i % 3 == 1 ? triple[1] : triple[2]);
    }

    [Fact]
    public void NewOfATypeParameterMakesAStruct() =>
        KernelHarness.Run<int>(static (input, output) => output[0] = Identity<Functor>(input[2]), Integers, 1);

    private static int Identity<T>(int x) where T : struct => Unsafe.SizeOf<T>() + Value(new T()) + x;

    private static int Value<T>(T value) where T : struct => Unsafe.As<T, Functor>(ref value).Apply(2);
}
