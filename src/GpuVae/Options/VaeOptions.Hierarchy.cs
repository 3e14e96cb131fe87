namespace GpuVae.Options;

// Levels of latent units: each is drawn under the condition of those above it, and inferred in the same order.
public sealed partial record VaeOptions
{
    /// <summary>The largest <see cref="Hierarchy"/>.</summary>
    public const int MaxHierarchy = 8;

    /// <summary>The largest <see cref="LevelChannels"/>.</summary>
    public const int MaxLevelChannels = 32;

    // Of the state where no hidden width says it.
    private const int UsualStateWidth = 256;

    // Of the vector above maps: what a whole picture has in common is told by fewer, and units that tell nothing cost nothing.
    private const int TopUnits = 32;

    /// <summary>
    /// Levels of latent units; 1 is a usual model. With 2 to 8 the <see cref="Latent"/> units are shared evenly among them, unless there
    /// are <see cref="LevelChannels"/>, and q(z|x) goes through them from the top down, as the decoder does (Sønderby et al. 2016,
    /// arXiv:1602.02282; Child 2021, arXiv:2011.10650).
    /// </summary>
    public int Hierarchy { get; init; } = 1;

    /// <summary>
    /// Latent units of each place of the maps that the levels of a convolutional <see cref="Hierarchy"/> are below the top one: they lie at
    /// the ends of the stages, from the coarsest to the finest, and <see cref="Latent"/> follows. With 0 all levels are vectors.
    /// </summary>
    public int LevelChannels { get; init; }

    internal bool IsHierarchical => Hierarchy > 1;

    /// <summary>Whether levels below the top are maps.</summary>
    internal bool HasLevelMaps => IsHierarchical && LevelChannels > 0 && Network == NetworkKind.Convolutional;

    /// <summary>Numbers of the state that goes down the levels, and hidden units of what makes q(z|x) of it.</summary>
    internal int StateWidth => Hidden.Count > 0 ? Hidden[^1] : UsualStateWidth;

    /// <summary>Numbers that the encoder tells all levels.</summary>
    private int ContextWidth => Enumerable.Range(0, Hierarchy).Sum(level => LevelOf(level).StateWidth);

    /// <summary>Latent units of all levels.</summary>
    private int UnitsOfLevels
    {
        get
        {
            int units = 0;
            for (int level = 0; level < Hierarchy; level++)
                units += LevelOf(level).Units;
            return units;
        }
    }

    /// <summary>A level, the top one 0.</summary>
    internal LevelShape LevelOf(int level)
    {
        int stages = Network == NetworkKind.Convolutional ? ChannelsPerStage.Count : 0;
        if (!HasLevelMaps)
            return new LevelShape(1, 1, Latent / Hierarchy, StateWidth, stages, IsVector: true);
        if (level == 0)
            return new LevelShape(1, 1, TopUnits, StateWidth, stages, IsVector: true);
        int stage = stages - 1 - (level - 1) * stages / (Hierarchy - 1);
        (int width, int height) = (Shape.Width, Shape.Height);
        for (int i = 0; i <= stage; i++)
            (width, height) = ((width + 1) / 2, (height + 1) / 2);
        return new LevelShape(width, height, LevelChannels, ChannelsPerStage[stage], stage, IsVector: false);
    }

    private void ValidateHierarchy()
    {
        if (Hierarchy is < 1 or > MaxHierarchy)
            throw new BadInputException($"VaeOptions.Hierarchy = {Hierarchy} levels are out of range; choose 1…{MaxHierarchy}.");
        if (LevelChannels is < 0 or > MaxLevelChannels)
            throw new BadInputException(
                $"VaeOptions.LevelChannels = {LevelChannels} is out of range; choose 1…{MaxLevelChannels}, or 0 for levels without maps.");
        if (LevelChannels > 0 && !HasLevelMaps)
            throw new BadInputException(
                $"VaeOptions.LevelChannels = {LevelChannels} are those of the maps between convolutions that a hierarchy has. Choose "
                + "VaeOptions.Hierarchy = 2 or more and VaeOptions.Network = Convolutional, or leave VaeOptions.LevelChannels at 0.");
        if (!IsHierarchical)
            return;
        bool isPlain = Posterior == Posterior.Diagonal && Prior == Prior.Normal && Objective == Objective.Elbo && Capacity == 0
            && !IsQuantized && Upscale == 1 && Own is null or { Encoder: null, Decoder: null, Prior: null };
        if (!isPlain)
            throw new BadInputException(
                $"VaeOptions.Hierarchy = {Hierarchy} brings a posterior, a prior and networks of its own. Leave VaeOptions.Posterior, "
                + "VaeOptions.Prior, VaeOptions.Objective, VaeOptions.Capacity, VaeOptions.Quantization, VaeOptions.Upscale and layers of "
                + "one's own out, or use VaeOptions.Hierarchy = 1.");
        if (!HasLevelMaps && Latent % Hierarchy != 0)
            throw new BadInputException(
                $"VaeOptions.Latent = {Latent} units cannot be shared evenly by {Hierarchy} levels; choose a multiple of {Hierarchy}.");
    }
}
