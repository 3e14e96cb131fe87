using GpuVae.Kernels.Latent;

namespace GpuVae.Options;

// Discrete codes: the encoder stops at a grid of vectors, and each of them becomes one of a finite number of codes.
public sealed partial record VaeOptions
{
    /// <summary>The largest <see cref="Codes"/>, and product of <see cref="Levels"/>.</summary>
    public const int MaxCodes = 1 << 16;

    /// <summary>The largest <see cref="CodeSize"/>.</summary>
    public const int MaxCodeSize = 1024;

    /// <summary>
    /// Whether codes are discrete: then the convolutional encoder ends with its grid of vectors, without linear layers, and every
    /// vector becomes one of a finite number of codes.
    /// </summary>
    public Quantization Quantization { get; init; }

    /// <summary>
    /// Grids of discrete codes: with 2 there is a top one of half the sides, and the codes of the bottom one are chosen and decoded in
    /// sight of it (VQ-VAE-2: Razavi et al. 2019, arXiv:1906.00446). Each has a codebook of its own.
    /// </summary>
    public int CodeLevels { get; init; } = 1;

    /// <summary>Vectors of each codebook of <see cref="Quantization.Codebook"/>.</summary>
    public int Codes { get; init; } = 512;

    /// <summary>Numbers of a vector of <see cref="Quantization.Codebook"/>.</summary>
    public int CodeSize { get; init; } = 64;

    /// <summary>
    /// What a step keeps of the codebook's moving averages. A code that stands for less than 1/32 of an even share starts again from a
    /// vector of the batch.
    /// </summary>
    public double CodebookDecay { get; init; } = 0.99;

    /// <summary>Weight of the commitment loss, the squared distance between a vector and its code.</summary>
    public double Commitment { get; init; } = 0.25;

    /// <summary>How the gradient passes the codebook.</summary>
    public CodeGradient CodeGradient { get; init; }

    /// <summary>Levels of the numbers of a vector of <see cref="Quantization.Scalar"/>.</summary>
    public IReadOnlyList<int> Levels { get; init; } = [8, 5, 5, 5];

    /// <summary>Whether codes are discrete.</summary>
    internal bool IsQuantized => Quantization != Quantization.None;

    /// <summary>Different codes that a place of the grid can have.</summary>
    internal int CodeCount => Quantization == Quantization.Codebook ? Codes : Levels.Aggregate(1, (product, level) => product * level);

    /// <summary>Numbers of the vector at a place.</summary>
    internal int CodeWidth => Quantization == Quantization.Codebook ? CodeSize : Levels.Count;

    /// <summary>The grids of the codes of an image, the top one first.</summary>
    internal IReadOnlyList<ImageShape> Grids => TopGrid is { } top ? [top, Grid] : [Grid];

    /// <summary>Half of <see cref="Grid"/>; null where there is one grid alone.</summary>
    internal ImageShape? TopGrid => CodeLevels > 1 ? new ImageShape((Grid.Width + 1) / 2, (Grid.Height + 1) / 2, CodeWidth) : null;

    /// <summary>Codes of an image.</summary>
    internal int Places => Grids.Sum(grid => grid.Width * grid.Height);

    /// <summary>
    /// What the encoder gives at each place of <see cref="Grid"/>: the vector that is quantised, or what those of both grids are made of.
    /// </summary>
    internal ImageShape Encoded => CodeLevels > 1 ? Grid with { Channels = ChannelsPerStage[^1] } : Grid;

    /// <summary>The only grid of the codes of an image, or the bottom one; its channels are a vector's numbers.</summary>
    internal ImageShape Grid
    {
        get
        {
            (int width, int height) = (Shape.Width, Shape.Height);
            for (int stage = 0; stage < ChannelsPerStage.Count; stage++)
                (width, height) = ((width + 1) / 2, (height + 1) / 2);
            return new ImageShape(width, height, CodeWidth);
        }
    }

