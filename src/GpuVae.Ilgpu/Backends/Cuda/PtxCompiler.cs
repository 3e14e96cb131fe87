using GpuVae.Ilgpu.Compiler;

namespace GpuVae.Ilgpu.Backends.Cuda;

/// <summary>From a kernel method to PTX; needs no GPU.</summary>
internal static class PtxCompiler
{
    /// <summary>Compiles for an architecture in the oldest PTX ISA that knows it.</summary>
    /// <param name="entry">The kernel.</param>
    /// <param name="arch">Compute capability times ten, such as 75.</param>
    /// <param name="fastMath">Approximate functions are allowed.</param>
    /// <returns>The PTX text.</returns>
    public static string Compile(KernelEntry entry, int arch, bool fastMath = false) =>
        Compile(entry, PtxTarget.ForArch(arch), TargetOf(fastMath, assertions: false)).Text;

    /// <exception cref="KernelCompilationException">The method cannot be a kernel.</exception>
    public static PtxSource Compile(KernelEntry entry, PtxTarget ptx, KernelTarget target)
    {
        var kernel = KernelCompiler.Compile(entry, target);
        return PtxEmitter.Emit(kernel, target, ptx);
    }

    public static KernelTarget TargetOf(bool fastMath, bool assertions) =>
        new(TargetKind.Cuda) { WarpSize = 32, FastMath = fastMath, Assertions = assertions };
}
