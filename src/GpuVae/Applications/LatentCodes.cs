using GpuVae.Data;
using GpuVae.Models;

namespace GpuVae.Applications;

/// <summary>Where images lie in the latent space.</summary>
public static class LatentCodes
{
    // Images are converted to floats this many at a time, so that large sets need no copy of four times their size.
    private const int Chunk = 512;

    /// <summary>The means of q(z|x), [images, latent].</summary>
    /// <exception cref="BadInputException">The images are not of the model's shape, or there are none.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> asked to stop.</exception>
    public static float[] Means(Vae model, ImageSet images, CancellationToken cancellation = default)
    {
        images = model.Require(images);
        int latent = model.Options.Latent;
        float[] means = new float[images.Count * latent], logVariances = new float[Chunk * latent];
        for (int start = 0; start < images.Count; start += Chunk)
        {
            int count = Math.Min(Chunk, images.Count - start);
            model.Encode(
                PictureInput.Rows(images, start, count), means.AsSpan(start * latent, count * latent),
                logVariances.AsSpan(0, count * latent),
                model.LabelsOf(images, start, count), cancellation);
        }
        return means;
    }
}