    private void ValidateCodes()
    {
        RequireDefined(Quantization, "quantisation");
        RequireDefined(CodeGradient, "gradient of codes");
        if (Codes is < 2 or > MaxCodes)
            throw new BadInputException($"VaeOptions.Codes = {Codes}: a codebook has 2 to {MaxCodes} vectors; 512 are usual.");
        if (CodeSize is < 1 or > MaxCodeSize)
            throw new BadInputException($"VaeOptions.CodeSize = {CodeSize}: a vector of a codebook has 1 to {MaxCodeSize} numbers.");
        if (!(CodebookDecay is >= 0 and < 1))
            throw new BadInputException($"VaeOptions.CodebookDecay = {CodebookDecay} is out of range; it must lie in [0, 1).");
        if (!(Commitment is >= 0 and < double.PositiveInfinity))
            throw new BadInputException($"VaeOptions.Commitment = {Commitment} is out of range; it must be finite and not negative.");
        bool areLevels = Levels.Count is >= 1 and <= ScalarLevels.MaxCount
            && Levels.All(level => level is >= ScalarLevels.Least and <= ScalarLevels.Most);
        if (!areLevels || Levels.Aggregate(1L, (product, level) => product * level) > MaxCodes)
            throw new BadInputException(
                $"VaeOptions.Levels = {string.Join(",", Levels)}: give 1 to {ScalarLevels.MaxCount} of them, each from "
                + $"{ScalarLevels.Least} to {ScalarLevels.Most}, whose product, the number of codes, is at most {MaxCodes}.");
        if (CodeLevels is not (1 or 2))
            throw new BadInputException($"VaeOptions.CodeLevels = {CodeLevels} levels of codes are out of range; choose 1 or 2.");
        if (!IsQuantized && CodeLevels > 1)
            throw new BadInputException(
                $"VaeOptions.CodeLevels = {CodeLevels} are levels of discrete codes. Use VaeOptions.Quantization = Codebook or Scalar, or "
                + "for levels of latent units VaeOptions.Hierarchy.");
        if (!IsQuantized)
            return;
        if (Network != NetworkKind.Convolutional)
            throw new BadInputException(
                $"VaeOptions.Quantization = {Quantization} needs a grid of codes, which only VaeOptions.Network = Convolutional has.");
        if ((long)Grid.Width * Grid.Height * CodeWidth * CodeLevels > MaxColumns)
            throw new BadInputException(
                $"A grid of {Grid.Width}×{Grid.Height} codes of {CodeWidth} numbers is too large for an image. Choose more "
                + "VaeOptions.ChannelsPerStage or a smaller VaeOptions.CodeSize.");
        if (CodeLevels > 1 && Math.Min(Grid.Width, Grid.Height) < 2)
            throw new BadInputException(
                $"VaeOptions.CodeLevels = {CodeLevels} halves a grid of {Grid.Width}×{Grid.Height} codes, which has too few. Choose fewer "
                + "VaeOptions.ChannelsPerStage.");
        if (Classes > 0)
            throw new BadInputException(
                $"With VaeOptions.Quantization = {Quantization} labels are told to the prior over codes, not to encoder and decoder; leave "
                + "VaeOptions.Classes out.");
        if (Upscale > 1)
            throw new BadInputException(
                $"VaeOptions.Upscale = {Upscale} draws from the prior under the condition of a small image, and that of discrete codes "
                + "knows none. Use VaeOptions.Quantization = None.");
        bool isPlain = Posterior == Posterior.Diagonal && Prior == Prior.Normal && Objective == Objective.Elbo && Beta == 1
            && FreeBits == 0 && Capacity == 0;
        if (!isPlain)
            throw new BadInputException(
                "Discrete codes have no KL term: VaeOptions.Posterior, VaeOptions.Prior, VaeOptions.Objective, VaeOptions.Beta, "
                + "VaeOptions.FreeBits and VaeOptions.Capacity say nothing of them. Leave these as they are, or use "
                + "VaeOptions.Quantization = None.");
        if (Own is { } own && (own.Encoder is not null || own.Decoder is not null || own.Prior is not null))
            throw new BadInputException(
                "With discrete codes only the likelihood and the activation can be the caller's own; the networks are those of the "
                + "options.");
    }
}
