using GpuVae.Data;
using GpuVae.Models;

namespace GpuVae.Applications;

/// <summary>The way from one picture to another.</summary>
public static class PictureWay
{
    /// <summary>
    /// Frames at t from 0 to 1, the pictures x₀ and x₁ themselves at the ends: decode(z_t) + (1 − t)·(x₀ − decode(z₀)) + t·(x₁ −
    /// decode(z₁)), z_t on the arc between the codes (see <see cref="Interpolation.Slerp"/>), so that what the model cannot reconstruct
    /// of an end fades on the way to the other. Where a conditional model is told another label of each, both are decoded and blended.
    /// </summary>
    /// <param name="model">Encodes and decodes.</param>
    /// <param name="ends">Two images of the model's shape, with labels where it takes some.</param>
    /// <param name="count">Frames, both ends included.</param>
    /// <param name="cancellation">Asks to stop.</param>
    /// <returns>[count, pixels] in [0, 1].</returns>
    /// <exception cref="ArgumentException">There are not two images.</exception>
    /// <exception cref="ArgumentOutOfRangeException">Fewer than two frames.</exception>
    /// <exception cref="BadInputException">The images are not of the model's shape.</exception>
    /// <exception cref="OperationCanceledException">Asked to stop.</exception>
    public static float[] Frames(Vae model, ImageSet ends, int count, CancellationToken cancellation = default)
    {
        if (ends.Count != 2)
            throw new ArgumentException($"{ends.Count} images; a way leads from one to another.", nameof(ends));
        int latent = model.Options.Latent, pixels = model.Options.Shape.Pixels;
        float[] codes = LatentCodes.Means(model, ends, cancellation), images = PictureInput.Rows(ends);
        float[] path = Interpolation.Path(codes.AsSpan(0, latent), codes.AsSpan(latent), count);
        float[] left = Decode(0), right = model.Options.Classes > 0 && ends.Labels![0] != ends.Labels[1] ? Decode(1) : left;
        float[] frames = new float[left.Length];
        int last = left.Length - pixels;
        for (int i = 0; i < frames.Length; i++)
        {
            int pixel = i % pixels;
            float t = (float)(i / pixels) / (count - 1);
            float before = left[i] + images[pixel] - left[pixel], after = right[i] + images[pixels + pixel] - right[last + pixel];
            frames[i] = Math.Clamp((1 - t) * before + t * after, 0, 1);
        }
        return frames;

        float[] Decode(int end)
        {
            float[] decoded = new float[count * pixels];
            int[] labels = model.Options.Classes > 0 ? [.. Enumerable.Repeat(ends.Labels![end], count)] : [];
            model.Decode(path, decoded, labels, cancellation);
            return decoded;
        }
    }
}
