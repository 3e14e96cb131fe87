using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using GpuVae.Devices;
using GpuVae.Layers;

namespace GpuVae.Cli.Commands;

/// <summary>Trains a model into a run folder, or goes on with an interrupted run.</summary>
internal sealed class TrainCommand
{
    // Of the training's floating-point operations: products of so few columns run at a fraction of the speed.
    private const double FlowShare = 0.02;

    private readonly TrainingSetup setup = new();

    private readonly Option<string?> output = CommonOptions.Text(
        "--out", "FOLDER", $"The run folder to make; without it {RunArguments.Root}/NAME.", "-o");

    private readonly Option<string?> name = CommonOptions.Text(
        "--name", "NAME", $"Name of the run below {RunArguments.Root}/; without it the data's name, numbered where it is taken.");

    private readonly Option<string?> resume = CommonOptions.Text(
        "--resume", "FOLDER",
        "Go on with the run in this folder, with its options; only --epochs, --early-stopping, --device and the places of the "
            + "data and of the network of --perceptual may change.");

    private readonly Option<string?> initial = CommonOptions.Text(
        "--init", "MODEL",
        "Go on from the weights of this model, a run folder or a .safetensors file, and with its options where nothing else is said.");

    private readonly Option<bool> scansRates = CommonOptions.Flag(
        "--find-lr", "Do not train: try learning rates from 1e-6 to 1 in a few steps, and say which fits.");

    private readonly Option<bool> hasBoard = CommonOptions.Flag(
        "--tensorboard", "Also write what TensorBoard shows, into the run folder: losses, pictures, what the latent units tell.");

    private readonly Option<string?> config = ConfigFile.Option();

    private readonly Option<bool> printsConfig = ConfigFile.PrintOption();

    public static Command Create()
    {
        var command = new ExampleCommand(
            "train", "Trains a variational autoencoder and writes a run folder: weights, metrics, pictures and a report.",
            "gpuvae train",
            "gpuvae train --data path/to/mnist --epochs 10 --out runs/mnist",
            "gpuvae train --data photos --size 64 --latent 64 --likelihood gaussian --lr-schedule cosine",
            "gpuvae train --domains photos drawings --size 64",
            "gpuvae train --resume runs/mnist --epochs 20",
            "gpuvae train --data photos --init runs/faces --lr 3e-4",
            "gpuvae train --data photos --perceptual ResNet18.onnx",
            "gpuvae train --data photos --print-config > photos.json",
            "gpuvae train --config photos.json --epochs 30");
        var train = new TrainCommand();
        train.setup.AddTo(command, withTestData: true);
        command.Add(
            "Run", train.output, train.name, train.resume, train.initial, train.config, train.printsConfig, train.scansRates,
            train.hasBoard);
        command.SetAction(train.Run);
        return command;
    }

    private int Run(ParseResult parsed) => parsed.GetValue(resume) is { } path ? Resume(parsed, path) : Start(parsed);

