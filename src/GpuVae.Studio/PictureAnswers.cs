using GpuVae.Imaging;

namespace GpuVae.Studio;

/// <summary>Images [n, pixels] in [0, 1] as PNG: one each within JSON, or, for whoever accepts PNG only, all as one sheet.</summary>
internal static class PictureAnswers
{
    public const string Png = "image/png", Gif = "image/gif", Json = "application/json";

    /// <summary>The sheet, or what <paramref name="json"/> makes.</summary>
    public static IResult Of(HttpRequest request, ImageShape shape, float[] images, int columns, Func<object> json)
    {
        string accepted = request.Headers.Accept.ToString();
        return accepted.Contains(Png, StringComparison.OrdinalIgnoreCase) && !accepted.Contains(Json, StringComparison.OrdinalIgnoreCase)
            ? Results.Bytes(Sheet(images, shape, columns), Png)
            : Results.Json(json());
    }

    public static byte[][] Each(float[] images, ImageShape shape) =>
        [.. Enumerable.Range(0, images.Length / shape.Pixels).Select(i => One(images.AsSpan(i * shape.Pixels, shape.Pixels), shape))];

    /// <summary>So many images beside each other, without a gap, as one.</summary>
    public static byte[][] Strips(float[] images, ImageShape shape, int columns) =>
    [
        .. images.Chunk(columns * shape.Pixels).Select(row =>
            ImageFile.Encode(ImageGrid.Compose(row, shape.Width, shape.Height, shape.Channels, columns, padding: 0))),
    ];

    public static byte[] One(ReadOnlySpan<float> image, ImageShape shape) =>
        ImageFile.Encode(Image.FromPlanar(ImageGrid.ToBytes(image), shape.Width, shape.Height, shape.Channels));

    private static byte[] Sheet(float[] images, ImageShape shape, int columns) =>
        ImageFile.Encode(ImageGrid.Compose(images, shape.Width, shape.Height, shape.Channels, columns));
}
