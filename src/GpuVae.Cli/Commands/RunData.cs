using System.Text.Json.Serialization;

namespace GpuVae.Cli.Commands;

/// <summary>What a run was trained on. Kept in its folder, so that later commands need not be told again.</summary>
/// <param name="Data">A path, or the name of a built-in set.</param>
/// <param name="TestData">The same for testing; null where <paramref name="Data"/> has it.</param>
/// <param name="Size">As <see cref="ImageSize.Parse"/> reads it; null where the images keep theirs.</param>
/// <param name="Channels">1 or 3; null where the images keep theirs.</param>
/// <param name="Images">Of a built-in set.</param>
/// <param name="Seed">Of a built-in set, and of the split.</param>
/// <param name="Domains">In the place of <paramref name="Data"/>: one for each domain.</param>
/// <param name="MaxPixels">As <see cref="DataOptions.MaxPixels"/>; null for its default.</param>
/// <param name="TestSplit">As <see cref="DataOptions.TestSplit"/>.</param>
/// <param name="ValidationSplit">As <see cref="DataOptions.ValidationSplit"/>; null for none.</param>
/// <param name="IsStreamed">As <see cref="DataOptions.IsStreamed"/>.</param>
internal sealed record RunData(
    string Data, string? TestData, string? Size, int? Channels, int? Images, ulong Seed, IReadOnlyList<string>? Domains = null,
    long? MaxPixels = null, double? TestSplit = null, double? ValidationSplit = null, bool IsStreamed = false)
{
    private const string FileName = "data.json";

    /// <summary>Of weights.</summary>
    public const string MetadataKey = "gpuvae.data";

    /// <summary>Images as they are, from <paramref name="data"/>.</summary>
    public static RunData Of(string data, ulong seed = 1) => new(data, null, null, null, null, seed);

    /// <summary>For people.</summary>
    [JsonIgnore]
    public string Title => Domains is null ? Data : string.Join(" and ", Domains);

    /// <summary>The same with what makes the parts, for the record of a run.</summary>
    [JsonIgnore]
    public string Described
    {
        get
        {
            string[] parts =
            [
                .. TestSplit is { } test ? [FormattableString.Invariant($"{test} of it for testing")] : (string[])[],
                .. ValidationSplit is { } part ? [FormattableString.Invariant($"{part} of the rest for validation")] : (string[])[],
                .. IsStreamed ? ["streamed"] : (string[])[],
            ];
            bool isDrawn = TestSplit is not null || ValidationSplit is not null;
            return parts.Length == 0 ? Title : $"{Title} ({string.Join(", ", parts)}{(isDrawn ? $", seed {Seed}" : "")})";
        }
    }

    public DataSets LoadBoth() => Domains is null ? DataSource.Load(Data, Options) : ImageDomains.Load(Domains, Options);

    /// <summary>
    /// Training images of a model's shape from which it is learnt what their labels and attributes look like. That comes down to means,
    /// which more than ten thousand images do not make visibly better: of more, every second, third … is taken.
    /// </summary>
    public ImageSet LoadKnown(ImageShape shape)
    {
        const int most = 10_000;
        RunData fitting = this with
        {
            Size = $"{shape.Width}x{shape.Height}",
            Channels = shape.Channels,
            Images = Images is { } given ? Math.Min(given, most) : most,
        };
        ImageSet images = fitting.LoadBoth().Train;
        int step = (images.Count + most - 1) / most;
        return step == 1 ? images : images.Select([.. Enumerable.Range(0, images.Count / step).Select(i => i * step)]);
    }

    /// <summary>
    /// Of the test images of <see cref="LoadBoth"/> those from <paramref name="first"/> on, at most <paramref name="limit"/>.
    /// </summary>
    public ImageSet LoadTest(int first = 0, int? limit = null)
    {
        DataOptions taken = Options with { First = first, Limit = limit };
        return Domains is null ? DataSource.LoadTest(Data, taken) : ImageDomains.LoadTest(Domains, taken);
    }

    /// <summary>
    /// The first images, at most <paramref name="limit"/>, that <see cref="Data"/> names, or of the test part where there is one beside
    /// them.
    /// </summary>
    public ImageSet LoadSingle(int? limit = null) => DataSource.LoadSingle(Data, Options with { Limit = limit });

    /// <summary>Paths become absolute ones, so that the run can be used from any working directory.</summary>
    public void Write(RunFolder folder)
    {
        RunData absolute = this with
        {
            Data = Absolute(Data),
            TestData = TestData is null ? null : Absolute(TestData),
            Domains = Domains?.Select(Absolute).ToArray(),
        };
        RunFile.Write(folder, FileName, absolute);
    }

    /// <summary>The data of a run, or null where its folder does not tell.</summary>
    /// <exception cref="BadInputException">The file is broken.</exception>
    public static RunData? Read(RunFolder folder)
    {
        const string advice = "Delete it and name the data with --data.";
        if (!folder.IsFile)
            return RunFile.Read<RunData>(folder, FileName, advice, data => data.Check());
        return folder.ReadMetadata().TryGetValue(MetadataKey, out string? text)
            // Whoever made the file does not say where to look on this machine.
            ? RunFile.Parse<RunData>(text, $"{folder.Path} ({MetadataKey})", "Name the data with --data.", data => data.Check())
                .WithoutFolders()
            : null;
    }

    /// <summary>For the metadata of weights that are given away.</summary>
    public string Shared() => RunFile.ToText(WithoutFolders());

    /// <summary>Of paths the last name alone.</summary>
    private RunData WithoutFolders() => this with
    {
        Data = NameOf(Data),
        TestData = TestData is null ? null : NameOf(TestData),
        Domains = Domains?.Select(NameOf).ToArray(),
    };

    private static string NameOf(string data) => BuiltInSet.Find(data) is null
        ? Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(data)))
        : data;

    /// <exception cref="BadInputException">A value is one that the command line would not have taken.</exception>
    private void Check()
    {
        if (Size is not null)
            ImageSize.Parse(Size);
        if (Channels is not (null or 1 or 3))
            throw new BadInputException($"Channels {Channels} are neither 1 nor 3.");
        if (Images is < DataArguments.LeastImages or > DataArguments.MaxImages)
            throw new BadInputException($"Images {Images} are out of range.");
        if (MaxPixels is < 1 or > DataOptions.GreatestMaxPixels)
            throw new BadInputException($"MaxPixels {MaxPixels} are out of range.");
        if (TestSplit is { } test && !(test is > 0 and < 1))
            throw new BadInputException($"TestSplit {TestSplit} is out of range.");
        if (ValidationSplit is { } part && !(part is > 0 and < 1))
            throw new BadInputException($"ValidationSplit {ValidationSplit} is out of range.");
        if (Domains is not null && (Domains.Count < 2 || Domains.Any(string.IsNullOrEmpty)))
            throw new BadInputException("Domains are two or more names.");
    }

    private static string Absolute(string data) => BuiltInSet.Find(data) is null ? Path.GetFullPath(data) : data;

    private DataOptions Options => new()
    {
        Size = Size is null ? null : ImageSize.Parse(Size),
        Channels = Channels,
        Seed = Seed,
        SyntheticCount = Images,
        TestSpec = TestData,
        TestSplit = TestSplit,
        ValidationSplit = ValidationSplit ?? 0,
        IsStreamed = IsStreamed,
        MaxPixels = MaxPixels ?? DataOptions.DefaultMaxPixels,
    };
}
