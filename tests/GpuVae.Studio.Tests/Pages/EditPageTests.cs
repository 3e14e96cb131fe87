using System.Text;
using GpuVae.Imaging;
using Microsoft.Playwright;

namespace GpuVae.Studio.Tests.Pages;

[Collection(PagesCollection.Name)]
public sealed class EditPageTests(ServedRuns served, Browser browser)
{
    private const string Before = "#before", After = "#after", Undo = "#undo";

    [Fact]
    public async Task PicturesAreChangedByMouse()
    {
        await using OpenPage open = await OpenEdit(ServedRuns.Digits);
        IPage page = open.Page;
        await open.Changes(Before, () => page.ClickAsync("#tests button >> nth=5"));
        await open.Changes(Before, () => page.ClickAsync(Undo));
        await page.ClickAsync("#decoded");
        await Says(open, "reconstruct --first 0 --count 1 --run");
        await open.Changes(After, () => page.ClickAsync("#edit-attributes input >> nth=0", new() { Position = new() { X = 2, Y = 4 } }));
        await Says(open, "--remove");
        await Says(open, "--decoded");

        // Any file, chosen or dropped.
        await open.Changes(Before, () => page.SetInputFilesAsync("#file", new FilePayload
        {
            Name = "wide.png",
            MimeType = "image/png",
            Buffer = Striped(90, 40),
        }));
        await Says(open, "wide.png --fit");
        await open.Changes(Before, () => Drop(page, "tall.png", Striped(30, 50)));
        await Says(open, "tall.png --fit");

        await page.ClickAsync("#tools label:has-text('Complete')");
        ILocator mask = page.Locator("#mask");
        await open.Changes("#mask", () => open.Drag(mask, (0.2f, 0.2f), (0.8f, 0.8f)));
        await Says(open, "inpaint tall.png --fit --mask mask.png");
        await open.Until("document.querySelectorAll('#others button').length === 2");
        await page.ClickAsync("#variants");
        await open.Until("document.querySelectorAll('#others button').length === 6");
        await open.Changes(After, () => page.ClickAsync("#others button >> nth=3"));
        Image painted = ImageFile.Decode(await open.Saved("#save-mask"), "the mask");
        Assert.Equal((28, 28), (painted.Width, painted.Height));
        await page.ClickAsync("#erase");
        await open.Changes("#mask", () => open.Drag(mask, (0.3f, 0.3f), (0.5f, 0.5f)));
        await open.Changes("#mask", () => page.ClickAsync("#halves button >> nth=1"));
        await open.Changes("#mask", () => page.ClickAsync("#clear"));

        await page.ClickAsync("#tools label:has-text('Enlarge')");
        await page.ClickAsync("#factors label:has-text('4')");
        await Says(open, "upscale tall.png --fit --factor 4");
        await open.Until("document.querySelectorAll('#others button').length === 3");
        await page.ClickAsync("#adopt");
        await Says(open, "upscale after.png");
        byte[] way = await open.Saved("#save-way");
        Assert.Equal("GIF89a", Encoding.ASCII.GetString(way, 0, 6));
        Assert.Equal((28, 28), SizeOf(await open.Saved("#save-after")));
        Assert.Equal((28, 28), SizeOf(await open.Saved("#save-before")));
        open.HasNoTroubles();
    }

