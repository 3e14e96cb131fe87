using System.Globalization;
using System.Text;
using GpuVae.Cli.Commands;
using GpuVae.Evaluation;
using GpuVae.Formats;

namespace GpuVae.Cli;

/// <summary>
/// The pictures and the report of a run, made anew after every epoch and when the training stops. Only the device is waited for; encoding
/// and writing are done while the training goes on.
/// </summary>
internal sealed class RunResults(Trainer trainer, RunFolder folder, ImageSet test, string dataName, TensorBoardLog? board = null)
{
    private const int SampleCount = 64, ReconstructionCount = 16;

    private readonly ImageSet shown = test.Select([.. Enumerable.Range(0, Math.Min(ReconstructionCount, test.Count))]);
    private Task? writing;

    public static string Hardware(Vae model) => $"{model.Device.Name} ({model.Device.Accelerator.Name})";

    /// <summary>Begins to write what the model is like now.</summary>
    /// <exception cref="IOException">What was begun before could not be written.</exception>
    public void Update() => Update(
        trainer.Model, trainer.Step * trainer.Options.Epochs == trainer.History.Count * trainer.Steps
            ? $"epoch {trainer.History.Count}"
            : $"stopped in epoch {trainer.History.Count + 1}");

    /// <summary>Writes what the run is like at its end: that of the best epoch where there was a better one than the last.</summary>
    /// <exception cref="IOException">A file could not be written.</exception>
    public void Finish()
    {
        if (trainer.BestEpoch is { } best && best.Epoch < trainer.History.Count)
        {
            using Vae model = folder.Load(trainer.Model.Device);
            Update(model, $"epoch {best.Epoch}, the best");
        }
        else if (writing is null)
        {
            // Nothing was left to train. The process that wrote the last checkpoint may have been killed before its pictures were there.
            Update();
        }
        Wait();
    }

    /// <summary>Waits for what is being written.</summary>
    /// <exception cref="IOException">It could not be written.</exception>
    public void Wait() => writing?.GetAwaiter().GetResult();

    private void Update(Vae model, string epoch)
    {
        ImageShape shape = model.Options.Shape;
        var samples = new Sheet(model.Generate(SampleCount, trainer.Options.Seed));
        Sheet reconstructions = Pictures.Reconstructions(model, shown);
        string hardware = Hardware(model);
        (string, string)[] options = [.. Options(model, trainer.Options, dataName, hardware)];
        IReadOnlyList<MetricsLine> history = trainer.History;
        int? best = trainer.BestEpoch?.Epoch;
        long step = trainer.Step;
        LatentUnits? units = board is null ? null : TensorBoardLog.Units(model, shown);
        Wait();
        writing = Task.Run(() =>
        {
            Pictures.WriteQuietly(folder.Samples, shape, samples);
            Pictures.WriteQuietly(folder.Reconstructions, shape, reconstructions);
            byte[] ofSamples = File.ReadAllBytes(folder.Samples), ofReconstructions = File.ReadAllBytes(folder.Reconstructions);
            board?.Add(step, history.Count > 0 ? history[^1] : null, ofSamples, ofReconstructions, units!);
            string html = ReportPage.Html(
                Path.GetFileName(folder.Path), hardware, options, history, best,
                [
                    new ReportPicture($"Samples from the prior, {epoch}", ofSamples),
                    new ReportPicture($"Test images above, their reconstructions below, {epoch}", ofReconstructions),
                ]);
            AtomicFile.Write(folder.Report, stream => stream.Write(Encoding.UTF8.GetBytes(html)));
        });
    }

    private static IEnumerable<(string Name, string Value)> Options(
        Vae trained, TrainingOptions training, string dataName, string hardware) =>
    [
        ("data", dataName), ("image", trained.Options.Shape.ToString()),
        ("labels", trained.Options.Classes > 0 ? $"{trained.Options.Classes} classes" : "none"),
        .. ModelArguments.Set.Describe(trained.Options), .. TrainingArguments.Set.Describe(training),
        ("weights", trained.Parameters.Count.ToString("N0", CultureInfo.InvariantCulture)), ("device", hardware),
    ];
}
