using GpuVae.Devices;
using GpuVae.Evaluation;

namespace GpuVae.Studio;

/// <summary>
/// A run whose model is loaded, and what has been learnt about it so far. What computes does so in <see cref="ModelQueue"/>.
/// </summary>
internal sealed class OpenRun : IDisposable
{
    private readonly RunImages? images;
    private readonly DateTime written;
    private readonly Lazy<Task<ImageSet>> known;
    private Survey? survey;
    private AttributeDirections? attributes;
    private Translator? translator;

    public OpenRun(RunFolder folder, ComputeDevice device, StudioOptions options)
    {
        (Folder, written) = (folder, WrittenAt(folder));
        Model = folder.Load(device, options.Logger);
        if (Model.Options.Quantization != Quantization.None)
        {
            Model.Dispose();
            throw new BadInputException(
                $"{folder.Path} has discrete codes, and the page moves latent units. Open a run with VaeOptions.Quantization = None.");
        }
        images = options.ImagesOf(folder);
        known = new Lazy<Task<ImageSet>>(() => Task.Run(() => RequireImages().Known(Model.Options.Shape)));
    }

    public RunFolder Folder { get; }

    public Vae Model { get; }

    /// <summary>Whether a training has written other weights since.</summary>
    public bool IsStale => WrittenAt(Folder) != written;

    /// <summary>
    /// Images to learn from. Loading them computes nothing, so whoever wants <see cref="Attributes"/> or <see cref="Translator"/> awaits
    /// it before taking a turn.
    /// </summary>
    /// <exception cref="BadInputException">The run does not tell its images, or they are gone.</exception>
    public Task<ImageSet> Known => known.Value;

    /// <inheritdoc cref="Known"/>
    public AttributeDirections Attributes(CancellationToken stop) =>
        attributes ??= AttributeDirections.Learn(Model, Known.GetAwaiter().GetResult(), stop);

    /// <inheritdoc cref="Known"/>
    public Translator Translator(CancellationToken stop) => translator ??= Applications.Translator.Learn(
        Model, Known.GetAwaiter().GetResult(), stop);

    /// <inheritdoc cref="Known"/>
    public Survey Survey(CancellationToken stop) =>
        survey ??= Studio.Survey.Of(Model, RequireImages().Test(Studio.Survey.MostImages), stop);

    public void Dispose() => Model.Dispose();

    private RunImages RequireImages() => images ?? throw new BadInputException(
        $"{Folder.Path} does not tell what the model was trained on, so there are no images to learn from.");

    private static DateTime WrittenAt(RunFolder folder)
    {
        DateTime best = File.GetLastWriteTimeUtc(folder.BestModel), last = File.GetLastWriteTimeUtc(folder.Model);
        return File.Exists(folder.BestModel) ? best : last;
    }
}

/// <summary>What test images tell of a model.</summary>
/// <param name="Images">With a label each where the model takes one.</param>
/// <param name="Codes">[images, latent].</param>
/// <param name="Units">What the units do on them.</param>
/// <param name="Map">The plane in which the codes differ most.</param>
internal sealed record Survey(ImageSet Images, float[] Codes, LatentUnits Units, LatentMap Map)
{
    /// <summary>Enough for a map and for the mean of a unit's KL.</summary>
    public const int MostImages = 512;

    /// <summary>The mean of q(z|x) of one image, [latent].</summary>
    public ReadOnlySpan<float> Code(int image) => Codes.AsSpan(image * Map.Center.Count, Map.Center.Count);

    public static Survey Of(Vae model, ImageSet test, CancellationToken stop)
    {
        ImageSet images = LabelGuess.Complete(model, PictureInput.Conform(test, model.Options.Shape, fit: true, stop), stop);
        int latent = model.Options.Latent;
        float[] codes = new float[images.Count * latent], logVariances = new float[codes.Length];
        model.Encode(PictureInput.Rows(images), codes, logVariances, model.LabelsOf(images, 0, images.Count), stop);
        return new Survey(images, codes, LatentUnits.Of(codes, logVariances, latent), LatentMap.Of(codes, latent));
    }
}
