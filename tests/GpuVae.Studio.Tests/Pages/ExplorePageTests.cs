using GpuVae.Applications;
using GpuVae.Data;
using GpuVae.Imaging;
using Microsoft.Playwright;

namespace GpuVae.Studio.Tests.Pages;

[Collection(PagesCollection.Name)]
public sealed class ExplorePageTests(ServedRuns served, Browser browser)
{
    private const string Picture = "#picture";

    [Fact]
    public async Task EverythingIsDoneByMouse()
    {
        await using OpenPage open = await browser.Open(served.Address);
        IPage page = open.Page;
        await open.IsExplored();
        string first = await open.Text(".unit-head output");
        await open.Changes(Picture, () => open.Drag(page.Locator(".strip input").First, (0.2f, 0.5f), (0.9f, 0.5f)));
        Assert.NotEqual(first, await open.Text(".unit-head output"));
        await page.ClickAsync("#mean");
        await ShowsCode(open, new float[5]);
        await open.Changes(Picture, () => page.ClickAsync("#random"));

        await page.FillAsync("#seed", "7");
        await page.ClickAsync("#draw [data-t=draw]");
        await open.Until("document.getElementById('draw-command').textContent.includes('--seed 7')");
        await page.ClickAsync("#drawn button >> nth=2");
        await ShowsDraw(open, seed: 7, which: 2);
        await page.ClickAsync("#again");
        await open.Until("document.getElementById('draw-command').textContent.includes('--seed 8')");
        await page.ClickAsync(".draws .copy");
        Assert.Equal(
            (await open.Text("#draw-command")).Trim(), (await page.EvaluateAsync<string>("() => navigator.clipboard.readText()")).Trim());

        ILocator map = page.Locator("#map");
        await open.Changes(Picture, () => open.Drag(map, (0.3f, 0.3f), (0.7f, 0.6f)));
        await map.DblClickAsync();
        await ShowsTestImage(open);

        Image saved = ImageFile.Decode(await open.Saved("#save"), "the saved picture");
        Assert.Equal((28, 28), (saved.Width, saved.Height));
        await page.FillAsync(".unit-name >> nth=0", "slant");
        await page.ClickAsync("h1");
        await page.ReloadAsync();
        await open.IsExplored();
        Assert.Equal("slant", await page.InputValueAsync(".unit-name >> nth=0"));
        open.HasNoTroubles();
    }

    [Fact]
    public async Task EverythingIsDoneByKeyboard()
    {
        await using OpenPage open = await browser.Open(served.Address);
        IPage page = open.Page;
        await open.IsExplored();
        HashSet<string> reached = [];
        for (int i = 0; i < 40; i++)
        {
            await page.Keyboard.PressAsync("Tab");
            reached.Add(await page.EvaluateAsync<string>("() => document.activeElement.id || document.activeElement.className"));
        }
        Assert.Superset(
            new HashSet<string> { "tab-explore", "run", "mean", "random", "save", "unit-name", "map", "seed", "again", "copy" }, reached);

        ILocator slider = page.Locator(".strip input").First;
        await open.Changes(Picture, () => slider.PressAsync("End"));
        Assert.Equal("3.00", await open.Text(".unit-head output"));
        await slider.PressAsync("ArrowLeft");
        await open.Until("document.querySelector('.unit-head output').textContent === '2.99'");
        await slider.PressAsync("0");
        await ShowsCode(open, new float[5]);
        await open.Changes(Picture, () => page.Keyboard.PressAsync("r"));
        await open.Changes(Picture, () => page.PressAsync("#map", "ArrowRight"));
        await page.PressAsync("#map", "Enter");
        await ShowsTestImage(open);
        await page.FillAsync("#seed", "9");
        await page.PressAsync("#seed", "Enter");
        await open.Until("document.getElementById('draw-command').textContent.includes('--seed 9')");
        await page.PressAsync("#drawn button >> nth=1", "Enter");
        await ShowsDraw(open, seed: 9, which: 1);
        await page.PressAsync("#tab-explore", "ArrowRight");
        await open.Until("document.activeElement.id === 'tab-edit' && !document.getElementById('edit').hidden");
        open.HasNoTroubles();
    }

    [Fact]
    public async Task LabelsAndAttributesAreTextHoweverTheyLook()
    {
        await using OpenPage open = await browser.Open(served.Address);
        IPage page = open.Page;
        bool hasAsked = false;
        page.Dialog += async (_, dialog) =>
        {
            hasAsked = true;
            await dialog.DismissAsync();
        };
        await open.IsExplored();
        await page.SelectOptionAsync("#run", ServedRuns.Faces);
        await open.Until("document.getElementById('picture').width === 64");
        await open.IsExplored();
        Assert.Equal(ServedRuns.Script, await open.Text("#labels label >> nth=0"));
        await open.Changes(Picture, () => page.ClickAsync("#labels label >> nth=1"));
        await page.ClickAsync("#attributes-card summary");
        await page.WaitForSelectorAsync("#attributes .slider");
        Assert.Contains($"style={ServedRuns.Script}", await open.Text("#attributes"), StringComparison.Ordinal);
        await open.Changes(Picture, () => page.PressAsync("#attributes input >> nth=0", "End"));
        Assert.False(hasAsked);
        open.HasNoTroubles();
    }

    private Task ShowsCode(OpenPage open, float[] code) => served.With(ServedRuns.Digits, async model =>
    {
        float[] image = new float[784];
        model.Decode(code, image);
        await open.Shows(Picture, model, 0, image);
    });

    private Task ShowsDraw(OpenPage open, ulong seed, int which) => served.With(
        ServedRuns.Digits, model => open.Shows(Picture, model, 0, model.Generate(which + 1, seed)[^784..]));

    private Task ShowsTestImage(OpenPage open) => served.With(ServedRuns.Digits, model =>
    {
        float[] codes = LatentCodes.Means(model, SyntheticDigits.Create(40, 2)), images = new float[40 * 784];
        model.Decode(codes, images);
        return open.Shows(Picture, model, 1, [.. images.Chunk(784)]);
    });
}
