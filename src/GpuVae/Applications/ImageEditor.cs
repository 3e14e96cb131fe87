using System.Numerics.Tensors;
using GpuVae.Data;
using GpuVae.Models;

namespace GpuVae.Applications;

/// <summary>Changes images by moving their latent codes, or by telling a conditional model another label.</summary>
/// <param name="model">Encodes and decodes.</param>
/// <param name="set">What is to be changed; for a conditional model with labels, see <see cref="LabelGuess"/> where there are none.</param>
/// <param name="cancellation">Asks to stop encoding, by an <see cref="OperationCanceledException"/>.</param>
public sealed class ImageEditor(Vae model, ImageSet set, CancellationToken cancellation = default)
{
    // Of 1: what an edit does to the pixels that it is not about, a haze over the whole picture, is less.
    private const float Haze = 0.05f;

    // A pixel that changes so much keeps half of what the model could not reconstruct of it.
    private const float Repainted = 0.15f;

    private readonly float[] images = PictureInput.Rows(set), codes = LatentCodes.Means(model, set, cancellation);

    /// <summary>
    /// Whether the change d = decode(z + Δ) − decode(z) is put onto the original x instead of showing decode(z + Δ): what the model cannot
    /// reconstruct, x − decode(z), stays where the edit changes little, and goes where it paints something else, by the share
    /// ‖d‖²/(‖d‖² + 0.15²) of a pixel. Small changes are left out by the garrote d·(1 − 0.05²/‖d‖²) (Breiman, "Better subset regression
    /// using the nonnegative garrote", 1995), which leaves large ones as they are. ‖d‖ is a pixel's largest change of a channel.
    /// </summary>
    public bool KeepsDetails { get; init; } = true;

    /// <summary>Where the images lie in the latent space, [n, latent].</summary>
    public ReadOnlySpan<float> Codes => codes;

    /// <summary>The images as the model sees them, [n, pixels].</summary>
    public float[] Reconstructions => field ??= Decode(codes, null, default);

    /// <summary>The images with their codes moved, and with another label where one is given.</summary>
    /// <param name="change">Of each code, [n, latent]; see <see cref="AttributeDirections.Changes"/>.</param>
    /// <param name="label">For a conditional model: that of the edited images; without it each keeps its own.</param>
    /// <param name="stop">Asks to stop.</param>
    /// <returns>[n, pixels] in [0, 1].</returns>
    /// <exception cref="ArgumentException">A value of the change is not finite, or there are not as many as in the codes.</exception>
    /// <exception cref="BadInputException">The model does not know the label, or knows none.</exception>
    /// <exception cref="OperationCanceledException">Asked to stop.</exception>
    public float[] Edit(ReadOnlySpan<float> change, int? label = null, CancellationToken stop = default)
    {
        InputCheck.RequireFinite(change);
        float[] moved = new float[codes.Length];
        TensorPrimitives.Add(codes, change, moved);
        float[] edited = Decode(moved, label, stop);
        // Another label is another picture: there are no details to be kept.
        if (KeepsDetails && label is null)
        {
            int pixels = model.Options.Shape.Pixels;
            for (int image = 0; image < edited.Length; image += pixels)
                KeepDetails(edited.AsSpan(image, pixels), images.AsSpan(image, pixels), Reconstructions.AsSpan(image, pixels));
        }
        TensorPrimitives.Clamp<float>(edited, 0, 1, edited);
        return edited;
    }

    /// <param name="edited">decode(z + Δ), [channels, height, width], overwritten.</param>
    /// <param name="original">x.</param>
    /// <param name="reconstruction">decode(z).</param>
    private void KeepDetails(Span<float> edited, ReadOnlySpan<float> original, ReadOnlySpan<float> reconstruction)
    {
        int area = model.Options.Shape.Width * model.Options.Shape.Height;
        for (int place = 0; place < area; place++)
        {
            float largest = 0;
            for (int i = place; i < edited.Length; i += area)
                largest = Math.Max(largest, Math.Abs(edited[i] - reconstruction[i]));
            float power = largest * largest;
            float meant = Math.Max(0, 1 - Haze * Haze / power), repainted = power / (power + Repainted * Repainted);
            for (int i = place; i < edited.Length; i += area)
            {
                float change = edited[i] - reconstruction[i], detail = original[i] - reconstruction[i];
                edited[i] = original[i] + meant * (change - repainted * detail);
            }
        }
    }

    /// <summary>For each image the original, its reconstruction, and the image edited ever more strongly until all of the change.</summary>
    /// <param name="change">Of each code, [n, latent].</param>
    /// <param name="steps">Edited pictures of each image.</param>
    /// <param name="stop">Asks to stop.</param>
    /// <returns>[n, 2 + steps, pixels] in [0, 1].</returns>
    /// <exception cref="OperationCanceledException">Asked to stop.</exception>
    public float[] Strips(float[] change, int steps, CancellationToken stop = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(steps);
        return Columns(Enumerable.Range(1, steps).Select(step =>
        {
            float[] part = new float[change.Length];
            TensorPrimitives.Multiply(change, (float)step / steps, part);
            return Edit(part, label: null, stop);
        }));
    }

    /// <summary>For each image the original, its reconstruction, and the image with all of the change and each of the labels.</summary>
    /// <param name="change">Of each code, [n, latent].</param>
    /// <param name="others">Numbers of labels.</param>
    /// <param name="stop">Asks to stop.</param>
    /// <returns>[n, 2 + others, pixels] in [0, 1].</returns>
    /// <exception cref="BadInputException">The model does not know a label, or knows none.</exception>
    /// <exception cref="OperationCanceledException">Asked to stop.</exception>
    public float[] Relabelled(float[] change, IEnumerable<int> others, CancellationToken stop = default) =>
        Columns(others.Select(label => Edit(change, label, stop)));

    private float[] Columns(IEnumerable<float[]> edited)
    {
        float[][] columns = [images, Reconstructions, .. edited];
        int pixels = model.Options.Shape.Pixels;
        float[] strips = new float[checked(columns.Length * images.Length)];
        for (int i = 0; i < strips.Length / pixels; i++)
            columns[i % columns.Length].AsSpan(i / columns.Length * pixels, pixels).CopyTo(strips.AsSpan(i * pixels));
        return strips;
    }

    private float[] Decode(float[] from, int? label, CancellationToken stop)
    {
        float[] decoded = new float[images.Length];
        ReadOnlySpan<int> labels = label is { } other ? [.. Enumerable.Repeat(other, set.Count)] : model.LabelsOf(set, 0, set.Count);
        model.Decode(from, decoded, labels, stop);
        return decoded;
    }
}
