namespace GpuVae.Options;

/// <summary>
/// The parts of a model that are not made from its options but were given to the constructor of <c>Vae</c>, which fills this in: names, so
/// that a file tells what it needs beside itself. Null for a part that the options make.
/// </summary>
public sealed record OwnParts
{
    /// <summary>The type of p(x|z) of a pixel.</summary>
    public string? Likelihood { get; init; }

    /// <summary>Numbers that the decoder gives per pixel and channel for <see cref="Likelihood"/>.</summary>
    public int PixelParameters { get; init; }

    /// <summary>The type of p(z) of a unit.</summary>
    public string? Prior { get; init; }

    /// <summary>The type of the function after every hidden layer.</summary>
    public string? Activation { get; init; }

    /// <summary>The layers of the encoder.</summary>
    public string? Encoder { get; init; }

    /// <summary>The layers of the decoder.</summary>
    public string? Decoder { get; init; }

    /// <summary>For people: what there is.</summary>
    public override string ToString() => string.Join("; ", new[]
    {
        ("likelihood", Likelihood), ("prior", Prior), ("activation", Activation), ("encoder", Encoder), ("decoder", Decoder),
    }.Where(part => part.Item2 is not null).Select(part => $"{part.Item1}: {part.Item2}"));
}
