using System.Diagnostics;
using System.Globalization;
using GpuVae.Elbo;
using Spectre.Console;

namespace GpuVae.Cli;

/// <summary>Shows a training as it runs: a bar on a terminal, plain lines where the output goes to a file or a pipe.</summary>
internal static class TrainingConsole
{
    private const int WidthWithBar = 110;
    private static readonly TimeSpan LineInterval = TimeSpan.FromSeconds(5);

    /// <summary>Runs <paramref name="train"/> while showing what <paramref name="trainer"/> reports.</summary>
    public static TrainingResult Run(Trainer trainer, Func<TrainingResult> train)
    {
        var seen = new HashSet<HealthIssue>();
        if (Console.IsOutputRedirected)
            return RunWithLines(trainer, train, seen);
        // The figures take 80 columns; a bar is for wider terminals.
        List<ProgressColumn> columns =
            [new SpinnerColumn(), new TaskDescriptionColumn { Alignment = Justify.Left }, new PercentageColumn()];
        if (Terminal.Ansi.Profile.Width >= WidthWithBar)
            columns.Insert(2, new ProgressBarColumn { Width = WidthWithBar / 5 });
        return Terminal.Ansi.Progress().AutoClear(true).Columns([.. columns]).Start(context =>
        {
            ProgressTask task = context.AddTask("compiling kernels", maxValue: trainer.Steps);
            task.Value = trainer.Step;
            trainer.Progressed += progress =>
                (task.Value, task.Description) = (progress.Step, Markup.Escape(Line(progress)));
            trainer.EpochCompleted += epoch => Write(epoch, trainer, seen, line => Terminal.Ansi.WriteLine(Printable.Of(line)));
            return train();
        });
    }

    private static TrainingResult RunWithLines(Trainer trainer, Func<TrainingResult> train, HashSet<HealthIssue> seen)
    {
        var sinceLine = Stopwatch.StartNew();
        // Whoever waits for a compiler should know what for.
        using var compiling = new Timer(_ => Console.WriteLine("compiling kernels …"), null, LineInterval / 5, Timeout.InfiniteTimeSpan);
        trainer.Stepped += () => compiling.Change(Timeout.Infinite, Timeout.Infinite);
        trainer.Progressed += progress =>
        {
            if (sinceLine.Elapsed < LineInterval)
                return;
            sinceLine.Restart();
            Console.WriteLine($"{Line(progress)}  (step {progress.Step} of {progress.Steps})");
        };
        trainer.EpochCompleted += epoch =>
        {
            sinceLine.Restart();
            Write(epoch, trainer, seen, Console.WriteLine);
        };
        return train();
    }

    /// <summary>The figures, and each kind of warning once; the report tells how long it lasted.</summary>
    private static void Write(EpochSummary epoch, Trainer trainer, HashSet<HealthIssue> seen, Action<string> write)
    {
        write(Line(epoch, trainer.Options.Epochs));
        foreach (HealthWarning warning in epoch.Warnings.Where(warning => seen.Add(warning.Issue)))
            write($"  warning: {Flags.In(warning.ToString())}");
    }

    private static string Line(TrainingProgress p) => string.Create(CultureInfo.InvariantCulture,
        $"epoch {p.Epoch}/{p.Epochs}  {Parts(p.Loss)}  {Parts(p.Adversarial)}{Distance(p.FeatureDistance)}{p.ImagesPerSecond:N0} images/s  "
        + $"{Duration(p.Remaining)} left");

    private static string Line(EpochSummary e, int epochs) => string.Create(CultureInfo.InvariantCulture,
        $"epoch {e.Epoch}/{epochs}  train {e.Train.Loss:F2}  {(e.Test is { } test ? $"test {Parts(test)}  " : "")}"
        + $"{(e.TopCodes is { } top ? $"top {Use(top)}, bottom " : "")}{(e.Codes is { } codes ? $"{Use(codes)}  " : "")}"
        + $"{(e.LevelKl is { } levels ? $"levels {string.Join(" + ", levels.Select(kl => Invariant(kl)))}  " : "")}"
        + $"{Parts(e.Adversarial)}{Distance(e.FeatureDistance)}{e.ImagesPerSecond:N0} images/s");

    private static string Use(CodeUse use) => string.Create(
        CultureInfo.InvariantCulture, $"{use.Used} of {use.Codes} codes, perplexity {use.Perplexity:F0}");

    private static string Invariant(double nats) => nats.ToString("F1", CultureInfo.InvariantCulture);

    private static string Parts(ElboParts loss) => string.Create(CultureInfo.InvariantCulture,
        $"{loss.Loss:F2} = {loss.Reconstruction:F2} + {loss.Beta:0.##} × {loss.Kl:F2}");

    private static string Parts(AdversarialParts? parts) => parts is not { } of
        ? ""
        : string.Create(
            CultureInfo.InvariantCulture,
            $"discriminator {of.DiscriminatorLoss:F2}, generator {of.GeneratorLoss:F2} × {of.Weight:G2}  ");

    private static string Distance(double? ofFeatures) => ofFeatures is not { } distance
        ? ""
        : string.Create(CultureInfo.InvariantCulture, $"perceptual {distance:F4}  ");

    private static string Duration(TimeSpan time) => time switch
    {
        { TotalHours: >= 1 } => $"{(int)time.TotalHours} h {time.Minutes} min",
        { TotalMinutes: >= 1 } => $"{time.Minutes} min {time.Seconds} s",
        _ => $"{time.Seconds} s",
    };
}
