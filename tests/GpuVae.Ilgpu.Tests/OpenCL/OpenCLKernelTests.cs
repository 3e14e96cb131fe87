using GpuVae.Ilgpu.Tests.Kernels;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.OpenCL;

namespace GpuVae.Ilgpu.Tests.OpenCL;

public class OpenCLKernelTests
{
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
