// Inverse autoregressive flow (Kingma, Salimans, Jozefowicz, Chen, Sutskever & Welling 2016, arXiv:1606.04934, algorithm 1 and eq. 13-15)
// with a masked network of one hidden layer (MADE: Germain, Gregor, Murray & Larochelle 2015, arXiv:1502.03509). One step takes z to z':
//
//   h      = relu(z·W1 + b1 + context)               [rows × H], the context being H columns of the encoder's output
//   (m, s) = h·W2 + b2                               [rows × 2L]
//   g      = sigmoid(s + 2)                          the gate lies near 1 at the start: the step begins close to the identity
//   z'     = g·z + (1 - g)·m
//   log q  = log q - Σ log g,    log g = -softplus(-(s + 2))
//
// Unit i has the degree i + 1, in every second step L - i; hidden unit h has the degree h mod L, where 0 sees the context alone. W1 is 0
// from a unit to a hidden unit of lower degree, W2 from a hidden unit to a unit of the same or a lower degree. So m_i and s_i depend on
// units of lower degree only, dz'/dz is triangular and its determinant Π g. Masked weights start at 0 and stay there because their
// gradients are 0.
//
// With b the weight of log q in the loss (RowWeights) and dz' the gradient of everything else, where dz has its share of W1 still to come:
//
//   dm = dz'·(1 - g)      ds = dz'·(z - m)·g(1 - g) - b·(1 - g)      dz = dz'·g
//
// The products are those of two linear layers. Row r belongs to image r / k.

using GpuVae.Kernels.Common;
using ILGPU;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Latent;

/// <summary>What a step of an inverse autoregressive flow does around its two matrix products.</summary>
public sealed class AutoregressiveFlow(Accelerator accelerator)
{
    /// <summary>Is added to s, so that the gate lies near 1 at the start.</summary>
    public const float GateOffset = 2f;

    private readonly int groupSize = GroupShapes.ForShortRow(accelerator);
    private readonly Action<AcceleratorStream, Index1D, FloatView, FloatView, int, int, int, int> context =
        accelerator.LoadAutoGroupedKernel<Index1D, FloatView, FloatView, int, int, int, int>(ContextKernel);
    private readonly Action<AcceleratorStream, Index1D, FloatView, FloatView, int, int, int, int> contextBackward =
        accelerator.LoadAutoGroupedKernel<Index1D, FloatView, FloatView, int, int, int, int>(ContextBackwardKernel);
    private readonly Action<AcceleratorStream, KernelConfig, FloatView, FloatView, FloatView, FloatView, int> gate =
        accelerator.LoadKernel<FloatView, FloatView, FloatView, FloatView, int>(GateKernel);
    private readonly Action<
        AcceleratorStream, Index1D, FloatView, FloatView, FloatView, RowWeights, FloatView, FloatView, int> gateBackward =
        accelerator.LoadAutoGroupedKernel<
            Index1D, FloatView, FloatView, FloatView, RowWeights, FloatView, FloatView, int>(GateBackwardKernel);

    private readonly Action<AcceleratorStream, Index1D, FloatView, FloatView, int, int, int> mask =
        accelerator.LoadAutoGroupedKernel<Index1D, FloatView, FloatView, int, int, int>(MaskKernel);

    /// <summary>Whether a weight from a unit of z to a hidden unit is not masked.</summary>
    public static bool TakesUnit(int unit, int hidden, int latents, bool reversed) => hidden % latents >= Degree(unit, latents, reversed);

    /// <summary>Whether a weight from a hidden unit to m and s of a unit is not masked.</summary>
    public static bool GivesUnit(int hidden, int unit, int latents, bool reversed) => hidden % latents < Degree(unit, latents, reversed);

    /// <summary>Adds the context to z·W1 + b1 and applies ReLU, in place.</summary>
    /// <param name="hidden">[rows × H], changed.</param>
    /// <param name="encoded">[images × columns].</param>
    /// <param name="columns">Of the encoder's output.</param>
    /// <param name="first">The first column of the context.</param>
    /// <param name="width">H.</param>
    /// <param name="samples">k.</param>
    public void AddContext(
        AcceleratorStream stream, FloatView hidden, FloatView encoded, int columns, int first, int width, int samples)
    {
        if (hidden.Length > 0)
            context(stream, hidden.IntExtent, hidden, encoded, columns, first, width, samples);
    }

    /// <summary>The context's gradient: the sum over an image's rows, in order.</summary>
    /// <param name="dHidden">[rows × H]: gradient before ReLU.</param>
    /// <param name="dEncoded">[images × columns], written in the context's columns.</param>
    public void ContextBackward(
        AcceleratorStream stream, FloatView dHidden, FloatView dEncoded, int columns, int first, int width, int samples)
    {
        if (dHidden.Length > 0)
            contextBackward(stream, dHidden.IntLength / samples, dHidden, dEncoded, columns, first, width, samples);
    }

