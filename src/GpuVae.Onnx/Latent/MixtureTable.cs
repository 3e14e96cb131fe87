using GpuVae.Formats;
using GpuVae.Latent;
using GpuVae.Models;

namespace GpuVae.Onnx.Latent;

/// <summary>The components of a mixture.</summary>
/// <param name="Rows">[K, columns]: each as an encoder would give it.</param>
/// <param name="Logits">[K]: of the components' weights.</param>
internal sealed record MixtureTable(float[] Rows, float[] Logits)
{
    /// <summary>K.</summary>
    public int Count => Logits.Length;

    /// <summary>Components that are parameters: means and log-variances.</summary>
    public static MixtureTable OfParameters(Vae model)
    {
        Dictionary<string, NamedTensor> weights = model.ReadWeights().ToDictionary(tensor => tensor.Name);
        int latents = model.Options.Latent;
        return new(
            [.. weights["prior.means"].Data.Chunk(latents).Zip(weights["prior.log_variances"].Data.Chunk(latents))
                .SelectMany(component => component.First.Concat(component.Second))],
            weights["prior.weights"].Data);
    }

    /// <summary>Components that are the posteriors of pseudo-inputs.</summary>
    public static MixtureTable OfPseudoInputs(Vae model)
    {
        using FrozenPrior prior = model.FreezePrior();
        return new(prior.EncodedPseudoInputs(), model.Parameters.Read(model.Parameters["prior.weights"]));
    }

    /// <summary>Sums of the components' unnormalised shares, up to and with each.</summary>
    public float[] Bounds()
    {
        float largest = Logits.Max(), sum = 0;
        return [.. Logits.Select(logit => sum += float.Exp(logit - largest))];
    }

    /// <summary>The logarithms of the components' shares.</summary>
    public float[] LogShares()
    {
        double largest = Logits.Max(), total = largest + Math.Log(Logits.Sum(logit => Math.Exp(logit - largest)));
        return [.. Logits.Select(logit => (float)(logit - total))];
    }
}
