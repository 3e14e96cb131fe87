using System.Globalization;
using GpuVae.Training;
using Spectre.Console;

namespace GpuVae.Cli;

/// <summary>Shows a training as it runs: a bar on a terminal, plain lines where the output goes to a file or a pipe.</summary>
internal static class TrainingConsole
{
    private static readonly TimeSpan LineInterval = TimeSpan.FromSeconds(5);

    /// <summary>Runs <paramref name="train"/> while showing what <paramref name="trainer"/> reports.</summary>
    public static TrainingResult Run(Trainer trainer, Func<TrainingResult> train)
    {
        if (Console.IsOutputRedirected)
            return RunWithLines(trainer, train);
        return AnsiConsole.Progress()
            .AutoClear(true)
            .Columns(
                new SpinnerColumn(), new TaskDescriptionColumn { Alignment = Justify.Left },
                new ProgressBarColumn(), new PercentageColumn())
            .Start(context =>
            {
                var task = context.AddTask("starting", maxValue: trainer.Steps);
                task.Value = trainer.Step;
                trainer.Progressed += progress =>
                {
                    task.Value = progress.Step;
                    task.Description = Markup.Escape(Line(progress));
                };
                trainer.EpochCompleted += epoch => AnsiConsole.WriteLine(Line(epoch, trainer.Options.Epochs));
                return train();
            });
    }

    private static TrainingResult RunWithLines(Trainer trainer, Func<TrainingResult> train)
    {
        long lastLine = Environment.TickCount64;
        trainer.Progressed += progress =>
        {
            if (Environment.TickCount64 - lastLine < LineInterval.TotalMilliseconds)
                return;
            lastLine = Environment.TickCount64;
            Console.WriteLine(Line(progress));
        };
        trainer.EpochCompleted += epoch =>
        {
            lastLine = Environment.TickCount64;
            Console.WriteLine(Line(epoch, trainer.Options.Epochs));
        };
        return train();
    }

    private static string Line(TrainingProgress p) => string.Create(CultureInfo.InvariantCulture,
        $"epoch {p.Epoch}/{p.Epochs}  step {p.Step}/{p.Steps}  "
        + $"loss {p.Loss.Loss:F2} = {p.Loss.Reconstruction:F2} + {p.Loss.Beta:0.##} × {p.Loss.Kl:F2}  "
        + $"{p.ImagesPerSecond:N0} images/s  {Duration(p.Remaining)} left");

    private static string Line(EpochSummary e, int epochs)
    {
        string test = e.Test is not { } parts ? "" : string.Create(CultureInfo.InvariantCulture,
            $"  test {parts.Loss:F2} (reconstruction {parts.Reconstruction:F2}, KL {parts.Kl:F2})");
        return string.Create(CultureInfo.InvariantCulture,
            $"epoch {e.Epoch}/{epochs}  train {e.Train.Loss:F2}{test}  {e.Seconds:F1} s  {e.ImagesPerSecond:N0} images/s");
    }

    private static string Duration(TimeSpan time) => time switch
    {
        { TotalHours: >= 1 } => $"{(int)time.TotalHours} h {time.Minutes} min",
        { TotalMinutes: >= 1 } => $"{time.Minutes} min {time.Seconds} s",
        _ => $"{time.Seconds} s",
    };
}
