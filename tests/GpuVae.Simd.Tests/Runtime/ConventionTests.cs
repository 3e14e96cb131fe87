using ILGPU;
using ILGPU.Backends;
using ILGPU.Backends.EntryPoints;
using ILGPU.Runtime;

namespace GpuVae.Simd.Tests.Runtime;

/// <summary>What programs written for ILGPU's accelerators take for granted: modes of the context, kinds of exceptions, printing.</summary>
public sealed class ConventionTests
{
    private static int level = 5;

    public static TheoryData<string> All => TestAccelerators.All;

    private static void ReadsStatic(Index1D i, ArrayView<int> output)
    {
        output[i] = level + i;
        level = 7;
    }

    private static void Prints(Index1D i, ArrayView<int> output)
    {
        if (i % 2 == 1)
            Interop.WriteLine("{0} {1} {2} {3} {4} {5} {6}", (int)i, output[i], i * 0.5f, i + 2L, i - 3, (byte)4, i * 5.0);
    }

    private static void Rotates(Index1D i, ArrayView<int> output) =>
        output[i] = 1000 * Warp.Shuffle(i.X, (Warp.LaneIdx + 1) % Warp.WarpSize) + Warp.ShuffleXor(i.X, 1);

    private static void TakesBool(Index1D i, ArrayView<int> output, bool flag) => output[i] = flag ? 1 : 0;

    [Fact]
    public void StaticFieldsFollowTheModeOfTheContext()
    {
        var entry = EntryPointDescription.FromImplicitlyGroupedKernel(((Action<Index1D, ArrayView<int>>)ReadsStatic).Method);
        InternalCompilerException refused = Assert.Throws<InternalCompilerException>(
            () => TestAccelerators.Widest.GetBackend().Compile(entry, new KernelSpecialization()));
        Assert.IsType<NotSupportedException>(refused.InnerException);
        Assert.Contains("'ConventionTests.level' is not readonly", refused.Message);

        using var context = Context.Create(builder =>
            builder.StaticFields(StaticFieldMode.MutableStaticFields | StaticFieldMode.IgnoreStaticFieldStores));
        using SimdAccelerator accelerator = context.CreateSimdAccelerator();
        using MemoryBuffer1D<int, Stride1D.Dense> output = accelerator.Allocate1D<int>(3);
        accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<int>>(ReadsStatic)(3, output.View);
        Assert.Equal([5, 6, 7], output.GetAsArray1D());
        Assert.Equal(5, level);
    }

    [Fact]
    public void ParametersThatCannotBePassedAreBadArguments()
    {
        ArgumentException exception = Assert.Throws<ArgumentException>(
            () => TestAccelerators.Widest.LoadAutoGroupedStreamKernel<Index1D, ArrayView<int>, bool>(TakesBool));
        Assert.IsType<NotSupportedException>(exception.InnerException);
        Assert.Contains("pass a byte or an int instead of a bool", exception.Message);
    }

    [Theory, MemberData(nameof(All))]
    public void AnyNumberOfValuesIsPrintedByTheRunningLanes(string name)
    {
        SimdAccelerator accelerator = TestAccelerators.Open(name);
        using MemoryBuffer1D<int, Stride1D.Dense> output = accelerator.Allocate1D(new[] { 10, 11, 12, 13 });
        (TextWriter console, StringWriter text) = (Console.Out, new StringWriter());
        Console.SetOut(text);
        try
        {
            accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<int>>(Prints)(4, output.View);
            accelerator.Synchronize();
        }
        finally
        {
            Console.SetOut(console);
        }
        Assert.Equal(["1 11 0.5 3 -2 4 5", "3 13 1.5 5 0 4 15", ""], text.ToString().Split('\n').Select(line => line.TrimEnd()));
    }

    [Theory, MemberData(nameof(All))]
    public void WarpsOfImplicitlyGroupedKernelsShuffle(string name)
    {
        SimdAccelerator accelerator = TestAccelerators.Open(name);
        int warp = accelerator.WarpSize;
        using MemoryBuffer1D<int, Stride1D.Dense> output = accelerator.Allocate1D<int>(4 * warp);
        accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<int>>(Rotates)(4 * warp, output.View);
        Assert.Equal(
            [.. Enumerable.Range(0, 4 * warp).Select(i => 1000 * (i / warp * warp + (i + 1) % warp) + (warp == 1 ? i : i ^ 1))],
            output.GetAsArray1D());
    }
}
