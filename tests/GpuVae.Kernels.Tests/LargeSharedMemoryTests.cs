using GpuVae.Kernels.Common;
using GpuVae.Simd;
using ILGPU;
using ILGPU.Runtime;

namespace GpuVae.Kernels.Tests;

public sealed class LargeSharedMemoryTests
{
    [Fact]
    public void WhereNoLeaveIsNeededTheDevicesLimitHolds()
    {
        using var context = Context.Create(_ => { });
        using SimdAccelerator accelerator = context.CreateSimdAccelerator();
        Action<AcceleratorStream, KernelConfig, ArrayView<int>> kernel = accelerator.LoadKernel<ArrayView<int>>(Write);
        int limit = accelerator.MaxSharedMemoryPerGroup;
        Assert.Equal(limit, LargeSharedMemory.MaxBytes(accelerator));
        Assert.True(LargeSharedMemory.TryAllow(kernel, limit));
        Assert.False(LargeSharedMemory.TryAllow(kernel, limit + 1));
    }

    private static void Write(ArrayView<int> to) => to[Grid.IdxX] = SharedMemory.GetDynamic<int>().IntLength;
}
