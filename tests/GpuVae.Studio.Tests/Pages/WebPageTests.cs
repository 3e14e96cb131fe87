using GpuVae.Applications;
using GpuVae.Data;
using GpuVae.Devices;
using GpuVae.Models;
using GpuVae.Options;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.FileProviders;
using Microsoft.Playwright;

namespace GpuVae.Studio.Tests.Pages;

/// <summary>The page that needs no server of ours, from a server of files.</summary>
[Collection(PagesCollection.Name)]
public sealed class WebPageTests(Browser browser) : IDisposable
{
    private const string Picture = "#picture";

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task PicturesAreTheLibrarysToOneLevel()
    {
        using var device = ComputeDevice.Open("cpu");
        using var model = new Vae(device, new VaeOptions { Hidden = [32], Latent = 5 });
        ImageSet images = SyntheticDigits.Create(40, 2);
        await using WebApplication host = await Export(model, images);
        await using OpenPage open = await browser.Open(new Uri(host.Urls.Single()));
        IPage page = open.Page;
        await open.IsExplored();
        float[] codes = LatentCodes.Means(model, images), decoded = new float[40 * 784], mean = new float[784];
        model.Decode(codes, decoded);
        model.Decode(new float[5], mean);
        await open.Shows(Picture, model, 1, decoded[..784]);
        await page.PressAsync(".strip input >> nth=0", "0");
        await open.Shows(Picture, model, 1, mean);
        // The same seed draws the same pictures as the library.
        await page.FillAsync("#seed", "7");
        await page.PressAsync("#seed", "Enter");
        await open.IsExplored();
        await open.Changes("#picture", () => page.ClickAsync("#drawn button >> nth=2"));
        await open.Shows(Picture, model, 1, model.Generate(3, 7)[^784..]);
        await page.DblClickAsync("#map");
        await open.Shows(Picture, model, 1, [.. decoded.Chunk(784)]);
        await open.Changes(Picture, () => open.Drag(page.Locator(".strip input").First, (0.2f, 0.5f), (0.9f, 0.5f)));
        await open.Changes(Picture, () => page.ClickAsync("#random"));
        // Nothing comes from elsewhere.
        string own = new Uri(host.Urls.Single()).Authority;
        Assert.All(open.Requested, address => Assert.True(address.Scheme == "data" || address.Authority == own, address.ToString()));
        open.HasNoTroubles();
    }

    [Fact]
    public async Task AFolderWithoutItsModelSaysSo()
    {
        using var device = ComputeDevice.Open("cpu");
        using var model = new Vae(device, new VaeOptions { Hidden = [8], Latent = 2 });
        await using WebApplication host = await Export(model, images: null);
        File.Delete(folder["decoder.onnx"]);
        await using OpenPage open = await browser.Open(new Uri(host.Urls.Single()));
        await open.Until(
            "document.getElementById('loading').textContent === 'The model cannot be shown here. decoder.onnx: 404 Not Found'");
    }

    [Fact]
    public async Task LabelsPriorAndColoursComeAlong()
    {
        using var device = ComputeDevice.Open("cpu");
        using var model = new Vae(device, new VaeOptions
        {
            Shape = new ImageShape(16, 8, 3),
            Hidden = [16],
            Latent = 3,
            Classes = 2,
            LabelNames = [ServedRuns.Script, "drawn"],
            Prior = Prior.Mixture,
            PriorComponents = 4,
        });
        await using WebApplication host = await Export(model, images: null);
        await using OpenPage open = await browser.Open(new Uri(host.Urls.Single()), "zh-CN", width: 400);
        IPage page = open.Page;
        await open.IsExplored();
        Assert.Equal("标签", await open.Text("#labels legend"));
        Assert.Equal(ServedRuns.Script, await open.Text("#labels label >> nth=0"));
        // Draws have all labels in turn: the last one the second.
        await page.ClickAsync("#drawn button >> nth=3");
        await open.Shows(Picture, model, 1, model.Generate(4, 1)[^(16 * 8 * 3)..]);
        Assert.True(await page.IsHiddenAsync("#map"));
        await open.Changes(Picture, () => page.PressAsync("#labels input:checked", "ArrowLeft"));
        open.HasNoTroubles();
    }

    [Fact]
    public async Task NewPicturesAreThoseOfTheSampler()
    {
        using var device = ComputeDevice.Open("cpu");
        using var model = new Vae(device, new VaeOptions { Shape = new ImageShape(16, 8), Hidden = [16], Latent = 3, Classes = 2 });
        byte[] pixels = new byte[200 * 16 * 8];
        new Random(4).NextBytes(pixels);
        var images = new ImageSet("noise", 16, 8, 1, pixels, [.. Enumerable.Range(0, 200).Select(i => i % 2)]);
        model.Sampler = SamplerFit.Run(model, images, new SamplerOptions { Kind = SamplerKind.Gmm, Components = 2 }).Sampler;
        await using WebApplication host = await Export(model, images: null);
        await using OpenPage open = await browser.Open(new Uri(host.Urls.Single()));
        await open.IsExplored();
        await open.Page.ClickAsync("#drawn button >> nth=3");
        await open.Shows(Picture, model, 1, model.Generate(4, 1)[^(16 * 8)..]);
        open.HasNoTroubles();
    }

    private async Task<WebApplication> Export(Vae model, ImageSet? images)
    {
        try
        {
            WebExport.Write(model, folder.FullPath, new WebExportOptions
            {
                Name = "mine",
                Images = images,
                OnnxRuntimeWeb = Environment.GetEnvironmentVariable("GPUVAE_ONNXRUNTIME_WEB"),
            });
        }
        catch (BadInputException error) when (error.Message.Contains("npm", StringComparison.Ordinal))
        {
            Assert.Skip(error.Message);
        }
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        WebApplication host = builder.Build();
        var content = new FileServerOptions { FileProvider = new PhysicalFileProvider(folder.FullPath) };
        content.StaticFileOptions.ServeUnknownFileTypes = true;
        host.UseFileServer(content);
        await host.StartAsync();
        return host;
    }
}
