using GpuVae.Devices;
using GpuVae.Layers;
using GpuVae.Scheduling;

namespace GpuVae.Training;

/// <summary>
/// The distance of images and their reconstructions in the features of a network that was trained elsewhere (Johnson et al. 2016,
/// arXiv:1603.08155; Zhang et al. 2018, arXiv:1801.03924), as a term of the loss:
/// weight · pixels · Σ over the network's taps of the mean over places of ‖u − v‖², u and v being features of length 1.
/// </summary>
internal sealed class PerceptualTerm : IDisposable
{
    private readonly ComputeDevice device;
    private readonly FrozenFeatures features;
    private readonly MemoryBuffer1D<float, Stride1D.Dense> log;
    private readonly float weight;

    /// <param name="device">Where to.</param>
    /// <param name="network">The network.</param>
    /// <param name="shape">Of the images.</param>
    /// <param name="options">Checked.</param>
    /// <param name="logEntries">Steps that the log holds before the oldest is overwritten.</param>
    /// <exception cref="BadInputException">The network does not take such images.</exception>
    public PerceptualTerm(ComputeDevice device, FrozenNetwork network, ImageShape shape, PerceptualOptions options, int logEntries)
    {
        this.device = device;
        weight = (float)(options.Weight * shape.Pixels);
        features = new FrozenFeatures(device, network, shape);
        try
        {
            log = device.Accelerator.Allocate1D<float>(2 * logEntries);
            log.View.MemSetToZero(device.Stream);
        }
        catch
        {
            Dispose();
            throw;
        }
        Digest = network.Digest();
    }

    /// <summary>Of the network, see <see cref="FrozenNetwork.Digest"/>.</summary>
    public string Digest { get; }

    /// <summary>Sizes of the maps that are compared.</summary>
    public ImageShape[] Maps => [.. features.Taps.Select(tap => features[tap])];

    /// <summary>Floats on the device.</summary>
    public long Length => features.Length;

    /// <summary>[entries × 2], per entry (its step mod entries) the sum of the distances over the batch, and 0.</summary>
    public ArrayView<float> Log => log.View;

    /// <summary>
    /// Appends the distances of images and reconstructions, both [batch, pixels], and the way back.
    /// </summary>
    /// <returns>
    /// Distances without the weight, whose sum is the batch's, and ∂term/∂reconstructions of the mean over the batch, [batch, pixels].
    /// </returns>
    public (PlannedTensor Distances, PlannedTensor DImages) Append(
        ScheduleBuilder builder, PlannedTensor images, PlannedTensor reconstructions)
    {
        DeviceKernels kernels = device.Kernels;
        string outer = builder.Prefix;
        builder.Prefix = $"{outer}image ";
        FeaturePass ofImages = features.Forward(builder, kernels, images);
        builder.Prefix = $"{outer}reconstruction ";
        FeaturePass ofOther = features.Forward(builder, kernels, reconstructions);
        int rows = images.Rows, at = 0;
        PlannedTensor distances = builder.Tensor("feature distances", rows, Maps.Sum(map => map.Width * map.Height));
        var gradients = new List<PlannedTensor>();
        for (int tap = 0; tap < features.Taps.Count; tap++)
        {
            int places = Maps[tap].Width * Maps[tap].Height, first = at;
            PlannedTensor target = ofImages.Taps[tap], made = ofOther.Taps[tap];
            PlannedTensor gradient = builder.Tensor("gradient of features", made.Rows, made.Columns);
            float share = 1f / places, scale = weight / (rows * places);
            builder.Add(
                "feature distance", 12.0 * made.Length, 20.0 * made.Length, [target, made, distances, gradient],
                stream => kernels.FeatureDistance.Run(
                    stream, target.View, made.View, share, scale, distances.View.SubView(first, rows * places), gradient.View));
            gradients.Add(gradient);
            at += rows * places;
        }
        PlannedTensor dImages = ofOther.Backward(gradients);
        builder.Prefix = outer;
        return (distances, dImages);
    }

    public void Dispose()
    {
        log?.Dispose();
        features.Dispose();
    }
}
