using GpuVae.Imaging;
using Microsoft.AspNetCore.Routing;

namespace GpuVae.Studio;

/// <summary>What a model can do with a picture.</summary>
internal static class PicturesApi
{
    private const int MostSamples = 16, MostSteps = 2000, MostFrames = 120, FramesPerSecond = 20;

    public static void Map(IEndpointRouteBuilder routes, Workshop workshop)
    {
        routes.MapPost("/api/edit", (EditRequest asked, HttpRequest request, CancellationToken stop) =>
                asked.Attributes is { Count: > 0 }
                    ? workshop.Learn(asked.Run, (open, inside) => Edit(open, asked, request, inside), stop)
                    : workshop.Use(asked.Run, (open, inside) => Edit(open, asked, request, inside), stop))
            .Produces<EditAnswer>(StatusCodes.Status200OK, PictureAnswers.Json, PictureAnswers.Png)
            .WithSummary("Adds attributes to a picture and removes them, or shows it with another label");
        routes.MapPost("/api/inpaint", (InpaintRequest asked, HttpRequest request, CancellationToken stop) =>
                workshop.Use(asked.Run, (open, inside) => Inpaint(open.Model, asked, request, inside), stop))
            .Produces<InpaintAnswer>(StatusCodes.Status200OK, PictureAnswers.Json, PictureAnswers.Png)
            .WithSummary("Completes a picture where a mask hides it");
        routes.MapPost("/api/upscale", (UpscaleRequest asked, HttpRequest request, CancellationToken stop) =>
                workshop.Use(asked.Run, (open, inside) => Upscale(open.Model, asked, request, inside), stop))
            .Produces<UpscaleAnswer>(StatusCodes.Status200OK, PictureAnswers.Json, PictureAnswers.Png)
            .WithSummary("Enlarges a small picture to the size of the model's");
        routes.MapPost("/api/translate", (TranslateRequest asked, HttpRequest request, CancellationToken stop) =>
                workshop.Learn(asked.Run, (open, inside) => Translate(open, asked, request, inside), stop))
            .Produces<TranslateAnswer>(StatusCodes.Status200OK, PictureAnswers.Json, PictureAnswers.Png)
            .WithSummary("Turns a picture of one label into one of another");
        routes.MapPost("/api/way", (WayRequest asked, CancellationToken stop) =>
                workshop.Use(asked.Run, (open, inside) => Way(open.Model, asked, inside), stop))
            .Produces(StatusCodes.Status200OK, contentType: PictureAnswers.Gif)
            .WithSummary("The way from a picture to another and back, as an animated GIF");
    }

    private static IResult Edit(OpenRun open, EditRequest asked, HttpRequest request, CancellationToken stop)
    {
        Vae model = open.Model;
        ImageSet picture = Requests.Picture(model, asked.Picture, asked.Label, stop);
        var editor = new ImageEditor(model, picture, stop) { KeepsDetails = !asked.Decoded };
        AttributeEdit[] edits = [.. (asked.Attributes ?? []).Select(pair => new AttributeEdit(pair.Key, pair.Value))];
        float[] change = edits.Length > 0 ? open.Attributes(stop).Changes(editor.Codes, edits) : new float[editor.Codes.Length];
        int? other = asked.As is null ? null : model.LabelNumber(asked.As);
        float[] original = PictureInput.Rows(picture), edited = editor.Edit(change, other, stop);
        return Answer(request, model, [original, editor.Reconstructions, edited], each => new EditAnswer(each[0], each[1], each[2]));
    }

