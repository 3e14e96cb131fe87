using System.Diagnostics;
using System.Globalization;
using Spectre.Console;

namespace GpuVae.Cli;

/// <summary>Shows work of many steps as it goes on: a bar on a terminal, plain lines where the output goes to a file or a pipe.</summary>
internal sealed class StepConsole
{
    private const int WidthWithBar = 110;
    private static readonly TimeSpan LineInterval = TimeSpan.FromSeconds(5);

    private readonly Action<long, string> show;
    private readonly Action<string> write;
    private readonly Action started;

    private StepConsole(Action<long, string> show, Action<string> write, Action started) =>
        (this.show, this.write, this.started) = (show, write, started);

    /// <summary>Runs <paramref name="work"/>, which tells how far it is.</summary>
    /// <param name="step">Steps taken before.</param>
    /// <param name="steps">Steps in all.</param>
    /// <param name="work">What to do.</param>
    public static T Run<T>(long step, long steps, Func<StepConsole, T> work)
    {
        if (Console.IsOutputRedirected)
            return RunWithLines(steps, work);
        // The figures take 80 columns; a bar is for wider terminals.
        List<ProgressColumn> columns =
            [new SpinnerColumn(), new TaskDescriptionColumn { Alignment = Justify.Left }, new PercentageColumn()];
        if (Terminal.Ansi.Profile.Width >= WidthWithBar)
            columns.Insert(2, new ProgressBarColumn { Width = WidthWithBar / 5 });
        return Terminal.Ansi.Progress().AutoClear(true).Columns([.. columns]).Start(context =>
        {
            ProgressTask task = context.AddTask("compiling kernels", maxValue: steps);
            task.Value = step;
            return work(new StepConsole(
                (at, line) => (task.Value, task.Description) = (at, Markup.Escape(line)),
                line => Terminal.Ansi.WriteLine(Printable.Of(line)),
                () => { }));
        });
    }

    /// <summary>The first step is done: nobody waits for a compiler any more.</summary>
    public void Start() => started();

    /// <summary>How far the work is after <paramref name="step"/> steps.</summary>
    public void Show(long step, string line) => show(step, line);

    /// <summary>A line that stays.</summary>
    public void Write(string line) => write(line);

    /// <summary>A rate and what is left, as lines end with it.</summary>
    public static string Pace(double imagesPerSecond, TimeSpan remaining) => string.Create(
        CultureInfo.InvariantCulture, $"{imagesPerSecond:N0} images/s  {Duration(remaining)} left");

    private static T RunWithLines<T>(long steps, Func<StepConsole, T> work)
    {
        var sinceLine = Stopwatch.StartNew();
        // Whoever waits for a compiler should know what for.
        using var compiling = new Timer(_ => Console.WriteLine("compiling kernels …"), null, LineInterval / 5, Timeout.InfiniteTimeSpan);
        return work(new StepConsole(
            (at, line) =>
            {
                if (sinceLine.Elapsed < LineInterval)
                    return;
                sinceLine.Restart();
                Console.WriteLine($"{line}  (step {at} of {steps})");
            },
            line =>
            {
                sinceLine.Restart();
                Console.WriteLine(line);
            },
            () => compiling.Change(Timeout.Infinite, Timeout.Infinite)));
    }

    private static string Duration(TimeSpan time) => time switch
    {
        { TotalHours: >= 1 } => $"{(int)time.TotalHours} h {time.Minutes} min",
        { TotalMinutes: >= 1 } => $"{time.Minutes} min {time.Seconds} s",
        _ => $"{time.Seconds} s",
    };
}
