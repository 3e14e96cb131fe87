using GpuVae.Models;
using GpuVae.Onnx.Graphs;

namespace GpuVae.Onnx.Latent;

/// <summary>A family of priors as nodes.</summary>
internal abstract class PriorNodes
{
    /// <exception cref="BadInputException">The prior has no form in ONNX here.</exception>
    public static PriorNodes Create(Vae model, PosteriorNodes posterior) => model.Options.Prior switch
    {
        Prior.Normal => new NormalNodes(),
        Prior.Mixture => new MixtureNodes(MixtureTable.OfParameters(model), new DiagonalNodes(model.Options.Latent)),
        Prior.Vamp => new MixtureNodes(MixtureTable.OfPseudoInputs(model), posterior),
        _ => throw new BadInputException(
            $"The prior {model.Options.Prior} cannot be exported to ONNX. Train a model with another VaeOptions.Prior."),
    };

    /// <summary>log p, [], of a code, [L].</summary>
    public abstract Value LogDensity(Value code);

    /// <summary>A code, [L], made of noise, [L]; the graph gets what other inputs it takes.</summary>
    public abstract Value Sample(Value noise);
}
