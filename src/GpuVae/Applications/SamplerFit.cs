using System.Globalization;
using GpuVae.Data;
using GpuVae.Devices;
using GpuVae.Latent;
using GpuVae.Models;

namespace GpuVae.Applications;

/// <summary>A sampler for a model, for <c>Vae.Sampler</c>.</summary>
/// <param name="Sampler">Null for N(0, I), the plain prior.</param>
/// <param name="HeldOut">
/// Mean log-likelihood of the codes of held-out images under it, nats per code; null for the aggregate posterior, which has none in closed
/// form.
/// </param>
/// <param name="HeldOutNormal">The same under N(0, I).</param>
public sealed record FittedSampler(CodeSampler? Sampler, double? HeldOut, double HeldOutNormal)
{
    /// <summary>What it is and how much more likely codes are under it.</summary>
    public override string ToString() => HeldOut is { } likelihood
        ? string.Create(
            CultureInfo.InvariantCulture,
            $"{Sampler?.ToString() ?? "normal"} (log-likelihood of held-out codes {likelihood:F1} nats, of N(0, I) {HeldOutNormal:F1})")
        : Sampler?.ToString() ?? "normal";
}

/// <summary>
/// Fits a distribution to the codes of a trained model. Those of real images do not fill the prior: what is decoded from between them looks
/// like no image (Ghosh et al., "From Variational to Deterministic Autoencoders", 2020, arXiv:1903.12436).
/// </summary>
public static class SamplerFit
{
    /// <summary>Codes that a label needs for a mixture of its own, for each unit, and in any case.</summary>
    private const int CodesPerUnit = 2, LeastCodes = 40;

    // Images of which one is held out.
    private const int HeldOutEvery = 10;

    // A table of the components that fits any device.
    private const int MostUnits = 512;

    /// <summary>Whether codes of a model can be drawn from anything but its own prior.</summary>
    public static bool IsPossible(VaeOptions options) =>
        options.Prior == Prior.Normal && options.Own?.Prior is null && !options.IsQuantized;

    /// <summary>Fits a sampler to the codes of images, as a rule the training images.</summary>
    /// <param name="model">A trained model; unchanged, so the result is to be given to <c>Vae.Sampler</c>.</param>
    /// <param name="images">Of its shape.</param>
    /// <param name="options">Which, and how.</param>
    /// <param name="cancellation">Asks to stop.</param>
    /// <exception cref="BadInputException">
    /// An option is out of range, the model cannot have the sampler, or there are too few images.
    /// </exception>
    /// <exception cref="OperationCanceledException">Asked to stop.</exception>
    public static FittedSampler Run(
        Vae model, ImageSet images, SamplerOptions? options = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        options ??= new SamplerOptions();
        options.Validate();
        Require(model.Options, options.Kind);
        using DeviceGate.Scope scope = model.Device.Enter("SamplerFit.Run");
        images = model.Require(images);
        int count = Math.Min(images.Count, options.Images);
        if (count < images.Count)
            images = images.Select([.. Enumerable.Range(0, count).Select(i => (int)((long)i * images.Count / count))]);
        var posterior = new AggregateCodeSampler(model, images);
        int latents = model.Options.Latent;
        int[] all = [.. Enumerable.Range(0, count)];
        float[] codes = posterior.Codes(all, options.Seed, temperature: 1, cancellation);
        double normal = all.Average(i => LogNormal(codes.AsSpan(i * latents, latents)));
        if (options.Kind == SamplerKind.Aggregate)
            return new FittedSampler(posterior, null, normal);
        bool isEnough = count >= LeastCodes && latents <= MostUnits;
        if (options.Kind == SamplerKind.Normal || (options.Kind is null && !isEnough))
            return new FittedSampler(null, normal, normal);
        if (!isEnough)
            throw new BadInputException(latents > MostUnits
                ? $"A mixture or flow of {latents} units would be too large; up to {MostUnits} are possible. Choose the sampler normal "
                    + "or aggregate."
                : $"{count} images are too few to fit a distribution to; {LeastCodes} are the least. Give more images, or choose the "
                    + "sampler normal or aggregate.");
        (CodeSampler fitted, double likelihood) = options.Kind == SamplerKind.Flow
            ? Flow(model, codes, options, cancellation)
            : Mixture(model, images.Labels, codes, options, cancellation);
        bool triesFlow = options.Kind is null && model.Options.Classes == 0 && FlowFit.Work(count, latents) <= options.FlowWork;
        if (triesFlow && Flow(model, codes, options, cancellation) is var flow && flow.HeldOut > likelihood)
            (fitted, likelihood) = flow;
        return options.Kind is null && likelihood <= normal
            ? new FittedSampler(null, normal, normal)
            : new FittedSampler(fitted, likelihood, normal);
    }

