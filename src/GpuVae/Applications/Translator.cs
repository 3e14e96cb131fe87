using GpuVae.Data;
using GpuVae.Models;
using MathNet.Numerics.LinearAlgebra;
using MathNet.Numerics.LinearAlgebra.Factorization;

namespace GpuVae.Applications;

/// <summary>
/// Translates images from one domain into another with a model that is conditional on the domain: encoded as an image of the one, decoded
/// as an image of the other. What both domains show lies in the same units of the code; nothing about the training is paired.
/// </summary>
/// <remarks>
/// A unit may say much in one domain and little in another, as colour does where drawings have none, and the decoder of the second has then
/// never seen the values that the first gives it. Between the two steps a code is therefore carried from the codes of the one domain to
/// those of the other by the optimal transport between the two as Gaussians (Dowson and Landau, "The Fréchet distance between multivariate
/// normal distributions", 1982): z ↦ μ' + A (z − μ), A = Σ^−½ (Σ^½ Σ' Σ^½)^½ Σ^−½.
/// </remarks>
public sealed class Translator
{
    // Added to the variances: a direction that says nothing about a domain's images, where its codes hardly spread, is not blown up.
    private const double Ridge = 0.05;

    private readonly Vae model;
    private readonly Moments[] domains;

    private Translator(Vae model, Moments[] domains) => (this.model, this.domains) = (model, domains);

    /// <summary>Encodes labelled images of every domain; some thousand are enough.</summary>
    /// <exception cref="BadInputException">
    /// The model knows no domains, the images do not fit it, or a domain has fewer than two of them.
    /// </exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> asked to stop.</exception>
    public static Translator Learn(Vae model, ImageSet images, CancellationToken cancellation = default)
    {
        int latent = model.Options.Latent;
        if (model.Options.Classes == 0)
            throw new BadInputException(
                "The model knows no domains, so it cannot translate. Train one with ImageDomains.Load and a folder for each.");
        float[] codes = LatentCodes.Means(model, images, cancellation);
        var domains = new Moments[model.Options.Classes];
        for (int domain = 0; domain < domains.Length; domain++)
        {
            int[] own = [.. Enumerable.Range(0, images.Count).Where(i => images.Labels![i] == domain)];
            if (own.Length < 2)
                throw new BadInputException(
                    $"{images.Name} has {own.Length} images of the domain {Name(model, domain)}; at least two are needed.");
            domains[domain] = Moments.Of(Matrix<double>.Build.Dense(own.Length, latent, (i, j) => codes[own[i] * latent + j]));
        }
        return new Translator(model, domains);
    }

    /// <summary>Images [n, pixels] of the domain <paramref name="from"/> as images of the domain <paramref name="to"/>.</summary>
    /// <exception cref="BadInputException">The model does not know a domain.</exception>
    /// <exception cref="ArgumentException">A value of an image is not in [0, 1].</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> asked to stop.</exception>
    public float[] Translate(ReadOnlySpan<float> images, int from, int to, CancellationToken cancellation = default)
    {
        int latent = model.Options.Latent, count = images.Length / model.Options.Shape.Pixels;
        int[] source = [.. Enumerable.Repeat(from, count)], target = [.. Enumerable.Repeat(to, count)];
        float[] codes = new float[count * latent];
        model.Encode(images, codes, new float[codes.Length], source, cancellation);
        if (from != to)
            domains[from].TransportTo(domains[to], codes);
        float[] translated = new float[images.Length];
        model.Decode(codes, translated, target, cancellation);
        return translated;
    }

    private static string Name(Vae model, int domain) => model.Options.LabelNames.ElementAtOrDefault(domain) ?? $"{domain}";

    /// <summary>Mean [latent] and covariance [latent, latent] of the codes of a domain.</summary>
    private sealed record Moments(Vector<double> Mean, Matrix<double> Covariance)
    {
        public static Moments Of(Matrix<double> codes)
        {
            Vector<double> mean = codes.ColumnSums() / codes.RowCount;
            Matrix<double> centred = codes - Matrix<double>.Build.Dense(codes.RowCount, codes.ColumnCount, (_, j) => mean[j]);
            Matrix<double> ridge = Matrix<double>.Build.DiagonalIdentity(mean.Count) * Ridge;
            return new Moments(mean, centred.TransposeThisAndMultiply(centred) / codes.RowCount + ridge);
        }

        public void TransportTo(Moments other, Span<float> codes)
        {
            Matrix<double> root = Power(Covariance, 0.5), inverse = Power(Covariance, -0.5);
            Matrix<double> map = inverse * Power(root * other.Covariance * root, 0.5) * inverse;
            int latent = Mean.Count;
            for (int at = 0; at < codes.Length; at += latent)
            {
                Span<float> code = codes.Slice(at, latent);
                float[] values = code.ToArray();
                Vector<double> moved = other.Mean + map * (Vector<double>.Build.Dense(latent, i => values[i]) - Mean);
                for (int i = 0; i < latent; i++)
                    code[i] = (float)moved[i];
            }
        }

        /// <summary>Of a symmetric matrix with positive eigenvalues.</summary>
        private static Matrix<double> Power(Matrix<double> matrix, double exponent)
        {
            Evd<double> decomposed = matrix.Evd(Symmetricity.Symmetric);
            double[] powers = [.. decomposed.EigenValues.Select(value => Math.Pow(value.Real, exponent))];
            return decomposed.EigenVectors * Matrix<double>.Build.DiagonalOfDiagonalArray(powers) * decomposed.EigenVectors.Transpose();
        }
    }
}
