using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.OpenCL;

namespace GpuVae.Ilgpu.Tests.OpenCL;

/// <summary>A device that stops answering while it is in use.</summary>
public sealed class DeviceLossTests
{
    [Fact]
    public void EveryUseSaysThatTheDeviceIsLostAndEverythingCanBeDisposed()
    {
        using var context = OpenCLDevices.Require();
        var accelerator = context.CreateCLAccelerator(0);
        using var other = context.CreateCLAccelerator(0);
        var kernel = accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<float>>(Halve);
        var buffer = accelerator.Allocate1D([4f, 8f]);
        var stream = accelerator.CreateStream();
        kernel(2, buffer.View);
        Assert.Equal([2f, 4f], buffer.GetAsArray1D());

        LostDevice.Lose(accelerator);
        Lost("Kernel DeviceLossTests.Halve: clEnqueueNDRangeKernel", () => kernel(2, buffer.View));
        Lost("clEnqueueReadBuffer", () => buffer.GetAsArray1D());
        Lost("clEnqueueWriteBuffer", () => buffer.CopyFromCPU([1f, 2f]));
        Lost("clFinish", stream.Synchronize);
        Lost("clFinish", accelerator.Synchronize);
        stream.Dispose();
        buffer.Dispose();
        accelerator.Dispose();

        // Another accelerator of the same device has a queue of its own.
        using var elsewhere = other.Allocate1D([6f]);
        other.LoadAutoGroupedStreamKernel<Index1D, ArrayView<float>>(Halve)(1, elsewhere.View);
        Assert.Equal([3f], elsewhere.GetAsArray1D());

        void Lost(string call, Action use)
        {
            var error = Assert.Throws<CLException>(use);
            Assert.Equal(LostDevice.Error, error.Error);
            Assert.StartsWith($"{call} on {accelerator.Name}: error -36", error.Message);
            Assert.Contains("its device may be lost", error.Message);
        }
    }

    private static void Halve(Index1D i, ArrayView<float> a) => a[i] *= 0.5f;
}
