using GpuVae.Applications;
using GpuVae.Data;
using GpuVae.Devices;
using GpuVae.Evaluation;
using GpuVae.Imaging;
using GpuVae.Models;
using GpuVae.Options;

namespace GpuVae.Tests.Models;

/// <summary>What takes long can be asked to stop, and the model is then as good as before.</summary>
public sealed class CancellationTests(CpuDevice cpu) : IClassFixture<CpuDevice>
{
    private static readonly VaeOptions Conditional = new() { Shape = new(8, 8), Hidden = [16], Latent = 3, Classes = 2 };

    private readonly ImageSet images = Labelled(6);

    [Fact]
    public void WhatTakesLongStopsWhenItIsAskedTo()
    {
        using var model = new Vae(cpu.Device, Conditional);
        float[] expected = model.Generate(3, seed: 1), rows = PictureInput.Rows(images), codes = new float[18], others = new float[18];
        var editor = new ImageEditor(model, images);
        var translator = Translator.Learn(model, images);
        int[] labels = images.Labels!;
        var stopped = new CancellationToken(canceled: true);
        Action[] uses =
        [
            () => model.Encode(rows, codes, others, labels, stopped), () => model.Decode(codes, rows, labels, stopped),
            () => model.Reconstruct(rows, rows, labels, stopped), () => model.Generate(3, 1, cancellation: stopped),
            () => model.Evaluate(images, cancellation: stopped),
            () => ModelEvaluation.Run(model, images, cancellation: stopped),
            () => ModelEvaluation.Run(model, images, new EvaluationOptions { Metrics = EvaluationMetrics.Units }, cancellation: stopped),
            () => ImportanceSampling.LogLikelihoods(model, images, 2, cancellation: stopped),
            () => Inpainting.Complete(model, rows, Mask.Half(8, 8, ImageHalf.Left), cancellation: stopped),
            () => Inpainting.Sample(model, rows, Mask.Half(8, 8, ImageHalf.Left), 2, labels: labels, cancellation: stopped),
            () => Upscaling.Enlarge(model, rows.AsSpan(0, 16), 2, cancellation: stopped),
            () => LatentCodes.Means(model, images, stopped), () => LabelGuess.Complete(model, Unlabelled(), stopped),
            () => AttributeDirections.Learn(model, images, stopped), () => Translator.Learn(model, images, stopped),
            () => translator.Translate(rows, 0, 1, stopped), () => _ = new ImageEditor(model, images, stopped),
            () => editor.Edit(new float[18], null, stopped), () => editor.Strips(new float[18], 2, stopped),
            () => editor.Relabelled(new float[18], [1], stopped), () => _ = Tuner.Tune(cpu.Device, stopped).ToArray(),
            () => ImageQuality.Compare(cpu.Device, rows, rows, Conditional.Shape, stopped),
            () => MutualInformationGap.Of([0, 1], 1, [Factor.Continuous("one", [0, 1], 0)], stopped),
        ];
        Assert.All(uses, use => Assert.ThrowsAny<OperationCanceledException>(use));
        Assert.Equal(expected, model.Generate(3, seed: 1));
    }

    [Fact]
    public void LoadingStopsWhenItIsAskedTo()
    {
        using var folder = new TemporaryFolder();
        ImageFile.Write(folder["images/a.png"], new Image(2, 2, 1));
        folder.Write("one-idx3-ubyte", [0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 7]);
        string pictures = folder["images"], idx = folder["one-idx3-ubyte"];
        var stopped = new CancellationToken(canceled: true);
        Action[] uses =
        [
            () => ImageFolder.Load(pictures, cancellation: stopped), () => IdxFile.Read(idx, cancellation: stopped),
            () => DataSource.Load(pictures, cancellation: stopped), () => DataSource.LoadTest(pictures, cancellation: stopped),
            () => DataSource.LoadSingle(idx, cancellation: stopped), () => DataSource.Load("faces", cancellation: stopped),
            () => PictureInput.Load(pictures, new(2, 2), cancellation: stopped),
            () => PictureInput.Load(Path.Combine(pictures, "a.png"), new(2, 2), cancellation: stopped),
            () => PictureInput.Conform(images, new(4, 4), fit: true, stopped),
            () => SyntheticDigits.Create(1, 1, stopped), () => SyntheticFaces.Create(1, 1, FaceStyle.Drawn, stopped),
            () => SyntheticFaces.CreateInBothStyles(1, 1, stopped),
            () => ImageDomains.Join([("grey", images), ("coloured", new ImageSet("coloured", 8, 8, 3, new byte[192]))], stopped),
            () => ImageFile.WriteAnimation(folder["walk.png"], [new Image(2, 2, 1)], 1, stopped),
            () => ImageFile.WriteAnimation(folder["walk.gif"], [new Image(2, 2, 1)], 1, stopped),
            () => ImageDomains.Load([pictures, "faces"], cancellation: stopped),
            () => ImageDomains.LoadTest([pictures, "faces"], cancellation: stopped),
        ];
        Assert.All(uses, use => Assert.ThrowsAny<OperationCanceledException>(use));
        Assert.Equal([idx], Directory.GetFiles(folder.FullPath));
    }

    [Fact]
    public void ALoadStopsInItsMiddle()
    {
        using var folder = new TemporaryFolder();
        ImageFile.Write(folder["images/0.png"], new Image(1000, 1000, 3));
        for (int i = 1; i < 1000; i++)
            File.Copy(folder["images/0.png"], folder[$"images/{i}.png"]);
        // Each takes seconds on one core.
        Action<CancellationToken>[] loads =
        [
            token => DataSource.Load("digits", new DataOptions { SyntheticCount = 500_000 }, token),
            token => DataSource.Load("faces", new DataOptions { SyntheticCount = 40_000 }, token),
            token => DataSource.Load(folder["images"], new DataOptions { Size = new ImageSize(8, 8) }, token),
        ];
        Assert.All(loads, load =>
        {
            using var stop = new CancellationTokenSource(TimeSpan.FromMilliseconds(50));
            Assert.Throws<OperationCanceledException>(() => load(stop.Token));
        });
    }

    [Fact]
    public void ASearchStopsInItsMiddleAndLeavesNothingBehind()
    {
        using var model = new Vae(cpu.Device, Conditional with { Classes = 0 });
        float[] rows = PictureInput.Rows(Many(600));
        var mask = Mask.Half(8, 8, ImageHalf.Left);
        var quick = new InpaintingOptions { DescentSteps = 2 };
        float[] expected = Inpainting.Complete(model, rows, mask, quick);
        int before = LiveBuffers.Of(cpu.Device.Accelerator);
        using var stop = new CancellationTokenSource();
        int done = 0;
        // The first of two parts is through.
        Assert.Throws<OperationCanceledException>(() => Inpainting.Complete(model, rows, mask, quick, images =>
        {
            done = images;
            stop.Cancel();
        }, cancellation: stop.Token));
        Assert.Equal(512, done);
        Assert.Equal(before, LiveBuffers.Of(cpu.Device.Accelerator));
        Assert.Equal(expected, Inpainting.Complete(model, rows, mask, quick));
    }

    private static ImageSet Many(int count) => TestImages.Random(count, Conditional.Shape);

    private static ImageSet Unlabelled() => Many(6);

    private static ImageSet Labelled(int count)
    {
        int[] labels = [.. Enumerable.Range(0, count).Select(i => i % 2)];
        return new ImageSet("labelled", 8, 8, 1, Many(count).Pixels, labels);
    }
}
