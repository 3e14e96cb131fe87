using System.Diagnostics;
using System.Globalization;
using GpuVae.Devices;
using GpuVae.Studio;

namespace GpuVae.Cli.Commands;

/// <summary>Shows models as a live page in a browser.</summary>
internal static class ServeCommand
{
    public static Command Create()
    {
        Option<int> port = CommonOptions.Number(
            "--port", "N", "The port to listen on; 0 takes a free one.", 0, NumberRange.Between(0, ushort.MaxValue), "-p");
        Option<string?> host = CommonOptions.Text(
            "--host", "ADDRESS",
            "The address of this machine to listen on, 0.0.0.0 for all; the page then asks for the token that is printed. Without it "
                + "only this machine is served.");
        var run = new RunArguments();
        var command = new ExampleCommand(
            "serve", "Opens a page on which a model is played with: sliders, a map of the latent space, editing; until Ctrl-C.",
            "gpuvae serve",
            "gpuvae serve --run runs/faces --port 8080",
            "gpuvae serve --host 0.0.0.0")
        {
            port, host,
        };
        run.AddTo(command);
        command.SetAction(async (parsed, stop) =>
        {
            RunFolder folder = run.Folder(parsed);
            string path = Path.TrimEndingDirectorySeparator(folder.Path);
            using ComputeDevice device = run.OpenDevice(parsed);
            var options = new StudioOptions
            {
                Runs = Path.GetDirectoryName(path) ?? throw new BadInputException($"{path} is no run folder."),
                Run = Path.GetFileName(path),
                Port = parsed.GetValue(port),
                ImagesOf = ImagesOf,
                Training = Train,
                Explain = Flags.In,
                Logger = new Notes(),
            };
            if (parsed.GetValue(host) is { } address)
                options = options with { Host = address };
            await using StudioServer server = await StudioServer.StartAsync(options, device);
            Console.WriteLine($"{server.Address}");
            Console.WriteLine($"serves {path} on {device.Name}; Ctrl-C ends it");
            // A signal ends the process.
            await Task.Delay(Timeout.Infinite, stop);
        });
        return command;
    }

    private static RunImages? ImagesOf(RunFolder folder) =>
        RunData.Read(folder) is { } data ? new RunImages(limit => data.LoadTest(limit: limit), data.LoadKnown) : null;

    /// <summary>This program, as it was started, with the command that trains.</summary>
    private static ProcessStartInfo Train(TrainingWish wish)
    {
        // Not an option: a page may say which images, and nothing else.
        if (wish.Data.StartsWith('-'))
            throw new BadInputException($"'{wish.Data}' is no set of images. Give a built-in one, or a path.");
        string program = Environment.ProcessPath!, assembly = typeof(ServeCommand).Assembly.Location;
        bool isHosted = Path.GetFileNameWithoutExtension(program) == "dotnet";
        return new ProcessStartInfo(program,
        [
            .. isHosted ? (string[])[assembly] : [],
            "train", "--data", wish.Data, "--out", wish.Folder, "--epochs", Text(wish.Epochs), "--latent", Text(wish.Latent),
            "--beta", Text(wish.Beta),
            .. wish.Images is { } images ? (string[])["--images", Text(images)] : [],
            .. wish.IsConvolutional ? (string[])["--model", "convolutional"] : [],
            .. wish.IsConditional ? (string[])["--conditional"] : [],
        ]);

        static string Text<T>(T number)
            where T : IFormattable => number.ToString(null, CultureInfo.InvariantCulture);
    }
}
