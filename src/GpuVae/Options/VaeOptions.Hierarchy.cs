namespace GpuVae.Options;

// Levels of latent units: each is drawn under the condition of those above it, and inferred in the same order.
public sealed partial record VaeOptions
{
    /// <summary>The largest <see cref="Hierarchy"/>.</summary>
    public const int MaxHierarchy = 8;

    // Of the state where no hidden width says it.
    private const int UsualStateWidth = 256;

    /// <summary>
    /// Levels of latent units; 1 is a usual model. With 2 to 8 the <see cref="Latent"/> units are shared evenly among them, and q(z|x) goes
    /// through them from the top down, as the decoder does (Sønderby et al. 2016, arXiv:1602.02282; Child 2021, arXiv:2011.10650).
    /// </summary>
    public int Hierarchy { get; init; } = 1;

    internal bool IsHierarchical => Hierarchy > 1;

    /// <summary>Units of a level.</summary>
    internal int LevelUnits => Latent / Hierarchy;

    /// <summary>Numbers of the state that goes down the levels, and hidden units of what makes q(z|x) of it.</summary>
    internal int StateWidth => Hidden.Count > 0 ? Hidden[^1] : UsualStateWidth;

    private void ValidateHierarchy()
    {
        if (Hierarchy is < 1 or > MaxHierarchy)
            throw new BadInputException($"VaeOptions.Hierarchy = {Hierarchy} levels are out of range; choose 1…{MaxHierarchy}.");
        if (!IsHierarchical)
            return;
        bool isPlain = Posterior == Posterior.Diagonal && Prior == Prior.Normal && Objective == Objective.Elbo && Capacity == 0
            && !IsQuantized && Upscale == 1 && Own is null or { Encoder: null, Decoder: null, Prior: null };
        if (!isPlain)
            throw new BadInputException(
                $"VaeOptions.Hierarchy = {Hierarchy} brings a posterior, a prior and networks of its own. Leave VaeOptions.Posterior, "
                + "VaeOptions.Prior, VaeOptions.Objective, VaeOptions.Capacity, VaeOptions.Quantization, VaeOptions.Upscale and layers of "
                + "one's own out, or use VaeOptions.Hierarchy = 1.");
        if (Latent % Hierarchy != 0)
            throw new BadInputException(
                $"VaeOptions.Latent = {Latent} units cannot be shared evenly by {Hierarchy} levels; choose a multiple of {Hierarchy}.");
    }
}
