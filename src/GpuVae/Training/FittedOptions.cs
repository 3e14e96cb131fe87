using System.Numerics;
using GpuVae.Data;

namespace GpuVae.Training;

/// <summary>
/// Options that fit a set of images, for whoever has not said otherwise; <c>docs/training.md</c> tells the reasons at length.
/// </summary>
/// <param name="Model">Of the model.</param>
/// <param name="Training">How to train it.</param>
/// <param name="Reasons">Why, in a few words for each property that was chosen by the images: <c>VaeOptions.Likelihood</c>, …</param>
public sealed record FittedOptions(VaeOptions Model, TrainingOptions Training, IReadOnlyDictionary<string, string> Reasons)
{
    // Of the sides of an image: from here on neighbourhood tells more than place.
    private const int LeastConvolutional = 32, LeastToInterpolate = 48;

    // Halved so often, a picture has about 4 pixels a side, which linear layers take.
    private const int SmallestStage = 4, MostStages = 6, LeastChannels = 16, MostChannels = 128;

    // Codes of a side of a grid.
    private const int MostPlaces = 16;

    // Units of a level of a hierarchy.
    private const int LeastLevelUnits = 16;

    private const int LeastLatent = 32, MostLatent = 128, LeastBatches = 8, LeastSteps = 1500, MostImages = 500_000, MostEpochs = 200;

    /// <summary>
    /// The seed article's model where it does well, which is for small grey images that are mostly black and white on black; otherwise
    /// SiLU, the likelihood that the pixels ask for, and images centred; convolutions for colour and from 32 pixels on.
    /// </summary>
    /// <param name="images">What is trained on.</param>
    /// <param name="network">What encoder and decoder are to be made of, where that is known.</param>
    public static FittedOptions For(ImageSet images, NetworkKind? network = null)
    {
        var pixels = new PixelFacts(images);
        bool isLarge = Math.Max(images.Width, images.Height) >= LeastConvolutional, isColour = images.Channels > 1;
        bool isConvolutional = network is { } wanted ? wanted == NetworkKind.Convolutional : isLarge || isColour;
        bool isBlackAndWhite = !isColour && images.Format != PixelFormat.Single && pixels.AreBlackAndWhite;
        if (!isConvolutional && !isLarge && isBlackAndWhite && pixels.Mean < 0.5)
            return Seed(images);

        var reasons = new Dictionary<string, string>
        {
            [Of(nameof(VaeOptions.Activation))] = "no unit dies",
            [Of(nameof(VaeOptions.Centered))] = FormattableString.Invariant($"the mean is {pixels.Mean:F2}"),
            [Of(nameof(VaeOptions.Likelihood))] = isBlackAndWhite ? "mostly black and white"
                : images.Format == PixelFormat.Single ? "floats" : isColour ? "colour" : "grey levels",
        };
        if (network is null)
            reasons[Of(nameof(VaeOptions.Network))] =
                isColour ? "colour" : isLarge ? $"{LeastConvolutional} pixels and more" : "small and grey";
        var model = new VaeOptions
        {
            Shape = images.Shape,
            Network = isConvolutional ? NetworkKind.Convolutional : NetworkKind.Dense,
            Activation = ActivationKind.Silu,
            Likelihood = isBlackAndWhite ? Likelihood.Bernoulli : Likelihood.GaussianShared,
            Centered = true,
        };
        if (!isBlackAndWhite)
        {
            // Where a model of some training stands: from farther away it takes a thousand steps to get there.
            model = model with { Variance = Math.Round(Math.Max(pixels.Variance() / 6, 1e-3), 4) };
            reasons[Of(nameof(VaeOptions.Variance))] = "a sixth of the pixels'";
        }
        if (isConvolutional)
            model = Convolutional(model, reasons);
        if (!isBlackAndWhite && (isLarge || isColour))
        {
            int components = pixels.Components();
            model = model with { Latent = Math.Clamp((int)BitOperations.RoundUpToPowerOf2((uint)components), LeastLatent, MostLatent) };
            reasons[Of(nameof(VaeOptions.Latent))] = $"{components} principal components";
        }
        var training = new TrainingOptions { LearningRate = 2e-3, Decay = LearningRateDecay.Cosine };
        int mostImages = images.Count switch { < 50_000 => 32, < 200_000 => 64, _ => 128 };
        return new FittedOptions(model, training, reasons).ForCount(images.Count, mostImages);
    }

