using System.CommandLine;
using GpuVae.Data;
using GpuVae.Devices;
using GpuVae.Models;
using GpuVae.Options;
using GpuVae.Studio;
using GpuVae.Studio.Benchmarks;

// From a slider to its picture, in Chromium on the same machine. The models are untrained: what is computed does not depend on that.
var device = new Option<string>("--device") { Description = "auto, cpu, cuda:0, opencl:0 …", DefaultValueFactory = _ => "auto" };
var moves = new Option<int>("--moves") { Description = "Moves of the slider.", DefaultValueFactory = _ => 500 };
var runtime = new Option<string?>("--onnxruntime-web") { Description = "Where that package lies; without it npm fetches it." };
var root = new RootCommand("Times the live page of gpuvae serve, and that of gpuvae export --web.") { device, moves, runtime };
root.SetAction(async (parsed, stop) =>
{
    using var opened = ComputeDevice.Open(parsed.GetValue(device)!);
    await using PageTimer timer = await PageTimer.Start(parsed.GetValue(moves));
    Console.WriteLine($"{opened.Name}; {timer.Browser}; {parsed.GetValue(moves)} moves; ms: median, 95th per cent");
    ImageSet digits = SyntheticDigits.Create(512, 2, stop), faces = SyntheticFaces.Create(64, 2, FaceStyle.Painted, stop);
    using var dense = new Vae(opened, new VaeOptions());
    using var convolutional = new Vae(opened, new VaeOptions
    {
        Shape = new ImageShape(64, 64, 3),
        Network = NetworkKind.Convolutional,
        ChannelsPerStage = [32, 64, 128, 128],
        GroupNorm = true,
        Activation = ActivationKind.Silu,
        Latent = 64,
        Likelihood = Likelihood.GaussianShared,
    });
    await Serve("the seed's model, 28×28", dense, digits);
    await Serve("convolutional, 64×64 RGB", convolutional, faces);
    await Web("the seed's model without a server", dense, digits);
    await Web("convolutional without a server", convolutional, faces);

    async Task Serve(string title, Vae model, ImageSet images)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("gpuvae-live-");
        model.Save(Path.Combine(folder.FullName, "run"));
        await using StudioServer server = await StudioServer.StartAsync(
            new StudioOptions
            {
                Runs = folder.FullName,
                Run = "run",
                ImagesOf = _ => new RunImages(_ => images, _ => images),
            },
            opened);
        await timer.Time(title, server.Address);
        folder.Delete(recursive: true);
    }

    async Task Web(string title, Vae model, ImageSet images)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("gpuvae-web-");
        WebExport.Write(model, folder.FullName, new WebExportOptions
        {
            Name = "run",
            Images = images,
            OnnxRuntimeWeb = parsed.GetValue(runtime),
        }, stop);
        await using FileServer server = await FileServer.Start(folder.FullName);
        await timer.Time(title, server.Address);
        folder.Delete(recursive: true);
    }
});
return await root.Parse(args).InvokeAsync();
