using GpuVae.Devices;
using GpuVae.Kernels.Common;
using GpuVae.Kernels.Layers;
using GpuVae.Layers;
using GpuVae.Scheduling;

namespace GpuVae.Latent;

/// <summary>
/// A causal transformer over grids of codes, row by row: rows of a learned table for the code before, the place and the label, blocks of
/// attention and two linear layers, each with layer normalisation before and a residual around it (Vaswani et al. 2017, arXiv:1706.03762;
/// the order of Xiong et al. 2020, arXiv:2002.04745), and a linear layer to the logits. What a top grid says of a place is added to what
/// the first block is given, through a linear layer. Rows of its matrices are places.
/// </summary>
internal sealed class CausalTransformer : CodeNetwork
{
    private readonly Block[] blocks;
    private readonly GroupNorm norm;
    private readonly Linear logits;
    private readonly Linear? ofTop;
    private readonly string tableName;
    private readonly int codes, places, width, heads, classes;
    private Parameter? table;

    /// <param name="grid">Of the codes.</param>
    /// <param name="codes">How many different codes there are.</param>
    /// <param name="options">Of the network.</param>
    /// <param name="name">What the names of its parameters begin with.</param>
    /// <param name="channelsAbove">Numbers that a top grid says of a place; 0 where there is none.</param>
    public CausalTransformer(ImageShape grid, int codes, GridPriorOptions options, string name = "prior", int channelsAbove = 0)
    {
        tableName = $"{name}.embedding.weight";
        (this.codes, places, width) = (codes, grid.Width * grid.Height, options.Width);
        (heads, classes) = (options.Heads, options.Classes);
        // SiLU and its derivative take a fraction of the time that GELU's error function takes.
        blocks =
        [
            .. Enumerable.Range(0, options.Layers).Select(i => new Block(
                Normalization($"{name}.{i}.attention.norm"), new Linear($"{name}.{i}.attention.input", width, 3 * width, null),
                new Linear($"{name}.{i}.attention.output", width, width, null), Normalization($"{name}.{i}.norm"),
                new Linear($"{name}.{i}.hidden", width, 4 * width, Activation.Of<Silu>()),
                new Linear($"{name}.{i}.output", 4 * width, width, null))),
        ];
        norm = Normalization($"{name}.norm");
        ofTop = channelsAbove > 0 ? new Linear($"{name}.above", channelsAbove, width, null) : null;
        logits = new Linear($"{name}.logits", width, codes, null);
    }

    /// <summary>The table lies as the weight of a linear layer of one-hot numbers would: [width, codes + places + classes].</summary>
    public override IEnumerable<(string Name, int[] Shape)> ParameterShapes =>
        [(tableName, [width, codes + places + classes]), .. All.SelectMany(layer => layer.ParameterShapes)];

    /// <summary>The keys and values of the places before are kept.</summary>
    public override bool TakesEveryPlace => true;

    private IEnumerable<Layer> All =>
        [.. blocks.SelectMany(block => block.All), norm, .. ofTop is null ? Array.Empty<Layer>() : [ofTop], logits];

    public override void Attach(ParameterStore store)
    {
        table = store[tableName];
        foreach (Layer layer in All)
            layer.Attach(store);
    }

    /// <inheritdoc/>
    public override (PlannedTensor Logits, Action<LayerContext, PlannedTensor> Backward) Forward(
        LayerContext context, PlannedTensor indices, PlannedTensor? above)
    {
        PlannedTensor x = Embed(context, indices, null);
        LayerPass? conditional = above is null ? null : ofTop!.Forward(context, LayerOutput.Of(ByPlace(context, above, places)));
        if (conditional is not null)
            x = Sum(context, x, conditional.Output.Value);
        var ways = new Func<LayerContext, PlannedTensor, PlannedTensor>[blocks.Length];
        for (int i = 0; i < blocks.Length; i++)
            (x, ways[i]) = Append(context, blocks[i], x);
        LayerPass last = norm.Forward(context, LayerOutput.Of(x)), end = logits.Forward(context, last.Output);
        return (end.Output.Value, (back, dLogits) =>
        {
            PlannedTensor dx = last.Backward(back, end.Backward(back, dLogits, wantsInput: true)!, wantsInput: true)!;
            foreach (Func<LayerContext, PlannedTensor, PlannedTensor> way in ways.Reverse())
                dx = way(back, dx);
            conditional?.Backward(back, dx, wantsInput: false);
            EmbedBackward(back, indices, dx);
        }
        );
    }