    /// <summary>Looks whether a model can have a sampler.</summary>
    /// <exception cref="BadInputException">It has a learned prior, or discrete codes, and no use for another sampler.</exception>
    public static void Require(VaeOptions options, SamplerKind? kind = null)
    {
        if (kind == SamplerKind.Flow && options.Classes > 0)
            throw new BadInputException(
                "A flow of codes knows no labels, and this model does. Choose the sampler gmm, which has a mixture for each label.");
        if (IsPossible(options))
            return;
        if (options.IsQuantized)
            throw new BadInputException(
                "The codes of this model are discrete: they are drawn from a GridPrior over them, or not at all. Leave the sampler out.");
        string asked = kind is null ? "another sampler" : $"the sampler {kind.ToString()!.ToLowerInvariant()}";
        throw new BadInputException(
            $"The prior of this model is learned ({options.Own?.Prior ?? options.Prior.ToString().ToLowerInvariant()}) and follows its "
            + $"codes already, so it has no use for {asked}. Leave the sampler out, or train with VaeOptions.Prior = Normal.");
    }

    /// <summary>One mixture, or of a conditional model one for each label with images enough, and one for the other labels.</summary>
    private static (MixtureCodeSampler Mixture, double HeldOut) Mixture(
        Vae model, int[]? labels, float[] codes, SamplerOptions options, CancellationToken cancellation)
    {
        int latents = model.Options.Latent, count = codes.Length / latents;
        int least = Math.Max(LeastCodes, CodesPerUnit * latents);
        var parts = new List<MixtureCodeSampler>();
        double sum = 0;
        int held = 0;
        IGrouping<int, int>[] groups =
        [
            .. Enumerable.Range(0, count).GroupBy(i => model.Options.Classes > 0 ? labels![i] : -1),
        ];
        HashSet<int> own = [.. groups.Where(group => group.Count() >= least).Select(group => group.Key)];
        foreach (IGrouping<int, int> group in groups.Where(group => own.Contains(group.Key)).OrderBy(group => group.Key))
            Add([.. group], group.Key);
        // A label that has no images, or few, takes codes of all of them.
        int[] asked = model.Options.Classes > 0 ? [.. Enumerable.Range(0, model.Options.Classes)] : [-1];
        if (asked.Any(label => !own.Contains(label)))
            Add([.. Enumerable.Range(0, count)], -1);
        return (MixtureCodeSampler.Join(parts), sum / held);

        void Add(int[] rows, int label)
        {
            (int[] ofFit, int[] ofChoice) = Split(rows);
            (float[] kept, float[] heldOut) = (Rows(ofFit), Rows(ofChoice));
            using var fit = new MixtureFit(model.Device, kept, heldOut, latents, options.Seed);
            (MixtureCodeSampler mixture, double likelihood) = fit.Best(options.Components, label, cancellation);
            parts.Add(mixture);
            sum += likelihood * (heldOut.Length / latents);
            held += heldOut.Length / latents;
        }

        float[] Rows(IEnumerable<int> rows) => [.. rows.SelectMany(row => codes.AsSpan(row * latents, latents).ToArray())];
    }

    private static (CodeSampler Flow, double HeldOut) Flow(
        Vae model, float[] codes, SamplerOptions options, CancellationToken cancellation)
    {
        int latents = model.Options.Latent;
        (float[][] kept, float[][] heldOut) = Split(codes.Chunk(latents));
        using var fit = new FlowFit(
            model.Device, [.. kept.SelectMany(code => code)], [.. heldOut.SelectMany(code => code)], latents, options.Seed);
        return fit.Run(cancellation);
    }

    /// <summary>What is fitted to, and every tenth.</summary>
    private static (T[] Kept, T[] HeldOut) Split<T>(IEnumerable<T> all) =>
        ([.. all.Where((_, i) => i % HeldOutEvery != 0)], [.. all.Where((_, i) => i % HeldOutEvery == 0)]);

    private static double LogNormal(ReadOnlySpan<float> code)
    {
        double sum = 0;
        foreach (float value in code)
            sum -= 0.5 * ((double)value * value + Math.Log(2 * Math.PI));
        return sum;
    }
}
