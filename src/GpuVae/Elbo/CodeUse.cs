namespace GpuVae.Elbo;

/// <summary>How the codes of a model with discrete codes are used by a set of images.</summary>
/// <param name="Codes">How many there are.</param>
/// <param name="Used">How many occur.</param>
/// <param name="Perplexity">e^H of their frequencies: how many equally frequent codes would tell as much.</param>
public readonly record struct CodeUse(int Codes, int Used, double Perplexity)
{
    /// <summary>From how often each occurs.</summary>
    internal static CodeUse Of(ReadOnlySpan<float> counts)
    {
        double total = 0, entropy = 0;
        int used = 0;
        foreach (float count in counts)
            total += count;
        foreach (float count in counts)
        {
            if (count <= 0)
                continue;
            used++;
            entropy -= count / total * Math.Log(count / total);
        }
        return new CodeUse(counts.Length, used, Math.Exp(entropy));
    }
}
