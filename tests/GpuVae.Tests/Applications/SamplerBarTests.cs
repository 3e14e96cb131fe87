using GpuVae.Data;
using GpuVae.Models;
using GpuVae.Tests.Cli;
using GpuVae.Tests.Probes;

namespace GpuVae.Tests.Applications;

/// <summary>What the new images of the default run look like to a classifier. Half a minute: only with GPUVAE_NIGHTLY=1.</summary>
public sealed class SamplerBarTests(CpuDevice cpu) : IClassFixture<CpuDevice>, IDisposable
{
    private readonly TemporaryFolder folder = new();

    [Fact]
    public void NewImagesOfTheDefaultRunAreGlyphsOfTheSet()
    {
        const int count = 64;
        Nightly.Require("trains the default model");
        var classifier = new DigitClassifier(SyntheticDigits.Create(20_000, seed: 0x51));
        ImageSet real = SyntheticDigits.Create(2000, seed: 0x52);
        Assert.InRange(classifier.Tell(real).Zip(real.Labels!).Count(pair => pair.First == pair.Second), 0.98 * real.Count, real.Count);

        Gpuvae.Succeed(folder.FullPath, "train", "--device", "cpu", "--out", "run");
        using var model = Vae.Load(cpu.Device, folder["run/best.safetensors"]);
        int fitted = Glyphs(), sure = classifier.Judge(Values(real)).Count(of => of.Probability >= 0.9);
        model.Sampler = null;
        int plain = Glyphs();
        TestContext.Current.SendDiagnosticMessage(
            $"glyphs at a confidence of 0.9: {fitted} of {count} by the mixture, {plain} by the prior; "
            + $"of real ones {sure} of {real.Count}");
        Assert.InRange(fitted, 58, count);

        int Glyphs() => classifier.Judge(model.Generate(count, seed: 1)).Count(of => of.Probability >= 0.9);
    }

    public void Dispose() => folder.Dispose();

    private static float[] Values(ImageSet images) => [.. images.Pixels.Select(value => value / 255f)];
}