    /// <summary>The gated update and its part of the density.</summary>
    /// <param name="outputs">[rows × 2L] = [m | s].</param>
    /// <param name="z">[rows × L].</param>
    /// <param name="next">[rows × L], written: z'.</param>
    /// <param name="density">[rows], changed: log q.</param>
    /// <param name="latents">L.</param>
    public void Gate(AcceleratorStream stream, FloatView outputs, FloatView z, FloatView next, FloatView density, int latents) =>
        gate(stream, (density.IntExtent, groupSize), outputs, z, next, density, latents);

    /// <summary>Gradients of the gated update.</summary>
    /// <param name="outputs">[rows × 2L].</param>
    /// <param name="z">[rows × L].</param>
    /// <param name="dNext">[rows × L]: dz'.</param>
    /// <param name="weights">Of the rows.</param>
    /// <param name="dOutputs">[rows × 2L], written.</param>
    /// <param name="dz">[rows × L], written: the part that does not go through the network.</param>
    public void GateBackward(
        AcceleratorStream stream, FloatView outputs, FloatView z, FloatView dNext, RowWeights weights, FloatView dOutputs, FloatView dz,
        int latents)
    {
        if (z.Length > 0)
            gateBackward(stream, z.IntExtent, outputs, z, dNext, weights, dOutputs, dz, latents);
    }

    /// <summary>Clears what is masked in the gradients (or initial values) of the weights.</summary>
    /// <param name="first">[L × H], changed: of W1.</param>
    /// <param name="second">[H × 2L], changed: of W2.</param>
    /// <param name="reversed">Whether the step counts the units from the last.</param>
    public void Mask(AcceleratorStream stream, FloatView first, FloatView second, int latents, int width, bool reversed) =>
        mask(stream, 3 * latents * width, first, second, latents, width, reversed ? 1 : 0);

    private static int Degree(int unit, int latents, bool reversed) => reversed ? latents - unit : unit + 1;

    private static void ContextKernel(Index1D i, FloatView hidden, FloatView encoded, int columns, int first, int width, int samples)
    {
        int row = i.X / width;
        float value = hidden[i] + encoded[row / samples * columns + first + (i.X - row * width)];
        hidden[i] = Relu.Apply(value);
    }

    private static void ContextBackwardKernel(
        Index1D i, FloatView dHidden, FloatView dEncoded, int columns, int first, int width, int samples)
    {
        int image = i.X / width, column = i.X - image * width;
        float sum = 0f;
        for (int row = image * samples; row < (image + 1) * samples; row++)
            sum += dHidden[row * width + column];
        dEncoded[image * columns + first + column] = sum;
    }

    private static void GateKernel(FloatView outputs, FloatView z, FloatView next, FloatView density, int latents)
    {
        FloatView scratch = SharedMemory.Allocate<float>(GroupShapes.MaxRowGroup);
        int row = Grid.IdxX;
        float sum = 0f;
        for (int l = Group.IdxX; l < latents; l += Group.DimX)
        {
            float m = outputs[row * 2 * latents + l];
            float s = outputs[row * 2 * latents + latents + l] + GateOffset;
            next[row * latents + l] = ScalarMath.Sigmoid(s) * z[row * latents + l] + ScalarMath.Sigmoid(-s) * m;
            sum += ScalarMath.Softplus(-s);
        }
        float total = GroupShapes.Sum(sum, scratch);
        if (Group.IdxX == 0)
            density[row] += total;
    }

    private static void GateBackwardKernel(
        Index1D i, FloatView outputs, FloatView z, FloatView dNext, RowWeights weights, FloatView dOutputs, FloatView dz, int latents)
    {
        int row = i.X / latents, at = i.X + row * latents;
        float m = outputs[at], s = outputs[at + latents] + GateOffset;
        float open = ScalarMath.Sigmoid(s), closed = ScalarMath.Sigmoid(-s);
        float upstream = dNext[i];
        dOutputs[at] = upstream * closed;
        dOutputs[at + latents] = closed * (upstream * (z[i] - m) * open - weights.OfDensity(row));
        dz[i] = upstream * open;
    }

    private static void MaskKernel(Index1D i, FloatView first, FloatView second, int latents, int width, int reversed)
    {
        int ofFirst = latents * width;
        if (i.X < ofFirst)
        {
            int unit = i.X / width;
            if (!TakesUnit(unit, i.X - unit * width, latents, reversed != 0))
                first[i.X] = 0f;
        }
        else
        {
            int place = i.X - ofFirst, hidden = place / (2 * latents);
            if (!GivesUnit(hidden, place % latents, latents, reversed != 0))
                second[place] = 0f;
        }
    }
}
