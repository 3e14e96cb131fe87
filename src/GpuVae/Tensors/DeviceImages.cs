using GpuVae.Data;
using GpuVae.Devices;
using ILGPU;
using ILGPU.Runtime;

namespace GpuVae.Tensors;

/// <summary>An image set on the device, put there once; batches are gathered from it by index.</summary>
internal sealed class DeviceImages : IDisposable
{
    private readonly MemoryBuffer1D<byte, Stride1D.Dense> pixels;

    public DeviceImages(ComputeDevice device, ImageSet images)
    {
        Count = images.Count;
        pixels = device.Accelerator.Allocate1D<byte>(images.Pixels.LongLength);
        pixels.View.BaseView.CopyFromCPU(device.Stream, images.Pixels);
    }

    public int Count { get; }

    /// <summary>[Count, pixels].</summary>
    public ArrayView<byte> Pixels => pixels.View;

    public void Dispose() => pixels.Dispose();
}
