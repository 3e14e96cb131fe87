using GpuVae.Applications;
using GpuVae.Data;
using GpuVae.Imaging;
using GpuVae.Models;
using GpuVae.Options;

namespace GpuVae.Cli;

/// <summary>The pictures that commands write; each says on stdout where it is.</summary>
internal static class Pictures
{
    /// <summary><paramref name="images"/> is [n, pixels] in [0, 1].</summary>
    public static void WriteGrid(string path, ImageShape shape, ReadOnlySpan<float> images, int columns = 0)
    {
        ImageFile.Write(path, ImageGrid.Compose(images, shape.Width, shape.Height, shape.Channels, columns));
        Console.WriteLine($"wrote {path}");
    }

    public static void WriteEach(string folder, ImageShape shape, ReadOnlySpan<float> images)
    {
        int count = images.Length / shape.Pixels;
        int digits = Math.Max(4, (count - 1).ToString().Length);
        for (int i = 0; i < count; i++)
        {
            byte[] pixels = ImageGrid.ToBytes(images.Slice(i * shape.Pixels, shape.Pixels));
            string path = Path.Combine(folder, i.ToString($"D{digits}") + ".png");
            ImageFile.Write(path, Image.FromPlanar(pixels, shape.Width, shape.Height, shape.Channels));
        }
        Console.WriteLine($"wrote {count} images into {folder}");
    }

    /// <summary>Images of the model's shape in rows of at most 16, below each row their reconstructions.</summary>
    public static void WriteReconstructions(string path, Vae model, ImageSet images)
    {
        float[] originals = PictureInput.Rows(images), reconstructions = new float[originals.Length];
        model.Reconstruct(originals, reconstructions, model.LabelsOf(images, 0, images.Count));
        WritePairs(path, model.Options.Shape, originals, reconstructions);
    }

    /// <summary>Images [n, pixels] in rows of at most 16, below each row its counterparts.</summary>
    public static void WritePairs(string path, ImageShape shape, ReadOnlySpan<float> images, ReadOnlySpan<float> counterparts)
    {
        const int perRow = 16;
        int count = images.Length / shape.Pixels, columns = Math.Min(perRow, count), rows = (count + columns - 1) / columns;
        // Places that the last row leaves empty stay black.
        float[] picture = new float[2 * rows * columns * shape.Pixels];
        for (int i = 0; i < count; i++)
        {
            int above = (2 * (i / columns) * columns + i % columns) * shape.Pixels;
            images.Slice(i * shape.Pixels, shape.Pixels).CopyTo(picture.AsSpan(above));
            counterparts.Slice(i * shape.Pixels, shape.Pixels).CopyTo(picture.AsSpan(above + columns * shape.Pixels));
        }
        WriteGrid(path, shape, picture, columns);
    }

    /// <summary>A picture with a row for each image; <paramref name="columns"/> are [n · k, pixels], k images for each row.</summary>
    public static void WriteRows(string path, ImageShape shape, params float[][] columns)
    {
        int rows = columns[0].Length / shape.Pixels, perRow = columns.Sum(column => column.Length) / (rows * shape.Pixels);
        var picture = new List<float>(rows * perRow * shape.Pixels);
        for (int row = 0; row < rows; row++)
            foreach (float[] column in columns)
                picture.AddRange(column.AsSpan(row * (column.Length / rows), column.Length / rows));
        WriteGrid(path, shape, picture.ToArray(), perRow);
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
