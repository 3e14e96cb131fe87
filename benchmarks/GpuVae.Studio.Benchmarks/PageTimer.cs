using System.Globalization;
using System.Text.Json;
using Microsoft.Playwright;

namespace GpuVae.Studio.Benchmarks;

/// <summary>A browser in which a slider is dragged by the mouse.</summary>
internal sealed class PageTimer : IAsyncDisposable
{
    private const int MovesOfAStroke = 50;

    private static readonly string[] Names = ["chromium", "chromium-browser", "google-chrome"];

    private readonly IPlaywright playwright;
    private readonly IBrowser browser;
    private readonly int moves;

    private PageTimer(IPlaywright playwright, IBrowser browser, int moves) =>
        (this.playwright, this.browser, this.moves) = (playwright, browser, moves);

    public string Browser => $"Chromium {browser.Version}";

    public static async Task<PageTimer> Start(int moves)
    {
        string path = Environment.GetEnvironmentVariable("PATH")!.Split(Path.PathSeparator)
            .SelectMany(folder => Names.Select(name => Path.Combine(folder, name))).FirstOrDefault(File.Exists)
            ?? throw new FileNotFoundException("There is no Chromium on the path.");
        IPlaywright playwright = await Playwright.CreateAsync();
        return new PageTimer(
            playwright, await playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions { ExecutablePath = path }), moves);
    }

    /// <summary>Prints how long the first picture and those of the moves take, and where the time goes.</summary>
    public async Task Time(string title, Uri address)
    {
        await using IBrowserContext context = await browser.NewContextAsync();
        IPage page = await context.NewPageAsync();
        using (var script = new StreamReader(typeof(PageTimer).Assembly.GetManifestResourceStream("moves.js")!))
            await page.AddInitScriptAsync(await script.ReadToEndAsync());
        await page.GotoAsync(address.ToString());
        await page.WaitForFunctionAsync("() => [...document.querySelectorAll('.strip img')].at(-1)?.src");
        double first = await page.EvaluateAsync<double>("() => firstPicture");
        // Kernels are compiled by now, scripts only after some use.
        await Drag(page, 2 * MovesOfAStroke);
        await page.EvaluateAsync("() => { moves = []; }");
        int lost = await Drag(page, moves);
        Move[] seen = (await page.EvaluateAsync<JsonElement>("() => moves")).Deserialize<Move[]>(JsonSerializerOptions.Web)!;
        Console.WriteLine($"{title}: first picture {Text(first)}, {seen.Length} moves, {lost} last positions lost");
        Print("slider to picture", seen.Select(move => (double?)move.Latency));
        Print("  page, to the socket", seen.Select(move => move.Page));
        Print("  queue", seen.Select(move => move.Queue));
        Print("  compute", seen.Select(move => move.Compute));
        Print("  encode", seen.Select(move => move.Encode));
        Print("  socket, both ways", seen.Select(move => move.Socket));
        Print("  draw", seen.Select(move => move.Draw));
    }

    public async ValueTask DisposeAsync()
    {
        await browser.DisposeAsync();
        playwright.Dispose();
    }

    /// <summary>Strokes to and fro along the first slider until it has moved so often; the last position of each is to be shown.</summary>
    /// <returns>How many were not.</returns>
    private static async Task<int> Drag(IPage page, int moves)
    {
        LocatorBoundingBoxResult box = (await page.Locator(".strip input").First.BoundingBoxAsync())!;
        int lost = 0;
        for (int stroke = 0; await page.EvaluateAsync<int>("() => moves.length") < moves; stroke++)
        {
            await page.Mouse.MoveAsync(Place(0), box.Y + box.Height / 2);
            await page.Mouse.DownAsync();
            for (int move = 1; move <= MovesOfAStroke; move++)
                await page.Mouse.MoveAsync(Place(move), box.Y + box.Height / 2);
            await page.Mouse.UpAsync();
            // Strips are made anew meanwhile.
            await Task.Delay(500);
            lost += await page.EvaluateAsync<bool>("() => isWaiting()") ? 1 : 0;

            float Place(int move)
            {
                float share = (float)move / MovesOfAStroke;
                return box.X + box.Width * (0.1f + 0.8f * (stroke % 2 == 0 ? share : 1 - share));
            }
        }
        return lost;
    }

    private static void Print(string part, IEnumerable<double?> values)
    {
        double[] sorted = [.. values.OfType<double>().Order()];
        if (sorted.Length > 0)
            Console.WriteLine($"  {part,-22} {Text(sorted[sorted.Length / 2])} {Text(sorted[(int)(0.95 * sorted.Length)])}");
    }

    private static string Text(double milliseconds) => milliseconds.ToString("F2", CultureInfo.InvariantCulture).PadLeft(8);

    /// <summary>Milliseconds; the parts only of positions that got a frame of their own from a server.</summary>
    private sealed record Move(double Latency, double? Page, double? Queue, double? Compute, double? Encode, double? Socket, double? Draw);
}
