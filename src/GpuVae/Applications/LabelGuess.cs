using System.Numerics.Tensors;
using GpuVae.Data;
using GpuVae.Models;

namespace GpuVae.Applications;

/// <summary>Labels for pictures that come without, from the conditional model that needs them.</summary>
public static class LabelGuess
{
    /// <summary>
    /// The images with a label each where the model needs one and the set has none: the one with which the model reconstructs the image
    /// best, by the squared error. Labels that the set has are numbered as in the model.
    /// </summary>
    /// <exception cref="BadInputException">The images are not of the model's shape, or have a label that it does not know.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> asked to stop.</exception>
    public static ImageSet Complete(Vae model, ImageSet images, CancellationToken cancellation = default)
    {
        int classes = model.Options.Classes, pixels = images.PixelsPerImage;
        if (classes == 0)
            return images;
        if (images.Labels is not null)
            return images.WithLabelNames(model.Options.LabelNames);
        float[] originals = PictureInput.Rows(images), reconstructions = new float[originals.Length];
        int[] best = Best(classes, images.Count, labels =>
        {
            model.Reconstruct(originals, reconstructions, labels, cancellation);
            return Distances(originals, reconstructions, pixels);
        });
        string[]? names = model.Options.LabelNames.Count > 0 ? [.. model.Options.LabelNames] : null;
        return new ImageSet(images.Name, images.Source, best, names);
    }

    /// <summary>For each of some images the class under which its error is the least.</summary>
    /// <param name="classes">That are tried.</param>
    /// <param name="count">Images.</param>
    /// <param name="errorsOf">The errors of the images, [count], if they have the labels that it is given, [count].</param>
    internal static int[] Best(int classes, int count, Func<int[], float[]> errorsOf)
    {
        int[] best = new int[count];
        float[] least = [.. Enumerable.Repeat(float.PositiveInfinity, count)];
        for (int label = 0; label < classes; label++)
        {
            float[] errors = errorsOf([.. Enumerable.Repeat(label, count)]);
            for (int i = 0; i < count; i++)
            {
                if (errors[i] < least[i])
                    (least[i], best[i]) = (errors[i], label);
            }
        }
        return best;
    }

    /// <summary>Between rows of pixels: the root of the sum of their squared differences.</summary>
    internal static float[] Distances(float[] a, float[] b, int pixels)
    {
        float[] distances = new float[a.Length / pixels];
        for (int i = 0; i < distances.Length; i++)
            distances[i] = TensorPrimitives.Distance(a.AsSpan(i * pixels, pixels), b.AsSpan(i * pixels, pixels));
        return distances;
    }
}
