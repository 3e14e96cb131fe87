using GpuVae.Devices;
using GpuVae.Models;

namespace GpuVae.Training;

/// <summary>What training keeps on the device beside the weights, each in one flat buffer laid out like them.</summary>
internal sealed class TrainingState : IDisposable
{
    private readonly MemoryBuffer1D<float, Stride1D.Dense> gradients, firstMoment, secondMoment, squaredNorm;

    public TrainingState(Vae model)
    {
        Accelerator accelerator = model.Device.Accelerator;
        long length = model.Parameters.Values.Length;
        DeviceMemory.Require(model.Device, 4 * length, "weights, gradients and their moments");
        try
        {
            gradients = accelerator.Allocate1D<float>(length);
            firstMoment = accelerator.Allocate1D<float>(length);
            secondMoment = accelerator.Allocate1D<float>(length);
            squaredNorm = accelerator.Allocate1D<float>(1);
            // The gaps between the slices are never written; zeros there keep the weights' gaps zero.
            Gradients.MemSetToZero(model.Device.Stream);
            FirstMoment.MemSetToZero(model.Device.Stream);
            SecondMoment.MemSetToZero(model.Device.Stream);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public ArrayView<float> Gradients => gradients.View;

    public ArrayView<float> FirstMoment => firstMoment.View;

    public ArrayView<float> SecondMoment => secondMoment.View;

    /// <summary>One element: ‖gradient‖², when gradients are clipped.</summary>
    public ArrayView<float> SquaredNorm => squaredNorm.View;

    public void Dispose()
    {
        gradients?.Dispose();
        firstMoment?.Dispose();
        secondMoment?.Dispose();
        squaredNorm?.Dispose();
    }
}