    [Fact]
    public async Task PicturesAreChangedByKeyboard()
    {
        await using OpenPage open = await OpenEdit(ServedRuns.Digits);
        IPage page = open.Page;
        await open.Changes(Before, () => page.PressAsync("#tests button >> nth=5", "Enter"));
        await page.PressAsync("#decoded", " ");
        await open.Changes(After, () => page.PressAsync("#edit-attributes input >> nth=0", "End"));
        await Says(open, "--add");
        await open.Changes(After, () => page.PressAsync("body", "Control+z"));
        await page.PressAsync("body", "Control+z");
        await open.Changes(Before, () => page.PressAsync("body", "Control+z"));
        await page.PressAsync("#tools input:checked", "ArrowRight");
        await page.FocusAsync("#mask");
        await open.Changes("#mask", () => page.Keyboard.PressAsync("ArrowUp"));
        await page.PressAsync("#brush", "End");
        await page.PressAsync("#mask", " ");
        await Says(open, "inpaint");
        await open.Until("document.querySelectorAll('#others button').length === 2");
        await open.Changes(After, () => page.PressAsync("#halves button >> nth=0", "Enter"));
        await page.PressAsync("#tools input:checked", "ArrowRight");
        await page.PressAsync("#factors input:checked", "ArrowRight");
        await Says(open, "--factor 4");
        open.HasNoTroubles();
    }

    [Fact]
    public async Task APictureIsShownAsOneOfAnotherLabelAndTranslated()
    {
        await using OpenPage open = await OpenEdit(ServedRuns.Faces);
        IPage page = open.Page;
        await open.Changes(After, () => page.ClickAsync("#edit-labels label:has-text('drawn')"));
        await Says(open, "--label drawn");
        await open.Saved("#save-way");
        await page.ClickAsync("#reset-attributes");
        await Says(open, "reconstruct");
        await page.ClickAsync("#tools label:has-text('Translate')");
        await page.ClickAsync("#targets label:has-text('drawn')");
        await Says(open, "--to drawn");
        await open.Until("document.querySelectorAll('#others button').length === 2");
        open.HasNoTroubles();
    }

    [Theory]
    [InlineData("en-US", "note.txt: The picture is not an image of a known format")]
    [InlineData("zh-CN", "note.txt: 输入有误：The picture is not an image of a known format")]
    public async Task AFileThatIsNoPictureIsSaidToBeNone(string locale, string expected)
    {
        await using OpenPage open = await OpenEdit(ServedRuns.Digits, locale);
        await open.Page.SetInputFilesAsync(
            "#file", new FilePayload { Name = "note.txt", MimeType = "text/plain", Buffer = "text"u8.ToArray() });
        Assert.Contains(expected, await open.Message(), StringComparison.Ordinal);
    }

    private async Task<OpenPage> OpenEdit(string run, string locale = "en-US")
    {
        OpenPage open = await browser.Open(new Uri(served.Address, "#/edit"), locale);
        if (run != ServedRuns.Digits)
        {
            await open.Page.WaitForSelectorAsync("#tests button");
            await open.Page.SelectOptionAsync("#run", run);
            await open.Until("document.getElementById('before').width === 64");
        }
        await open.Page.WaitForSelectorAsync("#edit-attributes .slider");
        await open.Until("!document.getElementById('adopt').disabled");
        return open;
    }

    private static Task Says(OpenPage open, string words) => open.Page.WaitForFunctionAsync(
        "words => document.getElementById('edit-command').textContent.includes(words) && document.getElementById('busy').hidden", words);

    private static async Task Drop(IPage page, string name, byte[] content)
    {
        IJSHandle dropped = await page.EvaluateHandleAsync(
            """
            ([name, content]) => {
              const files = new DataTransfer();
              files.items.add(new File([Uint8Array.from(atob(content), letter => letter.charCodeAt(0))], name));
              return files;
            }
            """,
            new[] { name, Convert.ToBase64String(content) });
        await page.DispatchEventAsync("#drop", "drop", new { dataTransfer = dropped });
    }

    private static (int Width, int Height) SizeOf(byte[] file)
    {
        Image image = ImageFile.Decode(file, "the file");
        return (image.Width, image.Height);
    }

    private static byte[] Striped(int width, int height)
    {
        var image = new Image(width, height, 1);
        for (int i = 0; i < image.Pixels.Length; i += 3)
            image.Pixels[i] = 255;
        return ImageFile.Encode(image);
    }
}
