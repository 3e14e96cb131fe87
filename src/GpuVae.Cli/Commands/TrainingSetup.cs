using GpuVae.Devices;

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
        Device.AddTo(command);
    }

    /// <summary>Has a trainer of a fresh model, as the options make it but without test images, do something else than train.</summary>
    public void Try(ParseResult parsed, Action<Trainer> run)
    {
        CheckOptions(parsed);
        using ComputeDevice opened = Device.Open(parsed);
        ImageSet images = Data.Read(parsed, SeedOf(parsed)).LoadBoth().Train;
        (VaeOptions architecture, TrainingOptions options) = OptionsFor(parsed, images, hasDomains: false);
        using var model = new Vae(opened, architecture, options.Seed);
        using var trainer = new Trainer(model, images, options);
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
    /// What the user said, and what fits the images where nothing was said, in one printed line with the reasons.
    /// </summary>
    /// <exception cref="BadInputException">An option is out of range or changes nothing, or labels are missing.</exception>
    public (VaeOptions Model, TrainingOptions Training) OptionsFor(ParseResult parsed, ImageSet images, bool hasDomains)
    {
        FittedOptions fitted = ModelArguments.Fit(parsed, images);
        VaeOptions model = Model.For(parsed, fitted.Model, images, hasDomains);
        TrainingOptions training = TrainingArguments.Read(parsed, fitted.Training);
        string[] chosen =
        [
            .. ModelArguments.Set.Chosen(parsed, model, fitted.Reasons), .. TrainingArguments.Set.Chosen(parsed, training, fitted.Reasons),
        ];
        Console.WriteLine(chosen.Length == 0
            ? "options: as given; where nothing is said the seed article's"
            : $"options that fit the images: {string.Join(", ", chosen)}");
        return (model, training);
    }
}
