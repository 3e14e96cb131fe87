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
        TrainingOptions options = TrainingArguments.Read(parsed);
        VaeOptions architecture = ModelArguments.Read(parsed);
        using ComputeDevice opened = Device.Open(parsed);
        ImageSet images = Data.Read(parsed, options.Seed).LoadBoth().Train;
        using var model = new Vae(opened, Model.For(parsed, architecture, images, hasDomains: false), options.Seed);
        using var trainer = new Trainer(model, images, options);
        run(trainer);
    }
}
