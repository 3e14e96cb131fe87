using GpuVae.Imaging;

namespace GpuVae.Cli;

/// <summary>Images [n, pixels] in [0, 1], to be laid out in so many columns; with 0 as square as possible.</summary>
internal readonly record struct Sheet(float[] Images, int Columns = 0);

/// <summary>The pictures that commands write; each but the quiet ones says on stdout where it is.</summary>
internal static class Pictures
{
    public static void Write(string path, ImageShape shape, Sheet sheet)
    {
        WriteQuietly(path, shape, sheet);
        Console.WriteLine($"wrote {path}");
    }

    public static void WriteQuietly(string path, ImageShape shape, Sheet sheet) =>
        ImageFile.Write(path, ImageGrid.Compose(sheet.Images, shape.Width, shape.Height, shape.Channels, sheet.Columns));

    public static void WriteEach(string folder, ImageShape shape, float[] images)
    {
        Image[] all = [.. Each(shape, images)];
        int digits = Math.Max(4, (all.Length - 1).ToString().Length);
        // Each file waits for the disk; together they wait once.
        var several = new ParallelOptions { MaxDegreeOfParallelism = 16 };
        Parallel.For(0, all.Length, several, i => ImageFile.Write(Path.Combine(folder, i.ToString($"D{digits}") + ".png"), all[i]));
        Console.WriteLine($"wrote {all.Length} images into {folder}");
    }

    public static IEnumerable<Image> Each(ImageShape shape, float[] images)
    {
        for (int at = 0; at < images.Length; at += shape.Pixels)
            yield return Image.FromPlanar(ImageGrid.ToBytes(images.AsSpan(at, shape.Pixels)), shape.Width, shape.Height, shape.Channels);
    }

    /// <summary>Images of the model's shape, below each row their reconstructions.</summary>
    public static Sheet Reconstructions(Vae model, ImageSet images)
    {
        float[] originals = PictureInput.Rows(images), reconstructions = new float[originals.Length];
        model.Reconstruct(originals, reconstructions, model.LabelsOf(images, 0, images.Count));
        return Pairs(model.Options.Shape, originals, reconstructions);
    }

    /// <summary>Images [n, pixels] in rows of at most 16, below each row its counterparts.</summary>
    public static Sheet Pairs(ImageShape shape, float[] images, float[] counterparts)
    {
        const int perRow = 16;
        int count = images.Length / shape.Pixels, columns = Math.Min(perRow, count), rows = (count + columns - 1) / columns;
        // Places that the last row leaves empty stay black.
        float[] picture = new float[2 * rows * columns * shape.Pixels];
        for (int row = 0; row < rows; row++)
        {
            int first = row * columns * shape.Pixels, length = Math.Min(columns * shape.Pixels, images.Length - first);
            images.AsSpan(first, length).CopyTo(picture.AsSpan(2 * first));
            counterparts.AsSpan(first, length).CopyTo(picture.AsSpan(2 * first + columns * shape.Pixels));
        }
        return new Sheet(picture, columns);
    }

    /// <summary>A row for each image; <paramref name="columns"/> are [n · k, pixels], k images for each row.</summary>
    public static Sheet Rows(ImageShape shape, params float[][] columns)
    {
        int rows = columns[0].Length / shape.Pixels, perRow = columns.Sum(column => column.Length) / (rows * shape.Pixels);
        var picture = new List<float>(rows * perRow * shape.Pixels);
        for (int row = 0; row < rows; row++)
            foreach (float[] column in columns)
                picture.AddRange(column.AsSpan(row * (column.Length / rows), column.Length / rows));
        return new Sheet([.. picture], perRow);
    }

    /// <summary>
    /// The images of codes [n, latent], [n, pixels]; of a conditional model all with one label, the first if none is given.
    /// </summary>
    public static float[] Decode(Vae model, ReadOnlySpan<float> codes, int? label = null)
    {
        int count = codes.Length / model.Options.Latent;
        float[] images = new float[checked(count * model.Options.Shape.Pixels)];
        model.Decode(codes, images, model.Options.Classes > 0 ? [.. Enumerable.Repeat(label ?? 0, count)] : []);
        return images;
    }
}
