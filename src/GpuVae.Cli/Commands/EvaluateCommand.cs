using System.CommandLine;
using System.Text;
using GpuVae.Data;
using GpuVae.Evaluation;
using GpuVae.Formats;
using GpuVae.Kernels.Training;
using GpuVae.Models;
using GpuVae.Options;
using GpuVae.Training;
using Spectre.Console;

namespace GpuVae.Cli.Commands;

/// <summary>Measures a trained model on images.</summary>
internal sealed class EvaluateCommand
{
    private static readonly EvaluationOptions Defaults = new();

    private readonly RunArguments run = new();
    private readonly DataArguments data = new();
    private readonly Option<ulong> seed = CommonOptions.Seed();

    private readonly Option<string> metrics = new("--metrics")
    {
        Description = "What to measure: elbo (with bits per dimension), nll (importance-sampled likelihood), units (activity and KL of each), "
            + "reconstruction (MSE, PSNR, SSIM), mig (mutual information gap, where factors are known). --samples adds nll.",
        HelpName = "NAME,NAME,…",
        DefaultValueFactory = _ => Defaults.Metrics.ToString().Replace(" ", "").ToLowerInvariant(),
    };

    private readonly Option<int> samples = CommonOptions.Number(
        "--samples", "K", "Samples per image of the importance-sampled likelihood.", Defaults.Samples,
        NumberRange.Between(1, ImportanceSampling.MaxSamples), "-k");

    private readonly ChoiceOption<Binarization> binarization = new(
        "--binarize",
        "What becomes of grey levels: they stay (none), or every pixel is drawn as black or white, once for ever (static) or anew "
            + "(dynamic).",
        Defaults.Binarization);

    private readonly Option<int?> limit = CommonOptions.OptionalNumber(
        "--limit", "N", "Take the first N images only.", NumberRange.AtLeast(1));

    private readonly Option<string?> json = CommonOptions.FileOut(
        "--json", "Also write all figures with their protocol to this file.");

    public static Command Create()
    {
        var evaluate = new EvaluateCommand();
        var command = new ExampleCommand(
            "evaluate", "Measures a model: bounds on the likelihood, quality of reconstructions, use of the latent units.",
            "gpuvae evaluate",
            "gpuvae evaluate --run runs/mnist --samples 5000 --binarize static --json mnist.json",
            "gpuvae evaluate --metrics mig,units --data digits")
        {
            evaluate.metrics, evaluate.samples, evaluate.binarization, evaluate.limit, evaluate.json, evaluate.seed,
        };
        evaluate.run.AddTo(command);
        evaluate.data.AddTo(command, withTestData: false);
        command.SetAction(evaluate.Run);
        return command;
    }

    private void Run(ParseResult parsed)
    {
        EvaluationOptions options = Read(parsed);
        int? wanted = parsed.GetValue(limit);
        using OpenedRun opened = run.Open(parsed);
        (RunFolder folder, Vae model) = opened;
        ImageSet images = data.LoadTest(parsed, folder);
        if (wanted < images.Count)
        {
            images = images.Select([.. Enumerable.Range(0, wanted.Value)]);
            options = options with { Split = $"{options.Split}, first {wanted}" };
        }
        EvaluationReport report = WithProgress(progress => ModelEvaluation.Run(model, images, options, progress));
        foreach (string line in EvaluationTable.Lines(report))
            Console.WriteLine(line);
        if (parsed.GetValue(json) is { } path)
        {
            AtomicFile.Write(path, stream => stream.Write(Encoding.UTF8.GetBytes(report.ToJson())));
            Console.WriteLine($"wrote {path}");
        }
    }

    /// <exception cref="BadInputException">A value is out of range.</exception>
    private EvaluationOptions Read(ParseResult parsed)
    {
        var options = new EvaluationOptions
        {
            Metrics = ReadMetrics(parsed.GetValue(metrics)!),
            Samples = parsed.GetValue(samples),
            Binarization = binarization.Read(parsed),
            Seed = parsed.GetValue(seed),
            Split = data.NamesData(parsed) ? "as given" : "test",
        };
        if (CommonOptions.IsGiven(parsed, samples))
            options = options with { Metrics = options.Metrics | EvaluationMetrics.Nll };
        options.Validate();
        return options;
    }

    private static EvaluationMetrics ReadMetrics(string text)
    {
        EvaluationMetrics all = EvaluationMetrics.None;
        foreach (string name in text.Split(',', StringSplitOptions.TrimEntries))
        {
            all |= Enum.TryParse(name, ignoreCase: true, out EvaluationMetrics metric) && Enum.IsDefined(metric) && metric != 0
                && !char.IsAsciiDigit(name[0])
                ? metric
                : throw new BadInputException($"--metrics {text}: '{name}' is none; choose some of elbo, nll, units, reconstruction, mig.");
        }
        return all;
    }

    /// <summary>A bar on a terminal while likelihoods are sampled; nothing where the output goes to a file or a pipe.</summary>
    private static EvaluationReport WithProgress(Func<Action<double>?, EvaluationReport> evaluate) =>
        Console.IsOutputRedirected
            ? evaluate(null)
            : AnsiConsole.Progress()
                .AutoClear(true)
                .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
                .Start(context =>
                {
                    ProgressTask task = context.AddTask("evaluating", maxValue: 1);
                    return evaluate(done => task.Value = done);
                });
}
