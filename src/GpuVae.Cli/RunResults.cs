using System.Globalization;
using System.Text;
using GpuVae.Cli.Commands;
using GpuVae.Formats;

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
        Pictures.Write(folder.Samples, trained.Options.Shape, new Sheet(trained.Generate(SampleCount, trainer.Options.Seed)));
        ImageSet shown = test.Select([.. Enumerable.Range(0, Math.Min(ReconstructionCount, test.Count))]);
        Pictures.Write(folder.Reconstructions, trained.Options.Shape, Pictures.Reconstructions(trained, shown));

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

    private static IEnumerable<(string Name, string Value)> Options(
        Vae trained, TrainingOptions training, string dataName, string hardware) =>
    [
        ("data", dataName), ("image", trained.Options.Shape.ToString()),
        ("labels", trained.Options.Classes > 0 ? $"{trained.Options.Classes} classes" : "none"),
        .. ModelArguments.Set.Describe(trained.Options), .. TrainingArguments.Set.Describe(training),
        ("weights", trained.Parameters.Count.ToString("N0", CultureInfo.InvariantCulture)), ("device", hardware),
    ];
}
