using System.Diagnostics;
using ILGPU;
using ILGPU.Runtime;

namespace GpuVae.Simd.Tests.Runtime;

/// <summary>What kernels print, and assertions inside them.</summary>
public sealed class DiagnosticsTests
{
    public static TheoryData<string> Accelerators => TestAccelerators.All;

    [Theory, MemberData(nameof(Accelerators))]
    public void LinesArePrintedWhole(string name)
    {
        SimdAccelerator accelerator = TestAccelerators.Open(name);
        using MemoryBuffer1D<float, Stride1D.Dense> buffer =
            accelerator.Allocate1D(Enumerable.Range(0, 20).Select(i => i * 0.5f).ToArray());
        TextWriter output = Console.Out;
        using var text = new StringWriter();
        Console.SetOut(text);
        try
        {
            accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<float>>(Print)(20, buffer.View);
            accelerator.Synchronize();
        }
        finally
        {
            Console.SetOut(output);
        }
        string[] lines = text.ToString().ReplaceLineEndings("\n").Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(
            Enumerable.Range(10, 10).Select(i => FormattableString.Invariant($"{i}: {i * 0.5f} and {uint.MaxValue}")), lines.Order());
    }

    /// <summary>ILGPU compiles assertions where the context asks for them.</summary>
    [Fact]
    public void AssertionsThatHoldChangeNothingAndOthersAreReported()
    {
        using var context = Context.Create(builder => builder.Assertions());
        using SimdAccelerator accelerator = context.CreateSimdAccelerator();
        using MemoryBuffer1D<int, Stride1D.Dense> buffer = accelerator.Allocate1D<int>(100);
        Action<Index1D, ArrayView<int>, int> kernel = accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<int>, int>(Asserts);
        kernel(100, buffer.View, 100);
        Assert.Equal(Enumerable.Range(0, 100), buffer.GetAsArray1D());
        Exception exception = Assert.ThrowsAny<Exception>(() => kernel(100, buffer.View, 50));
        Assert.Contains("below the limit", exception.Message);
        kernel(100, buffer.View, 100);
    }

    [Fact]
    public void WithoutThemTheKernelRunsThrough()
    {
        SimdAccelerator accelerator = TestAccelerators.Widest;
        using MemoryBuffer1D<int, Stride1D.Dense> buffer = accelerator.Allocate1D<int>(100);
        accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<int>, int>(Asserts)(100, buffer.View, 50);
        Assert.Equal(99, buffer.GetAsArray1D()[99]);
    }

    private static void Print(Index1D i, ArrayView<float> view)
    {
        if (i >= 10)
            Interop.WriteLine("{0}: {1} and {2}", i.X, view[i], uint.MaxValue);
    }

    private static void Asserts(Index1D i, ArrayView<int> view, int limit)
    {
        // The tests are built in Release: Debug.Assert would be no code at all.
        Trace.Assert(i < limit, "not below the limit");
        view[i] = i;
    }
}
