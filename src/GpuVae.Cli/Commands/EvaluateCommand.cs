using System.Text;
using GpuVae.Evaluation;
using GpuVae.Formats;
using Spectre.Console;

namespace GpuVae.Cli.Commands;

/// <summary>Measures a trained model on images.</summary>
internal static class EvaluateCommand
{
    public static Command Create()
    {
        Option<string> metrics = new("--metrics")
        {
            Description = "What to measure: elbo (with bits per dimension), nll (importance-sampled likelihood), units (activity and KL of "
                + "each), reconstruction (MSE, PSNR, SSIM), mig (mutual information gap, where factors are known). --samples adds nll.",
            HelpName = "NAME,NAME,…",
            DefaultValueFactory = _ => new EvaluationOptions().Metrics.ToString().Replace(" ", "").ToLowerInvariant(),
        };
        var set = new OptionSet<EvaluationOptions>("Protocol", options => options with { });
        set.Number(
            "--samples", "K", "Samples per image of the importance-sampled likelihood.", o => o.Samples,
            NumberRange.Between(1, EvaluationOptions.MaxSamples), aliases: "-k");
        set.Choice(
            "--binarize", "What becomes of grey levels: they stay (none), or every pixel is drawn as black or white, once for ever "
            + "(static) or anew (dynamic).", o => o.Binarization);
        set.Number("--seed", "N", CommonOptions.SeedMeaning, o => o.Seed, CommonOptions.Seeds);
        Option<int?> limit = CommonOptions.OptionalNumber(
            "--limit", "N", "Take the first N images only, and read no more; where the run's test images are a tenth of its training "
            + "images, all are read to find these.", NumberRange.AtLeast(1));
        Option<string[]> features = new("--features")
        {
            Description = "Also compare samples and reconstructions with the images as distributions (Fréchet and kernel distance, "
                + "precision, recall, density, coverage), in the features of this network; of several files each is given what the one "
                + "before gave. The first takes RGB images [number, 3, height, width] from 0 to 255.",
            HelpName = "FILE.onnx",
            AllowMultipleArgumentsPerToken = true,
            DefaultValueFactory = _ => [],
        };
        Option<string?> json = CommonOptions.FileOut("--json", "Also write all figures with their protocol to this file.");
        var data = new DataArguments();
        var sampler = new SamplerArguments();
        var codePrior = new CodePriorArguments();
        var command = new ExampleCommand(
            "evaluate", "Measures a model: bounds on the likelihood, quality of reconstructions, use of the latent units.",
            "gpuvae evaluate",
            "gpuvae evaluate --run runs/mnist --samples 5000 --binarize static --json mnist.json",
            "gpuvae evaluate --metrics mig,units --data digits",
            "gpuvae evaluate --features ResNet18.onnx --limit 1000",
            "gpuvae evaluate --run runs/photos --code-prior runs/photos/prior.safetensors")
        {
            metrics, features, limit, json,
        };
        set.AddTo(command);
        sampler.AddTo(command);
        codePrior.AddTo(command);
        data.AddTo(command, withTestData: false);
        new RunArguments().Act(command, (parsed, folder, model) =>
        {
            EvaluationOptions options = set.Read(parsed) with
            {
                Split = data.NamesData(parsed) ? "as given" : "test",
                Temperature = sampler.Temperature(parsed),
            };
            EvaluationMetrics sampled = set.Given(parsed).Contains("--samples") ? EvaluationMetrics.Nll : EvaluationMetrics.None;
            options = options with { Metrics = ReadMetrics(parsed.GetValue(metrics)!) | sampled };
            options.Validate();
            ImageSet images = data.LoadTest(parsed, folder, parsed.GetValue(limit));
            if (images.Count == parsed.GetValue(limit))
                options = options with { Split = $"{options.Split}, first {images.Count}" };
            using OnnxFeatures? network = parsed.GetValue(features) is { Length: > 0 } files ? new OnnxFeatures(files) : null;
            sampler.Apply(parsed, folder, model);
            bool wantsPrior = codePrior.IsGiven(parsed) || (network is not null && codePrior.IsThere(parsed, folder));
            using GridPrior? prior = wantsPrior ? codePrior.Load(parsed, folder, model) : null;
            if (network is not null && prior is null && !model.HasPrior)
                Console.WriteLine(
                    $"{folder.Path} has discrete codes and no prior to draw them from yet ('gpuvae train-prior --run {folder.Path}'): only "
                    + "its reconstructions are compared.");
            EvaluationReport report = WithProgress(progress => ModelEvaluation.Run(model, images, options, network, prior, progress));
            foreach (string line in EvaluationTable.Lines(report))
                Console.WriteLine(line);
            if (parsed.GetValue(json) is { } path)
            {
                AtomicFile.Write(path, stream => stream.Write(Encoding.UTF8.GetBytes(report.ToJson())));
                Console.WriteLine($"wrote {path}");
            }
        });
        return command;
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
            : Terminal.Ansi.Progress()
                .AutoClear(true)
                .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
                .Start(context =>
                {
                    ProgressTask task = context.AddTask("evaluating", maxValue: 1);
                    return evaluate(done => task.Value = done);
                });
}
