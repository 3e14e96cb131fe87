// What a network over sequences of codes is given at place t of an image: the sum of three rows of one table W [K + T + L, width], which
// belong to the code before it, to the place, and to the image's label,
//
//   y[b, t] = W[code of t - 1] + W[K + t] + W[K + T + label of b]          nothing before the first code, nor without labels
//   dW[i]   = Σ dy[b, t]                                                   over those (b, t) that row i is a term of, in their order
//
// A linear layer would multiply with one-hot codes, of which all but three numbers are 0.

using GpuVae.Kernels.Common;
using ILGPU;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Layers;

/// <summary>Rows of a table for sequences of codes, and the table's gradient.</summary>
public sealed class SequenceEmbedding(Accelerator accelerator)
{
    /// <summary>The most columns of a table.</summary>
    public const int MaxWidth = 1024;

    private readonly int groupSize = GroupShapes.ForRow(accelerator);

    private readonly Action<AcceleratorStream, KernelConfig, FloatView, FloatView, FloatView, FloatView, EmbeddingShape> forward =
        accelerator.LoadKernel<FloatView, FloatView, FloatView, FloatView, EmbeddingShape>(ForwardKernel);

    private readonly Action<AcceleratorStream, KernelConfig, FloatView, FloatView, FloatView, FloatView, EmbeddingShape> gradient =
        accelerator.LoadKernel<FloatView, FloatView, FloatView, FloatView, EmbeddingShape>(GradientKernel);

    /// <summary>The rows of <paramref name="shape"/>'s places.</summary>
    /// <param name="codes">[images, places], 0 … K - 1.</param>
    /// <param name="labels">[images]; may be empty where there are none.</param>
    /// <param name="table">[K + places + L, width].</param>
    /// <param name="y">[images · count, width], written.</param>
    /// <param name="shape">Sizes.</param>
    public void Forward(
        AcceleratorStream stream, FloatView codes, FloatView labels, FloatView table, FloatView y, EmbeddingShape shape) =>
        forward(stream, (codes.IntLength / shape.Places * shape.Count, groupSize), codes, labels, table, y, shape);

    /// <summary>The gradient of the table.</summary>
    /// <param name="codes">[images, places].</param>
    /// <param name="labels">[images]; may be empty where there are none.</param>
    /// <param name="dy">[images · places, width].</param>
    /// <param name="dTable">[K + places + L, width], written.</param>
    /// <param name="shape">Sizes, of all places.</param>
    /// <exception cref="ArgumentException">Not all places, or more than <see cref="MaxWidth"/> columns.</exception>
    public void Backward(
        AcceleratorStream stream, FloatView codes, FloatView labels, FloatView dy, FloatView dTable, EmbeddingShape shape)
    {
        if (shape.First != 0 || shape.Count != shape.Places || shape.Width > MaxWidth)
            throw new ArgumentException($"The way back is that of all places, and of {MaxWidth} columns at most.");
        gradient(stream, (dTable.IntLength / shape.Width, groupSize), codes, labels, dy, dTable, shape);
    }

    private static void ForwardKernel(FloatView codes, FloatView labels, FloatView table, FloatView y, EmbeddingShape shape)
    {
        int image = Grid.IdxX / shape.Count, place = shape.First + Grid.IdxX % shape.Count;
        int ofPlace = (shape.Codes + place) * shape.Width, ofCode = -1, ofLabel = -1;
        if (place > 0)
            ofCode = (int)codes[image * shape.Places + place - 1] * shape.Width;
        if (labels.Length > 0)
            ofLabel = (shape.Codes + shape.Places + (int)labels[image]) * shape.Width;
        for (int c = Group.IdxX; c < shape.Width; c += Group.DimX)
        {
            float sum = table[ofPlace + c];
            if (ofCode >= 0)
                sum += table[ofCode + c];
            if (ofLabel >= 0)
                sum += table[ofLabel + c];
            y[Grid.IdxX * shape.Width + c] = sum;
        }
    }

    /// <summary>A group has one row of the table and looks for those of dy that it went into; a thread has columns of their sum.</summary>
    private static void GradientKernel(FloatView codes, FloatView labels, FloatView dy, FloatView dTable, EmbeddingShape shape)
    {
        FloatView sums = SharedMemory.Allocate<float>(MaxWidth);
        for (int c = Group.IdxX; c < shape.Width; c += Group.DimX)
            sums[c] = 0f;
        int images = codes.IntLength / shape.Places, place = Grid.IdxX - shape.Codes, label = place - shape.Places;
        // As codes are stored, so that thousands of them are compared as they are.
        float code = Grid.IdxX;
        for (int image = 0; image < images; image++)
        {
            int first = image * shape.Places;
            if (place < 0)
            {
                for (int row = first + 1; row < first + shape.Places; row++)
                {
                    if (codes[row - 1] == code)
                        AddRow(sums, dy, row, shape.Width);
                }
            }
            else if (label < 0)
            {
                AddRow(sums, dy, first + place, shape.Width);
            }
            else if ((int)labels[image] == label)
            {
                for (int row = first; row < first + shape.Places; row++)
                    AddRow(sums, dy, row, shape.Width);
            }
        }
        for (int c = Group.IdxX; c < shape.Width; c += Group.DimX)
            dTable[Grid.IdxX * shape.Width + c] = sums[c];
    }

    private static void AddRow(FloatView sums, FloatView dy, int row, int width)
    {
        for (int c = Group.IdxX; c < width; c += Group.DimX)
            sums[c] += dy[row * width + c];
    }
}

/// <summary>A table's rows, and the places that are wanted.</summary>
/// <param name="Codes">K, different codes.</param>
/// <param name="Places">Of an image.</param>
/// <param name="Width">Columns.</param>
/// <param name="First">The first place that is wanted; with all of them 0.</param>
/// <param name="Count">How many from there on; with all of them as many as there are.</param>
public readonly record struct EmbeddingShape(int Codes, int Places, int Width, int First, int Count);
