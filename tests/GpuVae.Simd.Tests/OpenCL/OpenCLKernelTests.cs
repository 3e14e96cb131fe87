using GpuVae.Ilgpu.Backends.OpenCL;
using GpuVae.Ilgpu.Compiler;
using GpuVae.Ilgpu.Compiler.Analyses;
using GpuVae.Ilgpu.Tests.Kernels;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.OpenCL;

namespace GpuVae.Ilgpu.Tests.OpenCL;

public class OpenCLKernelTests
{
    [Fact]
    public void PromisedAlignmentGivesVectorAccesses()
    {
        var entry = KernelMethod.EntryOf(typeof(DeviceKernels).GetMethod(nameof(DeviceKernels.AlignedQuads))!, isImplicit: true);
        var target = new KernelTarget(TargetKind.OpenCL) { WarpSize = OpenCLFeatures.EmulatedWarpSize };
        var ir = KernelCompiler.Compile(entry, target);
        string text = OpenCLEmitter.Emit(ir, Structurizer.Build(ir), target, new OpenCLFeatures()).Text;
        Assert.Contains("= vload4(0, (__global const float*)", text);
        Assert.Contains("vstore4((float4)(", text);
    }

    [Theory]
    [MemberData(nameof(KernelSuite.Names), MemberType = typeof(KernelSuite))]
    public void KernelRunsLikeDotNet(string name)
    {
        using var context = OpenCLDevices.Require(builder => builder.CPU(CPUDevice.Nvidia));
        using var device = context.CreateCLAccelerator(0);
        using var host = context.CreateCPUAccelerator(0, CPUAcceleratorMode.Emulated);
        var (ulps, run) = KernelSuite.Runs[name];
        KernelSuite.AssertSame(run(host), run(device), ulps);
    }
}
