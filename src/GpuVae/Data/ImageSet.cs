namespace GpuVae.Data;

/// <summary>
/// A set of equally sized 8-bit images in memory. Pixels are [Count, Channels, Height, Width], row-major: each image is planar, as
/// the kernels and PyTorch want it, and image i starts at i · <see cref="PixelsPerImage"/>.
/// </summary>
public sealed class ImageSet
{
    /// <summary>
    /// Wraps <paramref name="pixels"/>, [N, channels, height, width] with 1 (grey) or 3 (RGB) channels, without a copy.
    /// <paramref name="labels"/> holds one class index per image; <paramref name="name"/> is what messages call the set. Without
    /// <paramref name="factors"/> the labels are the only factor, named <c>label</c>.
    /// </summary>
    /// <exception cref="ArgumentException">The array lengths do not fit the sizes, or a label has no name.</exception>
    public ImageSet(
        string name, int width, int height, int channels, byte[] pixels, int[]? labels = null, string[]? labelNames = null,
        IReadOnlyList<Factor>? factors = null)
    {
        if (width <= 0 || height <= 0 || channels is not (1 or 3))
            throw new ArgumentException(
                $"An image set of {width}×{height} with {channels} channels; need positive sides and 1 or 3 channels.");
        PixelsPerImage = checked(width * height * channels);
        if (pixels.Length % PixelsPerImage != 0)
            throw new ArgumentException($"{pixels.Length} bytes are no whole number of images of {PixelsPerImage} bytes.", nameof(pixels));
        Count = pixels.Length / PixelsPerImage;
        if (labels is not null && labels.Length != Count)
            throw new ArgumentException($"{labels.Length} labels for {Count} images.", nameof(labels));
        if (factors?.FirstOrDefault(factor => factor.Values.Length != Count) is { } wrong)
            throw new ArgumentException($"{wrong.Values.Length} values of {wrong.Name} for {Count} images.", nameof(factors));
        (Name, Width, Height, Channels, Pixels, Labels, LabelNames) = (name, width, height, channels, pixels, labels, labelNames);
        Factors = factors ?? (labels is null ? [] : [LabelFactor(labels, labelNames)]);
    }

    /// <summary>What messages call the set.</summary>
    public string Name { get; }

    /// <summary>Images.</summary>
    public int Count { get; }

    /// <summary>Pixels of a row of each image.</summary>
    public int Width { get; }

    /// <summary>Rows of each image.</summary>
    public int Height { get; }

    /// <summary>1 for grey, 3 for RGB.</summary>
    public int Channels { get; }

    /// <summary>The size of each image.</summary>
    public ImageShape Shape => new(Width, Height, Channels);

    /// <summary>Channels · Height · Width.</summary>
    public int PixelsPerImage { get; }

    /// <summary>[Count, Channels, Height, Width], 0 is black and 255 white.</summary>
    public byte[] Pixels { get; }

    /// <summary>[Count], each from 0; null where there are none.</summary>
    public int[]? Labels { get; }

    /// <summary>What the labels are called, by number; null where they have no names.</summary>
    public string[]? LabelNames { get; }

    /// <summary>What is known of the images; the labels where nothing else is.</summary>
    public IReadOnlyList<Factor> Factors { get; }

    /// <summary>The questions that <see cref="Attribute"/> answers.</summary>
    public IEnumerable<string> Attributes => Factors.SelectMany(factor => factor.Attributes);

    /// <summary>
    /// Whether each image has an attribute, such as <c>glasses</c>, <c>smile</c> or <c>hair=long</c>: one of <see cref="Attributes"/>.
    /// </summary>
    /// <exception cref="BadInputException">Nothing of that name is known of these images.</exception>
    public bool[] Attribute(string attribute) =>
        Factors.Select(factor => factor.Answer(attribute)).FirstOrDefault(answer => answer is not null)
        ?? throw new BadInputException(Factors.Count == 0
            ? $"{Name} has no attributes, so {attribute} cannot be asked for. Put the images into subfolders by label or write an "
                + $"{AttributesFile.FileName} beside them."
            : $"{Name} does not know the attribute {attribute}. It knows {string.Join(", ", Attributes)}.");

    /// <summary>The images that have an attribute.</summary>
    /// <exception cref="BadInputException">Nothing of that name is known of these images, or none has it.</exception>
    public ImageSet With(string attribute) => Having(attribute, true);

    /// <summary>The images that do not have an attribute.</summary>
    /// <exception cref="BadInputException">Nothing of that name is known of these images, or all have it.</exception>
    public ImageSet Without(string attribute) => Having(attribute, false);

    /// <summary>The pixels of one image, [Channels, Height, Width].</summary>
    public ReadOnlySpan<byte> this[int index] => Pixels.AsSpan(checked(index * PixelsPerImage), PixelsPerImage);

