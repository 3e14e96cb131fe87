using System.Numerics.Tensors;

namespace GpuVae.Applications;

/// <summary>One code between several.</summary>
public static class LatentBlend
{
    /// <summary>
    /// The mean of <paramref name="codes"/> by <paramref name="weights"/>, stretched to the mean of their lengths by the same weights: a
    /// plain mean of codes that point different ways is short, and decodes to the average image that resembles none of them. Codes that
    /// cancel out are not stretched.
    /// </summary>
    /// <param name="codes">[n, latent].</param>
    /// <param name="weights">[n], finite, not negative, with a positive sum; only their proportions matter.</param>
    /// <returns>[latent].</returns>
    /// <exception cref="BadInputException">The weights are none.</exception>
    /// <exception cref="ArgumentException">The codes are no whole number for each weight.</exception>
    public static float[] Mix(ReadOnlySpan<float> codes, ReadOnlySpan<double> weights)
    {
        // Longer than any mean of codes that do not cancel out up to rounding.
        const double shortest = 1e-6;
        double sum = 0;
        foreach (double weight in weights)
        {
            if (!(weight is >= 0 and < double.PositiveInfinity))
                throw new BadInputException($"A weight of {weight} is out of range; it must be finite and not negative.");
            sum += weight;
        }
        if (!(sum > 0))
            throw new BadInputException("The weights of a blend add up to 0; at least one must be positive.");
        if (codes.Length % weights.Length != 0)
            throw new ArgumentException($"{codes.Length} values are not {weights.Length} codes.", nameof(codes));
        int latent = codes.Length / weights.Length;
        float[] mean = new float[latent];
        double length = 0;
        for (int i = 0; i < weights.Length; i++)
        {
            ReadOnlySpan<float> code = codes.Slice(i * latent, latent);
            float share = (float)(weights[i] / sum);
            TensorPrimitives.MultiplyAdd(code, share, mean, mean);
            length += share * TensorPrimitives.Norm(code);
        }
        double reached = TensorPrimitives.Norm<float>(mean);
        if (reached > shortest * length)
            TensorPrimitives.Multiply(mean, (float)(length / reached), mean);
        return mean;
    }
}