    private int Start(ParseResult parsed)
    {
        TrainingSetup.CheckOptions(parsed);
        FrozenNetwork? network = PerceptualArguments.Load(parsed);
        RunData source = setup.Data.Read(parsed, TrainingSetup.SeedOf(parsed));
        string? path = GivenPath(parsed);
        bool isQuiet = parsed.GetValue(printsConfig);
        Pictures.CompileAhead();
        using ComputeDevice opened = setup.Device.Open(parsed);
        VaeOptions? ofInitial = parsed.GetValue(initial) is { } other ? Vae.OptionsOf(ReadyModels.PathOf(other)) : null;
        DataSets sets = isQuiet ? source.LoadBoth() : Load(source);
        (VaeOptions architecture, TrainingOptions options, string chosen) =
            setup.OptionsFor(parsed, sets.Train, hasDomains: source.Domains is not null, ofInitial);
        JsonObject all = TrainingSetup.ConfigOf(parsed, source, architecture, options);
        if (isQuiet)
        {
            foreach (string line in RunFile.Text(all).Split('\n'))
                Console.WriteLine(line);
            return 0;
        }
        Console.WriteLine(chosen);
        using var fresh = new Vae(opened, architecture, options.Seed);
        if (parsed.GetValue(initial) is { } model)
            fresh.StartFrom(ReadyModels.PathOf(model), new Notes());
        else
            fresh.StartFrom(sets.Train, options.Seed);
        if (parsed.GetValue(scansRates))
            return FindRate(fresh, sets.Train, options);
        using var trainer = new Trainer(fresh, sets.Train, options, sets.Validation ?? sets.Test, perceptual: network);

        // The folder comes last: bad input leaves nothing behind.
        (RunFolder folder, IDisposable locked) = path is null ? Free(source) : Take(path);
        using IDisposable held = locked;
        source.Write(folder);
        RunFile.Write(folder, ConfigFile.OfRun, all);
        DeviceArguments.Write(folder, opened);
        // A run that is killed before its first epoch ends can be resumed, too.
        trainer.Save(folder.Checkpoint);
        return Train(trainer, folder, sets, source, parsed);
    }

    private int Resume(ParseResult parsed, string path)
    {
        string[] refused =
        [
            .. setup.Model.Given(parsed), .. TrainingArguments.GivenForGood(parsed), .. GivenNames(parsed),
            .. setup.Device.GivenForGood(parsed), .. Given(parsed, initial, scansRates, printsConfig),
        ];
        if (refused.Length > 0)
        {
            throw new BadInputException(
                $"--resume goes on with the run's own options; leave out {string.Join(", ", refused)}, or start a new run with --out.");
        }
        var folder = RunFolder.Open(path);
        if (!File.Exists(folder.Checkpoint))
        {
            throw new BadInputException(
                $"{path} holds no checkpoint, so there is nothing to go on with. Start a run with 'gpuvae train --out {path}'.");
        }
        using IDisposable held = folder.Lock();
        var checkpoint = TrainingCheckpoint.Read(folder.Checkpoint);
        FrozenNetwork? network = PerceptualArguments.Load(parsed, checkpoint.Training);
        RunData source = setup.Data.Read(parsed, folder);
        Pictures.CompileAhead();
        using ComputeDevice opened = setup.Device.Open(parsed, folder);
        DataSets sets = Load(source);
        using var trainer = Trainer.Resume(
            opened, checkpoint, sets.Train, sets.Validation ?? sets.Test, TrainingArguments.GivenEpochs(parsed),
            TrainingArguments.GivenPatience(parsed), perceptual: network);
        Console.WriteLine($"going on at step {trainer.Step} of {trainer.Steps}");
        return Train(trainer, folder, sets, source, parsed);
    }

    private static int FindRate(Vae model, ImageSet images, TrainingOptions options)
    {
        Console.WriteLine("trying learning rates from 1e-6 to 1 …");
        var scan = LearningRateScan.Run(model, images, options);
        foreach ((double rate, double loss) in scan.Steps.Where((_, i) => i % 10 == 9))
            Console.WriteLine(FormattableString.Invariant($"--lr {rate:0.0e-0}   loss {loss:F2}"));
        (double lowest, double least) = scan.Steps.MinBy(step => step.Loss);
        Console.WriteLine(FormattableString.Invariant($"the loss is lowest, {least:F2} nats, at {lowest:0.0e-0}; a tenth is safe:"));
        Console.WriteLine(FormattableString.Invariant($"gpuvae train --lr {scan.Suggested:0.0e-0}"));
        return 0;
    }

    private static DataSets Load(RunData source)
    {
        Console.WriteLine($"loading {source.Described} …");
        return source.LoadBoth();
    }

