using System.Text.Json;
using GpuVae.Formats;
using GpuVae.Onnx;

namespace GpuVae.Studio;

/// <summary>
/// A model as a folder that any server of files can serve: a page that plays with it in the browser, without GpuVae and without anything
/// from elsewhere.
/// </summary>
public static class WebExport
{
    /// <summary>So many images are enough for <see cref="WebExportOptions.Images"/>.</summary>
    public const int MapImages = Survey.MostImages;

    /// <summary>
    /// Writes the page, the decoder, what new codes are drawn from where it is not N(0, I), what test images tell of the latent space, and
    /// ONNX Runtime. Each file is written in one piece or not at all, <c>index.html</c> last.
    /// </summary>
    /// <param name="model">Of any family that <see cref="OnnxExport"/> knows.</param>
    /// <param name="folder">Is made if it is missing.</param>
    /// <param name="options">What goes into it.</param>
    /// <param name="cancellation">Asks to stop before the next computation.</param>
    /// <exception cref="BadInputException">
    /// The model cannot be exported, or onnxruntime-web is not to be had; nothing is written.
    /// </exception>
    /// <exception cref="IOException">The disk is full or the place cannot be written.</exception>
    /// <exception cref="OperationCanceledException">Asked to stop.</exception>
    public static WebFolder Write(Vae model, string folder, WebExportOptions options, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentException.ThrowIfNullOrEmpty(folder);
        if (model.Options.Quantization != Quantization.None)
            throw new BadInputException(
                "The page moves latent units, and this model has discrete codes. Train one with VaeOptions.Quantization = None.");
        Dictionary<string, byte[]> files = new(PageFiles.Of(PageFiles.Web));
        foreach ((string name, byte[] content) in OnnxRuntimeWeb.Read(options.OnnxRuntimeWeb))
            files.Add($"onnxruntime/{name}", content);
        Survey? survey = options.Images is { } images ? Survey.Of(model, images, cancellation) : null;
        OnnxParts source = model.Sampler?.Kind is SamplerKind.Gmm or SamplerKind.Flow ? OnnxParts.Sampler
            : model.Options.Prior != Prior.Normal ? OnnxParts.Prior : OnnxParts.None;
        files.Add("model.json", JsonSerializer.SerializeToUtf8Bytes(Describe(model, options.Name, survey, source), StudioJson.Options));
        foreach (string name in files.Keys)
            AtomicFile.RequireWritable(PathOf(name));
        IReadOnlyList<OnnxFile> parts = model.ExportOnnx(folder, options.Precision, OnnxParts.Decoder | source);
        foreach ((string name, byte[] content) in files.OrderBy(file => file.Key == PageFiles.Start))
            AtomicFile.Write(PathOf(name), stream => stream.Write(content));
        return new WebFolder(
            PathOf(PageFiles.Start), parts.Sum(part => part.Bytes) + files.Values.Sum(content => (long)content.Length),
            parts.Sum(part => part.BytesSaved));

        string PathOf(string name) => Path.Combine(folder, name);
    }

    private static WebModel Describe(Vae model, string name, Survey? survey, OnnxParts source)
    {
        VaeOptions options = model.Options;
        return new WebModel(
            name, options.Shape.Width, options.Shape.Height, options.Shape.Channels, options, Requests.LabelNames(model),
            ModelApi.UnitsOf(options.Latent, survey?.Units), source, survey is null ? null : ModelApi.MapOf(survey),
            [
                .. Enumerable.Range(0, survey?.Images.Count ?? 0).Select(i => new WebPicture(
                    survey!.Code(i).ToArray(), Requests.LabelName(model, survey.Images.Labels?[i]))),
            ]);
    }

    /// <summary>
    /// What <c>model.json</c> holds; as /api/model, /api/map and /api/pictures of the server. The source is what new codes are drawn from:
    /// N(0, I) where it is none.
    /// </summary>
    private sealed record WebModel(
        string Run, int Width, int Height, int Channels, VaeOptions Options, IReadOnlyList<string> Labels,
        IReadOnlyList<ModelApi.UnitEntry> Units, OnnxParts Source, ModelApi.MapAnswer? Map, IReadOnlyList<WebPicture> Pictures);

    /// <param name="Code">The mean of q(z|x) of a test image.</param>
    /// <param name="Label">That the model is told, if it is.</param>
    private sealed record WebPicture(float[] Code, string? Label);
}

/// <summary>What <see cref="WebExport"/> writes.</summary>
public sealed record WebExportOptions
{
    /// <summary>What the page calls the model.</summary>
    public required string Name { get; init; }

    /// <summary>
    /// Images, such as the test images, that tell which latent units matter and make the map; null for a page without both. The page
    /// holds their codes, not them.
    /// </summary>
    public ImageSet? Images { get; init; }

    /// <summary>How the weights are stored.</summary>
    public OnnxPrecision Precision { get; init; }

    /// <summary>The folder of the npm package onnxruntime-web; null lets npm fetch it.</summary>
    public string? OnnxRuntimeWeb { get; init; }
}

/// <summary>A page that was written.</summary>
/// <param name="Start">The file that a browser is to open, by way of a server.</param>
/// <param name="Bytes">Of all files.</param>
/// <param name="BytesSaved">What the weights take less than in <see cref="OnnxPrecision.Single"/>.</param>
public sealed record WebFolder(string Start, long Bytes, long BytesSaved);
