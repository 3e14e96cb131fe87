using System.Globalization;
using System.Text.RegularExpressions;

namespace GpuVae.Kernels.Tests.Gpu;

/// <summary>Every kernel instance that a GPU can be given becomes PTX and OpenCL C that any of the devices can load.</summary>
public sealed partial class GpuCodeTests
{
    /// <summary>Shared memory of a group that needs no permission of the driver.</summary>
    private const int MaxSharedBytes = 48 << 10;

    public static TheoryData<string, string> Instances
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (string target in GpuKernels.Targets)
            {
                foreach ((string name, System.Reflection.MethodInfo kernel) in GpuKernels.All.Where(k => GpuKernels.IsFor(k.Value, target)))
                    data.Add(target, name);
            }
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Instances))]
    public void CompilesWithinTheMemoriesOfADevice(string target, string name)
    {
        string code = GpuKernels.Compile(GpuKernels.All[name], target);
        if (target == "OpenCL")
        {
            Assert.DoesNotContain("#pragma OPENCL EXTENSION", code);
            return;
        }
        Assert.True(SharedBytes(code) <= MaxSharedBytes, $"{SharedBytes(code)} bytes of shared memory");
        // Local memory is far memory: arrays that a loop indexes, and what inline PTX writes, go there.
        Assert.DoesNotContain(".local", code);
        if (name.Contains("Precision", StringComparison.Ordinal))
        {
            // cp.async and ldmatrix take multiples of 16 bytes in the shared address space.
            Assert.Contains(".shared .align 16", code);
            Assert.DoesNotContain("cvta", code);
        }
    }

    private static int SharedBytes(string ptx) =>
        SharedArray().Matches(ptx).Sum(match => int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture));

    [GeneratedRegex(@"\.shared \.align \d+ \.b8 \w+\[(\d+)\]")]
    private static partial Regex SharedArray();
}
