using System.Diagnostics.Metrics;
using GpuVae.Elbo;

namespace GpuVae.Training;

/// <summary>
/// The figures of trainings in this process for whoever listens to the meter <c>GpuVae</c> (<see cref="MeterListener"/>, dotnet-counters,
/// OpenTelemetry). They come with the losses, every <see cref="TrainingOptions.LogEverySteps"/> steps, so that nobody waits for the device
/// to be measured.
/// </summary>
internal static class TrainingMeter
{
    private static readonly Meter Meter = new("GpuVae");

    private static readonly Gauge<double> Loss = Meter.CreateGauge<double>(
        "gpuvae.training.loss", "nat", "Mean of the loss and of its terms over the images since the last measurement, per image.");

    private static readonly Counter<long> Images = Meter.CreateCounter<long>(
        "gpuvae.training.images", "{image}", "Images trained on.");

    private static readonly Gauge<double> ImageRate = Meter.CreateGauge<double>(
        "gpuvae.training.image.rate", "{image}/s", "Images trained on per second since the last measurement.");

    private static readonly Histogram<double> StepDuration = Meter.CreateHistogram<double>(
        "gpuvae.training.step.duration", "s", "Mean time of an optimizer step since the last measurement.");

    private static readonly KeyValuePair<string, object?> OfAll = new("term", "loss");
    private static readonly KeyValuePair<string, object?> OfReconstruction = new("term", "reconstruction");
    private static readonly KeyValuePair<string, object?> OfKl = new("term", "kl");

    /// <summary>Measures an interval of a training; costs nothing where nobody listens.</summary>
    /// <param name="loss">Mean over the images.</param>
    /// <param name="images">Images of the interval.</param>
    /// <param name="steps">Steps of the interval.</param>
    /// <param name="seconds">Time of the interval.</param>
    public static void Record(ElboParts loss, long images, long steps, double seconds)
    {
        Loss.Record(loss.Loss, OfAll);
        Loss.Record(loss.Reconstruction, OfReconstruction);
        Loss.Record(loss.Kl, OfKl);
        Images.Add(images);
        ImageRate.Record(images / seconds);
        StepDuration.Record(seconds / steps);
    }
}