    /// <summary>The seed article's model and training, whatever the images; small sets get smaller batches and more epochs.</summary>
    public static FittedOptions Seed(ImageSet images) =>
        new FittedOptions(new VaeOptions { Shape = images.Shape }, new TrainingOptions(), new Dictionary<string, string>())
            .ForCount(images.Count, new TrainingOptions().BatchSize);

    /// <summary>
    /// A model with discrete codes: as <see cref="For"/> for convolutions, but with few stages, so that a grid of codes is left.
    /// </summary>
    /// <param name="images">What is trained on.</param>
    /// <param name="quantization">Where the codes come from.</param>
    public static FittedOptions Quantized(ImageSet images, Quantization quantization)
    {
        FittedOptions fitted = For(images, NetworkKind.Convolutional);
        int side = Math.Min(images.Width, images.Height), stages = 2;
        while (side >> stages > MostPlaces)
            stages++;
        var reasons = new Dictionary<string, string>(fitted.Reasons)
        {
            [Of(nameof(VaeOptions.ChannelsPerStage))] = "to a grid of codes",
        };
        reasons.Remove(Of(nameof(VaeOptions.Latent)));
        return fitted with
        {
            Model = fitted.Model with
            {
                Quantization = quantization,
                ChannelsPerStage = [.. Enumerable.Range(1, stages).Select(stage => MostChannels / 2 >> (stages - stage))],
            },
            Reasons = reasons,
        };
    }

    /// <summary>The same with a hierarchy, for which there are more latent units.</summary>
    /// <param name="levels">Of it; 1 changes nothing.</param>
    /// <param name="levelChannels">Units of a place of the maps that its levels are; 0 for vectors.</param>
    public FittedOptions WithHierarchy(int levels, int levelChannels = 0)
    {
        if (levels <= 1)
            return this;
        if (levelChannels > 0)
            return this with { Model = Model with { Hierarchy = levels, LevelChannels = levelChannels } };
        int units = Math.Max(LeastLevelUnits, (Model.Latent + levels - 1) / levels);
        return this with
        {
            Model = Model with { Hierarchy = levels, Latent = levels * units },
            Reasons = new Dictionary<string, string>(Reasons) { [Of(nameof(VaeOptions.Latent))] = $"{units} of each level" },
        };
    }

    private static VaeOptions Convolutional(VaeOptions model, Dictionary<string, string> reasons)
    {
        int side = Math.Min(model.Shape.Width, model.Shape.Height), stages = 1;
        for (; stages < MostStages && side >> stages > SmallestStage; stages++)
        {
        }
        reasons[Of(nameof(VaeOptions.ChannelsPerStage))] = $"down to {SmallestStage} pixels";
        reasons[Of(nameof(VaeOptions.GroupNorm))] = "learns in fewer steps";
        // The layer at full size that this takes pays where blocks of copied pixels would be seen.
        bool interpolates = side >= LeastToInterpolate;
        reasons[Of(nameof(VaeOptions.Upsampling))] = interpolates ? "no checkerboard, no blocks" : "no checkerboard";
        return model with
        {
            ChannelsPerStage = [.. Enumerable.Range(1, stages).Select(stage => Math.Max(MostChannels >> (stages - stage), LeastChannels))],
            GroupNorm = true,
            Upsampling = interpolates ? UpsamplingKind.Bilinear : UpsamplingKind.Nearest,
        };
    }

    private static string Of(string property) => $"{nameof(VaeOptions)}.{property}";

    /// <summary>
    /// With batches of which there are some dozens in an epoch, and as many epochs as usual: more of a small set, so that there are steps
    /// enough to learn something, and fewer of a large one, so that there is an end.
    /// </summary>
    private FittedOptions ForCount(int count, int mostImages)
    {
        int batch = mostImages;
        while (batch > 1 && batch * LeastBatches > count)
            batch /= 2;
        int steps = (count + batch - 1) / batch, usual = Training.Epochs;
        int epochs = Math.Clamp((LeastSteps + steps - 1) / steps, usual, MostEpochs);
        epochs = Math.Min(epochs, Math.Max(MostImages / count, 1));
        var reasons = new Dictionary<string, string>(Reasons);
        if (batch != Training.BatchSize)
            reasons[$"{nameof(TrainingOptions)}.{nameof(TrainingOptions.BatchSize)}"] = $"{count} images";
        if (epochs != usual)
            reasons[$"{nameof(TrainingOptions)}.{nameof(TrainingOptions.Epochs)}"] = $"{count} images";
        return this with { Training = Training with { BatchSize = batch, Epochs = epochs }, Reasons = reasons };
    }
}
