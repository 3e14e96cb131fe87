using Microsoft.AspNetCore.Routing;

namespace GpuVae.Studio;

/// <summary>Trainings, of this process's making and of any other's: what their folders tell.</summary>
internal static class TrainingApi
{
    public static void Map(IEndpointRouteBuilder routes, Workshop workshop, Trainings trainings)
    {
        routes.MapGet("/api/metrics", (string? run) => Metrics(workshop.Runs.Folder(run)))
            .WithSummary("Every epoch of a run: losses in nats per image, as metrics.jsonl has them");
        routes.MapGet("/api/samples", (string? run) => Picture(workshop.Runs.Folder(run).Samples))
            .Produces(StatusCodes.Status200OK, contentType: PictureAnswers.Png)
            .WithSummary("New images after the last epoch");
        routes.MapGet("/api/reconstructions", (string? run) => Picture(workshop.Runs.Folder(run).Reconstructions))
            .Produces(StatusCodes.Status200OK, contentType: PictureAnswers.Png)
            .WithSummary("Test images above their reconstructions after the last epoch");
        routes.MapGet("/api/training", () => trainings.State).WithSummary("The training that was started from here last");
        routes.MapPost("/api/training", (TrainingRequest asked) => trainings.Start(asked.Name, new TrainingWish(
                workshop.Runs.NewFolder(asked.Name), asked.Data, asked.Images, asked.IsConvolutional, asked.Latent, asked.IsConditional,
                asked.Beta, asked.Epochs)))
            .WithSummary("Starts a training");
        routes.MapDelete("/api/training", () => trainings.Stop())
            .WithSummary("Asks it to stop after the step under way; it keeps what it has learnt");
    }

    private static MetricsAnswer Metrics(RunFolder folder) => new(
        folder.ReadMetrics(), File.Exists(folder.Metrics) ? File.GetLastWriteTimeUtc(folder.Metrics) : null, File.Exists(folder.Model),
        File.Exists(folder.Samples) ? File.GetLastWriteTimeUtc(folder.Samples) : null);

    private static IResult Picture(string path) =>
        File.Exists(path) ? Results.Bytes(File.ReadAllBytes(path), PictureAnswers.Png) : Results.NotFound();

    /// <param name="Epochs">Those that are done.</param>
    /// <param name="Written">When the last one ended.</param>
    /// <param name="HasModel">Whether weights have been written.</param>
    /// <param name="Pictured">When samples and reconstructions were written.</param>
    internal sealed record MetricsAnswer(IReadOnlyList<MetricsLine> Epochs, DateTime? Written, bool HasModel, DateTime? Pictured);

    /// <param name="Name">Of the run to make.</param>
    /// <param name="Data">A built-in set, or a path on this machine.</param>
    /// <param name="Images">Of a built-in set.</param>
    /// <param name="IsConvolutional">Rather than dense layers.</param>
    /// <param name="Latent">Latent units.</param>
    /// <param name="IsConditional">Whether the model is told labels.</param>
    /// <param name="Beta">Weight of the KL term.</param>
    /// <param name="Epochs">Passes over the images.</param>
    internal sealed record TrainingRequest(
        string Name, string Data = "digits", int? Images = null, bool IsConvolutional = false, int Latent = 20,
        bool IsConditional = false, double Beta = 1, int Epochs = 10);
}
