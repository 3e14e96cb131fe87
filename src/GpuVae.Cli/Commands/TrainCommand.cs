using System.CommandLine;
using System.Globalization;
using System.Runtime.InteropServices;
using GpuVae.Devices;
using GpuVae.Imaging;
using GpuVae.Models;
using GpuVae.Training;

namespace GpuVae.Cli.Commands;

/// <summary>Trains a model into a run folder, or goes on with an interrupted run.</summary>
internal sealed class TrainCommand
{
    /// <summary>What a shell gives a program that SIGINT ended.</summary>
    private const int InterruptedExitCode = 130;

    private static readonly TrainingOptions Defaults = new();

    private readonly DataArguments data = new();
    private readonly ModelOptions model = new();
    private readonly Option<int> batch = new("--batch") { Description = "Images per step.", HelpName = "N", DefaultValueFactory = _ => Defaults.BatchSize };
    private readonly Option<int> epochs = new("--epochs") { Description = "Passes over the images.", HelpName = "N", DefaultValueFactory = _ => Defaults.Epochs };
    private readonly Option<double> rate = new("--lr") { Description = "Adam's learning rate.", HelpName = "R", DefaultValueFactory = _ => Defaults.LearningRate };
    private readonly Option<LearningRateDecay> decay = new("--lr-schedule") { Description = "How the learning rate changes.", DefaultValueFactory = _ => Defaults.Decay };
    private readonly Option<double> warmup = new("--kl-warmup") { Description = "Epochs over which the KL weight rises from 0 to beta.", HelpName = "E", DefaultValueFactory = _ => 0 };
    private readonly Option<double> clip = new("--clip") { Description = "Largest global norm of the gradient; 0 does not clip.", HelpName = "NORM", DefaultValueFactory = _ => 0 };
    private readonly Option<double> weightDecay = new("--weight-decay") { Description = "Decoupled weight decay (AdamW).", HelpName = "D", DefaultValueFactory = _ => 0 };
    private readonly Option<bool> binarize = new("--binarize") { Description = "Draw every training pixel anew as black or white in each epoch." };
    private readonly Option<int> checkpointEvery = new("--checkpoint-every") { Description = "Steps between checkpoints within an epoch; 0 writes them after epochs only.", HelpName = "N", DefaultValueFactory = _ => 0 };
    private readonly Option<string?> output = new("--out", "-o") { Description = "The run folder to make; without it runs/NAME.", HelpName = "FOLDER" };
    private readonly Option<string?> name = new("--name") { Description = $"Name of the run below {RunArgument.Root}/; without it the data's name.", HelpName = "NAME" };
    private readonly Option<string?> resume = new("--resume") { Description = "Go on with the interrupted run in this folder, with its options; only --epochs may change.", HelpName = "FOLDER" };
    private readonly Option<ulong> seed = CommonOptions.Seed();
    private readonly Option<string> device = CommonOptions.Device();

    private Option[] TrainingOnly => [batch, rate, decay, warmup, clip, weightDecay, binarize, checkpointEvery, output, name, seed];

    public static Command Create()
    {
        var command = new ExampleCommand(
            "train", "Trains a variational autoencoder and writes a run folder: weights, metrics, pictures and a report.",
            "gpuvae train",
            "gpuvae train --data path/to/mnist --epochs 10 --out runs/mnist",
            "gpuvae train --data photos --size 64 --latent 64 --likelihood gaussian --lr-schedule cosine",
            "gpuvae train --resume runs/mnist --epochs 20");
        var train = new TrainCommand();
        train.data.AddTo(command, withTestData: true);
        train.model.AddTo(command);
        foreach (var option in train.TrainingOnly.Prepend(train.epochs).Append(train.resume).Append(train.device))
            command.Options.Add(option);
        command.SetAction(train.Run);
        return command;
    }

