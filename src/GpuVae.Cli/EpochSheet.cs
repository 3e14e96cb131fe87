using System.Globalization;
using GpuVae.Imaging;

namespace GpuVae.Cli;

/// <summary>
/// What the same codes of the prior became after every epoch, a row for each: <c>epochs.png</c> of a run, at the size of the model's
/// pictures. Of many epochs every second, fourth, … has a row.
/// </summary>
internal sealed class EpochSheet
{
    /// <summary>Pictures of a row.</summary>
    public const int Columns = 10;

    private const int MostRows = 40;

    private readonly ImageShape row;
    private readonly string path;
    private readonly List<byte[]> rows = [];
    private int stride = 1;

    /// <param name="folder">The run.</param>
    /// <param name="shape">Of a picture.</param>
    /// <param name="epochs">Done so far.</param>
    public EpochSheet(RunFolder folder, ImageShape shape, int epochs)
    {
        row = shape with { Width = Columns * shape.Width };
        path = Path.Combine(folder.Path, "epochs.png");
        while (RowsOf(epochs) > MostRows)
            stride *= 2;
        if (epochs > 0 && File.Exists(path))
            rows = Read(RowsOf(epochs));
    }

    /// <summary>Takes what was drawn after an epoch; others than the next are left out.</summary>
    /// <param name="epoch">From 1 on.</param>
    /// <param name="images">The first ten or more, [n, pixels].</param>
    public void Add(int epoch, float[] images)
    {
        if ((epoch - 1) % stride != 0 || (epoch - 1) / stride != rows.Count)
            return;
        int pixels = row.Pixels / Columns;
        // Without gaps, the pictures side by side.
        rows.Add(ImageGrid.Compose(
            images.AsSpan(0, Columns * pixels), row.Width / Columns, row.Height, row.Channels, Columns, padding: 0).Pixels);
        if (rows.Count <= MostRows)
            return;
        for (int i = rows.Count - 1; i > 0; i--)
            if (i % 2 == 1)
                rows.RemoveAt(i);
        stride *= 2;
    }

    /// <summary>Writes the picture; gives the same with the epochs before its rows, for the report. Null without a row.</summary>
    public byte[]? Write()
    {
        if (rows.Count == 0)
            return null;
        ImageFile.Write(path, new Image(row.Width, rows.Count * row.Height, row.Channels, [.. rows.SelectMany(values => values)]));
        byte[] planar = new byte[rows.Count * row.Pixels];
        for (int i = 0; i < rows.Count; i++)
            new Image(row.Width, row.Height, row.Channels, rows[i]).CopyToPlanar(planar.AsSpan(i * row.Pixels, row.Pixels));
        var grid = new CaptionedGrid(row, Columns: 1)
        {
            // The page enlarges it; after every epoch a larger one would take its time.
            Scale = 1,
            RowNames = [.. rows.Select((_, i) => (1 + i * stride).ToString(CultureInfo.InvariantCulture))],
        };
        return ImageFile.Encode(grid.Compose(planar));
    }

    private int RowsOf(int epochs) => (epochs + stride - 1) / stride;

    /// <summary>
    /// After a kill between two writes the row of the last epoch may be missing, and stays empty, or one be there that is made again.
    /// </summary>
    private List<byte[]> Read(int count)
    {
        try
        {
            Image picture = ImageFile.Read(path, DataOptions.GreatestMaxPixels).WithChannels(row.Channels);
            int there = picture.Height / row.Height;
            return (picture.Width, picture.Height) == (row.Width, there * row.Height) && Math.Abs(there - count) <= 1
                ? [.. picture.Pixels.Chunk(row.Pixels).Append(new byte[row.Pixels]).Take(count)]
                : [];
        }
        catch (BadInputException)
        {
            return [];
        }
    }
}
