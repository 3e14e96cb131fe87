using GpuVae.Data;
using GpuVae.Devices;
using GpuVae.Imaging;
using GpuVae.Models;
using GpuVae.Options;
using GpuVae.Training;

namespace GpuVae.Studio.Tests;

/// <summary>A server with two small runs, fresh and untrained: one of digits, and one of faces that is told labels.</summary>
public sealed class ServedRuns : IAsyncLifetime
{
    public const string Digits = "digits", Faces = "faces <script>alert(1)", Script = "<script>alert(2)</script>";

    private readonly TemporaryFolder folder = new();
    private readonly ComputeDevice device = ComputeDevice.Open("cpu");
    private StudioServer? server;

    public StudioOptions Options => new()
    {
        Runs = folder.FullPath,
        Run = Digits,
        ImagesOf = run => run.Path.EndsWith(Digits, StringComparison.Ordinal)
            ? new RunImages(limit => SyntheticDigits.Create(Math.Min(limit, 40), 2), _ => SyntheticDigits.Create(60, 1))
            : new RunImages(limit => Named(Math.Min(limit, 12)), _ => Named(24)),
    };

    public Uri Address => server!.Address;

    public HttpClient Client { get; private set; } = new();

    public async ValueTask InitializeAsync()
    {
        using (var digits = new Vae(device, new VaeOptions { Hidden = [32], Latent = 5 }))
            digits.Save(folder[Digits]);
        var told = new VaeOptions
        {
            Shape = new ImageShape(64, 64, 3),
            Hidden = [16],
            Latent = 3,
            Classes = 2,
            LabelNames = [Script, "drawn"],
            Likelihood = Likelihood.GaussianShared,
        };
        using (var faces = new Vae(device, told))
            faces.Save(folder[Faces]);
        Directory.CreateDirectory(folder["empty"]);
        server = await StudioServer.StartAsync(Options, device);
        Client = new HttpClient { BaseAddress = Address };
    }

    /// <summary>A model of a served run, of the same weights, on a device of its own.</summary>
    public void With(string run, Action<Vae> use)
    {
        using var own = ComputeDevice.Open("cpu");
        using Vae model = RunFolder.Open(folder[run]).Load(own);
        use(model);
    }

    /// <inheritdoc cref="With(string, Action{Vae})"/>
    public async Task With(string run, Func<Vae, Task> use)
    {
        using var own = ComputeDevice.Open("cpu");
        using Vae model = RunFolder.Open(folder[run]).Load(own);
        await use(model);
    }

    /// <summary>Another server on the same device must not be asked while this one computes.</summary>
    public Task<StudioServer> StartAsync(StudioOptions options) => StudioServer.StartAsync(options, device);

    public static byte[] Picture(int width, int height, int channels) => ImageFile.Encode(new Image(width, height, channels));

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await server!.DisposeAsync();
        device.Dispose();
        folder.Dispose();
    }

    private static ImageSet Named(int count)
    {
        ImageSet faces = SyntheticFaces.Create(count, 3, FaceStyle.Painted);
        int[] labels = [.. Enumerable.Range(0, count).Select(i => i % 2)];
        Factor[] factors = [.. faces.Factors, Factor.Categorical("style", [Script, "drawn"], labels)];
        return new ImageSet("faces", faces.Width, faces.Height, faces.Channels, faces.Pixels, labels, [Script, "drawn"], factors);
    }
}
