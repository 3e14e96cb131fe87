using System.Runtime.InteropServices;

namespace GpuVae.Data;

/// <summary>
/// A set of equally sized images, in memory or read from an <see cref="IImageSource"/> as they are needed, with what is known of them.
/// Values are [Count, Channels, Height, Width], row-major: each image is planar, as the kernels and PyTorch want it.
/// </summary>
public sealed class ImageSet
{
    /// <summary>
    /// Wraps <paramref name="pixels"/>, [N, channels, height, width] bytes with 1 (grey), 3 (RGB) or up to 16 channels, without a copy.
    /// <paramref name="labels"/> holds one class index per image; <paramref name="name"/> is what messages call the set. Without
    /// <paramref name="factors"/> the labels are the only factor, named <c>label</c>.
    /// </summary>
    /// <exception cref="ArgumentException">The array lengths do not fit the sizes, or a label has no name.</exception>
    public ImageSet(
        string name, int width, int height, int channels, byte[] pixels, int[]? labels = null, string[]? labelNames = null,
        IReadOnlyList<Factor>? factors = null)
        : this(name, InMemory(new ImageShape(width, height, channels), PixelFormat.Byte, pixels), labels, labelNames, factors)
    {
    }

    /// <summary>
    /// Floats of any range, [N, channels, height, width], copied; which likelihoods take them depends on their range. Labels and factors
    /// are as for the other constructors.
    /// </summary>
    /// <exception cref="ArgumentException">The array lengths do not fit the shape, or a label has no name.</exception>
    public ImageSet(
        string name, ImageShape shape, ReadOnlySpan<float> values, int[]? labels = null, string[]? labelNames = null,
        IReadOnlyList<Factor>? factors = null)
        : this(name, InMemory(shape, PixelFormat.Single, MemoryMarshal.AsBytes(values).ToArray()), labels, labelNames, factors)
    {
    }

    /// <summary>The images of a source, with labels and factors as for the other constructor.</summary>
    /// <exception cref="ArgumentException">There is not a label for each image, or a label has no name.</exception>
    public ImageSet(
        string name, IImageSource source, int[]? labels = null, string[]? labelNames = null, IReadOnlyList<Factor>? factors = null)
    {
        (Name, Source, Count, Shape, Format) = (name, source, source.Count, source.Shape, source.Format);
        PixelsPerImage = Shape.Pixels;
        if (labels is not null && labels.Length != Count)
            throw new ArgumentException($"{labels.Length} labels for {Count} images.", nameof(labels));
        if (factors?.FirstOrDefault(factor => factor.Values.Length != Count) is { } wrong)
            throw new ArgumentException($"{wrong.Values.Length} values of {wrong.Name} for {Count} images.", nameof(factors));
        (Labels, LabelNames) = (labels, labelNames);
        Factors = factors ?? (labels is null ? [] : [LabelFactor(labels, labelNames)]);
    }

    /// <summary>What messages call the set.</summary>
    public string Name { get; }

    /// <summary>Images.</summary>
    public int Count { get; }

    /// <summary>Where the images are.</summary>
    public IImageSource Source { get; }

    /// <summary>Whether images are read each time that they are needed, rather than being in memory.</summary>
    public bool IsStreamed => Source is not PixelArray;

    /// <summary>How values are kept.</summary>
    public PixelFormat Format { get; }

    /// <summary>Pixels of a row of each image.</summary>
    public int Width => Shape.Width;

    /// <summary>Rows of each image.</summary>
    public int Height => Shape.Height;

    /// <summary>1 for grey, 3 for RGB.</summary>
    public int Channels => Shape.Channels;

    /// <summary>The size of each image.</summary>
    public ImageShape Shape { get; }

    /// <summary>Channels · Height · Width.</summary>
    public int PixelsPerImage { get; }

    /// <summary>
    /// [Count, Channels, Height, Width], of bytes 0 is black and 255 white; of other formats the bytes of the values. Of a set in memory.
    /// </summary>
    /// <exception cref="InvalidOperationException">The set is streamed.</exception>
    public byte[] Pixels => Source is PixelArray array
        ? array.Data
        : throw new InvalidOperationException($"{Name} is streamed, so its images are not in memory. Read them from ImageSet.Source.");

    /// <summary>[Count], each from 0; null where there are none.</summary>
    public int[]? Labels { get; }

    /// <summary>What the labels are called, by number; null where they have no names.</summary>
    public string[]? LabelNames { get; }

    /// <summary>What its files are called, [Count], below their folder or within their archive; null where images are no files.</summary>
    public IReadOnlyList<string>? FileNames { get; init; }

