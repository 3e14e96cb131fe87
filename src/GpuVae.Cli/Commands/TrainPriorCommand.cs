using System.Globalization;
using GpuVae.Formats;
using GpuVae.Imaging;

namespace GpuVae.Cli.Commands;

/// <summary>Trains a prior over the discrete codes of a model.</summary>
internal static class TrainPriorCommand
{
    private const int Drawn = 64, DefaultEpochs = 10, DefaultBatch = 32;
    private const string CheckpointExtension = ".checkpoint";

    public static OptionSet<GridPriorOptions> Set { get; } = MakeSet();

    public static Command Create()
    {
        Option<bool> conditional = CommonOptions.Flag(
            "--conditional", "Tell the prior the label of every image; 'generate' and 'inpaint --label' can then ask for one.");
        Option<int> epochs = CommonOptions.Number("--epochs", "N", "Passes over the images.", DefaultEpochs, NumberRange.AtLeast(1));
        Option<int> batch = CommonOptions.Number("--batch", "N", "Images of a batch.", DefaultBatch, NumberRange.AtLeast(1));
        Option<double> rate = CommonOptions.Number(
            "--lr", "R", "Adam's learning rate; it falls to 0 along a cosine.", new TrainingOptions().LearningRate, NumberRange.Positive);
        Option<ulong> seed = CommonOptions.Seed();
        Option<bool> resume = CommonOptions.Flag(
            "--resume", "Go on with a training that was interrupted, from the .checkpoint beside the prior and with its options; only "
            + "--epochs, --device and the place of the data may change.");
        Option<string?> output = CommonOptions.FileOut("--out", $"The file to write; without it {GridPrior.FileName} beside the model.");
        var data = new DataArguments();
        var command = new ExampleCommand(
            "train-prior", "Trains a prior over the discrete codes of a model, from which 'generate' draws new ones.",
            "gpuvae train-prior",
            "gpuvae train-prior --run runs/photos --conditional --epochs 20",
            "gpuvae train-prior --run runs/photos --model transformer --width 128",
            "gpuvae train-prior --run runs/photos --layers 10 --width 128 --out large.safetensors",
            "gpuvae train-prior --run runs/photos --resume")
        {
            conditional, epochs, batch, rate, seed, resume, output,
        };
        Set.AddTo(command);
        data.AddTo(command, withTestData: false);
        new RunArguments().Act(command, (parsed, run, model) =>
        {
            if (model.HasPrior)
                throw new BadInputException(
                    $"{run.Path} has latent units and their prior. Train a model with discrete codes: 'gpuvae train --quantize codebook'.");
            string path = parsed.GetValue(output) ?? CodePriorArguments.PathOf(run);
            string checkpoint = Path.ChangeExtension(path, CheckpointExtension);
            AtomicFile.RequireWritable(path);
            GridPriorCheckpoint? state = parsed.GetValue(resume)
                ? ReadState(checkpoint, [.. Set.Given(parsed), .. Given(parsed, conditional, batch, rate, seed)])
                : null;
            GridPriorOptions options = Set.Read(parsed);
            Set.RequireUse(parsed, options);
            DataSets sets = data.Read(parsed, run).LoadBoth();
            ImageSet test = sets.Validation ?? sets.Test;
            if (parsed.GetValue(conditional))
                options = WithLabels(options, sets.Train);
            TrainingOptions training = state?.Training ?? new TrainingOptions
            {
                BatchSize = Math.Min(parsed.GetValue(batch), sets.Train.Count),
                LearningRate = parsed.GetValue(rate),
                Decay = LearningRateDecay.Cosine,
                GradientClip = 1,
                Seed = parsed.GetValue(seed),
            };
            if (state is null || CommonOptions.IsGiven(parsed, epochs))
                training = training with { Epochs = parsed.GetValue(epochs) };
            using GridPrior? fresh = state is null ? new GridPrior(model, options, training.Seed) : null;
            using GridPriorTrainer trainer = state is null
                ? new GridPriorTrainer(fresh!, sets.Train, training, test)
                : GridPriorTrainer.Resume(model, state, sets.Train, test, training.Epochs);
            if (state is not null)
                Console.WriteLine($"going on after epoch {state.Epoch} of {training.Epochs}");
            // One that is killed before its first epoch ends can be resumed, too.
            trainer.Save(checkpoint);
            StepConsole.Run(trainer.Step, trainer.Steps, console =>
            {
                trainer.Progressed += progress =>
                {
                    console.Start();
                    console.Show(progress.Step, Line(progress, training.Epochs));
                };
                trainer.EpochCompleted += epoch =>
                {
                    console.Write(Line(epoch, training.Epochs, model));
                    // In this order: a checkpoint that tells of a best epoch has it beside it.
                    if (epoch.IsBest)
                        trainer.Prior.Save(path);
                    trainer.Save(checkpoint);
                };
                return trainer.Run();
            });
            Console.WriteLine($"wrote {path}");
            Finish(model, path, test, training.Seed);
        });
        return command;
    }

