using GpuVae.Devices;
using GpuVae.Layers;
using GpuVae.Scheduling;

namespace GpuVae.Latent;

/// <summary>
/// The grids of discrete codes of an image: one, e = Q(h), h being what the encoder gives, or a top one of half the sides and a bottom one
/// that is chosen in sight of it (Razavi et al. 2019, arXiv:1906.00446),
/// <code>
/// e_t = Q_t(reduction(h))      u = enlargement(e_t)      e_b = Q_b(choice([h | u]))      to the decoder: [e_b | u]
/// </code>
/// There the encoder sees the top codes through one network and the decoder through another; here u is what both see.
/// </summary>
internal sealed class CodeGrids
{
    private readonly Quantizer bottom;
    private readonly Quantizer[] quantizers;

    private CodeGrids(VaeOptions options, Activation activation)
    {
        bottom = Quantizer.Create(options, options.Grid, options.CodeLevels > 1 ? "bottom." : "");
        if (options.TopGrid is { } grid)
            Top = new TopGrid(
                Quantizer.Create(options, grid, "top."), Networks.Reduction(options, activation), Networks.Enlargement(options, activation),
                Networks.Choice(options));
        quantizers = Top is null ? [bottom] : [Top.Quantizer, bottom];
    }

    /// <summary>Null where codes are not discrete.</summary>
    public static CodeGrids? Create(VaeOptions options, Activation activation) =>
        options.IsQuantized ? new CodeGrids(options, activation) : null;

    /// <summary>In PyTorch's layouts; what is learned by gradients comes first.</summary>
    public IEnumerable<(string Name, int[] Shape)> ParameterShapes =>
        [.. NetworksBetween.SelectMany(network => network.ParameterShapes), .. quantizers.SelectMany(grid => grid.ParameterShapes)];

    /// <summary>Null where there is one grid.</summary>
    public TopGrid? Top { get; }

    private IEnumerable<Network> NetworksBetween => Top is null ? [] : [Top.Reduction, Top.Enlargement, Top.Choice];

    /// <summary>Looks the parameters up in the store that was made from <see cref="ParameterShapes"/>.</summary>
    public void Attach(ParameterStore store)
    {
        foreach (Network network in NetworksBetween)
            network.Attach(store);
        foreach (Quantizer quantizer in quantizers)
            quantizer.Attach(store);
    }

    /// <summary>Appends the choice of all codes.</summary>
    /// <param name="context">Where to.</param>
    /// <param name="encoded">h, [images, places · channels].</param>
    public CodesPass Forward(LayerContext context, LayerOutput encoded)
    {
        if (Top is not null)
            return Forward(context, encoded, Top);
        QuantizedPass only = bottom.Forward(context, encoded.Value);
        return new CodesPass(only.Codes, null, [encoded.Value], [only.Indices], only.Commitment, only.Backward);
    }

    private CodesPass Forward(LayerContext context, LayerOutput encoded, TopGrid top)
    {
        int places = bottom.Places;
        PlannedTensor h = encoded.Value;
        // The activation that made h counts once, where both ways to it meet.
        LayerPass reduced = top.Reduction.Forward(context, LayerOutput.Of(h));
        PlannedTensor topVectors = reduced.Output.Value;
        QuantizedPass above = top.Quantizer.Forward(context, topVectors);
        LayerPass enlarged = top.Enlargement.Forward(context, LayerOutput.Of(above.Codes));
        PlannedTensor seen = enlarged.Output.Value;
        LayerPass chosen = top.Choice.Forward(context, LayerOutput.Of(Channels.Join(context, h, seen, places)));
        PlannedTensor vectors = chosen.Output.Value;
        QuantizedPass below = bottom.Forward(context, vectors);
        PlannedTensor commitment = context.Builder.Tensor(
            "commitments", above.Commitment.Rows, above.Commitment.Columns + below.Commitment.Columns);
        Columns.Put(context, above.Commitment, commitment, 0);
        Columns.Put(context, below.Commitment, commitment, above.Commitment.Columns);
        PlannedTensor both = Channels.Join(context, below.Codes, seen, places);
        return new CodesPass(both, seen, [topVectors, vectors], [above.Indices, below.Indices], commitment, (back, dBoth) =>
        {
            (PlannedTensor dCodes, PlannedTensor dSeen) = Channels.Split(back, dBoth, places, vectors.Columns / places);
            PlannedTensor dJoined = chosen.Backward(back, below.Backward(back, dCodes), wantsInput: true)!;
            (PlannedTensor dEncoded, PlannedTensor dSeenByChoice) = Channels.Split(back, dJoined, places, h.Columns / places);
            AppendSum(back, LayerOutput.Of(seen), dSeenByChoice, dSeen);
            PlannedTensor dAbove = above.Backward(back, enlarged.Backward(back, dSeen, wantsInput: true)!);
            AppendSum(back, encoded, reduced.Backward(back, dAbove, wantsInput: true)!, dEncoded);
            return dEncoded;
        });
    }

