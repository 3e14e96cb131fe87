using System.Diagnostics;
using System.Text.Json;
using GpuVae.Training;
using Microsoft.Playwright;

namespace GpuVae.Studio.Tests.Pages;

[Collection(PagesCollection.Name)]
public sealed class TrainPageTests(ServedRuns served, Browser browser)
{
    [Fact]
    public async Task ATrainingIsStartedWatchedAndStopped()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "needs a shell");
        await using StudioServer server = await served.StartAsync(served.Options with
        {
            Training = wish => new ProcessStartInfo(
                "/bin/sh", ["-c", "trap 'exit 130' TERM; sleep 60 & wait", "sh", "train", "--out", wish.Folder]),
        });
        await using OpenPage open = await browser.Open(new Uri(server.Address, "#/train"));
        IPage page = open.Page;
        await page.FillAsync("[name=name]", "other");
        await page.PressAsync("[name=name]", "Enter");
        await open.Until("document.getElementById('training-state').textContent.startsWith('other is being trained')");
        Assert.StartsWith("gpuvae train --out ", await open.Text("#train-command"), StringComparison.Ordinal);
        await page.ClickAsync("#stop");
        await open.Until("document.getElementById('training-state').textContent.startsWith('other was stopped')");
        // Where a run of the name is already, the page says so.
        await page.FillAsync("[name=name]", ServedRuns.Digits);
        await page.ClickAsync("#start");
        Assert.Contains("There is a run 'digits' already", await open.Message(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhatOtherProcessesTrainIsDrawnLive()
    {
        var folder = RunFolder.Open(Path.Combine(served.Options.Runs, ServedRuns.Digits));
        var other = RunFolder.Open(Path.Combine(served.Options.Runs, ServedRuns.Faces));
        await using OpenPage open = await browser.Open(new Uri(served.Address, "#/train"));
        IPage page = open.Page;
        await open.Until("document.querySelectorAll('#unit-bars span').length === 5");
        try
        {
            Append(folder, 1);
            Append(folder, 2);
            await open.Until("document.querySelector('#loss-chart polyline')?.points.length === 2");
            Append(folder, 3);
            Append(other, 1);
            File.WriteAllBytes(folder.Samples, ServedRuns.Picture(60, 30, 1));
            File.WriteAllBytes(folder.Reconstructions, ServedRuns.Picture(60, 30, 1));
            await open.Until("document.querySelector('#kl-chart polyline')?.points.length === 3");
            await open.Until("document.querySelector('#recon-chart polyline')?.points.length === 3");
            await open.Until("document.getElementById('samples').naturalWidth === 60");
            await open.Until("document.getElementById('reconstructions').naturalWidth === 60");
            Assert.Contains("epoch 3, 97.0", await open.Text("#runs"), StringComparison.Ordinal);
            // Another run in the same chart, chosen by keyboard.
            await page.PressAsync("#runs li:not(.chosen) input", " ");
            await open.Until("document.querySelectorAll('#loss-chart polyline').length === 2");
            await page.ClickAsync("#runs li:not(.chosen) button");
            await open.Until($"document.getElementById('chosen').textContent === '{ServedRuns.Faces}'");
            open.HasNoTroubles();
        }
        finally
        {
            File.Delete(folder.Metrics);
            File.Delete(other.Metrics);
            File.Delete(folder.Samples);
            File.Delete(folder.Reconstructions);
        }
    }

    private static void Append(RunFolder folder, int epoch) => File.AppendAllText(folder.Metrics, JsonSerializer.Serialize(new
    {
        epoch,
        train_loss = 100 - epoch,
        test_loss = 100 - epoch,
        test_recon = 80,
        test_kl = 20 - epoch,
        seconds = 1,
        images_per_second = 10,
        device = "cpu",
    }) + "\n");
}