    /// <summary>The mean image, [Channels, Height, Width], in [0, 1].</summary>
    public float[] Mean()
    {
        long[] sums = new long[PixelsPerImage];
        for (int i = 0; i < Count; i++)
        {
            ReadOnlySpan<byte> image = this[i];
            for (int p = 0; p < sums.Length; p++)
                sums[p] += image[p];
        }
        return [.. sums.Select(sum => (float)(sum / (255.0 * Math.Max(Count, 1))))];
    }

    /// <summary>The images at <paramref name="indices"/>, copied in that order.</summary>
    public ImageSet Select(ReadOnlySpan<int> indices, string? name = null)
    {
        byte[] pixels = new byte[checked(indices.Length * PixelsPerImage)];
        int[]? labels = Labels is null ? null : new int[indices.Length];
        for (int i = 0; i < indices.Length; i++)
        {
            this[indices[i]].CopyTo(pixels.AsSpan(i * PixelsPerImage));
            if (labels is not null)
                labels[i] = Labels![indices[i]];
        }
        var factors = new Factor[Factors.Count];
        for (int i = 0; i < factors.Length; i++)
            factors[i] = Factors[i].Select(indices);
        return new ImageSet(name ?? Name, Width, Height, Channels, pixels, labels, LabelNames, factors);
    }

    /// <summary>
    /// The same images with their labels numbered as in <paramref name="names"/>, found by name; factors stay as they are. Where either
    /// side has no names numbers are taken to mean the same.
    /// </summary>
    /// <exception cref="BadInputException">An image has a label of another name.</exception>
    public ImageSet WithLabelNames(IReadOnlyList<string> names)
    {
        if (Labels is null || LabelNames is not { Length: > 0 } own || names.Count == 0 || own.SequenceEqual(names))
            return this;
        if (LabelsAs(names) is not { } labels)
        {
            string unknown = own[Labels.First(label => LabelNumber(names, own[label]) < 0)];
            throw new BadInputException($"{Name} has images with the label '{unknown}'; known are {string.Join(", ", names)}.");
        }
        return new ImageSet(Name, Width, Height, Channels, Pixels, labels, [.. names], Factors);
    }

    /// <summary>
    /// The labels, [count], numbered as in <paramref name="names"/>; see <see cref="WithLabelNames"/>. Null if there are none, or if an
    /// image has a label of another name.
    /// </summary>
    public int[]? LabelsAs(IReadOnlyList<string> names)
    {
        if (Labels is null || LabelNames is not { Length: > 0 } own || names.Count == 0)
            return Labels;
        int[] numbers = [.. own.Select(name => LabelNumber(names, name))];
        int[] labels = [.. Labels.Select(label => numbers[label])];
        return labels.Contains(-1) ? null : labels;
    }

    /// <summary>The number of the label of this name; failing that, of the same name in another case; -1 if there is none.</summary>
    internal static int LabelNumber(IReadOnlyList<string> names, string name)
    {
        string[] all = [.. names];
        int exact = Array.IndexOf(all, name);
        return exact >= 0 ? exact : Array.FindIndex(all, known => string.Equals(known, name, StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>
    /// Puts <paramref name="testFraction"/> of the images, drawn by <paramref name="seed"/> and at least one, into a test set. The same
    /// seed and count give the same split on every machine; both parts keep the order of the original.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The fraction does not lie between 0 and 1.</exception>
    /// <exception cref="BadInputException">Fewer than two images: one part would be empty.</exception>
    public DataSets Split(double testFraction, ulong seed)
    {
        if (!(testFraction > 0 && testFraction < 1))
            throw new ArgumentOutOfRangeException(nameof(testFraction), testFraction, "must lie between 0 and 1");
        if (Count < 2)
            throw new BadInputException(
                $"{Name} holds {Count} image(s): too few to set some aside for testing. Add images or name a test set.");
        int testCount = Math.Clamp((int)Math.Round(Count * testFraction), 1, Count - 1);
        int[] order = [.. Enumerable.Range(0, Count)];
        new SplitMix64(seed).Shuffle(order);
        Array.Sort(order, 0, testCount);
        Array.Sort(order, testCount, Count - testCount);
        return new DataSets(Select(order.AsSpan(testCount), Name), Select(order.AsSpan(0, testCount), Name + " (test)"));
    }

    private ImageSet Having(string attribute, bool answer)
    {
        bool[] answers = Attribute(attribute);
        int[] indices = [.. Enumerable.Range(0, Count).Where(i => answers[i] == answer)];
        return indices.Length > 0
            ? Select(indices)
            : throw new BadInputException($"No image of {Name} is {(answer ? "with" : "without")} {attribute}. Choose another attribute.");
    }

    private static Factor LabelFactor(int[] labels, string[]? names) =>
        Factor.Categorical("label", names ?? [.. Enumerable.Range(0, labels.DefaultIfEmpty().Max() + 1).Select(i => $"{i}")], labels);
}