    private static IEnumerable<string> Given(ParseResult parsed, params Option[] options) =>
        options.Where(option => CommonOptions.IsGiven(parsed, option)).Select(option => option.Name);

    private static GridPriorCheckpoint ReadState(string path, string[] refused)
    {
        if (refused.Length > 0)
            throw new BadInputException(
                $"--resume goes on with the training's own options; leave out {string.Join(", ", refused)}, or leave out --resume.");
        return File.Exists(path)
            ? GridPriorCheckpoint.Read(path)
            : throw new BadInputException($"There is no {path}, so there is nothing to go on with. Begin without --resume.");
    }

    private static OptionSet<GridPriorOptions> MakeSet()
    {
        var set = new OptionSet<GridPriorOptions>("Prior", options => options with { });
        set.Choice(
            "--model", "What the prior is made of: a gated PixelCNN of masked convolutions, or a causal transformer, whose attention sees "
            + "all codes before.", o => o.Network);
        set.Number(
            "--layers", "N", "Gated layers, each of which sees one place farther; of a transformer its blocks.", o => o.Layers,
            NumberRange.Between(1, 64));
        set.Number("--width", "N", "Channels of each layer.", o => o.Width, NumberRange.Between(1, 1024));
        set.Number(
            "--heads", "N", "Of a transformer: heads of its attention, which share the width.", o => o.Heads, NumberRange.Between(1, 1024),
            new(o => o.Network == CodeNetworkKind.Transformer, "--model transformer"));
        return set;
    }

    /// <summary>Draws images by the best prior, and says how many bits they take.</summary>
    private static void Finish(Vae model, string path, ImageSet test, ulong seed)
    {
        using var prior = GridPrior.Load(model, path);
        double codes = prior.Evaluate(test), pixels = model.Evaluate(test, cancellation: default).Reconstruction;
        double bits = model.Options.Likelihood.BitsPerDimension(codes + pixels, model.Options.Shape.Pixels);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{test.Count} test images: {codes:F2} nats for the codes + {pixels:F2} for the pixels given these, at most {bits:F4} bits per "
            + $"dimension (of bits or 8-bit levels; a density + 8)"));
        string pictures = Path.ChangeExtension(path, ".png");
        ImageFile.Write(pictures, new Sheet(prior.Generate(Drawn, seed)).Compose(model.Options.Shape));
        Console.WriteLine($"wrote {pictures}");
    }

    private static GridPriorOptions WithLabels(GridPriorOptions options, ImageSet images)
    {
        if (images.Labels is not { } labels)
            throw new BadInputException(
                $"{images.Name} has no labels, so a prior cannot be told them. Put the images into a subfolder for each label, or leave "
                + "--conditional out.");
        string[] names = images.LabelNames ?? [];
        return options with { Classes = names.Length > 0 ? names.Length : labels.Max() + 1, LabelNames = names };
    }

    private static string Line(GridPriorProgress p, int epochs) => string.Create(
        CultureInfo.InvariantCulture,
        $"epoch {p.Epoch}/{epochs}  {p.Loss:F2} nats per image  {StepConsole.Pace(p.ImagesPerSecond, p.Remaining)}");

    private static string Line(GridPriorEpoch e, int epochs, Vae model)
    {
        double bits = (e.Test ?? e.Train) / (model.Places * Math.Log(2));
        return string.Create(CultureInfo.InvariantCulture,
            $"epoch {e.Epoch}/{epochs}  train {e.Train:F2}  {(e.Test is { } test ? $"test {test:F2} nats per image, " : "")}"
            + $"{bits:F3} bits per code  {e.ImagesPerSecond:N0} images/s");
    }
}
