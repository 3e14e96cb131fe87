using GpuVae.Kernels.Common;
using GpuVae.Kernels.Latent;
using GpuVae.Kernels.Training;
using GpuVae.Layers;
using GpuVae.Scheduling;

namespace GpuVae.Latent;

/// <summary>The nearest vectors of a codebook, which is a moving average of what they stand for.</summary>
internal sealed class CodebookQuantizer(VaeOptions options, ImageShape grid, string name) : Quantizer(grid)
{
    // Scores of so many rows are made at a time: they stay in a processor's cache, and need no more memory than that.
    private const int ScoresAtOnce = 1 << 20;

    private readonly int count = options.Codes, size = options.CodeSize;
    private readonly string prefix = Parameter.CodebookPrefix + name;
    private Parameter? vectors, shares, sums;

    /// <summary>The vectors [K, D], and the moving averages that they are made of.</summary>
    public override IEnumerable<(string Name, int[] Shape)> ParameterShapes =>
    [
        ($"{prefix}weight", [count, size]), ($"{prefix}share", [count]), ($"{prefix}sum", [count, size]),
    ];

    public override void Attach(ParameterStore store) =>
        (vectors, shares, sums) = (store[$"{prefix}weight"], store[$"{prefix}share"], store[$"{prefix}sum"]);

    public override QuantizedPass Forward(LayerContext context, PlannedTensor z)
    {
        int rows = z.Rows * Places, part = Math.Clamp(ScoresAtOnce / count, 1, rows);
        PlannedTensor codes = context.Builder.Tensor("codes", z.Rows, z.Columns);
        PlannedTensor indices = context.Builder.Tensor("code indices", z.Rows, Places);
        PlannedTensor commitment = context.Builder.Tensor("commitment", z.Rows, Places);
        PlannedTensor scores = context.Builder.Tensor("scores of codes", part, count);
        PlannedTensor norms = context.Builder.Tensor("norms of codes", 1, count);
        ArrayView<float> codebook = ParameterStore.Slice(context.Values, vectors!);
        VectorQuantization kernel = context.Kernels.VectorQuantization;
        Devices.LinearKernels products = context.Kernels.LinearWith(null);
        float beta = (float)options.Commitment;
        context.Builder.Add("norms of codes", 2.0 * size * count, 4.0 * size * count, [norms], stream =>
            kernel.Norms(stream, codebook, norms.View));
        context.Builder.Add(
            "nearest codes", 2.0 * rows * count * size, 4.0 * (2 * z.Length + 2 * rows + count * size),
            [z, norms, scores, codes, indices, commitment],
            stream =>
            {
                for (int first = 0; first < rows; first += part)
                {
                    int taken = Math.Min(part, rows - first);
                    ArrayView<float> ofPart = z.View.SubView((long)first * size, (long)taken * size);
                    products.Forward(
                        stream, new MatrixView(ofPart, taken, size, "z"), new MatrixView(codebook, size, count, "codebook"), norms.View,
                        new MatrixView(scores.View, taken, count, "scores"), default);
                    var quantized = new QuantizedRows(
                        codes.View.SubView((long)first * size, (long)taken * size), indices.View.SubView(first, taken),
                        commitment.View.SubView(first, taken));
                    kernel.Choose(stream, scores.View, ofPart, codebook, quantized, size, beta);
                }
            });
        return new QuantizedPass(codes, indices, commitment, (back, dCodes) => Backward(back, z, codes, dCodes));
    }

    public override PlannedTensor Lookup(LayerContext context, PlannedTensor indices)
    {
        PlannedTensor codes = context.Builder.Tensor("codes", indices.Rows, Places * size);
        ArrayView<float> codebook = ParameterStore.Slice(context.Values, vectors!);
        VectorQuantization kernel = context.Kernels.VectorQuantization;
        context.Builder.Add("look codes up", 0, 8.0 * codes.Length, [indices, codes], stream =>
            kernel.Lookup(stream, codebook, indices.View, codes.View));
        return codes;
    }

    public override void AppendUpdate(
        LayerContext context, PlannedTensor z, PlannedTensor indices, ArrayView<long> step, ulong seed)
    {
        PlannedTensor scratch = context.Builder.Tensor("means of codes", 1, CodebookAverage.ScratchLength(count, size));
        var state = new CodebookState(
            ParameterStore.Slice(context.Values, vectors!), ParameterStore.Slice(context.Values, shares!),
            ParameterStore.Slice(context.Values, sums!));
        CodebookAverage kernel = context.Kernels.CodebookAverage;
        context.Builder.Add(
            "codebook", 2.0 * z.Length, 4.0 * (z.Length + indices.Length + 4 * count * size), [z, indices, scratch],
            stream => kernel.Update(stream, state, z.View, indices.View, scratch.View, step, options.CodebookDecay, seed));
    }

    private PlannedTensor Backward(LayerContext context, PlannedTensor z, PlannedTensor codes, PlannedTensor dCodes)
    {
        PlannedTensor dz = context.Builder.Tensor("encoder output gradient", z.Rows, z.Columns);
        VectorQuantization kernel = context.Kernels.VectorQuantization;
        float pull = (float)(2 * options.Commitment / z.Rows);
        bool rotates = options.CodeGradient == CodeGradient.Rotation;
        context.Builder.Add(
            "codes backward", 16.0 * z.Length, 16.0 * z.Length, [z, codes, dCodes, dz],
            stream => kernel.Backward(stream, z.View, codes.View, dCodes.View, dz.View, size, pull, rotates));
        return dz;
    }
}
