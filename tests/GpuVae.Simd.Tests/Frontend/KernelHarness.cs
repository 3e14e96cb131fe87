using System.Reflection;
using System.Runtime.InteropServices;
using GpuVae.Ilgpu.Backends.Cpu.Checked;
using GpuVae.Ilgpu.Compiler;
using GpuVae.Ilgpu.Compiler.Ir;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;

namespace GpuVae.Ilgpu.Tests.Frontend;

/// <summary>
/// Runs a kernel as .NET code, as the IR the front end builds and as the IR the optimiser makes of it, and requires equal results.
/// </summary>
internal static class KernelHarness
{
    public const int WarpSize = 4;

    /// <summary>A kernel over one input and one output, explicitly grouped.</summary>
    public static T[] Run<T>(
        Action<ArrayView<T>, ArrayView<T>> kernel, T[] input, int outputs, int groups = 1, int threads = 1) where T : unmanaged
    {
        var direct = RunOn(CPUAcceleratorMode.Emulated, kernel, input, outputs, groups, threads);
        var interpreted = RunOn(CPUAcceleratorMode.Checked, kernel, input, outputs, groups, threads);
        Assert.Equal(direct, interpreted);
        AssertClose(direct, RunOptimised(kernel.Method, input, outputs, groups, threads));
        return direct;
    }

    public static T[] RunOn<T>(
        CPUAcceleratorMode mode, Action<ArrayView<T>, ArrayView<T>> kernel, T[] input, int outputs, int groups, int threads)
        where T : unmanaged
    {
        using var context = Context.Create(b => b.CPU(new CPUDevice(WarpSize, 64, 1)));
        using var accelerator = context.CreateCPUAccelerator(0, mode);
        using var from = accelerator.Allocate1D(input);
        using var to = accelerator.Allocate1D<T>(outputs);
        to.MemSetToZero();
        accelerator.LoadStreamKernel(kernel)(new KernelConfig(groups, threads), from.View, to.View);
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
        var ir = optimise
            ? KernelCompiler.Compile(EntryOf(kernel.Method), target)
            : Compiler.Frontend.KernelBuilder.Build(EntryOf(kernel.Method), target);
        IrVerifier.Verify(ir);
        return IrPrinter.Print(ir);
    }

    private static unsafe T[] RunOptimised<T>(MethodInfo method, T[] input, int outputs, int groups, int threads) where T : unmanaged
    {
        var entry = EntryOf(method);
        var ir = KernelCompiler.Compile(entry, new KernelTarget(TargetKind.Cpu) { WarpSize = WarpSize });
        IrVerifier.Verify(ir);
        var memory = new CheckedMemory();
        var result = new T[outputs];
        void* from = NativeMemory.AlignedAlloc((nuint)(input.Length * sizeof(T)) + 64, 64);
        void* to = NativeMemory.AlignedAlloc((nuint)(outputs * sizeof(T)) + 64, 64);
        try
        {
            input.CopyTo(new Span<T>(from, input.Length));
            new Span<T>(to, outputs).Clear();
            memory.Add((long)from, input.Length * sizeof(T), isWritten: true);
            memory.Add((long)to, outputs * sizeof(T), isWritten: true);
            var program = new CheckedProgram(ir);
            memory.BeginLaunch(program.GlobalGranule);
            var shape = new LaunchShape(new Index3D(groups, 1, 1), new Index3D(threads, 1, 1), default, 0);
            ulong[] slots = [0, (ulong)from, (ulong)input.Length, 0, (ulong)to, (ulong)outputs];
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
