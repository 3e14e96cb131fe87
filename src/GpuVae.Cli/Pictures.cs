using GpuVae.Imaging;

namespace GpuVae.Cli;

/// <summary>Images [n, pixels] in [0, 1], to be laid out in so many columns; with 0 as square as possible.</summary>
internal sealed record Sheet(float[] Images, int Columns = 0)
{
    public IReadOnlyList<string> RowNames { get; init; } = [];

    public IReadOnlyList<string> ColumnNames { get; init; } = [];

    public Image Compose(ImageShape shape, int scale = 0) =>
        new CaptionedGrid(shape, Columns) { Scale = scale, RowNames = RowNames, ColumnNames = ColumnNames }.Compose(Images);
}

/// <summary>The pictures that commands write; each but the quiet ones says on stdout where it is.</summary>
internal static class Pictures
{
    /// <summary>Has the runtime compile, beside the caller, what a first picture needs: a tenth of a second.</summary>
    public static void CompileAhead() => Task.Run(() => ImageFile.Encode(new Image(16, 16, 1)));

    public static void Write(string path, ImageShape shape, Sheet sheet, int scale = 0)
    {
        ImageFile.Write(path, sheet.Compose(shape, scale));
        Console.WriteLine($"wrote {path}");
    }

    public static void WriteEach(string folder, ImageShape shape, float[] images, int scale)
    {
        Image[] all = [.. Each(shape, images).Select(image => Resize.Nearest(image, scale))];
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
        return Pairs(model.Options.Shape, originals, reconstructions, "original", "decoded");
    }

    /// <summary>Images [n, pixels] in rows of at most 16, below each row its counterparts.</summary>
    public static Sheet Pairs(ImageShape shape, float[] images, float[] counterparts, string name, string counterpartName)
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
        return new Sheet(picture, columns)
        {
            RowNames = [.. Enumerable.Range(0, 2 * rows).Select(row => row % 2 == 0 ? name : counterpartName)],
        };
    }

    /// <summary>A row for each image; columns are [n · k, pixels], k images for each row.</summary>
    public static Sheet Rows(ImageShape shape, params (string Name, float[] Images)[] columns)
    {
        int rows = columns[0].Images.Length / shape.Pixels;
        string[] names =
            [.. columns.SelectMany(column => Enumerable.Repeat(column.Name, column.Images.Length / (rows * shape.Pixels)))];
        var picture = new List<float>(rows * names.Length * shape.Pixels);
        for (int row = 0; row < rows; row++)
            foreach ((_, float[] images) in columns)
                picture.AddRange(images.AsSpan(row * (images.Length / rows), images.Length / rows));
        return new Sheet([.. picture], names.Length) { ColumnNames = names };
    }

    /// <summary>Images of which number i is of class i mod classes: a column for each class, if there are few.</summary>
    public static Sheet Drawn(Vae model, float[] images)
    {
        const int mostColumns = 20;
        int classes = model.Options.Classes;
        return classes is 0 or > mostColumns
            ? new Sheet(images)
            : new Sheet(images, classes)
            {
                ColumnNames = model.Options.LabelNames is { Count: > 0 } names
                    ? names
                    : [.. Enumerable.Range(0, classes).Select(label => $"{label}")],
            };
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
