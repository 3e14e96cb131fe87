using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace GpuVae.Studio;

/// <summary>What a <see cref="StudioServer"/> serves, and to whom.</summary>
public sealed record StudioOptions
{
    /// <summary>The folder in which runs stand.</summary>
    public required string Runs { get; init; }

    /// <summary>The name of the run that is meant where a request names none.</summary>
    public required string Run { get; init; }

    /// <summary>
    /// The address to listen on. The loopback address serves this machine only; any other asks everybody for a token.
    /// </summary>
    public string Host { get; init; } = "127.0.0.1";

    /// <summary>The port to listen on; 0 takes a free one.</summary>
    public int Port { get; init; }

    /// <summary>Finds the images of a run; null where nothing tells which they are.</summary>
    public Func<RunFolder, RunImages?> ImagesOf { get; init; } = _ => null;

    /// <summary>The program that trains as is wished; null where no training is to be started from the page.</summary>
    public Func<TrainingWish, ProcessStartInfo>? Training { get; init; }

    /// <summary>Says a message of the library in the words of whoever started the server.</summary>
    public Func<string, string> Explain { get; init; } = message => message;

    /// <summary>Told what goes wrong without being a client's fault.</summary>
    public ILogger Logger { get; init; } = NullLogger.Instance;
}

/// <summary>The images of a run, loaded when they are wanted.</summary>
/// <param name="Test">At most so many of those that it was tested on.</param>
/// <param name="Known">Of those that it was trained on as many, in the shape, as are needed to learn labels and attributes from.</param>
public sealed record RunImages(Func<int, ImageSet> Test, Func<ImageShape, ImageSet> Known);

/// <summary>A training that somebody wants; its program says what is wrong about it.</summary>
/// <param name="Folder">Where the run is to be made.</param>
/// <param name="Data">A built-in set, or a path on this machine.</param>
/// <param name="Images">Of a built-in set, or null for its default.</param>
/// <param name="IsConvolutional">Rather than dense layers.</param>
/// <param name="Latent">Latent units.</param>
/// <param name="IsConditional">Whether the model is told labels.</param>
/// <param name="Beta">Weight of the KL term.</param>
/// <param name="Epochs">Passes over the images.</param>
public sealed record TrainingWish(
    string Folder, string Data, int? Images, bool IsConvolutional, int Latent, bool IsConditional, double Beta, int Epochs);
