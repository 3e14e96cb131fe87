using Microsoft.AspNetCore.Routing;

namespace GpuVae.Studio;

/// <summary>Between codes and pictures.</summary>
internal static class CodesApi
{
    public static void Map(IEndpointRouteBuilder routes, Workshop workshop)
    {
        routes.MapPost("/api/generate", (GenerateRequest asked, HttpRequest request, CancellationToken stop) =>
                workshop.Use(asked.Run, (open, inside) => Generate(open.Model, asked, request, inside), stop))
            .Produces<CodesAnswer>(StatusCodes.Status200OK, PictureAnswers.Json, PictureAnswers.Png)
            .WithSummary("New pictures, and their codes");
        routes.MapPost("/api/decode", (DecodeRequest asked, HttpRequest request, CancellationToken stop) =>
                workshop.Use(asked.Run, (open, inside) => Decode(open.Model, asked, request, inside), stop))
            .Produces<CodesAnswer>(StatusCodes.Status200OK, PictureAnswers.Json, PictureAnswers.Png)
            .WithSummary("The pictures of codes");
        routes.MapPost("/api/traverse", (TraverseRequest asked, HttpRequest request, CancellationToken stop) =>
                workshop.Use(asked.Run, (open, inside) => Traverse(open.Model, asked, request, inside), stop))
            .Produces<StripsAnswer>(StatusCodes.Status200OK, PictureAnswers.Json, PictureAnswers.Png)
            .WithSummary("What latent units do: a strip of pictures for each, in which it grows");
        routes.MapPost("/api/encode", (EncodeRequest asked, CancellationToken stop) =>
                workshop.Use(asked.Run, (open, inside) => Encode(open.Model, asked, inside), stop))
            .WithSummary("The code of a picture of any format and size, and what the model makes of that code");
    }

    private static IResult Generate(Vae model, GenerateRequest asked, HttpRequest request, CancellationToken stop)
    {
        ImageShape shape = model.Options.Shape;
        Requests.RequireCount("pictures", asked.Count, shape);
        int classes = model.Options.Classes;
        int[] labels = asked.Label is null && classes > 0
            ? [.. Enumerable.Range(0, asked.Count).Select(i => i % classes)]
            : Requests.Labels(model, asked.Label, asked.Count);
        float[] codes = model.SampleCodes(asked.Count, asked.Seed, asked.Label is null || labels.Length == 0 ? null : labels[0]);
        float[] images = new float[asked.Count * shape.Pixels];
        model.Decode(codes, images, labels, stop);
        return PictureAnswers.Of(request, shape, images, columns: 0, () => Answer(model, codes, images, labels));
    }

    private static IResult Decode(Vae model, DecodeRequest asked, HttpRequest request, CancellationToken stop)
    {
        float[] codes = Requests.Rows(model, asked.Codes), images = new float[asked.Codes.Length * model.Options.Shape.Pixels];
        int[] labels = Requests.Labels(model, asked.Label, asked.Codes.Length);
        model.Decode(codes, images, labels, stop);
        return PictureAnswers.Of(request, model.Options.Shape, images, columns: 0, () => Answer(model, codes, images, labels));
    }

    private static IResult Traverse(Vae model, TraverseRequest asked, HttpRequest request, CancellationToken stop)
    {
        ImageShape shape = model.Options.Shape;
        float[] center = asked.Code ?? new float[model.Options.Latent];
        Requests.RequireLength(model, center);
        int[] units = asked.Units ?? [.. Enumerable.Range(0, model.Options.Latent)];
        if (asked.Columns < 2 || !double.IsFinite(asked.Extent))
            throw new BadInputException("A strip has at least two pictures, and a finite extent.");
        Requests.RequireCount("pictures", (int)Math.Min(int.MaxValue, (long)units.Length * asked.Columns), shape);
        float[] codes = LatentGrid.Traversals(center, units, asked.Columns, asked.Extent);
        float[] images = new float[units.Length * asked.Columns * shape.Pixels];
        model.Decode(codes, images, Requests.Labels(model, asked.Label, units.Length * asked.Columns), stop);
        return PictureAnswers.Of(
            request, shape, images, asked.Columns, () => new StripsAnswer(PictureAnswers.Strips(images, shape, asked.Columns)));
    }

