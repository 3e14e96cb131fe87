using GpuVae.Kernels.Training;
using ILGPU;
using ILGPU.Runtime;

namespace GpuVae.Kernels.Tests;

/// <summary>What the table of ops does not ask of Adam.</summary>
public sealed class AdamTests
{
    public static TheoryData<string> Devices => [.. TestDevices.Names];

    /// <summary>Without it a moment that decays ends as a number that is not normal, stays that, and takes processors a hundredfold.</summary>
    [Theory, MemberData(nameof(Devices))]
    public void MomentsThatVanishBecomeZero(string device)
    {
        Accelerator accelerator = TestDevices.Open(device);
        float[] first = [3e-37f, -3e-37f, 1e-37f, 1e-40f, 0.5f], second = [1e-3f, 1e-36f, 1e-37f, 1e-42f, 0.25f];
        using MemoryBuffer1D<float, Stride1D.Dense> weights = accelerator.Allocate1D(new float[first.Length]);
        using MemoryBuffer1D<float, Stride1D.Dense> gradient = accelerator.Allocate1D(new float[first.Length]);
        using MemoryBuffer1D<float, Stride1D.Dense> m = accelerator.Allocate1D(first), v = accelerator.Allocate1D(second);
        using MemoryBuffer1D<float, Stride1D.Dense> rate = accelerator.Allocate1D([0.1f]), terms = accelerator.Allocate1D([0f, 0f]);
        using MemoryBuffer1D<long, Stride1D.Dense> clock = accelerator.Allocate1D([7L, 0, 7]);
        new Adam(accelerator, new AdamOptions()).Update(
            accelerator.DefaultStream, weights.View, gradient.View, m.View, v.View, rate.View, rate.View,
            new StepLog(clock.View, terms.View, terms.View, terms.View));
        accelerator.Synchronize();
        float[] newFirst = m.GetAsArray1D(), newSecond = v.GetAsArray1D();
        Assert.Equal([0.9f * 3e-37f, -0.9f * 3e-37f, 0, 0, 0.45f], newFirst, (a, b) => Math.Abs(a - b) <= 1e-6f * Math.Abs(a));
        Assert.Equal([0.999e-3f, 0.999e-36f, 0, 0, 0.24975f], newSecond, (a, b) => Math.Abs(a - b) <= 1e-6f * Math.Abs(a));
        Assert.All(weights.GetAsArray1D(), value => Assert.True(float.IsFinite(value)));
    }
}
