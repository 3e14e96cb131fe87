using GpuVae.Devices;
using GpuVae.Models;

namespace GpuVae.Training;

/// <summary>What training keeps on the device beside the weights, each in one flat buffer laid out like them.</summary>
internal sealed class TrainingState : IDisposable
{
    private readonly Vae model;
    private readonly MemoryBuffer1D<float, Stride1D.Dense> gradients, firstMoment, secondMoment, squaredNorm;
    private readonly MemoryBuffer1D<float, Stride1D.Dense>? average, gradientSum;

    // Whether the average stands in the model, and the weights in its place.
    private bool isShown;

    public TrainingState(Vae model, TrainingOptions options)
    {
        this.model = model;
        Accelerator accelerator = model.Device.Accelerator;
        AcceleratorStream stream = model.Device.Stream;
        long length = model.Parameters.Values.Length;
        bool averages = options.AverageDecay > 0, accumulates = options.StepSize > TrainingStep.RowsAtOnce(model, options);
        Buffers = 4 + (averages ? 1 : 0) + (accumulates ? 1 : 0);
        DeviceMemory.Require(model.Device, Buffers * length, "weights, gradients and their moments");
        try
        {
            gradients = accelerator.Allocate1D<float>(length);
            firstMoment = accelerator.Allocate1D<float>(length);
            secondMoment = accelerator.Allocate1D<float>(length);
            squaredNorm = accelerator.Allocate1D<float>(1);
            average = averages ? accelerator.Allocate1D<float>(length) : null;
            gradientSum = accumulates ? accelerator.Allocate1D<float>(length) : null;
            // The gaps between the slices are never written; zeros there keep the weights' gaps zero.
            Gradients.MemSetToZero(stream);
            FirstMoment.MemSetToZero(stream);
            SecondMoment.MemSetToZero(stream);
            if (averages)
                Average.CopyFrom(stream, model.Parameters.Values);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Buffers of the weights' size, theirs included.</summary>
    public int Buffers { get; }

    public ArrayView<float> Gradients => gradients.View;

    /// <summary>Of a batch's parts, where it has some.</summary>
    public ArrayView<float> GradientSum => gradientSum!.View;

    public ArrayView<float> FirstMoment => firstMoment.View;

    public ArrayView<float> SecondMoment => secondMoment.View;

    /// <summary>One element: ‖gradient‖², when gradients are clipped.</summary>
    public ArrayView<float> SquaredNorm => squaredNorm.View;

    /// <summary>Whether an average of the weights is kept.</summary>
    public bool HasAverage => average is not null;

    /// <summary>The weights' average while they are trained.</summary>
    public ArrayView<float> Average => average!.View;

    /// <summary>Where the weights that are trained are now.</summary>
    public ArrayView<float> Weights => isShown ? Average : model.Parameters.Values;

    /// <summary>Where their average is now.</summary>
    public ArrayView<float> AveragedWeights => isShown ? model.Parameters.Values : Average;

    /// <summary>Lets the model have the average of the weights, for whoever looks at it, or the weights themselves, for training.</summary>
    public void Show(bool isAverage)
    {
        if (!HasAverage || isAverage == isShown)
            return;
        model.Device.Kernels.WeightAverage.Exchange(model.Device.Stream, model.Parameters.Values, Average);
        isShown = isAverage;
    }

    public void Dispose()
    {
        foreach (IDisposable? buffer in (IEnumerable<IDisposable?>)
            [gradients, firstMoment, secondMoment, squaredNorm, average, gradientSum])
            buffer?.Dispose();
    }
}
