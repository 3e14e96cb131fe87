namespace GpuVae.Latent;

/// <summary>
/// Mean and deviation of each unit of a set of codes, which are brought to 0 and 1 before a distribution is fitted to them.
/// </summary>
internal sealed class CodeMoments
{
    /// <param name="codes">[n, L].</param>
    /// <param name="latents">L.</param>
    public CodeMoments(float[] codes, int latents)
    {
        int count = codes.Length / latents;
        double[] mean = new double[latents], variance = new double[latents];
        for (int i = 0; i < codes.Length; i++)
            mean[i % latents] += codes[i] / (double)count;
        for (int i = 0; i < codes.Length; i++)
            variance[i % latents] += Math.Pow(codes[i] - mean[i % latents], 2) / count;
        // A unit that never moves has a width all the same.
        double least = Math.Max(1e-6 * variance.Max(), 1e-12);
        (Means, Deviations) = (mean, Array.ConvertAll(variance, value => Math.Sqrt(Math.Max(value, least))));
    }

    /// <summary>[L].</summary>
    public double[] Means { get; }

    /// <summary>[L], positive.</summary>
    public double[] Deviations { get; }

    /// <summary>(code − mean) / deviation of each unit, [n, L].</summary>
    public float[] Standardized(float[] codes) =>
        [.. codes.Select((value, i) => (float)((value - Means[i % Means.Length]) / Deviations[i % Means.Length]))];
}
