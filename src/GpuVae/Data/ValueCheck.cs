using System.Globalization;
using System.Numerics.Tensors;

namespace GpuVae.Data;

/// <summary>
/// What is wrong with the values of a set of floats: the first that is no finite number, and the first that is outside of [0, 1]. Of a
/// streamed set as many images as are looked at quickly are taken, from all over it; the others are looked at as they are read.
/// </summary>
internal sealed class ValueCheck
{
    private const int MaxStreamed = 256;

    private readonly string name;
    private readonly ImageShape shape;
    private (int Image, int At, float Value)? notFinite, outside;
    private float greatest = float.NegativeInfinity, least = float.PositiveInfinity;

    public ValueCheck(ImageSet images)
    {
        (name, shape) = (images.Name, images.Shape);
        if (images.Format != PixelFormat.Single)
            return;
        int count = images.IsStreamed ? Math.Min(images.Count, MaxStreamed) : images.Count;
        float[] image = new float[images.PixelsPerImage];
        for (int i = 0; i < count && notFinite is null; i++)
        {
            int index = (int)((long)i * images.Count / count);
            images.CopyRows([index], image);
            Look(index, image);
        }
    }

    /// <exception cref="BadInputException">A value is no finite number; the first one is named.</exception>
    public void RequireFinite()
    {
        if (notFinite is { } wrong)
            throw new BadInputException($"{Describe(wrong)}; values must be finite numbers. Correct the image or leave it out.");
    }

    /// <exception cref="BadInputException">The likelihood does not take a value; the first is named, and one that does.</exception>
    public void RequireFor(Likelihood likelihood)
    {
        RequireFinite();
        if (outside is not { } wrong || likelihood.TakesAnyValue())
            return;
        string range = string.Create(CultureInfo.InvariantCulture, $"{least} to {greatest}");
        throw new BadInputException(
            $"{Describe(wrong)}, and VaeOptions.Likelihood = {likelihood} takes values from 0 to 1; the set's are {range}. Choose "
            + $"VaeOptions.Likelihood = {Likelihood.GaussianShared}, which takes any, or bring the values to 0 to 1"
            + (least >= 0 && greatest <= byte.MaxValue && greatest > 2 ? ": they look like levels of bytes, to be divided by 255." : "."));
    }

    /// <summary>Looks at the images of a part of a streamed set.</summary>
    /// <exception cref="BadInputException">A value is no finite number.</exception>
    public static void RequireFinite(string name, ImageShape shape, ReadOnlySpan<int> indices, ReadOnlySpan<float> values)
    {
        if (TensorPrimitives.IsFiniteAll(values))
            return;
        int at = 0;
        while (float.IsFinite(values[at]))
            at++;
        throw new BadInputException(
            $"{Describe(name, shape, indices[at / shape.Pixels], at % shape.Pixels, values[at])}; values must be finite numbers. Correct "
            + "the image or leave it out.");
    }

    private void Look(int index, float[] image)
    {
        if (!TensorPrimitives.IsFiniteAll<float>(image))
        {
            int at = Array.FindIndex(image, value => !float.IsFinite(value));
            notFinite = (index, at, image[at]);
            return;
        }
        (float low, float high) = (TensorPrimitives.Min<float>(image), TensorPrimitives.Max<float>(image));
        (least, greatest) = (Math.Min(least, low), Math.Max(greatest, high));
        if (outside is null && (low < 0 || high > 1))
        {
            int at = Array.FindIndex(image, value => value is < 0 or > 1);
            outside = (index, at, image[at]);
        }
    }

    private string Describe((int Image, int At, float Value) place) => Describe(name, shape, place.Image, place.At, place.Value);

    private static string Describe(string name, ImageShape shape, int image, int at, float value)
    {
        int plane = shape.Width * shape.Height;
        string channel = shape.Channels > 1 ? $"channel {at / plane}, " : "";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{name}: image {image}, {channel}row {at % plane / shape.Width}, column {at % shape.Width} is {value}");
    }
}