    /// <summary>Appends the way from the numbers of all codes to what the decoder is given.</summary>
    /// <param name="context">Where to.</param>
    /// <param name="numbers">[images, places of all grids], the top one first.</param>
    public PlannedTensor Lookup(LayerContext context, PlannedTensor numbers)
    {
        if (Top is null)
            return bottom.Lookup(context, numbers);
        PlannedTensor seen = Above(context, Columns.Take(context, numbers, 0, Top.Quantizer.Places, "top numbers"));
        PlannedTensor below = Columns.Take(context, numbers, Top.Quantizer.Places, bottom.Places, "bottom numbers");
        return Channels.Join(context, bottom.Lookup(context, below), seen, bottom.Places);
    }

    /// <summary>Appends the vectors [images, places · D] of the codes of one grid, the top one being 0, by their numbers.</summary>
    public PlannedTensor Lookup(LayerContext context, int level, PlannedTensor numbers) => quantizers[level].Lookup(context, numbers);

    /// <summary>Appends u, what the top codes of these numbers say at each place of the bottom grid, [images, places · channels].</summary>
    public PlannedTensor Above(LayerContext context, PlannedTensor topNumbers) => Top!.Enlargement.Forward(
        context, LayerOutput.Of(Top.Quantizer.Lookup(context, topNumbers))).Output.Value;

    /// <summary>Appends what a training step changes of the codes themselves.</summary>
    /// <param name="context">Where to.</param>
    /// <param name="pass">Of the step.</param>
    /// <param name="step">One element on the device: the counter of steps.</param>
    /// <param name="seed">Of what is random in it: grids draw from different rows, so they can share it.</param>
    public void AppendUpdate(LayerContext context, CodesPass pass, ArrayView<long> step, ulong seed)
    {
        for (int level = 0; level < quantizers.Length; level++)
            quantizers[level].AppendUpdate(context, pass.Vectors[level], pass.Indices[level], step, seed);
    }

    /// <summary>Appends dx = (dx + dy)·f', f being what made x: the gradients of both ways to x.</summary>
    private static void AppendSum(LayerContext context, LayerOutput x, PlannedTensor dy, PlannedTensor dx)
    {
        ConvolutionKernels kernels = context.Kernels.LinearWith(x.Activation).Convolutions;
        PlannedTensor made = x.Saved;
        context.Builder.Add($"{x.Value.Name} gradient", 3.0 * dx.Length, 16.0 * dx.Length, [made, dy, dx], stream =>
            kernels.AddBackward(stream, made.View, dy.View, dx.View));
    }

    /// <summary>What a second grid brings.</summary>
    public sealed record TopGrid(Quantizer Quantizer, Network Reduction, Network Enlargement, Network Choice);
}

/// <summary>The codes of a batch and the way back to what they were made of; lists begin with the top grid.</summary>
/// <param name="DecoderInput">[images, places · channels].</param>
/// <param name="Above">u, what the bottom grid sees of the top one; null where there is one grid.</param>
/// <param name="Vectors">What was quantised in each grid, [images, places · D].</param>
/// <param name="Indices">The numbers of the codes of each, [images, places].</param>
/// <param name="Commitment">What they cost; the elements add up to the batch's.</param>
/// <param name="Backward">Appends the way from ∂loss/∂(decoder's input) to ∂loss/∂h, both averaged over the images.</param>
internal sealed record CodesPass(
    PlannedTensor DecoderInput, PlannedTensor? Above, IReadOnlyList<PlannedTensor> Vectors, IReadOnlyList<PlannedTensor> Indices,
    PlannedTensor Commitment, Func<LayerContext, PlannedTensor, PlannedTensor> Backward);
