using System.Globalization;
using GpuVae.Evaluation;

namespace GpuVae.Cli;

/// <summary>An evaluation as text: the protocol, then one line for each figure with what it depends on.</summary>
internal static class EvaluationTable
{
    private const int UnitsPerLine = 10;

    public static IEnumerable<string> Lines(EvaluationReport report)
    {
        EvaluationProtocol p = report.Protocol;
        yield return Inv(
            $"{p.Images:N0} images of {p.Data}, split {p.Split}, binarisation {p.Binarization.ToString().ToLowerInvariant()}, ")
            + $"seed {p.Seed}, on {p.Device}";
        if (report.Parts is { } parts)
        {
            yield return Line("reconstruction", parts.Reconstruction, "nats per image", "−ln p(x|z) summed over pixels, k = 1");
            string second = report.Codes is null ? "KL" : "commitment";
            yield return report.Codes is null
                ? Line("KL divergence", parts.Kl, "nats per image", "summed over latent units")
                : Line("commitment", parts.Kl, "per image", "weighted squared distance to the codes, summed over the grid");
            yield return Line("loss", parts.Loss, "nats per image", Inv($"reconstruction + {parts.Beta:0.###} × {second}, k = 1"));
        }
        foreach ((double kl, int level) in (report.LevelKl ?? []).Select((kl, level) => (kl, level)))
            yield return Line($"  level {level + 1}", kl, "nats per image", level == 0 ? "the KL divergence's share of the top level" : "");
        foreach ((Elbo.CodeUse? use, string grid) in ((Elbo.CodeUse?, string)[])[(report.TopCodes, "top "), (report.Codes, "")])
        {
            if (use is not { } codes)
                continue;
            yield return Line($"{grid}codes used", codes.Used, Inv($"of {codes.Codes}"), "that occur among the images' codes", "F0");
            yield return Line($"{grid}perplexity", codes.Perplexity, "codes", "e^H of their frequencies", "F1");
        }
        foreach (string line in report.Elbo is { } elbo ? Likelihood("ELBO", elbo, "evidence lower bound") : [])
            yield return line;
        foreach (string line in report.ImportanceSampled is { } estimate ? Likelihood("log p(x)", estimate, "importance sampling") : [])
            yield return line;
        if (report.Reconstruction is { } quality)
        {
            yield return Line("MSE", quality.Mse, "per pixel", "reconstruction from the mean of q(z|x), values in [0, 1]", "F5");
            yield return Line("PSNR", quality.Psnr, "dB", "10·log₁₀(1/MSE), mean over the images");
            yield return Line("SSIM", quality.Ssim, "", "Gaussian window 11×11, σ 1.5, K₁ 0.01, K₂ 0.03", "F4");
        }
        if (report.Units is { } units)
        {
            yield return Line(
                "active units", units.Active, Inv($"of {units.Kl.Count}"), Inv($"Var_x(E[z|x]) > {LatentUnits.ActivityThreshold}"), "F0");
            foreach ((double[] kl, int i) in units.Kl.Chunk(UnitsPerLine).Select((kl, i) => (kl, i)))
                yield return $"{(i == 0 ? "KL of each unit" : ""),-16}{string.Concat(kl.Select(value => Inv($"{value,8:F3}")))}";
        }
        if (report.Mig is { } mig)
        {
            yield return Line("MIG", mig.Score, "", Inv($"means of q(z|x), histograms of {MutualInformationGap.Bins} bins"), "F4");
            foreach (FactorGap gap in mig.Factors)
                yield return Line($"  {gap.Factor}", gap.Gap, "", Inv(
                    $"unit {gap.Unit} knows {gap.Information:F3} of {gap.Entropy:F3} nats"), "F4");
        }
        foreach (string line in report.Distance is { } distance ? Distances(distance) : [])
            yield return line;
    }

    private static IEnumerable<string> Distances(DistributionDistance distance)
    {
        yield return Inv($"{distance.Images:N0} images in {distance.Features} features of {distance.Network} ({distance.Preparation})")
            + (distance.IsRough ? "; ROUGH: fewer images than features" : "");
        string samples = Inv($"samples of {distance.Sampler} at temperature {distance.Temperature:0.##}");
        foreach ((string of, ImageDistance? measured) in ((string, ImageDistance?)[])
            [(samples, distance.Samples), ("reconstructions", distance.Reconstructions)])
        {
            if (measured is not { } d)
                continue;
            yield return Line($"FD ({distance.Network})", d.Frechet, "", of);
            yield return Line("  kernel", d.Kernel, "", Inv($"polynomial of degree 3, blocks of {KernelDistance.LargestBlock}"), "F5");
            yield return Line("  precision", d.Overlap.Precision, "", Inv($"k = {ManifoldOverlap.Neighbors}"));
            yield return Line("  recall", d.Overlap.Recall, "", Inv($"k = {ManifoldOverlap.Neighbors}"));
            yield return Line("  density", d.Overlap.Density, "", Inv($"k = {ManifoldOverlap.DenseNeighbors}"));
            yield return Line("  coverage", d.Overlap.Coverage, "", Inv($"k = {ManifoldOverlap.DenseNeighbors}"));
            yield return Line(
                "  sharpness", d.Sharpness, "", Inv($"variance of the Laplacian; of the images {distance.DataSharpness:F5}"), "F5");
        }
    }

    private static IEnumerable<string> Likelihood(string name, LogLikelihood value, string what)
    {
        string error = value.StandardError is { } deviation ? Inv($", standard error {deviation:F3}") : "";
        yield return Line(name, value.Nats, "nats per image", Inv($"{what}, k = {value.K}{error}"));
        yield return Line("  bits/dimension", value.BitsPerDimension, "", "of bits or 8-bit levels; a density + 8", "F4");
    }

    private static string Line(string name, double value, string unit, string protocol, string format = "F3") =>
        $"{name,-16}{value.ToString(format, CultureInfo.InvariantCulture),12} {unit,-15} {protocol}";

    private static string Inv(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
