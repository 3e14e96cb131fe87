using System.Globalization;
using System.Text;
using GpuVae.Cli.Commands;
using GpuVae.Data;
using GpuVae.Formats;
using GpuVae.Kernels.Latent;
using GpuVae.Models;
using GpuVae.Options;
using GpuVae.Training;

namespace GpuVae.Cli;

/// <summary>What a finished training leaves in its run folder beside metrics and checkpoint: weights, pictures and the report.</summary>
internal static class RunResults
{
    private const int SampleCount = 64, ReconstructionCount = 16;

    public static void Write(Trainer trainer, RunFolder folder, ImageSet test, string dataName)
    {
        Vae trained = trainer.Model;
        trained.Save(folder.Path);
        Console.WriteLine($"wrote {folder.Model}");
        Pictures.WriteGrid(folder.Samples, trained.Options.Shape, trained.Generate(SampleCount, trainer.Options.Seed));
        ImageSet shown = test.Select([.. Enumerable.Range(0, Math.Min(ReconstructionCount, test.Count))]);
        Pictures.WriteReconstructions(folder.Reconstructions, trained, shown);

        string hardware = Hardware(trained);
        string html = ReportPage.Html(
            Path.GetFileName(folder.Path), hardware, Options(trained, trainer.Options, dataName, hardware), folder.ReadMetrics(),
            [
                new ReportPicture("Samples from the prior", File.ReadAllBytes(folder.Samples)),
                new ReportPicture("Test images above, their reconstructions below", File.ReadAllBytes(folder.Reconstructions)),
            ]);
        AtomicFile.Write(folder.Report, stream => stream.Write(Encoding.UTF8.GetBytes(html)));
        Console.WriteLine($"wrote {folder.Report}");
    }

    public static string Hardware(Vae model) => $"{model.Device.Name} ({model.Device.Accelerator.Name})";

    private static (string Name, string Value)[] Options(Vae trained, TrainingOptions training, string dataName, string hardware)
    {
        VaeOptions model = trained.Options;
        return
        [
            ("data", dataName),
            ("image", model.Shape.ToString()),
            ("hidden", string.Join(", ", model.Hidden)),
            ("latent", Text(model.Latent)),
            ("activation", ChoiceOption<ActivationKind>.Text(model.Activation)),
            ("likelihood", ChoiceOption<Likelihood>.Text(model.Likelihood)),
            ("posterior", ChoiceOption<Posterior>.Text(model.Posterior)),
            ("prior", model.Prior == Prior.Normal
                ? "normal"
                : $"{ChoiceOption<Prior>.Text(model.Prior)}, {model.PriorComponents} components"),
            ("objective", model.Objective == Objective.Iwae
                ? $"iwae, {model.Samples} samples, gradient {ChoiceOption<PathGradient>.Text(model.Gradient)}"
                : ChoiceOption<Objective>.Text(model.Objective)),
            ("beta", Text(model.Beta)),
            ("free bits", Text(model.FreeBits)),
            ("capacity", model.Capacity > 0 ? $"{Text(model.Capacity)}, weight {Text(model.CapacityWeight)}" : "none"),
            ("labels", model.Classes > 0 ? $"{model.Classes} classes" : "none"),
            ("KL warm-up epochs", Text(training.KlWarmupEpochs)),
            ("KL cycles", Text(training.KlCycles)),
            ("batch", Text(training.BatchSize)),
            ("epochs", Text(training.Epochs)),
            ("learning rate", $"{Text(training.LearningRate)}, {ChoiceOption<LearningRateDecay>.Text(training.Decay)}"),
            ("gradient clipping", training.GradientClip > 0 ? Text(training.GradientClip) : "none"),
            ("weight decay", Text(training.WeightDecay)),
            ("dynamic binarisation", training.DynamicBinarization ? "yes" : "no"),
            ("seed", training.Seed.ToString(CultureInfo.InvariantCulture)),
            ("weights", trained.Parameters.Count.ToString("N0", CultureInfo.InvariantCulture)),
            ("device", hardware),
        ];
    }

    private static string Text(double value) => value.ToString("G9", CultureInfo.InvariantCulture);
}
