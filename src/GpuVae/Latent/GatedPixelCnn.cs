using GpuVae.Devices;
using GpuVae.Kernels.Common;
using GpuVae.Kernels.Convolution;
using GpuVae.Kernels.Layers;
using GpuVae.Layers;
using GpuVae.Scheduling;

namespace GpuVae.Latent;

/// <summary>
/// A gated PixelCNN over grids of codes (van den Oord et al. 2016, arXiv:1606.05328): the logits of a place depend on the places before
/// it, row by row, and on the label. Of two stacks one sees the rows above, the other the places on the left and what the first one
/// saw; neither has a blind spot. What a top grid says of a place and of those around it is a term of the gate in every layer, as the
/// paper has it for a condition that has places. Rows of its matrices are places.
/// </summary>
internal sealed class GatedPixelCnn : CodeNetwork
{
    private readonly Block[] blocks;
    private readonly MaskedTaps around;
    private readonly Linear hidden, logits;
    private readonly int classes, places;
    private readonly Func<ScheduleBuilder, PlannedTensor, PlannedTensor> lookup;

    /// <param name="grid">Of the codes; its channels are the numbers of a vector.</param>
    /// <param name="codes">How many different codes there are.</param>
    /// <param name="options">Of the network.</param>
    /// <param name="lookup">Appends the vectors of codes, [images, places · D], by their numbers [images, places].</param>
    /// <param name="name">What the names of its parameters begin with.</param>
    /// <param name="channelsAbove">Numbers that a top grid says of a place; 0 where there is none.</param>
    public GatedPixelCnn(
        ImageShape grid, int codes, GridPriorOptions options, Func<ScheduleBuilder, PlannedTensor, PlannedTensor> lookup,
        string name = "prior", int channelsAbove = 0)
    {
        around = new MaskedTaps(grid.Height, grid.Width, channelsAbove, FirstRow: -1, Rows: 3, FirstColumn: -1, Columns: 3);
        (classes, places, this.lookup) = (options.Classes, grid.Width * grid.Height, lookup);
        int width = options.Width;
        blocks = new Block[options.Layers];
        for (int i = 0; i < blocks.Length; i++)
        {
            // The first layer must not see the place itself, as its input is the code; those after it may.
            int own = i == 0 ? 0 : 1, channels = i == 0 ? grid.Channels : width;
            var above = new MaskedTaps(grid.Height, grid.Width, channels, FirstRow: -1, Rows: 1 + own, FirstColumn: -1, Columns: 3);
            var left = new MaskedTaps(grid.Height, grid.Width, channels, FirstRow: 0, Rows: 1, FirstColumn: -1, Columns: 1 + own);
            blocks[i] = new Block(
                above, left, new Linear($"{name}.{i}.vertical", above.Length + classes, 2 * width, null),
                new Linear($"{name}.{i}.across", 2 * width, 2 * width, null),
                new Linear($"{name}.{i}.horizontal", left.Length + classes, 2 * width, null),
                new Linear($"{name}.{i}.output", width, width, null),
                channelsAbove > 0 ? new Linear($"{name}.{i}.above", around.Length + classes, 2 * width, null) : null);
        }
        hidden = new Linear($"{name}.hidden", width, 2 * width, Activation.Of<Relu>());
        logits = new Linear($"{name}.logits", 2 * width, codes, null);
    }

    /// <inheritdoc/>
    public override IEnumerable<(string Name, int[] Shape)> ParameterShapes => All.SelectMany(layer => layer.ParameterShapes);

    /// <inheritdoc/>
    public override bool TakesEveryPlace => false;

    private IEnumerable<Linear> All =>
        [
            .. blocks.SelectMany(block => (Linear?[])[block.Vertical, block.Across, block.Horizontal, block.Output, block.OfTop])
                .OfType<Linear>(),
            hidden, logits,
        ];

    /// <inheritdoc/>
    public override void Attach(ParameterStore store)
    {
        foreach (Linear layer in All)
            layer.Attach(store);
    }

    /// <inheritdoc/>
    public override (PlannedTensor Logits, Action<LayerContext, PlannedTensor> Backward) Forward(
        LayerContext context, PlannedTensor indices, PlannedTensor? above)
    {
        PlannedTensor codes = ByPlace(context, lookup(context.Builder, indices), places);
        LayerOutput? ofTop = above is null ? null : Patches(context, ByPlace(context, above, places), around);
        PlannedTensor rowsAbove = codes, left = codes;
        var ways = new BlockBackward[blocks.Length];
        for (int i = 0; i < blocks.Length; i++)
            (rowsAbove, left, ways[i]) = Append(
                context, blocks[i], rowsAbove, left, ofTop, isFirst: i == 0, isLast: i == blocks.Length - 1);
        LayerPass first = hidden.Forward(context, LayerOutput.Of(left)), second = logits.Forward(context, first.Output);
        return (second.Output.Value, (back, dLogits) =>
        {
            PlannedTensor? dLeft = first.Backward(back, second.Backward(back, dLogits, wantsInput: true)!, wantsInput: true);
            PlannedTensor? dAbove = null;
            for (int i = blocks.Length - 1; i >= 0; i--)
                (dAbove, dLeft) = ways[i](back, dAbove, dLeft!);
        }
        );
    }

    /// <summary>Appends the logits of all places, and a copy of those that are wanted.</summary>
    public override PlannedTensor AppendNext(LayerContext context, PlannedTensor indices, PlannedTensor? above, Func<int> place) =>
        AtPlace(context, Forward(context, indices, above).Logits, places, place);