    /// <inheritdoc/>
    public override PlannedTensor AppendNext(LayerContext context, PlannedTensor indices, PlannedTensor? above, Func<int> place)
    {
        int images = indices.Rows;
        PlannedTensor[] seen =
            [.. blocks.Select(_ => context.Builder.Tensor("queries, keys and values", images * places, 3 * width))];
        // They are used from the first step to the last, so that nothing else lies there in between two runs.
        context.Builder.Add("keep", 0, 0, seen, _ => { });
        PlannedTensor x = Embed(context, indices, place);
        if (above is not null)
            x = Sum(context, x, Infer(context, ofTop!, AtPlace(context, ByPlace(context, above, places), places, place)));
        foreach ((Block block, PlannedTensor kept) in blocks.Zip(seen))
        {
            PlannedTensor qkv = Infer(context, block.Input, Infer(context, block.AttentionNorm, x));
            Keep(context, qkv, kept, place);
            (PlannedTensor attended, _) = Attend(context, kept, images, place);
            x = Sum(context, x, Infer(context, block.Output, attended));
            PlannedTensor hidden = Infer(context, block.Hidden, Infer(context, block.Norm, x));
            x = Sum(context, x, Infer(context, block.Last, hidden));
        }
        PlannedTensor next = Infer(context, logits, Infer(context, norm, x));
        context.Builder.Add("keep", 0, 0, seen, _ => { });
        return next;
    }

    private GroupNorm Normalization(string name) => new(name, area: 1, width, null, groups: 1);

    /// <summary>Appends what the first block is given at one place, or at all of them, [images · count, width].</summary>
    private PlannedTensor Embed(LayerContext context, PlannedTensor indices, Func<int>? place)
    {
        int count = CountOf(place);
        PlannedTensor x = context.Builder.Tensor("embedded codes", indices.Rows * count, width);
        SequenceEmbedding kernel = context.Kernels.SequenceEmbedding;
        ArrayView<float> rows = ParameterStore.Slice(context.Values, table!);
        context.Builder.Add(
            "embedding", 3.0 * x.Length, 16.0 * x.Length, [indices, x, .. LabelsOf(context)],
            stream => kernel.Forward(
                stream, indices.View, context.Labels?.View ?? default, rows, x.View,
                new EmbeddingShape(codes, places, width, place?.Invoke() ?? 0, count)),
            varies: place is not null);
        return x;
    }

    private void EmbedBackward(LayerContext context, PlannedTensor indices, PlannedTensor dx)
    {
        SequenceEmbedding kernel = context.Kernels.SequenceEmbedding;
        ArrayView<float> gradient = ParameterStore.Slice(context.Gradients, table!);
        context.Builder.Add("embedding backward", dx.Length, 8.0 * dx.Length, [indices, dx, .. LabelsOf(context)], stream =>
            kernel.Backward(
                stream, indices.View, context.Labels?.View ?? default, dx.View, gradient,
                new EmbeddingShape(codes, places, width, 0, places)));
    }

    /// <summary>Appends a block's attention and linear layers, each added to what it was given.</summary>
    private (PlannedTensor Output, Func<LayerContext, PlannedTensor, PlannedTensor> Backward) Append(
        LayerContext context, Block block, PlannedTensor x)
    {
        LayerPass before = block.AttentionNorm.Forward(context, LayerOutput.Of(x)), input = block.Input.Forward(context, before.Output);
        PlannedTensor qkv = input.Output.Value;
        (PlannedTensor seen, PlannedTensor logSums) = Attend(context, qkv, x.Rows / places, null);
        LayerPass output = block.Output.Forward(context, LayerOutput.Of(seen));
        PlannedTensor sum = Sum(context, x, output.Output.Value);
        LayerPass after = block.Norm.Forward(context, LayerOutput.Of(sum)), hidden = block.Hidden.Forward(context, after.Output);
        LayerPass last = block.Last.Forward(context, hidden.Output);
        return (Sum(context, sum, last.Output.Value), (back, dy) =>
        {
            PlannedTensor? way = hidden.Backward(back, last.Backward(back, dy, wantsInput: true)!, wantsInput: true);
            PlannedTensor dSum = Sum(back, dy, after.Backward(back, way!, wantsInput: true)!);
            PlannedTensor dSeen = output.Backward(back, dSum, wantsInput: true)!;
            way = input.Backward(back, AttendBackward(back, qkv, seen, logSums, dSeen), wantsInput: true);
            return Sum(back, dSum, before.Backward(back, way!, wantsInput: true)!);
        }
        );
    }

