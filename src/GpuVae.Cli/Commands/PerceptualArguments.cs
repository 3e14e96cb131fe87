using GpuVae.Layers;
using GpuVae.Onnx;

namespace GpuVae.Cli.Commands;

/// <summary>The options of a term of the loss by the features of a network that the user names.</summary>
internal static class PerceptualArguments
{
    private static readonly Option<string[]> Files = new("--perceptual")
    {
        Description = "Also compare reconstructions with their images in the features of this network, a classifier of RGB images from 0 "
            + "to 255; of several files each is given what the one before gave.",
        HelpName = "FILE.onnx",
        AllowMultipleArgumentsPerToken = true,
        DefaultValueFactory = _ => [],
    };

    public static OptionSet<PerceptualOptions> Set { get; } = MakeSet();

    public static string Flag => Files.Name;

    public static void AddTo(ExampleCommand command)
    {
        command.Add("Perceptual term", Files);
        Set.AddTo(command);
    }

    /// <summary>What is given; null for a training without the term.</summary>
    /// <exception cref="BadInputException">Something is said of a term that there is not.</exception>
    public static PerceptualOptions? Read(ParseResult parsed)
    {
        if (parsed.GetValue(Files) is { Length: > 0 } files)
            return Set.Read(parsed) with { Files = [.. files.Select(Path.GetFullPath)] };
        return Set.Given(parsed).FirstOrDefault() is { } flag
            ? throw new BadInputException($"{flag} changes nothing without {Flag}. Add that, or leave {flag} out.")
            : null;
    }

    /// <summary>The network of a new training; null for one without the term.</summary>
    /// <exception cref="BadInputException">A file is missing, or holds no network of features.</exception>
    public static FrozenNetwork? Load(ParseResult parsed) => Load(Read(parsed));

    /// <summary>The network of a run, where it lies now; null for one without the term.</summary>
    /// <exception cref="BadInputException">A file is missing, or holds no network of features, or the run has no such term.</exception>
    public static FrozenNetwork? Load(ParseResult parsed, TrainingOptions ofRun)
    {
        if (parsed.GetValue(Files) is not { Length: > 0 } files)
            return Load(ofRun.Perceptual);
        return ofRun.Perceptual is null
            ? throw new BadInputException($"The run was begun without {Flag}; leave it out, or start a new run with --out.")
            : OnnxNetwork.Read(files);
    }

    /// <summary>The values by flags; null where there is no term.</summary>
    public static IEnumerable<KeyValuePair<string, object?>> Values(PerceptualOptions? options) =>
    [
        new(Flag, options?.Files.ToArray()),
        .. Set.Values(options ?? new PerceptualOptions()).Select(pair => KeyValuePair.Create(
            pair.Key, options is null ? null : pair.Value)),
    ];

    /// <summary>As <see cref="OptionSet{T}.Describe"/>; nothing where there is no term.</summary>
    public static IEnumerable<(string Name, string Value)> Describe(PerceptualOptions? options) => options is null
        ? []
        : Set.Describe(options).Prepend((Flag.TrimStart('-'), string.Join(" ", options.Files.Select(file => Path.GetFileName(file)))));

    private static FrozenNetwork? Load(PerceptualOptions? options) => options is null ? null : OnnxNetwork.Read(options.Files);

    private static OptionSet<PerceptualOptions> MakeSet()
    {
        var set = new OptionSet<PerceptualOptions>("Perceptual term", options => options with { });
        set.Number(
            "--perceptual-weight", "W", "Weight of the distance of features, in nats for each value of an image.", o => o.Weight,
            NumberRange.Positive);
        return set;
    }
}