    private int Train(Trainer trainer, RunFolder folder, DataSets sets, RunData source, ParseResult parsed)
    {
        string run = Shown(folder.Path);
        string hardware = RunResults.Hardware(trainer.Model);
        string validation = sets.Validation is { } chosenBy ? $", {chosenBy.Count} validation" : "";
        Console.WriteLine(
            $"{sets.Train.Count} training{validation} and {sets.Test.Count} test images of {trainer.Model.Options.Shape} on {hardware}");
        Console.WriteLine(
            $"{trainer.Model.Parameters.Count:N0} weights, {trainer.DeviceBytes / 1048576.0:F1} MiB on the device beside the images, "
            + $"{trainer.Schedule.Steps.Count} launches per step");
        if (trainer.PerceptualMaps.Count > 0)
            Console.WriteLine($"images and reconstructions are also compared in maps of {string.Join(", ", trainer.PerceptualMaps)}");
        Console.WriteLine("losses in nats per image: reconstruction summed over pixels + beta × KL summed over latent units");

        trainer.Metadata = new Dictionary<string, string> { [RunData.MetadataKey] = source.Shared() };
        trainer.KeepIn(folder);
        int epochs = (int)(trainer.Step * trainer.Options.Epochs / trainer.Steps);
        int[] lost = [.. Enumerable.Range(1, epochs).Except(trainer.History.Select(line => line.Epoch))];
        if (lost.Length > 0)
            Console.Error.WriteLine($"gpuvae: note: the metrics of these epochs are lost: {string.Join(", ", lost)}");
        var results = new RunResults(
            trainer, folder, sets.Test, source.Described, RunCommands.Add(folder, parsed),
            parsed.GetValue(hasBoard) ? new TensorBoardLog(folder, trainer) : null);
        trainer.EpochCompleted += _ => results.Update();

        TrainingResult result = RunUntilSignal(trainer);
        if (!result.Completed)
        {
            results.Update();
            results.Wait();
            Console.WriteLine($"stopped at step {trainer.Step} of {trainer.Steps}; go on with: gpuvae train --resume {run}");
            return Failures.InterruptedExitCode;
        }
        using Vae kept = folder.Load(trainer.Model.Device);
        string? drawn = FitSampler(kept, folder, sets.Train, trainer);
        results.Finish(kept);
        if (result.StoppedEarly)
            Console.WriteLine($"ended after epoch {trainer.History.Count}: {trainer.Options.EarlyStopping} epochs without a better one");
        if (trainer.BestEpoch is { IsForPictures: true } last)
            Console.WriteLine($"commands take the weights of epoch {last.Epoch}, whose pictures are the sharpest");
        else if (trainer.BestEpoch is { } best)
            Console.WriteLine($"the best is epoch {best.Epoch}, test loss {Invariant(best.TestLoss!.Value)}; commands take its weights");
        if (drawn is not null)
            Console.WriteLine($"new codes are drawn from {drawn}");
        Console.WriteLine($"wrote {folder.Model}");
        Console.WriteLine($"wrote {folder.Report}");
        Console.WriteLine();
        Console.WriteLine($"look at   {Shown(folder.Report)} (curves, samples, reconstructions, options)");
        Console.WriteLine($"          {(drawn is null ? "" : $"{Shown(folder.Samples)}, ")}{Shown(folder.Reconstructions)}");
        Console.WriteLine(drawn is null
            ? $"then try  gpuvae train-prior --run {run}"
            : $"then try  gpuvae generate --run {run} --count 100 --seed 7");
        Console.WriteLine($"          gpuvae interpolate --run {run}");
        return 0;
    }

    /// <summary>
    /// Fits a sampler for the weights that commands take, keeps it with them, and says what it is; null where codes are discrete.
    /// </summary>
    private static string? FitSampler(Vae kept, RunFolder folder, ImageSet images, Trainer trainer)
    {
        if (!kept.HasPrior)
            return null;
        if (!SamplerFit.IsPossible(kept.Options))
            return $"the learned prior ({CommonOptions.Kebab(kept.Options.Prior.ToString())})";
        FittedSampler fitted = SamplerFit.Run(kept, images, new SamplerOptions
        {
            Seed = trainer.Options.Seed,
            FlowWork = FlowShare * trainer.Steps * trainer.Schedule.Flops,
        });
        if (fitted.Sampler != kept.Sampler)
        {
            kept.Sampler = fitted.Sampler;
            folder.Keep(kept);
        }
        return $"{fitted}";
    }