    private int Run(ParseResult parsed)
    {
        TrainingCheckpoint? checkpoint = null;
        RunFolder? folder = null;
        if (parsed.GetValue(resume) is { } resumed)
        {
            RefuseWithResume(parsed);
            folder = RunFolder.Open(resumed);
            checkpoint = TrainingCheckpoint.Read(folder.Checkpoint);
        }

        RunData source = folder is not null ? data.Read(parsed, folder) : data.Read(parsed, parsed.GetValue(seed));
        TrainingOptions options = Options(parsed);
        if (checkpoint is null)
            options.Validate();
        Console.WriteLine($"loading {source.Data} …");
        var (train, test) = source.LoadBoth();
        using var opened = ComputeDevice.Open(parsed.GetValue(device)!);

        Trainer trainer;
        Vae? ownModel = null;
        if (checkpoint is not null)
        {
            trainer = Trainer.Resume(opened, checkpoint, train, test, parsed.GetResult(epochs) is { Implicit: false } ? parsed.GetValue(epochs) : null);
        }
        else
        {
            ownModel = new Vae(opened, model.Read(parsed, ImageShape.Of(train)), options.Seed);
            trainer = new Trainer(ownModel, train, options, test);
            // The folder comes last: bad options leave nothing behind.
            folder = NewFolder(parsed, source);
            source.Write(folder);
        }
        using (ownModel)
        using (trainer)
            return Train(trainer, folder!, opened, (train.Count, test.Count), parsed);
    }

    private int Train(Trainer trainer, RunFolder folder, ComputeDevice opened, (int Train, int Test) images, ParseResult parsed)
    {
        string run = Path.GetRelativePath(".", folder.Path);
        string hardware = $"{opened.Name} ({opened.Accelerator.Name})";
        Console.WriteLine($"{images.Train} training and {images.Test} test images of {trainer.Model.Options.Shape} on {hardware}");
        Console.WriteLine($"{trainer.Model.Parameters.Count:N0} weights, {trainer.DeviceBytes / 1048576.0:F1} MiB on the device beside the images, "
            + $"{trainer.Schedule.Steps.Count} launches per step");
        Console.WriteLine("losses in nats per image: reconstruction summed over pixels + beta × KL summed over latent units");

        trainer.CheckpointPath = folder.Checkpoint;
        if (trainer.Step > 0)
            folder.TruncateMetrics((int)(trainer.Step * trainer.Options.Epochs / trainer.Steps));
        trainer.EpochCompleted += folder.AppendMetrics;

        using var stop = new CancellationTokenSource();
        void Cancel(PosixSignalContext context)
        {
            context.Cancel = true;
            stop.Cancel();
        }
        TrainingResult result;
        using (PosixSignalRegistration.Create(PosixSignal.SIGINT, Cancel))
        using (PosixSignalRegistration.Create(PosixSignal.SIGTERM, Cancel))
            result = TrainingConsole.Run(trainer, () => trainer.Run(stop.Token));
        if (!result.Completed)
        {
            Console.WriteLine($"stopped at step {result.Steps} of {trainer.Steps}; go on with: gpuvae train --resume {run}");
            return InterruptedExitCode;
        }
        WriteResults(trainer, folder, hardware, RunData.Read(folder) ?? data.Read(parsed, 1));
        Console.WriteLine();
        Console.WriteLine($"look at   {Path.Combine(run, "report.html")} (curves, samples, reconstructions, options)");
        Console.WriteLine($"then try  gpuvae generate --run {run} --count 100 --seed 7");
        Console.WriteLine($"          gpuvae interpolate --run {run}");
        return 0;
    }

