using System.Text.Json.Nodes;
using GpuVae.Devices;
using GpuVae.Layers;

namespace GpuVae.Cli.Commands;

/// <summary>All options of a training: images, model, training, device.</summary>
internal sealed class TrainingSetup
{
    public DataArguments Data { get; } = new();

    public ModelArguments Model { get; } = new();

    public DeviceArguments Device { get; } = new();

    public void AddTo(ExampleCommand command, bool withTestData)
    {
        Data.AddTo(command, withTestData);
        Model.AddTo(command);
        TrainingArguments.Set.AddTo(command);
        AdversarialArguments.AddTo(command);
        PerceptualArguments.AddTo(command);
        Device.AddTo(command);
    }

    /// <summary>Has a trainer of a fresh model, as the options make it but without test images, do something else than train.</summary>
    public void Try(ParseResult parsed, Action<Trainer> run)
    {
        CheckOptions(parsed);
        FrozenNetwork? network = PerceptualArguments.Load(parsed);
        using ComputeDevice opened = Device.Open(parsed);
        ImageSet images = Data.Read(parsed, SeedOf(parsed)).LoadBoth().Train;
        (VaeOptions architecture, TrainingOptions options, string chosen) = OptionsFor(parsed, images, hasDomains: false);
        Console.WriteLine(chosen);
        using var model = new Vae(opened, architecture, options.Seed);
        using var trainer = new Trainer(model, images, options, perceptual: network);
        run(trainer);
    }

    /// <summary>Looks at what the user wrote before any image is loaded.</summary>
    /// <exception cref="BadInputException">A value is out of range.</exception>
    public static void CheckOptions(ParseResult parsed)
    {
        TrainingArguments.Read(parsed);
        ModelArguments.Check(parsed);
    }

    public static ulong SeedOf(ParseResult parsed) => TrainingArguments.Set.Read(parsed).Seed;

    /// <summary>
    /// What the user said, and what fits the images where nothing was said, which a line tells with the reasons.
    /// </summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="images">The training set.</param>
    /// <param name="hasDomains">Whether their labels are domains.</param>
    /// <param name="initial">Of the model to go on from, in the place of what fits the images.</param>
    /// <exception cref="BadInputException">An option is out of range or changes nothing, or labels are missing.</exception>
    public (VaeOptions Model, TrainingOptions Training, string Chosen) OptionsFor(
        ParseResult parsed, ImageSet images, bool hasDomains, VaeOptions? initial = null)
    {
        FittedOptions fitted = ModelArguments.Fit(parsed, images);
        VaeOptions model = Model.For(parsed, initial ?? fitted.Model, images, hasDomains);
        TrainingOptions training = TrainingArguments.Read(parsed, fitted.Training);
        string[] chosen =
        [
            .. initial is null ? ModelArguments.Set.Chosen(parsed, model, fitted.Reasons) : [],
            .. TrainingArguments.Set.Chosen(parsed, training, fitted.Reasons),
        ];
        return (model, training, chosen.Length == 0
            ? "options: where nothing is said those of the seed article's model"
            : $"options that fit the images: {string.Join(", ", chosen)}");
    }

    /// <summary>All options, as <c>--config</c> takes them.</summary>
    public static JsonObject ConfigOf(ParseResult parsed, RunData source, VaeOptions model, TrainingOptions training) =>
        ConfigFile.Of(
            parsed, ["--out", "--name", "--resume", "--find-lr"],
            [
                .. ModelArguments.Set.Values(model), .. TrainingArguments.Set.Values(training),
                .. AdversarialArguments.Values(training.Adversarial), .. PerceptualArguments.Values(training.Perceptual),
                new("--data", source.Domains is null ? source.Data : null), new("--images", source.Images),
            ]);
}
