// The gate of a gated PixelCNN (van den Oord et al. 2016, arXiv:1606.05328, equation 2): of pre-activations s = [a | b], 2C columns,
//
//   y = tanh(a)·σ(b)         da = dy·(1 - tanh²(a))·σ(b)         db = dy·tanh(a)·σ(b)·(1 - σ(b))

using GpuVae.Kernels.Common;
using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Layers;

/// <summary>tanh(a)·σ(b), forward and backward.</summary>
public sealed class GatedActivation(Accelerator accelerator)
{
    private readonly Action<AcceleratorStream, Index1D, FloatView, FloatView, int> forward =
        accelerator.LoadAutoGroupedKernel<Index1D, FloatView, FloatView, int>(ForwardKernel);

    private readonly Action<AcceleratorStream, Index1D, FloatView, FloatView, FloatView, int, int> backward =
        accelerator.LoadAutoGroupedKernel<Index1D, FloatView, FloatView, FloatView, int, int>(BackwardKernel);

    /// <summary>y [rows, C], written, from s [rows, 2C].</summary>
    public void Forward(AcceleratorStream stream, FloatView s, FloatView y, int columns)
    {
        if (y.Length > 0)
            forward(stream, y.IntExtent, s, y, columns);
    }

    /// <summary>ds [rows, 2C], written, or added to, from s [rows, 2C] and dy [rows, C].</summary>
    public void Backward(AcceleratorStream stream, FloatView s, FloatView dy, FloatView ds, int columns, bool adds)
    {
        if (dy.Length > 0)
            backward(stream, dy.IntExtent, s, dy, ds, columns, adds ? 1 : 0);
    }

    private static void ForwardKernel(Index1D i, FloatView s, FloatView y, int columns)
    {
        int at = i + i / columns * columns;
        y[i] = XMath.Tanh(s[at]) * ScalarMath.Sigmoid(s[at + columns]);
    }

    private static void BackwardKernel(Index1D i, FloatView s, FloatView dy, FloatView ds, int columns, int adds)
    {
        int at = i + i / columns * columns;
        float tanh = XMath.Tanh(s[at]), sigmoid = ScalarMath.Sigmoid(s[at + columns]);
        float da = dy[i] * (1f - tanh * tanh) * sigmoid, db = dy[i] * tanh * sigmoid * (1f - sigmoid);
        if (adds != 0)
        {
            da += ds[at];
            db += ds[at + columns];
        }
        ds[at] = da;
        ds[at + columns] = db;
    }
}
