using GpuVae.Models;

namespace GpuVae.Applications;

/// <summary>
/// Completions of images by a prior over their discrete codes: those whose part of the image is hidden are drawn anew, row by row, and
/// what is seen is laid over the decoded image. A code is drawn under the condition of those before it alone. Where there are two grids, a
/// bottom code is also drawn anew where the top one is that it was chosen in sight of.
/// </summary>
public static class GridInpainting
{
    /// <summary>Draws <paramref name="samples"/> completions of every image, [n · samples, pixels].</summary>
    /// <param name="prior">Over the codes of its model.</param>
    /// <param name="images">[n, pixels]; hidden pixels are not looked at.</param>
    /// <param name="mask">Which pixels are hidden.</param>
    /// <param name="samples">Completions of an image.</param>
    /// <param name="seed">Of the draws.</param>
    /// <param name="labels">[n], for a prior that is told them.</param>
    /// <param name="cancellation">Asks to stop before the next place.</param>
    /// <exception cref="BadInputException">The mask is not of the images' size, or labels are missing or unknown.</exception>
    /// <exception cref="ArgumentException">The images are no whole number of them, or a value is not in [0, 1].</exception>
    /// <exception cref="OperationCanceledException">Asked to stop.</exception>
    public static float[] Sample(
        GridPrior prior, ReadOnlySpan<float> images, Mask mask, int samples, ulong seed, ReadOnlySpan<int> labels = default,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(prior);
        ArgumentNullException.ThrowIfNull(mask);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(samples);
        VaeOptions options = prior.Model.Options;
        ImageShape shape = options.Shape;
        if ((mask.Width, mask.Height) != (shape.Width, shape.Height))
            throw new BadInputException($"The mask has {mask.Width}×{mask.Height} pixels, and the images are {shape}.");
        int count = images.Length / shape.Pixels, places = options.Places;
        float[] all = new float[checked(count * samples * shape.Pixels)];
        int[] labelsOfAll = new int[labels.IsEmpty ? 0 : count * samples];
        for (int i = 0; i < count * samples; i++)
        {
            images.Slice(i / samples * shape.Pixels, shape.Pixels).CopyTo(all.AsSpan(i * shape.Pixels));
            if (labelsOfAll.Length > 0)
                labelsOfAll[i] = labels[i / samples];
        }
        float[] seen = Filled(all, mask, shape);
        int[] numbers = new int[count * samples * places];
        prior.Model.EncodeNumbers(seen, numbers, cancellation);
        bool[] ofImage = Open(mask, options), open = [.. Enumerable.Range(0, numbers.Length).Select(i => ofImage[i % places])];
        prior.Draw(numbers, open, labelsOfAll, seed, cancellation: cancellation);
        float[] drawn = new float[all.Length];
        prior.Model.DecodeNumbers(numbers, drawn, cancellation);
        for (int i = 0; i < all.Length; i++)
            if (!IsHidden(mask, shape, i))
                drawn[i] = all[i];
        return drawn;
    }

    private static bool IsHidden(Mask mask, ImageShape shape, int pixel) =>
        mask[pixel % shape.Width, pixel / shape.Width % shape.Height];

    /// <summary>Which of an image's places are to be drawn.</summary>
    private static bool[] Open(Mask mask, VaeOptions options)
    {
        ImageShape grid = options.Grid;
        bool[] bottom = OfGrid(grid);
        if (options.TopGrid is not { } topGrid)
            return bottom;
        bool[] top = OfGrid(topGrid);
        for (int place = 0; place < bottom.Length; place++)
            bottom[place] |= top[place / grid.Width / 2 * topGrid.Width + place % grid.Width / 2];
        return [.. top, .. bottom];

        bool[] OfGrid(ImageShape of) =>
            [.. Enumerable.Range(0, of.Width * of.Height).Select(place => IsHidden(mask, options.Shape, of, place))];
    }

    /// <summary>Whether the part of an image that a place stands for has hidden pixels.</summary>
    private static bool IsHidden(Mask mask, ImageShape shape, ImageShape grid, int place)
    {
        (int left, int top) = (place % grid.Width * shape.Width / grid.Width, place / grid.Width * shape.Height / grid.Height);
        int right = (place % grid.Width + 1) * shape.Width / grid.Width, bottom = (place / grid.Width + 1) * shape.Height / grid.Height;
        for (int y = top; y < bottom; y++)
            for (int x = left; x < right; x++)
                if (mask[x, y])
                    return true;
        return false;
    }

    /// <summary>Hidden pixels get the mean of those that are seen, so that the codes beside them see no edge of black.</summary>
    private static float[] Filled(float[] images, Mask mask, ImageShape shape)
    {
        float[] filled = [.. images];
        int area = shape.Width * shape.Height;
        for (int first = 0; first < filled.Length; first += area)
        {
            double sum = 0;
            int seen = 0;
            for (int i = 0; i < area; i++)
                if (!IsHidden(mask, shape, i))
                    (sum, seen) = (sum + images[first + i], seen + 1);
            for (int i = 0; i < area; i++)
                if (IsHidden(mask, shape, i))
                    filled[first + i] = seen > 0 ? (float)(sum / seen) : 0.5f;
        }
        return filled;
    }
}
