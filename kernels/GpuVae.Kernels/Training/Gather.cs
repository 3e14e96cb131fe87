// A batch out of a data set that lies on the device: output[b] = data[image of row b], 8-bit grey levels scaled to [0, 1]. As the first
// launch of a training step it opens the step, see BatchPlan.cs.
//
// Binarisation (Salakhutdinov & Murray 2008): a pixel becomes 1 with its own grey level as the probability.
//
//   Dynamic  a new draw in every step         counter (block, row of the batch, step, purpose)
//   Static   the same for an image for ever   counter (block, image, 0, purpose)

using GpuVae.Kernels.Common;
using GpuVae.Kernels.Random;
using ILGPU;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Training;

/// <summary>What becomes of grey levels when a batch is gathered.</summary>
public enum Binarization
{
    /// <summary>Grey levels in [0, 1].</summary>
    None = 0,

    /// <summary>Bits, drawn anew in every step.</summary>
    Dynamic = 1,

    /// <summary>Bits, the same for an image for ever.</summary>
    Static = 2,
}

/// <summary>Collects the images of a batch. One group works on one image.</summary>
public sealed class Gather(Accelerator accelerator)
{
    private readonly int groupSize = GroupShapes.ForRow(accelerator);
    private readonly Action<AcceleratorStream, KernelConfig, ArrayView<byte>, BatchPlan, FloatView, int> copy =
        accelerator.LoadKernel<ArrayView<byte>, BatchPlan, FloatView, int>(CopyKernel);
    private readonly Action<AcceleratorStream, KernelConfig, ArrayView<byte>, BatchPlan, FloatView, int, ulong, int> binarize =
        accelerator.LoadKernel<ArrayView<byte>, BatchPlan, FloatView, int, ulong, int>(BinarizeKernel);

    /// <summary>Opens the step and fills output[b, p] with the grey level of data[image of row b, p].</summary>
    /// <param name="data">[images × pixels].</param>
    /// <param name="plan">Says which images.</param>
    /// <param name="output">[batch × pixels], written.</param>
    /// <param name="pixels">Pixels (times channels) of an image.</param>
    public void Copy(AcceleratorStream stream, ArrayView<byte> data, BatchPlan plan, FloatView output, int pixels) =>
        copy(stream, (output.IntLength / pixels, groupSize), data, plan, output, pixels);

    /// <summary>As <see cref="Copy"/>, with each pixel drawn as 0 or 1.</summary>
    /// <param name="data">[images × pixels].</param>
    /// <param name="plan">Says which images; dynamic draws also depend on its steps done.</param>
    /// <param name="output">[batch × pixels], written.</param>
    /// <param name="binarization">Dynamic or Static.</param>
    /// <param name="seed">Seed of the draws.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="binarization"/> is neither Dynamic nor Static.</exception>
    public void Binarize(
        AcceleratorStream stream, ArrayView<byte> data, BatchPlan plan, FloatView output, int pixels, Binarization binarization,
        ulong seed)
    {
        if (binarization is not (Binarization.Dynamic or Binarization.Static))
            throw new ArgumentOutOfRangeException(nameof(binarization), binarization, "Use Copy to gather without binarisation.");
        int dynamic = binarization == Binarization.Dynamic ? 1 : 0;
        binarize(stream, (output.IntLength / pixels, groupSize), data, plan, output, pixels, seed, dynamic);
    }

    private static void CopyKernel(ArrayView<byte> data, BatchPlan plan, FloatView output, int pixels)
    {
        // 64-bit: a data set may hold more than 2^31 pixels.
        long source = (long)plan.Image(Grid.IdxX) * pixels;
        long target = (long)Grid.IdxX * pixels;
        // All threads but in the last turn: a CPU needs no masks for those.
        int whole = pixels / Group.DimX * Group.DimX;
        for (int first = 0; first < whole; first += Group.DimX)
            output[target + first + Group.IdxX] = data[source + first + Group.IdxX] / 255f;
        if (whole + Group.IdxX < pixels)
            output[target + whole + Group.IdxX] = data[source + whole + Group.IdxX] / 255f;
        if (Grid.IdxX == 0 && Group.IdxX == 0)
            plan.Open();
    }

    private static void BinarizeKernel(
        ArrayView<byte> data, BatchPlan plan, FloatView output, int pixels, ulong seed, int dynamic)
    {
        int image = plan.Image(Grid.IdxX);
        long source = (long)image * pixels;
        long target = (long)Grid.IdxX * pixels;
        long step = dynamic != 0 ? plan.StepsDone : 0;
        int row = dynamic != 0 ? plan.First + Grid.IdxX : image;
        RandomPurpose purpose = dynamic != 0 ? RandomPurpose.Binarization : RandomPurpose.StaticBinarization;
        int blocks = (pixels + 4 * Philox.WordStride - 1) / (4 * Philox.WordStride) * Philox.WordStride;
        for (int block = Group.IdxX; block < blocks; block += Group.DimX)
        {
            PhiloxBlock words = Philox.Generate(seed, purpose, step, row, block);
            int p = Philox.FirstElementOf(block);
            Draw(data, source, output, target, p, pixels, words.W0);
            Draw(data, source, output, target, p + Philox.WordStride, pixels, words.W1);
            Draw(data, source, output, target, p + 2 * Philox.WordStride, pixels, words.W2);
            Draw(data, source, output, target, p + 3 * Philox.WordStride, pixels, words.W3);
        }
        if (Grid.IdxX == 0 && Group.IdxX == 0)
            plan.Open();
    }

    private static void Draw(ArrayView<byte> data, long source, FloatView output, long target, int p, int pixels, uint word)
    {
        if (p < pixels)
            output[target + p] = Philox.ToUniform(word) < data[source + p] / 255f ? 1f : 0f;
    }
}
