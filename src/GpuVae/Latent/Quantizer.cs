using GpuVae.Layers;
using GpuVae.Scheduling;

namespace GpuVae.Latent;

/// <summary>
/// Makes discrete codes of the vectors at the places of a grid, [images, places · D], of which the rows of a batch are
/// [images · places, D].
/// </summary>
internal abstract class Quantizer(ImageShape grid)
{
    /// <summary>Of the grid.</summary>
    public int Places { get; } = grid.Width * grid.Height;

    /// <param name="options">Of the model.</param>
    /// <param name="grid">Its grid.</param>
    /// <param name="name">What its parameters have in their names to tell them from those of another grid, with a dot at its end.</param>
    public static Quantizer Create(VaeOptions options, ImageShape grid, string name = "") =>
        options.Quantization == Quantization.Codebook
            ? new CodebookQuantizer(options, grid, name)
            : new ScalarQuantizer(options, grid);

    /// <summary>In PyTorch's layouts.</summary>
    public virtual IEnumerable<(string Name, int[] Shape)> ParameterShapes => [];

    /// <summary>Looks the parameters up in the store that was made from <see cref="ParameterShapes"/>.</summary>
    public virtual void Attach(ParameterStore store)
    {
    }

    /// <summary>Appends the choice of codes.</summary>
    /// <param name="context">Where to.</param>
    /// <param name="z">[images, places · D].</param>
    public abstract QuantizedPass Forward(LayerContext context, PlannedTensor z);

    /// <summary>Appends the vectors [images, places · D] of codes by their numbers [images, places].</summary>
    public abstract PlannedTensor Lookup(LayerContext context, PlannedTensor indices);

    /// <summary>Appends what a training step changes of the codes themselves.</summary>
    /// <param name="context">Where to.</param>
    /// <param name="z">As <see cref="Forward"/> had it.</param>
    /// <param name="indices">What that gave.</param>
    /// <param name="step">One element on the device: the counter of steps.</param>
    /// <param name="seed">Of what is random in it.</param>
    public virtual void AppendUpdate(
        LayerContext context, PlannedTensor z, PlannedTensor indices, ArrayView<long> step, ulong seed)
    {
    }
}

/// <summary>Codes of a batch and the way back to the vectors that they stand for.</summary>
/// <param name="Codes">[images, places · D].</param>
/// <param name="Indices">Their numbers, [images, places].</param>
/// <param name="Commitment">What they cost; the elements add up to the batch's.</param>
/// <param name="Backward">Appends the way from ∂loss/∂codes to ∂loss/∂z, both averaged over the images.</param>
internal sealed record QuantizedPass(
    PlannedTensor Codes, PlannedTensor Indices, PlannedTensor Commitment, Func<LayerContext, PlannedTensor, PlannedTensor> Backward);