    private static IResult Inpaint(Vae model, InpaintRequest asked, HttpRequest request, CancellationToken stop)
    {
        ImageShape shape = model.Options.Shape;
        if (asked.Samples is < 0 or > MostSamples)
            throw new BadInputException($"{asked.Samples} samples: choose from 0 to {MostSamples}.");
        if (asked.Steps is < 1 or > MostSteps)
            throw new BadInputException($"{asked.Steps} steps: choose from 1 to {MostSteps}.");
        ImageSet picture = Requests.Picture(model, asked.Picture, asked.Label, stop);
        var hidden = Mask.FromImage(ImageFile.Decode(asked.Mask, "The mask", shape.Width * shape.Height));
        float[] original = PictureInput.Rows(picture);
        int[] labels = asked.Label is null ? [] : Requests.Labels(model, asked.Label, 1);
        var options = new InpaintingOptions { Seed = asked.Seed, SamplingSteps = asked.Steps, DescentSteps = (asked.Steps + 1) / 2 };
        float[] completed = Inpainting.Complete(model, original, hidden, options, labels: labels, cancellation: stop);
        float[] samples = asked.Samples == 0
            ? []
            : Inpainting.Sample(model, original, hidden, asked.Samples, options, labels: labels, cancellation: stop);
        return Answer(
            request, model, [original, hidden.Show(original, shape), completed, samples],
            each => new InpaintAnswer(each[0], each[1], each[2], each[3..]));
    }

    private static IResult Upscale(Vae model, UpscaleRequest asked, HttpRequest request, CancellationToken stop)
    {
        ImageShape small = Upscaling.SmallShape(model.Options.Shape, asked.Factor);
        ImageSet picture = PictureInput.Decode(asked.Picture, "The picture", small, fit: true);
        float[] given = PictureInput.Rows(picture);
        float[] enlarged = Upscaling.Enlarge(
            model, given, asked.Factor, labels: asked.Label is null ? [] : Requests.Labels(model, asked.Label, 1), cancellation: stop);
        return Answer(
            request, model,
            [Enlargement.Repeat(given, small, asked.Factor), Enlargement.Bicubic(given, small, asked.Factor), enlarged],
            each => new UpscaleAnswer(each[0], each[1], each[2]));
    }

    private static IResult Translate(OpenRun open, TranslateRequest asked, HttpRequest request, CancellationToken stop)
    {
        Vae model = open.Model;
        int to = model.LabelNumber(asked.To);
        ImageSet picture = Requests.Picture(model, asked.Picture, asked.From, stop);
        float[] original = PictureInput.Rows(picture);
        int from = picture.Labels![0];
        if (from == to)
            throw new BadInputException($"The picture is one of '{Requests.LabelName(model, to)}' already; say another label, or From.");
        float[] translated = open.Translator(stop).Translate(original, from, to, stop);
        return Answer(
            request, model, [original, translated], each => new TranslateAnswer(each[0], Requests.LabelName(model, from)!, each[1]));
    }

    private static IResult Way(Vae model, WayRequest asked, CancellationToken stop)
    {
        if (asked.Frames is < 2 or > MostFrames)
            throw new BadInputException($"{asked.Frames} frames: choose from 2 to {MostFrames}.");
        ImageShape shape = model.Options.Shape;
        ImageSet from = Requests.Picture(model, asked.Picture, asked.Label, stop), to = Requests.Picture(model, asked.To, asked.As, stop);
        var ends = new ImageSet(
            "the way", shape.Width, shape.Height, shape.Channels, [.. from.Pixels, .. to.Pixels],
            from.Labels is null ? null : [from.Labels[0], to.Labels![0]]);
        float[] frames = PictureWay.Frames(model, ends, asked.Frames, stop);
        Image[] there =
        [
            .. Enumerable.Range(0, asked.Frames).Select(i => Image.FromPlanar(
                ImageGrid.ToBytes(frames.AsSpan(i * shape.Pixels, shape.Pixels)), shape.Width, shape.Height, shape.Channels)),
        ];
        // Both ends are looked at for a while.
        Image[] loop = [.. Rest(there[0]), .. there, .. Rest(there[^1]), .. there.Reverse()];
        return Results.Bytes(ImageFile.EncodeAnimation(loop, FramesPerSecond, ".gif", stop), PictureAnswers.Gif);

        static IEnumerable<Image> Rest(Image end) => Enumerable.Repeat(end, FramesPerSecond / 2);
    }

    /// <summary>All images beside each other, or each in its place of an answer.</summary>
    private static IResult Answer<T>(HttpRequest request, Vae model, float[][] images, Func<byte[][], T> json)
        where T : class
    {
        float[] all = [.. images.SelectMany(image => image)];
        ImageShape shape = model.Options.Shape;
        return PictureAnswers.Of(request, shape, all, all.Length / shape.Pixels, () => json(PictureAnswers.Each(all, shape)));
    }

