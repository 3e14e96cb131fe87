using GpuVae.Ilgpu.Tests.Kernels;
using ILGPU;
using ILGPU.Runtime.CPU;

namespace GpuVae.Ilgpu.Tests.Simd;

/// <summary>The kernels that every device is tested with, at every vector width.</summary>
public sealed class SimdKernelSuiteTests
{
    public static TheoryData<string, int, int> Cases
    {
        get
        {
            var cases = new TheoryData<string, int, int>();
            foreach (string name in KernelSuite.Runs.Keys)
            {
                foreach (var (lanes, bits) in ((int, int)[])[(16, 512), (8, 256), (4, 128), (1, 0), (32, 512), (64, 128), (2, 128)])
                    cases.Add(name, lanes, bits);
            }
            return cases;
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public void KernelRunsLikeDotNet(string name, int lanes, int bits)
    {
        var device = new CPUDevice(lanes, 1024 / lanes, 2, bits);
        using var context = Context.Create(builder => builder.CPU(device));
        using var simd = device.CreateAccelerator(context, CPUAcceleratorMode.Auto);
        using var host = device.CreateAccelerator(context, CPUAcceleratorMode.Emulated);
        var (ulps, run) = KernelSuite.Runs[name];
        KernelSuite.AssertSame(run(host), run(simd), ulps);
    }
}
