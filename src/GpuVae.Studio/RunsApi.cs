using Microsoft.AspNetCore.Routing;

namespace GpuVae.Studio;

/// <summary>Which runs there are.</summary>
internal static class RunsApi
{
    public static void Map(IEndpointRouteBuilder routes, Workshop workshop, StudioOptions options) =>
        routes.MapGet("/api/runs", () => new RunsAnswer(
            options.Run,
            [
                .. workshop.Runs.Names().Select(name =>
                {
                    RunFolder folder = workshop.Runs.Folder(name);
                    bool hasModel = folder.IsFile || (File.Exists(folder.Config) && File.Exists(folder.Model));
                    return new RunEntry(name, hasModel, File.GetLastWriteTimeUtc(folder.IsFile ? folder.Path : folder.Metrics));
                }),
            ])).WithSummary("The runs beside the one that is served, those written last first");

    /// <param name="Default">The run that is meant where a request names none.</param>
    /// <param name="Runs">All of them.</param>
    internal sealed record RunsAnswer(string Default, IReadOnlyList<RunEntry> Runs);

    /// <param name="Name">As other requests take it.</param>
    /// <param name="HasModel">False while its first epoch is not done.</param>
    /// <param name="Written">When an epoch ended last; of one file of a model, when that was written.</param>
    internal sealed record RunEntry(string Name, bool HasModel, DateTime Written);
}