    /// <param name="Picture">The content of an image file.</param>
    /// <param name="Run">A name, or the default run.</param>
    /// <param name="Attributes">Strengths by name; 1 is the degree that pictures usually have, below 0 removes.</param>
    /// <param name="Label">Of a conditional model: the picture's own, which is guessed otherwise.</param>
    /// <param name="As">Of a conditional model: the label to show it with.</param>
    /// <param name="Decoded">Whether to show what the model decodes, instead of putting only the change onto the picture.</param>
    internal sealed record EditRequest(
        byte[] Picture, string? Run = null, Dictionary<string, double>? Attributes = null, string? Label = null, string? As = null,
        bool Decoded = false);

    /// <param name="Picture">PNG: as the model sees it, cropped and scaled.</param>
    /// <param name="Reconstruction">PNG.</param>
    /// <param name="Edited">PNG.</param>
    internal sealed record EditAnswer(byte[] Picture, byte[] Reconstruction, byte[] Edited);

    /// <param name="Picture">The content of an image file.</param>
    /// <param name="Mask">An image file of the model's size: white, or transparent where anything is, is hidden.</param>
    /// <param name="Run">A name, or the default run.</param>
    /// <param name="Label">Of a conditional model, which guesses it otherwise.</param>
    /// <param name="Samples">Completions to draw beside the most probable one.</param>
    /// <param name="Steps">Of a search for one.</param>
    /// <param name="Seed">Everything random follows from it.</param>
    internal sealed record InpaintRequest(
        byte[] Picture, byte[] Mask, string? Run = null, string? Label = null, int Samples = 0, int Steps = 300, ulong Seed = 1);

    /// <param name="Picture">PNG: as the model sees it, cropped and scaled.</param>
    /// <param name="Seen">PNG: what the mask leaves of it.</param>
    /// <param name="Completed">PNG: the most probable completion.</param>
    /// <param name="Samples">PNG: others that are probable, too.</param>
    internal sealed record InpaintAnswer(byte[] Picture, byte[] Seen, byte[] Completed, byte[][] Samples);

    /// <param name="Picture">The content of an image file, which is brought to the size that is enlarged.</param>
    /// <param name="Run">A name, or the default run.</param>
    /// <param name="Factor">2 or 4.</param>
    /// <param name="Label">Of a conditional model, which guesses it otherwise.</param>
    internal sealed record UpscaleRequest(byte[] Picture, string? Run = null, int Factor = 2, string? Label = null);

    /// <param name="Small">PNG: what was enlarged, its pixels as blocks.</param>
    /// <param name="Bicubic">PNG: enlarged without a model.</param>
    /// <param name="Enlarged">PNG.</param>
    internal sealed record UpscaleAnswer(byte[] Small, byte[] Bicubic, byte[] Enlarged);

    /// <param name="Picture">The content of an image file.</param>
    /// <param name="To">The label to translate into.</param>
    /// <param name="Run">A name, or the default run.</param>
    /// <param name="From">The picture's own label, which is guessed otherwise.</param>
    internal sealed record TranslateRequest(byte[] Picture, string To, string? Run = null, string? From = null);

    /// <param name="Picture">The content of an image file.</param>
    /// <param name="To">The content of another.</param>
    /// <param name="Run">A name, or the default run.</param>
    /// <param name="Label">Of a conditional model: the first picture's, which is guessed otherwise.</param>
    /// <param name="As">Of a conditional model: the other picture's, which is guessed otherwise.</param>
    /// <param name="Frames">Of the way there.</param>
    internal sealed record WayRequest(
        byte[] Picture, byte[] To, string? Run = null, string? Label = null, string? As = null, int Frames = 24);

    /// <param name="Picture">PNG: as the model sees it, cropped and scaled.</param>
    /// <param name="From">The label that it was taken to have.</param>
    /// <param name="Translated">PNG.</param>
    internal sealed record TranslateAnswer(byte[] Picture, string From, byte[] Translated);
}
