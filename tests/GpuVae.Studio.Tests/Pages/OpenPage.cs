using System.Diagnostics;
using GpuVae.Imaging;
using GpuVae.Models;
using Microsoft.Playwright;

namespace GpuVae.Studio.Tests.Pages;

/// <summary>A page in the browser, and what people do with it.</summary>
public sealed class OpenPage : IAsyncDisposable
{
    private const string Drawn =
        """
        selector => {
          const canvas = document.querySelector(selector), { width, height } = canvas;
          const { data } = canvas.getContext('2d').getImageData(0, 0, width, height);
          let text = '';
          for (const byte of data) text += String.fromCharCode(byte);
          return btoa(text);
        }
        """;

    private readonly List<string> troubles = [];

    public OpenPage(IPage page)
    {
        Page = page;
        page.PageError += (_, error) => troubles.Add(error);
        page.Console += (_, message) =>
        {
            if (message.Type == "error")
                troubles.Add(message.Text);
        };
        page.Request += (_, request) => Requested.Add(new Uri(request.Url));
    }

    public IPage Page { get; }

    /// <summary>Every address that was asked for.</summary>
    public List<Uri> Requested { get; } = [];

    /// <summary>Whether everything that is made after the first picture is there, too.</summary>
    public async Task IsExplored()
    {
        await Page.WaitForFunctionAsync("() => document.querySelectorAll('#drawn button').length === 12");
        await Page.WaitForFunctionAsync("() => [...document.querySelectorAll('.strip img')].every(image => image.src)");
    }

    /// <summary>Waits until what the script gives is true.</summary>
    public Task Until(string script) => Page.WaitForFunctionAsync($"() => {script}");

    /// <summary>Does a thing after which a canvas is to show something else.</summary>
    public async Task Changes(string canvas, Func<Task> act)
    {
        string before = await Page.EvaluateAsync<string>("selector => document.querySelector(selector).toDataURL()", canvas);
        await act();
        await Page.WaitForFunctionAsync(
            "([selector, before]) => document.querySelector(selector).toDataURL() !== before", new[] { canvas, before });
    }

    /// <summary>Waits until a canvas shows one of these images, [pixels] in [0, 1], to so many levels of 255.</summary>
    public async Task Shows(string canvas, Vae model, int tolerance, params float[][] images)
    {
        byte[][] expected = [.. images.Select(image => ImageGrid.ToBytes(image))];
        var clock = Stopwatch.StartNew();
        while (true)
        {
            byte[] shown = Planar(Convert.FromBase64String(await Page.EvaluateAsync<string>(Drawn, canvas)), model.Options.Shape.Channels);
            if (expected.Any(IsShown))
                return;
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(20), $"{canvas} does not show it");
            await Task.Delay(20);

            bool IsShown(byte[] image) => image.Length == shown.Length
                && image.Zip(shown).All(pair => Math.Abs(pair.First - pair.Second) <= tolerance);
        }
    }

    /// <summary>The mouse is pressed at one share of the element's sides and released at another.</summary>
    public async Task Drag(ILocator what, (float X, float Y) from, (float X, float Y) to)
    {
        await what.ScrollIntoViewIfNeededAsync();
        LocatorBoundingBoxResult box = (await what.BoundingBoxAsync())!;
        await Page.Mouse.MoveAsync(box.X + from.X * box.Width, box.Y + from.Y * box.Height);
        await Page.Mouse.DownAsync();
        await Page.Mouse.MoveAsync(box.X + to.X * box.Width, box.Y + to.Y * box.Height, new MouseMoveOptions { Steps = 8 });
        await Page.Mouse.UpAsync();
    }

    /// <summary>The content of the file that the click saves.</summary>
    public async Task<byte[]> Saved(string button)
    {
        IDownload download = await Page.RunAndWaitForDownloadAsync(() => Page.ClickAsync(button));
        return await File.ReadAllBytesAsync(await download.PathAsync());
    }

    public Task<string> Text(string selector) => Page.InnerTextAsync(selector);

    /// <summary>Waits for the message that is shown.</summary>
    public async Task<string> Message()
    {
        await Page.WaitForSelectorAsync("#message:not([hidden])");
        return await Text("#message");
    }

    /// <summary>Nothing went wrong that only the browser's console tells, such as what the content security policy forbids.</summary>
    public void HasNoTroubles() => Assert.Empty(troubles);

    public async ValueTask DisposeAsync() => await Page.Context.CloseAsync();

    private static byte[] Planar(byte[] rgba, int channels) =>
        [.. Enumerable.Range(0, channels).SelectMany(c => rgba.Where((_, i) => i % 4 == c))];
}
