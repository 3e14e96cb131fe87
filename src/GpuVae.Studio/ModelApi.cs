using GpuVae.Evaluation;
using Microsoft.AspNetCore.Routing;

namespace GpuVae.Studio;

/// <summary>What a model is, and what its test images tell of it.</summary>
internal static class ModelApi
{
    private const int MostPictures = 64;

    public static void Map(IEndpointRouteBuilder routes, Workshop workshop)
    {
        routes.MapGet("/api/model", (string? run, CancellationToken stop) =>
                workshop.Use(run, (open, inside) => Describe(open, workshop.Device, inside), stop, isFresh: true))
            .WithSummary("A run's model: its options, labels, and latent units, those that tell most of an image first");
        routes.MapGet("/api/attributes", (string? run, CancellationToken stop) =>
                workshop.Learn(run, (open, inside) => new AttributesAnswer([.. open.Attributes(inside).Attributes]), stop))
            .WithSummary("What can be added to pictures and removed from them; learnt from the run's images when it is asked for first");
        routes.MapGet(
                "/api/map",
                (string? run, CancellationToken stop) => workshop.Use(run, (open, inside) => MapOf(open.Survey(inside)), stop))
            .WithSummary("The test images on the plane of the latent space in which their codes differ most");
        routes.MapGet("/api/pictures", (string? run, int first, int count, CancellationToken stop) =>
                workshop.Use(run, (open, inside) => Pictures(open, first, count, inside), stop))
            .WithSummary("Test images with their codes");
    }

    private static ModelAnswer Describe(OpenRun open, string device, CancellationToken stop)
    {
        VaeOptions options = open.Model.Options;
        LatentUnits? units = null;
        string? note = null;
        try
        {
            units = open.Survey(stop).Units;
        }
        catch (BadInputException error)
        {
            // The data may be elsewhere by now; the model is of use all the same.
            note = error.Message;
        }
        return new ModelAnswer(
            Path.GetFileName(open.Folder.Path), Shown(open.Folder.Path), device, options.Shape.Width, options.Shape.Height,
            options.Shape.Channels, options, Requests.LabelNames(open.Model), UnitsOf(options.Latent, units), note);
    }

    /// <summary>Those that tell most of an image first, where that is known.</summary>
    public static UnitEntry[] UnitsOf(int latent, LatentUnits? units) =>
    [
        .. Enumerable.Range(0, latent)
            .Select(unit => new UnitEntry(unit, units?.Kl[unit], units is null ? null : Math.Sqrt(units.MeanVariance[unit])))
            .OrderByDescending(entry => entry.Kl),
    ];

    /// <summary>A path as it would be written where the server was started.</summary>
    private static string Shown(string path)
    {
        string relative = Path.GetRelativePath(".", path);
        return relative.StartsWith("..", StringComparison.Ordinal) ? path : relative;
    }

    public static MapAnswer MapOf(Survey survey) => new(
        survey.Map.Center, survey.Map.Right, survey.Map.Up,
        [
            .. Enumerable.Range(0, survey.Images.Count).Select(i =>
            {
                (float x, float y) = survey.Map.Place(survey.Code(i));
                return new MapPoint(x, y, survey.Images.Labels?[i]);
            }),
        ],
        survey.Images.LabelNames ?? []);

    private static PicturesAnswer Pictures(OpenRun open, int first, int count, CancellationToken stop)
    {
        Survey survey = open.Survey(stop);
        int all = survey.Images.Count;
        if (first < 0 || first >= all || count is < 1 or > MostPictures)
            throw new BadInputException($"{count} pictures from {first} on: there are {all}; at most {MostPictures} are given at a time.");
        count = Math.Min(count, all - first);
        float[] images = PictureInput.Rows(survey.Images, first, count);
        byte[][] pictures = PictureAnswers.Each(images, open.Model.Options.Shape);
        return new PicturesAnswer(all,
        [
            .. pictures.Select((picture, i) => new PictureEntry(
                first + i, picture, survey.Code(first + i).ToArray(),
                Requests.LabelName(open.Model, survey.Images.Labels?[first + i]))),
        ]);
    }

    /// <param name="Run">Its name.</param>
    /// <param name="Path">Its folder, as commands take it where the server was started.</param>
    /// <param name="Device">What computes.</param>
    /// <param name="Width">Pixels of a row.</param>
    /// <param name="Height">Rows.</param>
    /// <param name="Channels">1 for grey, 3 for RGB.</param>
    /// <param name="Options">As config.json has them.</param>
    /// <param name="Labels">That the model is told, by number; none where it is told nothing.</param>
    /// <param name="Units">The latent units, that of the greatest KL first.</param>
    /// <param name="Note">Why nothing is known of the units, where it is not.</param>
    internal sealed record ModelAnswer(
        string Run, string Path, string Device, int Width, int Height, int Channels, VaeOptions Options, IReadOnlyList<string> Labels,
        IReadOnlyList<UnitEntry> Units, string? Note);

    /// <param name="Unit">Its place in codes, from 0.</param>
    /// <param name="Kl">Nats, averaged over test images.</param>
    /// <param name="Deviation">Of its mean over test images.</param>
    internal sealed record UnitEntry(int Unit, double? Kl, double? Deviation);

    internal sealed record AttributesAnswer(IReadOnlyList<string> Attributes);

    /// <param name="Center">The code at the origin.</param>
    /// <param name="Right">The code's change for a step to the right.</param>
    /// <param name="Up">The code's change for a step upwards.</param>
    /// <param name="Points">The test images, in their order.</param>
    /// <param name="LabelNames">What the labels of the images are called, if anything.</param>
    internal sealed record MapAnswer(
        IReadOnlyList<float> Center, IReadOnlyList<float> Right, IReadOnlyList<float> Up, IReadOnlyList<MapPoint> Points,
        IReadOnlyList<string> LabelNames);

    internal readonly record struct MapPoint(float X, float Y, int? Label);

    /// <param name="Count">Of all test images that are looked at.</param>
    /// <param name="Pictures">Those that were asked for.</param>
    internal sealed record PicturesAnswer(int Count, IReadOnlyList<PictureEntry> Pictures);

    /// <param name="Index">Among the test images.</param>
    /// <param name="Picture">PNG.</param>
    /// <param name="Code">The mean of q(z|x).</param>
    /// <param name="Label">That the model is told, if it is.</param>
    internal sealed record PictureEntry(int Index, byte[] Picture, float[] Code, string? Label);
}