    /// <summary>Appends what one place sees, or all of them do, [images · count, width], and the logarithms of their sums.</summary>
    private (PlannedTensor Seen, PlannedTensor LogSums) Attend(LayerContext context, PlannedTensor qkv, int images, Func<int>? place)
    {
        int count = CountOf(place);
        PlannedTensor seen = context.Builder.Tensor("attention", images * count, width);
        PlannedTensor logSums = context.Builder.Tensor("attention's sums", images * heads, count);
        CausalAttention kernel = context.Kernels.CausalAttention;
        context.Builder.Add(
            "attention", 2.0 * seen.Length * places, 8.0 * qkv.Length, [qkv, seen, logSums],
            stream => kernel.Forward(
                stream, qkv.View, seen.View, logSums.View,
                new AttentionShape(places, heads, width / heads, place?.Invoke() ?? 0, count)),
            varies: place is not null);
        return (seen, logSums);
    }

    private int CountOf(Func<int>? place) => place is null ? places : 1;

    private PlannedTensor AttendBackward(
        LayerContext context, PlannedTensor qkv, PlannedTensor seen, PlannedTensor logSums, PlannedTensor dSeen)
    {
        PlannedTensor dQkv = context.Builder.Tensor("attention gradient", qkv.Rows, qkv.Columns);
        PlannedTensor deltas = context.Builder.Tensor("attention's products", logSums.Rows, logSums.Columns);
        CausalAttention kernel = context.Kernels.CausalAttention;
        context.Builder.Add(
            "attention backward", 7.0 * seen.Length * places, 16.0 * qkv.Length, [qkv, seen, logSums, dSeen, deltas, dQkv],
            stream => kernel.Backward(
                stream, qkv.View, seen.View, logSums.View, dSeen.View, deltas.View, dQkv.View,
                new AttentionShape(places, heads, width / heads, 0, places)));
        return dQkv;
    }

    /// <summary>Appends the copy of a place's queries, keys and values to those of its image.</summary>
    private void Keep(LayerContext context, PlannedTensor qkv, PlannedTensor kept, Func<int> place)
    {
        ColumnCopy copy = context.Kernels.ColumnCopy;
        int columns = qkv.Columns;
        context.Builder.Add(
            "keep keys and values", 0, 8.0 * qkv.Length, [qkv, kept],
            stream => copy.Run(
                stream, qkv.View, columns, kept.View.SubView((long)place() * columns), places * columns, columns),
            varies: true);
    }

    private static PlannedTensor Infer(LayerContext context, Layer layer, PlannedTensor x)
    {
        PlannedTensor y = context.Builder.Tensor($"{layer.Name} output", x.Rows, layer.Outputs);
        layer.Infer(context, x, y, layer.Activation);
        return y;
    }

    private static PlannedTensor Sum(LayerContext context, PlannedTensor a, PlannedTensor b)
    {
        PlannedTensor sum = context.Builder.Tensor("residual", a.Rows, a.Columns);
        Addition<Identity> addition = context.Kernels.Addition;
        context.Builder.Add("residual", sum.Length, 12.0 * sum.Length, [a, b, sum], stream =>
            addition.Forward(stream, a.View, b.View, sum.View, sum.View));
        return sum;
    }

    private static PlannedTensor[] LabelsOf(LayerContext context) => context.Labels is { } labels ? [labels] : [];

    /// <summary>One block: attention, and two linear layers with an activation between them.</summary>
    private sealed record Block(GroupNorm AttentionNorm, Linear Input, Linear Output, GroupNorm Norm, Linear Hidden, Linear Last)
    {
        public IEnumerable<Layer> All => [AttentionNorm, Input, Output, Norm, Hidden, Last];
    }
}
