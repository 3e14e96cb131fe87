using System.Globalization;
using System.Text;
using GpuVae.Cli.Commands;
using GpuVae.Evaluation;
using GpuVae.Formats;
using GpuVae.Imaging;

namespace GpuVae.Cli;

/// <summary>
/// The pictures and the report of a run, made anew after every epoch and when the training stops. Only the device is waited for; encoding
/// and writing are done while the training goes on.
/// </summary>
internal sealed class RunResults(
    Trainer trainer, RunFolder folder, ImageSet test, string dataName, IReadOnlyList<string> commands, TensorBoardLog? board = null)
{
    private const int SampleCount = 64, ReconstructionCount = 16, MeasuredCount = 256;

    private readonly ImageSet shown = First(test, ReconstructionCount), measured = First(test, MeasuredCount);
    private readonly EpochSheet epochs = new(folder, trainer.Model.Options.Shape, trainer.History.Count);
    private Task? writing;

    public static string Hardware(Vae model) => $"{model.Device.Name} ({model.Device.Accelerator.Name})";

    /// <summary>Begins to write what the model is like now.</summary>
    /// <exception cref="IOException">What was begun before could not be written.</exception>
    public void Update() => Update(
        trainer.Model, trainer.Step * trainer.Options.Epochs == trainer.History.Count * trainer.Steps
            ? $"epoch {trainer.History.Count}"
            : $"stopped in epoch {trainer.History.Count + 1}",
        board);

    /// <summary>
    /// Writes what the run is like at its end, with the weights and the sampler that commands take: those of the best epoch where there was
    /// a better one than the last. Also where nothing was left to train: the process that wrote the last checkpoint may have been killed
    /// before its pictures were there.
    /// </summary>
    /// <param name="kept">The model with those weights; the pictures of the epochs are drawn without a sampler.</param>
    /// <exception cref="IOException">A file could not be written.</exception>
    public void Finish(Vae kept)
    {
        int last = trainer.History.Count;
        bool isBetter = trainer.BestEpoch is { } best && best.Epoch < last;
        if (isBetter || kept.Sampler is not null || writing is null)
        {
            string epoch = isBetter ? $"epoch {trainer.BestEpoch!.Epoch}, the best" : $"epoch {last}";
            // The board has been told of the last epoch if it was trained by this process.
            Update(kept, epoch, isBetter || writing is null ? board : null);
        }
        Wait();
    }

    /// <summary>Waits for what is being written.</summary>
    /// <exception cref="IOException">It could not be written.</exception>
    public void Wait() => writing?.GetAwaiter().GetResult();

    private void Update(Vae model, string epoch, TensorBoardLog? told)
    {
        ImageShape shape = model.Options.Shape;
        Sheet? samples = model.HasPrior ? Pictures.Drawn(model, model.Generate(SampleCount, trainer.Options.Seed)) : null;
        LatentUnits? units = TensorBoardLog.Units(model, measured);
        Sheet reconstructions = Pictures.Reconstructions(model, shown);
        string hardware = Hardware(model), drawn = model.Sampler?.ToString() ?? "the prior";
        (string, string)[] options = [.. Options(model, trainer.Options, dataName, hardware)];
        IReadOnlyList<MetricsLine> history = trainer.History;
        int? best = trainer.BestEpoch?.Epoch;
        long step = trainer.Step;
        Wait();
        if (samples is not null && model == trainer.Model && epoch == $"epoch {history.Count}")
            epochs.Add(history.Count, samples.Images);
        writing = Task.Run(() =>
        {
            byte[]? ofSamples = samples is null ? null : Written(folder.Samples, samples);
            byte[] ofReconstructions = Written(folder.Reconstructions, reconstructions);
            told?.Add(step, history.Count > 0 ? history[^1] : null, ofSamples, ofReconstructions, units);
            string html = ReportPage.Html(
                Path.GetFileName(folder.Path), hardware, options, commands, history, best, units?.Kl,
                [
                    .. ofSamples is null ? [] : (ReportPicture[])[new ReportPicture($"Samples from {drawn}, {epoch}", ofSamples)],
                    new ReportPicture($"Test images above, their reconstructions below, {epoch}", ofReconstructions),
                    .. epochs.Write() is { } sheet
                        ? (ReportPicture[])[new ReportPicture("The same codes of the prior after every epoch", sheet)]
                        : [],
                ]);
            AtomicFile.Write(folder.Report, stream => stream.Write(Encoding.UTF8.GetBytes(html)));
        });

        byte[] Written(string path, Sheet sheet)
        {
            ImageFile.Write(path, sheet.Compose(shape));
            return File.ReadAllBytes(path);
        }
    }

    private static ImageSet First(ImageSet set, int count) => set.Select([.. Enumerable.Range(0, Math.Min(count, set.Count))]);

    private static IEnumerable<(string Name, string Value)> Options(
        Vae trained, TrainingOptions training, string dataName, string hardware) =>
    [
        ("data", dataName), ("image", trained.Options.Shape.ToString()),
        ("labels", trained.Options.Classes > 0 ? $"{trained.Options.Classes} classes" : "none"),
        .. ModelArguments.Set.Describe(trained.Options), .. TrainingArguments.Set.Describe(training),
        .. AdversarialArguments.Describe(training.Adversarial), .. PerceptualArguments.Describe(training.Perceptual),
        ("weights", trained.Parameters.Count.ToString("N0", CultureInfo.InvariantCulture)), ("device", hardware),
    ];
}
