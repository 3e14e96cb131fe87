namespace GpuVae.Data;

/// <summary>
/// A set of equally sized 8-bit images in memory. Pixels are [Count, Channels, Height, Width], row-major: each image is planar, as
/// the kernels and PyTorch want it, and image i starts at i · <see cref="PixelsPerImage"/>.
/// </summary>
public sealed class ImageSet
{
    /// <summary>
    /// Wraps <paramref name="pixels"/>, [N, channels, height, width] with 1 (grey) or 3 (RGB) channels, without a copy.
    /// <paramref name="labels"/> holds one class index per image; <paramref name="name"/> is what messages call the set.
    /// </summary>
    /// <exception cref="ArgumentException">The array lengths do not fit the sizes.</exception>
    public ImageSet(string name, int width, int height, int channels, byte[] pixels, int[]? labels = null, string[]? labelNames = null)
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
        (Name, Width, Height, Channels, Pixels, Labels, LabelNames) = (name, width, height, channels, pixels, labels, labelNames);
    }

    public string Name { get; }
    public int Count { get; }
    public int Width { get; }
    public int Height { get; }
    public int Channels { get; }

    /// <summary>Channels · Height · Width.</summary>
    public int PixelsPerImage { get; }

    public byte[] Pixels { get; }
    public int[]? Labels { get; }
    public string[]? LabelNames { get; }

    /// <summary>The pixels of one image, [Channels, Height, Width].</summary>
    public ReadOnlySpan<byte> this[int index] => Pixels.AsSpan(checked(index * PixelsPerImage), PixelsPerImage);

    /// <summary>The images at <paramref name="indices"/>, copied in that order.</summary>
    public ImageSet Select(ReadOnlySpan<int> indices, string? name = null)
    {
        var pixels = new byte[checked(indices.Length * PixelsPerImage)];
        int[]? labels = Labels is null ? null : new int[indices.Length];
        for (int i = 0; i < indices.Length; i++)
        {
            this[indices[i]].CopyTo(pixels.AsSpan(i * PixelsPerImage));
            if (labels is not null)
                labels[i] = Labels![indices[i]];
        }
        return new ImageSet(name ?? Name, Width, Height, Channels, pixels, labels, LabelNames);
    }

    /// <summary>
    /// Puts <paramref name="testFraction"/> of the images, drawn by <paramref name="seed"/> and at least one, into a test set. The same
    /// seed and count give the same split on every machine; both parts keep the order of the original.
    /// </summary>
    /// <exception cref="BadInputException">Fewer than two images: one part would be empty.</exception>
    public (ImageSet Train, ImageSet Test) Split(double testFraction, ulong seed)
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
        return (Select(order.AsSpan(testCount), Name), Select(order.AsSpan(0, testCount), Name + " (test)"));
    }
}
