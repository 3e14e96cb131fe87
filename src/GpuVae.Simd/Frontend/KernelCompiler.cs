using System.Diagnostics;
using GpuVae.Simd.Analyses;
using GpuVae.Simd.Ir;
using GpuVae.Simd.Passes;

namespace GpuVae.Simd.Frontend;

/// <summary>From a kernel method to the IR that a backend emits from.</summary>
internal static class KernelCompiler
{
    /// <summary>Builds and optimises the IR of a kernel; for the checked mode it stays as written.</summary>
    /// <exception cref="KernelCompilationException">The method cannot be a kernel.</exception>
    public static IrKernel Compile(KernelEntry entry, KernelTarget target) => Optimize(KernelBuilder.Build(entry, target), target);

    /// <summary>The same from a kernel that was built for a target of which less was known; it is used up.</summary>
    public static IrKernel Optimize(IrKernel kernel, KernelTarget target)
    {
        Verify(kernel);
        if (target.Kind != TargetKind.Checked)
            Optimizer.Run(kernel, target, _ => Verify(kernel));
        return kernel;
    }

    [Conditional("DEBUG")]
    private static void Verify(IrKernel kernel) => IrVerifier.Verify(kernel);
}
