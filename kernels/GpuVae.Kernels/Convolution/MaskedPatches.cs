// Masked convolutions (van den Oord et al. 2016, arXiv:1606.05328) as matrix products: the patches hold those taps alone that a mask
// leaves, a rectangle of them, so that nothing is multiplied by the zeros of a mask. Rows of a batch of grids [height, width] are
// r = (b, y, x):
//
//   p[r, (i, j, c)] = x[b, y + first row + i, x + first column + j, c], 0 beyond the edge       and [label of b] one-hot after them
//   dx[r, c] = Σ_(i, j) dp[row of (b, y - first row - i, x - first column - j), (i, j, c)]      over those inside the grid

using GpuVae.Kernels.Common;
using ILGPU;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Convolution;

/// <summary>The patches that a masked convolution multiplies its weights with.</summary>
public sealed class MaskedPatches(Accelerator accelerator)
{
    private readonly int groupSize = GroupShapes.ForShortRow(accelerator);

    private readonly Action<AcceleratorStream, KernelConfig, FloatView, FloatView, FloatView, MaskedTaps, int> gather =
        accelerator.LoadKernel<FloatView, FloatView, FloatView, MaskedTaps, int>(GatherKernel);

    private readonly Action<AcceleratorStream, KernelConfig, FloatView, FloatView, MaskedTaps, int, int> scatter =
        accelerator.LoadKernel<FloatView, FloatView, MaskedTaps, int, int>(ScatterKernel);

    /// <summary>The patches of all rows.</summary>
    /// <param name="x">[rows, channels].</param>
    /// <param name="labels">[grids]; may be empty where there are no classes.</param>
    /// <param name="patches">[rows, taps · channels + classes], written.</param>
    /// <param name="taps">Which neighbours.</param>
    /// <param name="classes">Of the labels.</param>
    public void Gather(AcceleratorStream stream, FloatView x, FloatView labels, FloatView patches, MaskedTaps taps, int classes) =>
        gather(stream, (x.IntLength / taps.Channels, groupSize), x, labels, patches, taps, classes);

    /// <summary>The gradient of what the patches were made of.</summary>
    /// <param name="dPatches">[rows, taps · channels + classes].</param>
    /// <param name="dx">[rows, channels], written, or added to.</param>
    /// <param name="taps">Which neighbours.</param>
    /// <param name="classes">Of the labels.</param>
    /// <param name="adds">Whether to add.</param>
    public void Scatter(AcceleratorStream stream, FloatView dPatches, FloatView dx, MaskedTaps taps, int classes, bool adds) =>
        scatter(stream, (dx.IntLength / taps.Channels, groupSize), dPatches, dx, taps, classes, adds ? 1 : 0);

    private static void GatherKernel(FloatView x, FloatView labels, FloatView patches, MaskedTaps taps, int classes)
    {
        int row = Grid.IdxX, place = row % (taps.Height * taps.Width), at = row * (taps.Length + classes);
        for (int i = 0; i < taps.Rows; i++)
        {
            int y = place / taps.Width + taps.FirstRow + i;
            for (int j = 0; j < taps.Columns; j++)
            {
                int column = place % taps.Width + taps.FirstColumn + j;
                bool isInside = y >= 0 && y < taps.Height && column >= 0 && column < taps.Width;
                int from = (row - place + y * taps.Width + column) * taps.Channels;
                for (int c = Group.IdxX; c < taps.Channels; c += Group.DimX)
                {
                    float value = 0f;
                    if (isInside)
                        value = x[from + c];
                    patches[at + c] = value;
                }
                at += taps.Channels;
            }
        }
        for (int c = Group.IdxX; c < classes; c += Group.DimX)
            patches[at + c] = labels[row / (taps.Height * taps.Width)] == c ? 1f : 0f;
    }

    private static void ScatterKernel(FloatView dPatches, FloatView dx, MaskedTaps taps, int classes, int adds)
    {
        int row = Grid.IdxX, place = row % (taps.Height * taps.Width), pitch = taps.Length + classes;
        for (int c = Group.IdxX; c < taps.Channels; c += Group.DimX)
        {
            float sum = 0f;
            if (adds != 0)
                sum = dx[row * taps.Channels + c];
            for (int i = 0; i < taps.Rows; i++)
            {
                int y = place / taps.Width - taps.FirstRow - i;
                for (int j = 0; j < taps.Columns; j++)
                {
                    int column = place % taps.Width - taps.FirstColumn - j;
                    if (y >= 0 && y < taps.Height && column >= 0 && column < taps.Width)
                        sum += dPatches[(row - place + y * taps.Width + column) * pitch + (i * taps.Columns + j) * taps.Channels + c];
                }
            }
            dx[row * taps.Channels + c] = sum;
        }
    }
}

/// <summary>The taps that a mask leaves of a convolution over grids, a rectangle of neighbours.</summary>
/// <param name="Height">Rows of a grid.</param>
/// <param name="Width">Columns of a grid.</param>
/// <param name="Channels">Numbers at a place.</param>
/// <param name="FirstRow">Of the rectangle, counted from the place: -1 is the row above.</param>
/// <param name="Rows">Of the rectangle.</param>
/// <param name="FirstColumn">Likewise.</param>
/// <param name="Columns">Likewise.</param>
public readonly record struct MaskedTaps(int Height, int Width, int Channels, int FirstRow, int Rows, int FirstColumn, int Columns)
{
    /// <summary>Numbers of a patch.</summary>
    public int Length => Rows * Columns * Channels;
}
