#if BUNDLED_RUNTIME
using GpuVae.Ilgpu.Backends.Cuda;
using GpuVae.Ilgpu.Backends.OpenCL;
using GpuVae.Ilgpu.Compiler;
using GpuVae.Ilgpu.Compiler.Analyses;
using GpuVae.Ilgpu.Tests.Cuda;
using ILGPU.Runtime;

namespace GpuVae.Kernels.Tests;

/// <summary>Every kernel of the library as source for GPUs, on any machine.</summary>
public class GpuSourceTests
{
    [Theory]
    [MemberData(nameof(CompilationTests.Kernels), MemberType = typeof(CompilationTests))]
    public void PtxIsWellFormed(string kernel)
    {
        foreach (bool fastMath in new[] { false, true })
        {
            var target = PtxCompiler.TargetOf(fastMath, assertions: false);
            var ir = KernelCompiler.Compile(EntryOf(kernel), target);
            // Tensor cores take what these instructions take since sm_80; nobody loads those kernels before.
            bool isForTensorCores = kernel.Contains("Tensor", StringComparison.Ordinal);
            foreach (int arch in isForTensorCores ? [80, 90] : new[] { 70, 75, 80, 90 })
                PtxVerifier.Verify(PtxEmitter.Emit(ir, target, PtxTarget.ForArch(arch)).Text, allowApproximate: fastMath);
        }
    }

    /// <summary>Without those that only CPUs load: there a group is one warp, and a shuffle may stand anywhere.</summary>
    public static TheoryData<string> KernelsOfGpus =>
        [.. KernelCatalog.All.Select(KernelCatalog.Describe).Distinct().Where(name =>
            !name.StartsWith("GemmDots", StringComparison.Ordinal))];

    /// <summary>The strictest device: no double, no 64-bit atomics, no sub-groups.</summary>
    [Theory]
    [MemberData(nameof(KernelsOfGpus))]
    public void OpenCLNeedsNoExtension(string kernel)
    {
        var target = new KernelTarget(TargetKind.OpenCL) { WarpSize = OpenCLFeatures.EmulatedWarpSize };
        var ir = KernelCompiler.Compile(EntryOf(kernel), target);
        var source = OpenCLEmitter.Emit(ir, Structurizer.Build(ir), target, new OpenCLFeatures());
        Xunit.Assert.DoesNotContain("#pragma", source.Text);
    }

    private static KernelEntry EntryOf(string kernel)
    {
        var method = KernelCatalog.All.First(k => KernelCatalog.Describe(k) == kernel);
        return KernelMethod.EntryOf(method, KernelCatalog.IsImplicitlyGrouped(method));
    }
}
#endif
