namespace GpuVae.Data;

/// <summary>Several kinds of images of one size, say photographs and drawings, in one set: the label of an image is its domain.</summary>
public static class ImageDomains
{
    /// <summary>Loads a domain from each of <paramref name="specs"/>, with its test part; see <see cref="DataSource"/>.</summary>
    /// <param name="specs">At least two. Nothing in one needs a counterpart in another.</param>
    /// <param name="options">Apply to each; a test set of its own is not taken.</param>
    /// <param name="cancellation">Asks to stop.</param>
    /// <exception cref="BadInputException">Fewer than two, or images that are missing, broken or of different sizes.</exception>
    /// <exception cref="OperationCanceledException">The token asked to stop.</exception>
    public static DataSets Load(IReadOnlyList<string> specs, DataOptions? options = null, CancellationToken cancellation = default)
    {
        options ??= new DataOptions();
        if (specs.Count < 2)
            throw new BadInputException($"ImageDomains.Load {string.Join(' ', specs)}: name two folders or more, one for each domain.");
        string[] names = [.. specs.Select(Name)];
        if (names.Distinct().Count() < names.Length)
            names = [.. specs];
        if (names.Distinct().Count() < names.Length)
            throw new BadInputException($"ImageDomains.Load {string.Join(' ', specs)}: a domain is there twice.");
        DataOptions ofEach = options with { TestSpec = null, IsStreamed = false };
        DataSets[] sets = [.. specs.Select(spec => DataSource.Load(spec, ofEach, cancellation))];
        ImageSet Joined(Func<DataSets, ImageSet> part) => Join([.. names.Zip(sets, (name, set) => (name, part(set)))], cancellation);
        return new DataSets(Joined(set => set.Train), Joined(set => set.Test))
        {
            Validation = options.ValidationSplit > 0 ? Joined(set => set.Validation!) : null,
        };
    }

    /// <summary>Of the test set of <see cref="Load"/> what the options take; all of it is read for that.</summary>
    /// <exception cref="BadInputException">As for <see cref="Load"/>, or there is no image to take.</exception>
    /// <exception cref="OperationCanceledException">The token asked to stop.</exception>
    public static ImageSet LoadTest(
        IReadOnlyList<string> specs, DataOptions? options = null, CancellationToken cancellation = default)
    {
        options ??= new DataOptions();
        return DataSource.Take(Load(specs, options with { First = 0, Limit = null }, cancellation).Test, options);
    }

    /// <summary>
    /// One set out of several, with the domains as labels and as the only factor. Where some are in colour, the grey ones become RGB.
    /// </summary>
    /// <exception cref="BadInputException">The images differ in size.</exception>
    /// <exception cref="OperationCanceledException">The token asked to stop.</exception>
    public static ImageSet Join(IReadOnlyList<(string Name, ImageSet Images)> domains, CancellationToken cancellation = default)
    {
        ImageSet first = domains[0].Images;
        foreach ((string name, ImageSet images) in domains)
            if ((images.Width, images.Height) != (first.Width, first.Height))
                throw new BadInputException(
                    $"The domains differ in size: {domains[0].Name} has {first.Width}×{first.Height} pixels, {name} has "
                    + $"{images.Width}×{images.Height}. Bring them to one size with DataOptions.Size.");
        if (domains.FirstOrDefault(domain => domain.Images.Format != first.Format) is { Images: not null } other)
            throw new BadInputException(
                $"The domains differ in format: {domains[0].Name} has {first.Format}, {other.Name} {other.Images.Format}. Save them "
                + "alike.");
        int channels = domains.Max(domain => domain.Images.Channels);
        var options = new DataOptions { Channels = channels };
        byte[][] pixels = [.. domains.Select(domain => DataSource.Convert(domain.Images, options, cancellation).Pixels)];
        if (pixels.Sum(part => (long)part.Length) > Array.MaxLength)
            throw new BadInputException("The domains together do not fit into memory. Choose a smaller DataOptions.Size.");
        byte[] all = new byte[pixels.Sum(part => part.Length)];
        int at = 0;
        foreach (byte[] part in pixels)
        {
            part.CopyTo(all, at);
            at += part.Length;
        }
        string[] names = [.. domains.Select(domain => domain.Name)];
        int[] labels = [.. domains.SelectMany((domain, label) => Enumerable.Repeat(label, domain.Images.Count))];
        return new ImageSet(
            string.Join(" and ", names), new PixelArray(first.Shape with { Channels = channels }, first.Format, all), labels, names,
            [Factor.Categorical("domain", names, labels)]);
    }

    private static string Name(string spec) =>
        BuiltInSet.Find(spec)?.Name ?? Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(spec)));
}
