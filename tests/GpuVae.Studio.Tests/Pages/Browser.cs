using Microsoft.Playwright;

[assembly: AssemblyFixture(typeof(GpuVae.Studio.Tests.Pages.Browser))]

namespace GpuVae.Studio.Tests.Pages;

/// <summary>One Chromium for all tests, started when the first of them wants a page.</summary>
public sealed class Browser : IAsyncDisposable
{
    private static readonly string[] Names = ["chromium", "chromium-browser", "google-chrome"];

    private readonly Lazy<Task<IBrowser>> started;
    private IPlaywright? playwright;

    public Browser() => started = new Lazy<Task<IBrowser>>(Start);

    /// <summary>A page of its own context, once the address is loaded.</summary>
    public async Task<OpenPage> Open(Uri address, string locale = "en-US", int width = 1200)
    {
        IBrowser browser = await started.Value;
        IBrowserContext context = await browser.NewContextAsync(new BrowserNewContextOptions
        {
            Locale = locale,
            ViewportSize = new ViewportSize { Width = width, Height = 900 },
            Permissions = ["clipboard-read", "clipboard-write"],
        });
        context.SetDefaultTimeout(20_000);
        var page = new OpenPage(await context.NewPageAsync());
        await page.Page.GotoAsync(address.ToString());
        return page;
    }

    public async ValueTask DisposeAsync()
    {
        if (started.IsValueCreated && started.Value.IsCompletedSuccessfully)
            await started.Value.Result.CloseAsync();
        playwright?.Dispose();
    }

    private async Task<IBrowser> Start()
    {
        string? path = Environment.GetEnvironmentVariable("PATH")?.Split(Path.PathSeparator)
            .SelectMany(folder => Names.Select(name => Path.Combine(folder, name))).FirstOrDefault(File.Exists);
        Assert.SkipWhen(path is null, "no Chromium on the path (Debian: apt-get install chromium)");
        playwright = await Playwright.CreateAsync();
        return await playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions { ExecutablePath = path });
    }
}
