using System.Numerics.Tensors;
using GpuVae.Models;

namespace GpuVae.Applications;

/// <summary>Changes images by moving their latent codes.</summary>
/// <param name="model">Encodes and decodes.</param>
public sealed class ImageEditor(Vae model)
{
    /// <summary>
    /// Whether the change that the model makes is put onto the original, x + decode(z + Δ) − decode(z), instead of showing decode(z + Δ): what
    /// the model cannot reconstruct, and the edit does not touch, stays as it was.
    /// </summary>
    public bool KeepsDetails { get; init; } = true;

    /// <summary>Images [n, pixels] with their codes moved by <paramref name="change"/>, [latent], the same for all.</summary>
    /// <returns>[n, pixels] in [0, 1].</returns>
    public float[] Edit(ReadOnlySpan<float> images, ReadOnlySpan<float> change) => Edit(images, Encode(images), change);

    /// <summary>For each image the original, its reconstruction, and the image edited ever more strongly until all of the change.</summary>
    /// <param name="images">[n, pixels].</param>
    /// <param name="change">[latent], the same for all.</param>
    /// <param name="steps">Edited pictures of each image.</param>
    /// <returns>[n, 2 + steps, pixels] in [0, 1].</returns>
    public float[] Strips(ReadOnlySpan<float> images, ReadOnlySpan<float> change, int steps)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(steps);
        float[] codes = Encode(images), reconstructions = Decode(codes), part = new float[change.Length];
        int pixels = model.Options.Shape.Pixels, count = images.Length / pixels, columns = 2 + steps;
        var strips = new float[checked(count * columns * pixels)];
        Place(images, 0);
        Place(reconstructions, 1);
        for (int step = 1; step <= steps; step++)
        {
            TensorPrimitives.Multiply(change, (float)step / steps, part);
            Place(Edit(images, codes, part), 1 + step);
        }
        return strips;

        void Place(ReadOnlySpan<float> column, int at)
        {
            for (int i = 0; i < count; i++)
                column.Slice(i * pixels, pixels).CopyTo(strips.AsSpan((i * columns + at) * pixels));
        }
    }

    private float[] Edit(ReadOnlySpan<float> images, float[] codes, ReadOnlySpan<float> change)
    {
        int latent = model.Options.Latent;
        var moved = new float[codes.Length];
        for (int at = 0; at < codes.Length; at += latent)
            TensorPrimitives.Add(codes.AsSpan(at, latent), change, moved.AsSpan(at));
        float[] edited = Decode(moved);
        if (KeepsDetails)
        {
            TensorPrimitives.Subtract(edited, Decode(codes), edited);
            TensorPrimitives.Add(edited, images, edited);
        }
        TensorPrimitives.Clamp<float>(edited, 0, 1, edited);
        return edited;
    }

    private float[] Encode(ReadOnlySpan<float> images)
    {
        var means = new float[images.Length / model.Options.Shape.Pixels * model.Options.Latent];
        model.Encode(images, means, new float[means.Length]);
        return means;
    }

    private float[] Decode(float[] codes)
    {
        var images = new float[codes.Length / model.Options.Latent * model.Options.Shape.Pixels];
        model.Decode(codes, images);
        return images;
    }
}