    private static void WriteResults(Trainer trainer, RunFolder folder, string hardware, RunData source)
    {
        const int samples = 64, reconstructions = 16;
        var trained = trainer.Model;
        trained.Save(folder.Path);
        Pictures.WriteGrid(folder.Samples, trained.Options.Shape, trained.Generate(samples, trainer.Options.Seed));
        Pictures.WriteReconstructions(folder.Reconstructions, trained, source.LoadTest(), reconstructions);

        var m = trained.Options;
        var t = trainer.Options;
        (string, string)[] options =
        [
            ("data", source.Data), ("image", m.Shape.ToString()), ("hidden", string.Join(", ", m.Hidden)), ("latent", m.Latent.ToString()),
            ("activation", m.Activation.ToString()), ("likelihood", m.Likelihood.ToString()), ("beta", Text(m.Beta)),
            ("KL warm-up epochs", Text(t.KlWarmupEpochs)), ("batch", t.BatchSize.ToString()), ("epochs", t.Epochs.ToString()),
            ("learning rate", $"{Text(t.LearningRate)}, {t.Decay.ToString().ToLowerInvariant()}"), ("gradient clipping", Text(t.GradientClip)),
            ("weight decay", Text(t.WeightDecay)), ("dynamic binarisation", t.DynamicBinarization ? "yes" : "no"), ("seed", t.Seed.ToString()),
            ("weights", trained.Parameters.Count.ToString("N0", CultureInfo.InvariantCulture)), ("device", hardware),
        ];
        string html = ReportPage.Html(
            Path.GetFileName(folder.Path), hardware, options,
            [.. folder.ReadMetrics().Select(e => new ReportEpoch(
                e.Epoch, e.TrainLoss, e.TestLoss ?? double.NaN, e.TestRecon ?? double.NaN, e.TestKl ?? double.NaN, e.Seconds, e.ImagesPerSecond))],
            [
                new ReportPicture("Samples from the prior", File.ReadAllBytes(folder.Samples)),
                new ReportPicture("Test images above, their reconstructions below", File.ReadAllBytes(folder.Reconstructions)),
            ]);
        Formats.AtomicFile.Write(folder.Report, stream => stream.Write(System.Text.Encoding.UTF8.GetBytes(html)));
        Console.WriteLine($"wrote {folder.Report}");
    }

    private TrainingOptions Options(ParseResult parsed) => new()
    {
        Epochs = parsed.GetValue(epochs),
        BatchSize = parsed.GetValue(batch),
        LearningRate = parsed.GetValue(rate),
        Decay = parsed.GetValue(decay),
        KlWarmupEpochs = parsed.GetValue(warmup),
        GradientClip = parsed.GetValue(clip),
        WeightDecay = parsed.GetValue(weightDecay),
        DynamicBinarization = parsed.GetValue(binarize),
        CheckpointEverySteps = parsed.GetValue(checkpointEvery),
        Seed = parsed.GetValue(seed),
    };

    private void RefuseWithResume(ParseResult parsed)
    {
        string[] given = [.. TrainingOnly.Where(o => parsed.GetResult(o) is { Implicit: false }).Select(o => o.Name), .. model.Given(parsed)];
        if (given.Length > 0)
            throw new BadInputException($"--resume goes on with the run's own options; leave out {string.Join(", ", given)}, or start a new run with --out.");
    }

    private RunFolder NewFolder(ParseResult parsed, RunData source)
    {
        if (parsed.GetValue(output) is { } path)
        {
            if (File.Exists(Path.Combine(path, "checkpoint")))
                throw new BadInputException($"{path} already holds a run. Go on with --resume {path}, or choose another folder with --out.");
            return RunFolder.Create(path);
        }
        if (parsed.GetValue(name) is { } wanted)
        {
            var named = RunFolder.Create(RunArgument.Root, wanted);
            return File.Exists(named.Checkpoint)
                ? throw new BadInputException($"{RunArgument.Root}/{wanted} already holds a run. Go on with --resume, or choose another name.")
                : named;
        }
        string stem = Path.GetFileNameWithoutExtension(Path.TrimEndingDirectorySeparator(source.Data));
        string unique = stem;
        for (int i = 2; Directory.Exists(Path.Combine(RunArgument.Root, unique)); i++)
            unique = $"{stem}-{i}";
        return RunFolder.Create(RunArgument.Root, unique);
    }

    private static string Text(double value) => value.ToString("G6", CultureInfo.InvariantCulture);
}