    private static EncodeAnswer Encode(Vae model, EncodeRequest asked, CancellationToken stop)
    {
        ImageShape shape = model.Options.Shape;
        ImageSet picture = Requests.Picture(model, asked.Picture, asked.Label, stop);
        float[] original = PictureInput.Rows(picture), reconstruction = new float[shape.Pixels];
        float[] code = new float[model.Options.Latent], logVariances = new float[code.Length];
        ReadOnlySpan<int> labels = model.LabelsOf(picture, 0, 1);
        model.Encode(original, code, logVariances, labels, stop);
        model.Decode(code, reconstruction, labels, stop);
        return new EncodeAnswer(
            code, logVariances, Requests.LabelName(model, picture.Labels?[0]), PictureAnswers.One(original, shape),
            PictureAnswers.One(reconstruction, shape));
    }

    private static CodesAnswer Answer(Vae model, float[] codes, float[] images, int[] labels) => new(
        Requests.Split(codes, model.Options.Latent), [.. labels.Select(label => Requests.LabelName(model, label)!)],
        PictureAnswers.Each(images, model.Options.Shape));

    /// <param name="Run">A name, or the default run.</param>
    /// <param name="Count">Pictures.</param>
    /// <param name="Seed">The same seed draws the same pictures.</param>
    /// <param name="Label">Of a conditional model; without it all in turn.</param>
    internal sealed record GenerateRequest(string? Run = null, int Count = 16, ulong Seed = 1, string? Label = null);

    /// <param name="Codes">A number for each latent unit.</param>
    /// <param name="Run">A name, or the default run.</param>
    /// <param name="Label">Of a conditional model; without it the first.</param>
    internal sealed record DecodeRequest(float[][] Codes, string? Run = null, string? Label = null);

    /// <param name="Run">A name, or the default run.</param>
    /// <param name="Units">Numbers of latent units; without them all.</param>
    /// <param name="Code">What the other units are; without it zeros.</param>
    /// <param name="Columns">Pictures of a strip.</param>
    /// <param name="Extent">A unit runs from minus this to plus this.</param>
    /// <param name="Label">Of a conditional model; without it the first.</param>
    internal sealed record TraverseRequest(
        string? Run = null, int[]? Units = null, float[]? Code = null, int Columns = 9, double Extent = 3, string? Label = null);

    /// <param name="Picture">The content of an image file.</param>
    /// <param name="Run">A name, or the default run.</param>
    /// <param name="Label">Of a conditional model, which guesses it otherwise.</param>
    internal sealed record EncodeRequest(byte[] Picture, string? Run = null, string? Label = null);

    /// <param name="Codes">A number for each latent unit.</param>
    /// <param name="Labels">That the model was told, one for each picture, if it takes any.</param>
    /// <param name="Pictures">PNG.</param>
    internal sealed record CodesAnswer(float[][] Codes, string[] Labels, byte[][] Pictures);

    /// <param name="Strips">PNG, the pictures of a unit beside each other.</param>
    internal sealed record StripsAnswer(byte[][] Strips);

    /// <param name="Code">The mean of q(z|x).</param>
    /// <param name="LogVariances">Of q(z|x).</param>
    /// <param name="Label">The given one, or the model's guess.</param>
    /// <param name="Picture">PNG: as the model sees it, cropped and scaled.</param>
    /// <param name="Reconstruction">PNG.</param>
    internal sealed record EncodeAnswer(float[] Code, float[] LogVariances, string? Label, byte[] Picture, byte[] Reconstruction);
}