    /// <summary>What is wrong with its values, found out once.</summary>
    internal ValueCheck Values => field ??= new ValueCheck(this);

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

    /// <summary>The pixels of one image, [Channels, Height, Width], as they are kept.</summary>
    /// <exception cref="BadInputException">The set is streamed, and the image cannot be read.</exception>
    public ReadOnlySpan<byte> this[int index]
    {
        get
        {
            if (Source is PixelArray array)
                return array[index];
            byte[] image = new byte[PixelsPerImage * Format.BytesPerValue()];
            Source.Read([index], image);
            return image;
        }
    }

    /// <summary>Images as a model sees them, [indices, pixels]: of bytes and 16 bits in [0, 1].</summary>
    /// <exception cref="ArgumentException">The destination has another length.</exception>
    /// <exception cref="BadInputException">The set is streamed, and an image cannot be read.</exception>
    public void CopyRows(ReadOnlySpan<int> indices, Span<float> rows)
    {
        if (rows.Length != checked(indices.Length * PixelsPerImage))
            throw new ArgumentException($"{rows.Length} values for {indices.Length} images of {PixelsPerImage}.", nameof(rows));
        for (int i = 0; i < indices.Length; i++)
            Format.ToFloats(this[indices[i]], rows.Slice(i * PixelsPerImage, PixelsPerImage));
    }

    /// <summary>
    /// The mean image, [Channels, Height, Width], as a model sees it; of a streamed set that of some thousand images from all over it.
    /// </summary>
    /// <exception cref="BadInputException">The set is streamed, and an image cannot be read.</exception>
    public float[] Mean()
    {
        const int mostStreamed = 4096;
        int count = IsStreamed ? Math.Min(Count, mostStreamed) : Count;
        double[] sums = new double[PixelsPerImage];
        float[] image = new float[PixelsPerImage];
        for (int i = 0; i < count; i++)
        {
            CopyRows([(int)((long)i * Count / count)], image);
            for (int p = 0; p < sums.Length; p++)
                sums[p] += image[p];
        }
        return [.. sums.Select(sum => (float)(sum / Math.Max(count, 1)))];
    }

    /// <summary>The images at <paramref name="indices"/>, in that order; copied where they are in memory.</summary>
    public ImageSet Select(ReadOnlySpan<int> indices, string? name = null)
    {
        int[]? labels = Labels is null ? null : new int[indices.Length];
        for (int i = 0; i < labels?.Length; i++)
            labels[i] = Labels![indices[i]];
        var factors = new Factor[Factors.Count];
        for (int i = 0; i < factors.Length; i++)
            factors[i] = Factors[i].Select(indices);
        IImageSource part = new SourcePart(Source, indices.ToArray());
        if (!IsStreamed)
        {
            byte[] pixels = new byte[checked(indices.Length * PixelsPerImage * Format.BytesPerValue())];
            Source.Read(indices, pixels);
            part = new PixelArray(Shape, Format, pixels);
        }
        string[]? files = FileNames is null ? null : new string[indices.Length];
        for (int i = 0; i < files?.Length; i++)
            files[i] = FileNames![indices[i]];
        return new ImageSet(name ?? Name, part, labels, LabelNames, factors) { FileNames = files };
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
        return new ImageSet(Name, Source, labels, [.. names], Factors) { FileNames = FileNames };
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
    /// Puts <paramref name="testFraction"/> of the images, drawn by <paramref name="seed"/> and at least one, into a test set; where there
    /// are labels, as many of each as its share. The same seed, count and labels give the same split on every machine; both parts keep the
    /// order of the original.
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
        bool[] isTest = ImageSplit.Draw(Count, Labels, testFraction, seed);
        int[] all = [.. Enumerable.Range(0, Count)];
        return new DataSets(
            Select(Array.FindAll(all, i => !isTest[i]), Name), Select(Array.FindAll(all, i => isTest[i]), Name + " (test)"));
    }

    private static PixelArray InMemory(ImageShape shape, PixelFormat format, byte[] data)
    {
        if (shape.Width <= 0 || shape.Height <= 0 || shape.Channels is < 1 or > ImageShape.MaxChannels)
            throw new ArgumentException(
                $"An image set of {shape}: sides must be positive, and there are 1 to {ImageShape.MaxChannels} channels.", nameof(shape));
        int perImage = checked(shape.Pixels * format.BytesPerValue());
        return data.Length % perImage == 0
            ? new PixelArray(shape, format, data)
            : throw new ArgumentException($"{data.Length} bytes are no whole number of images of {perImage} bytes.", nameof(data));
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
