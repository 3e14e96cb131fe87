using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using GpuVae.Simd.Analyses;
using GpuVae.Simd.Checked;
using GpuVae.Simd.Frontend;
using GpuVae.Simd.Ir;
using GpuVae.Simd.Launch;
using ILGPU;
using ILGPU.Runtime;

namespace GpuVae.Simd.Tests.Frontend;

/// <summary>
/// Runs a kernel as .NET code (by ILGPU's CPU accelerator where it needs a group), as the IR the front end builds, as the IR the optimiser
/// makes of it and as vector code, and requires equal results.
/// </summary>
internal static class KernelHarness
{
    public const int WarpSize = 4;

    private static readonly Lazy<Accelerator> CheckedAccelerator = new(
        () => TestAccelerators.Context.CreateSimdAccelerator(new() { VectorBits = 32 * WarpSize, Checked = true }));

    private static readonly Lazy<Accelerator> SimdAccelerator = new(
        () => TestAccelerators.Context.CreateSimdAccelerator(new() { VectorBits = 32 * WarpSize, GuardBuffers = true }));

    /// <summary>A kernel of one thread that asks nothing of a group: .NET itself runs it.</summary>
    public static T[] Run<T>(Action<ArrayView<T>, ArrayView<T>> kernel, T[] input, int outputs) where T : unmanaged
    {
        using MemoryBuffer1D<T, Stride1D.Dense> from = TestAccelerators.Widest.Allocate1D(input);
        using MemoryBuffer1D<T, Stride1D.Dense> to = TestAccelerators.Widest.Allocate1D<T>(outputs);
        to.MemSetToZero();
        kernel(from.View, to.View);
        return Compare(to.GetAsArray1D(), kernel, input, 1, 1);
    }

    /// <summary>A kernel that needs a group, or local memory, which .NET alone does not have.</summary>
    public static T[] RunGroups<T>(
        Action<ArrayView<T>, ArrayView<T>> kernel, T[] input, int outputs, int groups = 1, int threads = 1) where T : unmanaged =>
        Compare(RunOn(TestAccelerators.Reference(WarpSize), kernel, input, outputs, groups, threads), kernel, input, groups, threads);

    private static T[] Compare<T>(T[] expected, Action<ArrayView<T>, ArrayView<T>> kernel, T[] input, int groups, int threads)
        where T : unmanaged
    {
        // Contraction to FMA changes bits of floats; the interpreter of the checked mode contracts nothing.
        Assert.Equal(expected, RunOn(CheckedAccelerator.Value, kernel, input, expected.Length, groups, threads));
        AssertClose(expected, RunOptimised(kernel.Method, input, expected.Length, groups, threads));
        AssertClose(expected, RunOn(SimdAccelerator.Value, kernel, input, expected.Length, groups, threads));
        return expected;
    }

    private static T[] RunOn<T>(
        Accelerator accelerator, Action<ArrayView<T>, ArrayView<T>> kernel, T[] input, int outputs, int groups, int threads)
        where T : unmanaged
    {
        using MemoryBuffer1D<T, Stride1D.Dense> from = accelerator.Allocate1D(input);
        using MemoryBuffer1D<T, Stride1D.Dense> to = accelerator.Allocate1D<T>(outputs);
        to.MemSetToZero();
        accelerator.LoadStreamKernel(kernel)(new KernelConfig(groups, threads), from.View, to.View);
        accelerator.Synchronize();
        return to.GetAsArray1D();
    }

    public static KernelEntry EntryOf(MethodInfo method, bool isImplicitlyGrouped = false) => new(
        method,
        isImplicitlyGrouped,
        new ParameterLayout([.. method.GetParameters().Skip(isImplicitlyGrouped ? 1 : 0).Select(p => p.ParameterType)]),
        new Dictionary<int, ulong>());

    /// <summary>The IR as the front end builds it, verified and printed.</summary>
    public static string Print(Delegate kernel, KernelTarget target, bool optimise = false)
    {
        IrKernel ir = optimise
            ? KernelCompiler.Compile(EntryOf(kernel.Method), target)
            : KernelBuilder.Build(EntryOf(kernel.Method), target);
        IrVerifier.Verify(ir);
        return IrPrinter.Print(ir);
    }

    private static unsafe T[] RunOptimised<T>(MethodInfo method, T[] input, int outputs, int groups, int threads) where T : unmanaged
    {
        KernelEntry entry = EntryOf(method);
        IrKernel ir = KernelCompiler.Compile(entry, new KernelTarget(TargetKind.Simd) { WarpSize = WarpSize });
        IrVerifier.Verify(ir);
        var memory = new CheckedMemory();
        void AddWritten(void* address, long bytes) => memory.Add((long)address, bytes).MarkWritten(0, bytes);

        var result = new T[outputs];
        void* from = NativeMemory.AlignedAlloc((nuint)(input.Length * sizeof(T)) + 64, 64);
        void* to = NativeMemory.AlignedAlloc((nuint)(outputs * sizeof(T)) + 64, 64);
        try
        {
            input.CopyTo(new Span<T>(from, input.Length));
            new Span<T>(to, outputs).Clear();
            AddWritten(from, input.Length * sizeof(T));
            AddWritten(to, outputs * sizeof(T));
            foreach (byte[] table in ir.Tables)
                AddWritten(Unsafe.AsPointer(ref table[0]), table.Length);
            var program = new CheckedProgram(ir);
            memory.BeginLaunch(program.GlobalGranule);
            var shape = new LaunchShape(new Index3D(groups, 1, 1), new Index3D(threads, 1, 1), default, 0);
            ulong[] slots = [(ulong)from, (ulong)input.Length, (ulong)to, (ulong)outputs];
            using (var group = new CheckedGroup(program, memory, shape, WarpSize, slots, entry.Layout, "optimised"))
                group.RunGrid();
            new Span<T>(to, outputs).CopyTo(result);
        }
        finally
        {
            NativeMemory.AlignedFree(from);
            NativeMemory.AlignedFree(to);
        }
        return result;
    }

    /// <summary>Integers bit for bit; floats up to what contracting a multiplication and an addition changes.</summary>
    private static void AssertClose<T>(T[] expected, T[] actual) where T : unmanaged
    {
        for (int i = 0; i < expected.Length; i++)
        {
            if (expected[i] is float x && actual[i] is float y)
                Assert.True(x.Equals(y) || Math.Abs(x - y) <= 1e-5f * Math.Max(1f, Math.Abs(x)), $"element {i}: {x} became {y}");
            else if (expected[i] is double a && actual[i] is double b)
                Assert.True(a.Equals(b) || Math.Abs(a - b) <= 1e-12 * Math.Max(1, Math.Abs(a)), $"element {i}: {a} became {b}");
            else
                Assert.Equal(expected[i], actual[i]);
        }
    }
}
