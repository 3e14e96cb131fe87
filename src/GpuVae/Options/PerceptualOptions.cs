namespace GpuVae.Options;

/// <summary>
/// A term of a training's loss that is small where a network which was trained for something else sees the same in a reconstruction as in
/// its image, whatever the single pixels are (Johnson et al. 2016, arXiv:1603.08155). The trainer is given the network itself.
/// </summary>
public sealed record PerceptualOptions
{
    /// <summary>
    /// The files that the network was read from, for who goes on with the training; see <c>GpuVae.Onnx.OnnxNetwork</c>.
    /// </summary>
    public IReadOnlyList<string> Files { get; init; } = [];

    /// <summary>
    /// Weight of the distance in nats for each value of an image, as the reconstruction term is a sum over them: the term is this times
    /// width · height · channels times the distance, which lies between 0 and 4 for each of the network's stages.
    /// </summary>
    public double Weight { get; init; } = 0.1;

    /// <exception cref="BadInputException">A value is out of range; the message names the option and the range.</exception>
    public void Validate()
    {
        if (!(Weight is > 0 and < double.PositiveInfinity))
            throw new BadInputException(
                $"PerceptualOptions.Weight = {Weight} is out of range; it must be positive and finite. Leave TrainingOptions.Perceptual "
                + "out to train without the term.");
    }
}
