using GpuVae.Onnx.Graphs;

namespace GpuVae.Onnx.Likelihoods;

/// <summary>Distributions of a pixel with a location and a logarithmic scale; where these come from is for others to say.</summary>
/// <param name="locationName">What the location is called.</param>
/// <param name="scaleName">What the logarithm of the scale is called.</param>
internal abstract class LocationScaleFamily(string locationName, string scaleName)
{
    public string LocationName => locationName;

    public string ScaleName => scaleName;

    /// <summary>The mean of x.</summary>
    public virtual Value Mean(Value location, Value scale) => location;

    /// <summary>-ln p(x).</summary>
    public abstract Value Loss(Value location, Value scale, Value x);
}
