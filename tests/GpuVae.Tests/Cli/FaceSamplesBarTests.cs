using GpuVae.Applications;
using GpuVae.Data;
using GpuVae.Models;
using GpuVae.Tests.Probes;

namespace GpuVae.Tests.Cli;

/// <summary>
/// What new faces look like to probes that know real ones; docs/discrete-codes.md has the figures. An hour: only with
/// GPUVAE_NIGHTLY=1.
/// </summary>
public sealed class FaceSamplesBarTests(CpuDevice cpu) : IClassFixture<CpuDevice>, IDisposable
{
    private readonly TemporaryFolder folder = new();

    [Fact]
    public void NewFacesAnswerMostProbesClearly()
    {
        const int count = 200;
        Nightly.Require("trains on 20,000 faces for an hour");
        Run("train --data faces --quantize scalar --channels-per-stage 32,64 --residual 1 --batch 16 --epochs 12 --out run");
        Run("train-prior --run run --model transformer --layers 4 --width 128 --epochs 3");

        using var model = Vae.Load(cpu.Device, folder["run/model.safetensors"]);
        using var prior = GridPrior.Load(model, folder["run/prior.safetensors"]);
        var probes = new FaceProbes(FaceStyle.Painted);
        float[] real = PictureInput.Rows(FaceProbes.Faces(count, seed: 99, FaceStyle.Painted));
        float[] drawn = prior.Generate(count, seed: 1, temperature: 0.85);
        var clear = FaceProbes.Painted.ToDictionary(
            factor => factor, factor => (Real: probes.Clear(factor, real), New: probes.Clear(factor, drawn)));
        TestContext.Current.SendDiagnosticMessage(
            string.Join(", ", clear.Select(of => $"{of.Key}: {of.Value.New:P0} of new, {of.Value.Real:P0} of real faces")));
        // 68 % were measured, of real faces 88 %: eyes of a few pixels, and colours between two.
        double share = clear.Values.Average(of => of.New);
        Assert.True(share >= 0.6, $"{share:P0}");
    }

    public void Dispose() => folder.Dispose();

    private void Run(string command) => Gpuvae.Succeed(folder.FullPath, [.. command.Split(' '), "--device", "cpu"]);
}