    private (PlannedTensor Above, PlannedTensor Left, BlockBackward Backward) Append(
        LayerContext context, Block block, PlannedTensor above, PlannedTensor left, LayerOutput? ofTop, bool isFirst, bool isLast)
    {
        int width = block.Output.Inputs;
        GatedActivation gate = context.Kernels.GatedActivation;
        Addition<Identity> addition = context.Kernels.Addition;
        LayerOutput seenAbove = Patches(context, above, block.Above), seenLeft = Patches(context, left, block.Left);
        LayerPass vertical = block.Vertical.Forward(context, seenAbove), across = block.Across.Forward(context, vertical.Output);
        LayerPass horizontal = block.Horizontal.Forward(context, seenLeft);
        LayerPass? conditional = ofTop is { } top ? block.OfTop!.Forward(context, top) : null;
        PlannedTensor ofAbove = vertical.Output.Value, sum = horizontal.Output.Value, other = across.Output.Value;
        if (conditional?.Output.Value is { } condition)
            Sums.Append(context, "condition", condition, sum);
        PlannedTensor gated = context.Builder.Tensor("gated", sum.Rows, width);
        context.Builder.Add("gate", 30.0 * gated.Length, 20.0 * gated.Length, [sum, other, gated], stream =>
        {
            addition.Forward(stream, sum.View, other.View, sum.View, sum.View);
            gate.Forward(stream, sum.View, gated.View, width);
        });
        LayerPass output = block.Output.Forward(context, LayerOutput.Of(gated));
        PlannedTensor nextLeft = output.Output.Value;
        if (!isFirst)
            Sums.Append(context, "residual", left, nextLeft);
        PlannedTensor nextAbove = context.Builder.Tensor("gated above", sum.Rows, width);
        // Nobody looks at the rows above after the last layer.
        if (!isLast)
            context.Builder.Add("gate above", 30.0 * nextAbove.Length, 12.0 * nextAbove.Length, [ofAbove, nextAbove], stream =>
                gate.Forward(stream, ofAbove.View, nextAbove.View, width));
        return (nextAbove, nextLeft, (back, dNextAbove, dNextLeft) =>
        {
            PlannedTensor dGated = output.Backward(back, dNextLeft, wantsInput: true)!;
            PlannedTensor dSum = back.Builder.Tensor("gate gradient", sum.Rows, 2 * width);
            back.Builder.Add("gate backward", 30.0 * dGated.Length, 20.0 * dGated.Length, [sum, dGated, dSum], stream =>
                gate.Backward(stream, sum.View, dGated.View, dSum.View, width, adds: false));
            conditional?.Backward(back, dSum, wantsInput: false);
            PlannedTensor? dSeenLeft = horizontal.Backward(back, dSum, wantsInput: !isFirst);
            PlannedTensor dOfAbove = across.Backward(back, dSum, wantsInput: true)!;
            if (dNextAbove is not null)
                back.Builder.Add(
                    "gate above backward", 30.0 * dNextAbove.Length, 28.0 * dNextAbove.Length, [ofAbove, dNextAbove, dOfAbove],
                    stream => gate.Backward(stream, ofAbove.View, dNextAbove.View, dOfAbove.View, width, adds: true));
            PlannedTensor? dSeenAbove = vertical.Backward(back, dOfAbove, wantsInput: !isFirst);
            if (isFirst)
                return (null, null);
            PlannedTensor dAbove = back.Builder.Tensor("gradient above", above.Rows, above.Columns);
            Scatter(back, dSeenAbove!, dAbove, block.Above, adds: false);
            // The residual's way is there already.
            Scatter(back, dSeenLeft!, dNextLeft, block.Left, adds: true);
            return (dAbove, dNextLeft);
        }
        );
    }

    private LayerOutput Patches(LayerContext context, PlannedTensor x, MaskedTaps taps)
    {
        PlannedTensor patches = context.Builder.Tensor("patches", x.Rows, taps.Length + classes);
        PlannedTensor? labels = classes > 0 ? context.Labels : null;
        MaskedPatches kernel = context.Kernels.MaskedPatches;
        context.Builder.Add(
            "patches", 0, 8.0 * patches.Length, [x, patches, .. labels is null ? Array.Empty<PlannedTensor>() : [labels]],
            stream => kernel.Gather(stream, x.View, labels?.View ?? default, patches.View, taps, classes));
        return LayerOutput.Of(patches);
    }

    private void Scatter(LayerContext context, PlannedTensor dPatches, PlannedTensor dx, MaskedTaps taps, bool adds)
    {
        MaskedPatches kernel = context.Kernels.MaskedPatches;
        context.Builder.Add("patches backward", dPatches.Length, 8.0 * dPatches.Length, [dPatches, dx], stream =>
            kernel.Scatter(stream, dPatches.View, dx.View, taps, classes, adds));
    }

    /// <summary>One layer of both stacks.</summary>
    private sealed record Block(
        MaskedTaps Above, MaskedTaps Left, Linear Vertical, Linear Across, Linear Horizontal, Linear Output, Linear? OfTop);

    /// <summary>Appends the way back through a layer; the gradient of what is above is null after the last.</summary>
    private delegate (PlannedTensor? Above, PlannedTensor? Left) BlockBackward(
        LayerContext context, PlannedTensor? dAbove, PlannedTensor dLeft);
}
