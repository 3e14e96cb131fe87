using System.Numerics.Tensors;
using GpuVae.Data;
using GpuVae.Models;

namespace GpuVae.Applications;

/// <summary>Labels for pictures that come without, from the conditional model that needs them.</summary>
public static class LabelGuess
{
    /// <summary>
    /// The images with a label each where the model needs one and the set has none: the one with which the model reconstructs the image
    /// best, by the squared error. Else the set itself.
    /// </summary>
    /// <exception cref="BadInputException">The images are not of the model's shape.</exception>
    public static ImageSet Complete(Vae model, ImageSet images)
    {
        int classes = model.Options.Classes, pixels = images.PixelsPerImage;
        if (classes == 0 || images.Labels is not null)
            return images;
        float[] originals = PictureInput.Rows(images), reconstructions = new float[originals.Length];
        int[] best = new int[images.Count];
        float[] least = [.. Enumerable.Repeat(float.PositiveInfinity, images.Count)];
        for (int label = 0; label < classes; label++)
        {
            model.Reconstruct(originals, reconstructions, [.. Enumerable.Repeat(label, images.Count)]);
            for (int i = 0; i < images.Count; i++)
            {
                float error = TensorPrimitives.Distance(originals.AsSpan(i * pixels, pixels), reconstructions.AsSpan(i * pixels, pixels));
                if (error < least[i])
                    (least[i], best[i]) = (error, label);
            }
        }
        return new ImageSet(images.Name, images.Width, images.Height, images.Channels, images.Pixels, best, [.. model.Options.LabelNames]);
    }
}
