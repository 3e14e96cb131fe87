using GpuVae.Kernels.Likelihoods;
using ILGPU.Runtime;

namespace GpuVae.Kernels.Tests;

/// <summary>The values that a pixel can take.</summary>
internal enum PixelValues
{
    /// <summary>0 and 1.</summary>
    Bits,

    /// <summary>0/255 … 255/255.</summary>
    Levels,

    UnitInterval,

    /// <summary>All numbers.</summary>
    Line,
}

/// <summary>A likelihood of the library with its formula in double precision, independent of the device functions.</summary>
/// <param name="Name">Unique.</param>
/// <param name="Values">The values of a pixel.</param>
/// <param name="Ranges">From where each parameter of a pixel is drawn in tests.</param>
/// <param name="HasShared">Whether the likelihood has a shared number.</param>
/// <param name="Loss">-ln p(x) from (parameters of the pixel, shared number, x).</param>
/// <param name="On">Its kernels on a device.</param>
internal sealed record LikelihoodCase(
    string Name, PixelValues Values, (double Low, double High)[] Ranges, bool HasShared, Func<double[], double, double, double> Loss,
    Func<Accelerator, LikelihoodKernels> On)
{
    // Scales much narrower than these would ask central differences for too much; LikelihoodTests tries them.
    private static readonly (double, double) Logit = (-5, 5), UnitMean = (-0.5, 1.5), SymmetricMean = (-1.5, 1.5), LogScale = (-2, 1);

    public static IReadOnlyList<LikelihoodCase> All { get; } =
    [
        Case<OneColumn<BernoulliLikelihood>>(
            "Bernoulli", PixelValues.Bits, [Logit], false, (y, _, x) => Reference.Softplus(y[0]) - y[0] * x),
        Case<OneColumn<ContinuousBernoulliLikelihood>>(
            "Continuous Bernoulli", PixelValues.UnitInterval, [Logit], false, (y, _, x) => ContinuousBernoulli(y[0], x)),
        Case<OneColumn<ContinuousBernoulliLikelihood>>(
            "Continuous Bernoulli near 1/2", PixelValues.UnitInterval, [(-1.5, 1.5)], false, (y, _, x) => ContinuousBernoulli(y[0], x)),
        Case<OneColumn<GaussianLikelihood>>(
            "Gaussian", PixelValues.Line, [UnitMean], false, (y, _, x) => Normal(y[0], Math.Log(0.3f), x), new(new(0.3f))),
        Case<SharedScale<GaussianFamily>>(
            "Gaussian, shared log-variance", PixelValues.Line, [UnitMean], true, (y, s, x) => Normal(y[0], s, x)),
        Case<PixelScale<GaussianFamily>>(
            "Gaussian, log-variance per pixel", PixelValues.Line, [UnitMean, LogScale], false, (y, _, x) => Normal(y[0], y[1], x)),
        Case<SharedScale<LaplaceFamily>>(
            "Laplace, shared scale", PixelValues.Line, [UnitMean], true, (y, s, x) => Laplace(y[0], s, x)),
        Case<PixelScale<DiscretizedLogisticFamily>>(
            "Discretised logistic", PixelValues.Levels, [SymmetricMean, LogScale], false,
            (y, _, x) => DiscretizedLogistic(y[0], y[1], x)),
        Case<MixtureLikelihood<DiscretizedLogisticFamily>>(
            "Mixture of one discretised logistic", PixelValues.Levels, [Logit, SymmetricMean, LogScale], false,
            (y, _, x) => DiscretizedLogistic(y[1], y[2], x), new(1)),
        Case<MixtureLikelihood<DiscretizedLogisticFamily>>(
            "Mixture of three discretised logistics", PixelValues.Levels,
            [Logit, Logit, Logit, SymmetricMean, SymmetricMean, SymmetricMean, LogScale, LogScale, LogScale], false,
            (y, _, x) => MixtureOfLogistics(y, x), new(3)),
    ];

    public static LikelihoodCase Find(string name) => All.Single(c => c.Name == name);

    public int Parameters => Ranges.Length;

    private static LikelihoodCase Case<TLikelihood>(
        string name, PixelValues values, (double Low, double High)[] ranges, bool hasShared, Func<double[], double, double, double> loss,
        TLikelihood likelihood = default)
        where TLikelihood : struct, IPixelLikelihood =>
        new(name, values, ranges, hasShared, loss, accelerator => LikelihoodKernels.Create(accelerator, likelihood));

    /// <summary>The mean that the kernel should give, in closed form.</summary>
    public double Mean(double[] y) => Name switch
    {
        "Bernoulli" => Reference.Sigmoid(y[0]),
        _ when Name.StartsWith("Continuous", StringComparison.Ordinal) => ContinuousBernoulliMean(y[0]),
        "Discretised logistic" => ClippedMean(y[0], y[1]),
        "Mixture of one discretised logistic" => ClippedMean(y[1], y[2]),
        "Mixture of three discretised logistics" => Weights(y).Select((w, k) => w * ClippedMean(y[3 + k], y[6 + k])).Sum(),
        _ => y[0],
    };

    private static double Normal(double mean, double logVariance, double x)
    {
        double s = Reference.ClampLogVariance(logVariance);
        return 0.5 * ((x - mean) * (x - mean) * Math.Exp(-s) + s + Math.Log(2 * Math.PI));
    }

    private static double Laplace(double mean, double logScale, double x)
    {
        double scale = Math.Exp(Math.Clamp(logScale, -15, 9.5));
        return Math.Abs(x - mean) / scale + Math.Log(2 * scale);
    }

    /// <summary>The paper's form: λ^x (1 - λ)^(1 - x) times 2 artanh(1 - 2λ) / (1 - 2λ), which is 2 at 1/2.</summary>
    private static double ContinuousBernoulli(double y, double x)
    {
        double d = -Math.Tanh(y / 2);
        double normalizer = Math.Abs(d) < 1e-4 ? 2 + 2 * d * d / 3 : 2 * Math.Atanh(d) / d;
        return x * Reference.Softplus(-y) + (1 - x) * Reference.Softplus(y) - Math.Log(normalizer);
    }

    /// <summary>The paper's form: λ / (2λ - 1) + 1 / (2 artanh(1 - 2λ)).</summary>
    private static double ContinuousBernoulliMean(double y)
    {
        double d = -Math.Tanh(y / 2);
        return Math.Abs(d) < 1e-4 ? 0.5 - d / 6 : -Reference.Sigmoid(y) / d + 1 / (2 * Math.Atanh(d));
    }

    /// <summary>A difference of two values of the distribution function, or of its mirror image above the location.</summary>
    private static double DiscretizedLogistic(double location, double logScale, double x)
    {
        double inverse = Math.Exp(-logScale), level = Math.Round(255 * x), center = 2 * level / 255 - 1;
        double above = level == 255 ? double.PositiveInfinity : (center + 1 / 255.0 - location) * inverse;
        double below = level == 0 ? double.NegativeInfinity : (center - 1 / 255.0 - location) * inverse;
        return -Math.Log(below > 0
            ? Reference.Sigmoid(-below) - Reference.Sigmoid(-above)
            : Reference.Sigmoid(above) - Reference.Sigmoid(below));
    }

    private static double ClippedMean(double location, double logScale)
    {
        double scale = Math.Exp(logScale);
        return scale / 2 * (Reference.Softplus((location + 1) / scale) - Reference.Softplus((location - 1) / scale));
    }

    private static double[] Weights(double[] y)
    {
        double sum = y.Take(3).Sum(Math.Exp);
        return [.. y.Take(3).Select(l => Math.Exp(l) / sum)];
    }

    private static double MixtureOfLogistics(double[] y, double x) =>
        -Math.Log(Weights(y).Select((w, k) => w * Math.Exp(-DiscretizedLogistic(y[3 + k], y[6 + k], x))).Sum());
}