    private static string Invariant(double loss) => loss.ToString("F2", System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>
    /// The first SIGINT (Ctrl-C), SIGTERM or SIGHUP (the terminal is closed) stops the training after the step under way and keeps the run;
    /// the second ends the process.
    /// </summary>
    private static TrainingResult RunUntilSignal(Trainer trainer)
    {
        using var stop = new CancellationTokenSource();
        void Cancel(PosixSignalContext context)
        {
            context.Cancel = !stop.IsCancellationRequested;
            stop.Cancel();
        }
        using (PosixSignalRegistration.Create(PosixSignal.SIGINT, Cancel))
        using (PosixSignalRegistration.Create(PosixSignal.SIGTERM, Cancel))
        using (PosixSignalRegistration.Create(PosixSignal.SIGHUP, Cancel))
            return TrainingConsole.Run(trainer, () => trainer.Run(stop.Token));
    }

    private IEnumerable<string> GivenNames(ParseResult parsed) => Given(parsed, output, name);

    private static IEnumerable<string> Given(ParseResult parsed, params Option[] options) =>
        options.Where(option => CommonOptions.IsGiven(parsed, option)).Select(option => option.Name);

    /// <summary>The folder that the user names for a new run, or null.</summary>
    /// <exception cref="BadInputException">It holds a run already, or the name leads out of the folder of runs.</exception>
    private string? GivenPath(ParseResult parsed)
    {
        if (GivenNames(parsed).Count() > 1)
            throw new BadInputException("--out and --name both say where the run goes; leave one of them out.");
        string? path = parsed.GetValue(output)
            ?? (parsed.GetValue(name) is { } wanted ? RunFolder.PathOf(RunArguments.Root, wanted) : null);
        if (path is not null)
            RefuseOther(path);
        return path;
    }

    /// <summary>The folder that the user names, locked.</summary>
    /// <exception cref="BadInputException">It holds a run already, or another process trains into it.</exception>
    private static (RunFolder Folder, IDisposable Lock) Take(string path)
    {
        var folder = RunFolder.Create(path);
        IDisposable held = folder.Lock();
        try
        {
            RefuseOther(path);
            return (folder, held);
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <exception cref="BadInputException">The folder holds a run already.</exception>
    private static void RefuseOther(string path)
    {
        if (Directory.Exists(path) && File.Exists(RunFolder.Open(path).Checkpoint))
            throw new BadInputException($"{path} already holds a run. Go on with --resume {Shown(path)}, or choose another place.");
    }

    /// <summary>runs/NAME with the name of the data, and a number where a run has it already; locked.</summary>
    private static (RunFolder Folder, IDisposable Lock) Free(RunData source)
    {
        string stem = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(source.Data)));
        stem = Path.Combine(RunArguments.Root, stem.Length == 0 ? "run" : stem);
        for (int i = 1; ; i++)
        {
            string path = i == 1 ? stem : $"{stem}-{i}";
            if (Path.Exists(path))
                continue;
            // Of several that find the same name at the same moment one gets it.
            var folder = RunFolder.Create(path);
            if (folder.TryLock() is not { } held)
                continue;
            if (!File.Exists(folder.Checkpoint))
                return (folder, held);
            held.Dispose();
        }
    }

    /// <summary>A path as the user would write it here: relative where it lies below the working directory.</summary>
    private static string Shown(string path)
    {
        string relative = Path.GetRelativePath(".", path);
        string shown = relative.StartsWith("..", StringComparison.Ordinal) ? Path.GetFullPath(path) : relative;
        return shown.Contains(' ') ? $"\"{shown}\"" : shown;
    }
}
