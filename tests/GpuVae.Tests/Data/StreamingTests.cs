using GpuVae.Data;
using GpuVae.Models;
using GpuVae.Options;
using GpuVae.Training;
using static GpuVae.Tests.Data.FormatFiles;

namespace GpuVae.Tests.Data;

/// <summary>Sets of which only a window is in memory. Images of 256 KiB: 192 of them are a window, one is a block.</summary>
public sealed class StreamingTests(CpuDevice cpu) : IClassFixture<CpuDevice>
{
    private const int Count = 500;
    private static readonly ImageShape Shape = new(512, 128, 1);
    private static readonly VaeOptions Small = new()
    {
        Shape = Shape,
        Hidden = [2],
        Latent = 2,
        Classes = 3,
        Likelihood = Likelihood.GaussianShared,
    };

    private static readonly TrainingOptions Training = new() { Epochs = 2, BatchSize = 50, Seed = 9 };

    [Fact]
    public void AStreamedSetIsGoneOnWithToTheSameBits()
    {
        ImageSet set = Made();
        using var folder = new TemporaryFolder();
        float[] whole, parts;
        using (var model = new Vae(cpu.Device, Small, 1))
        using (var trainer = new Trainer(model, set, Training, set))
        {
            trainer.Run();
            whole = Weights(model);
        }
        using (var model = new Vae(cpu.Device, Small, 1))
        using (var trainer = new Trainer(model, set, Training, set))
        {
            // In the second window of the second epoch.
            for (int step = 0; step < 15; step++)
                trainer.RunStep();
            trainer.Save(folder["checkpoint"]);
        }
        using (var trainer = Trainer.Resume(cpu.Device, TrainingCheckpoint.Read(folder["checkpoint"]), Made(), Made()))
        {
            trainer.Run();
            parts = Weights(trainer.Model);
        }
        Assert.Equal(whole, parts);
    }

    [Fact]
    public void EveryImageIsVisitedOnceInAnEpochWithItsLabel()
    {
        ImageSet set = Made();
        float[] values = new float[Count * Shape.Pixels];
        set.CopyRows([.. Enumerable.Range(0, Count)], values);
        var inMemory = new ImageSet("in memory", Shape, values, set.Labels);
        // Without a step that learns, the sums over an epoch are those of the set whatever the order, but for the noise.
        using var model = new Vae(cpu.Device, Small, 1);
        double streamed = model.Evaluate(set).Loss, whole = model.Evaluate(inMemory).Loss;
        Assert.Equal(whole, streamed);
        Assert.Equal(whole, model.Evaluate(set).Loss);
    }

    [Theory]
    [InlineData(10, 3, 5)]
    [InlineData(1, 1, 1)]
    [InlineData(1000, 7, 96)]
    [InlineData(1000, 100, 64)]
    public void AnEpochInBlocksIsAPermutationThatKeepsNeighboursTogether(int count, int block, int window)
    {
        int[] order = new int[count], again = new int[count], next = new int[count];
        EpochOrder.FillBlocks(order, 5, 2, block, window);
        EpochOrder.FillBlocks(again, 5, 2, block, window);
        EpochOrder.FillBlocks(next, 5, 3, block, window);
        Assert.Equal(Enumerable.Range(0, count), order.Order());
        Assert.Equal(order, again);
        if (count < 1000)
            return;
        Assert.NotEqual(order, next);
        Assert.NotEqual(Enumerable.Range(0, count), order);
        // A window holds whole blocks, but for the first and the last.
        int blocks = order.Take(window).Select(image => image / block).Distinct().Count();
        Assert.InRange(blocks, 1, window / block + 2);
    }

    [Fact]
    public void FilesAreStreamedAsTheyAreReadIntoMemory()
    {
        using var folder = new TemporaryFolder();
        byte[] values = [.. Enumerable.Range(0, 5 * 6).Select(i => (byte)(i * 8))];
        folder.Write("idx/train-images-idx3-ubyte", [0, 0, 8, 3, 0, 0, 0, 5, 0, 0, 0, 2, 0, 0, 0, 3, .. values]);
        folder.Write("idx/train-labels-idx1-ubyte", [0, 0, 8, 1, 0, 0, 0, 5, 1, 2, 3, 4, 5]);
        folder.Write("cifar/data_batch_1.bin", [.. Cifar(10, 3), .. Cifar(20, 9), .. Cifar(30, 1)]);
        (string, byte[])[] pictures = [("a/1.png", Png(3, 2, 3, 1)), ("a/2.png", Png(3, 2, 1, 2)), ("b/3.png", Png(3, 2, 3, 3))];
        foreach ((string name, byte[] content) in pictures)
            folder.Write($"pictures/{name}", content);
        folder.Write("pictures.zip", Zip(pictures));
        folder.Write("pictures.tar", Tar(pictures));
        folder.Write("floats.npy", Npy("<f8", [4, 3, 2, 2], Bytes([.. Enumerable.Range(0, 48).Select(i => i / 7.0)])));
        foreach (string name in (string[])["idx", "cifar", "pictures", "pictures.zip", "pictures.tar", "floats.npy"])
        {
            var options = new DataOptions { TestSplit = 0.3, IsStreamed = true };
            DataSets streamed = DataSource.Load(folder[name], options);
            DataSets whole = DataSource.Load(folder[name], options with { IsStreamed = false });
            foreach ((ImageSet set, ImageSet expected) in new[] { (streamed.Train, whole.Train), (streamed.Test, whole.Test) })
            {
                Assert.True(set.IsStreamed && !expected.IsStreamed);
                Assert.Equal((expected.Count, expected.Shape, expected.Format), (set.Count, set.Shape, set.Format));
                Assert.Equal(expected.Labels, set.Labels);
                for (int i = 0; i < set.Count; i++)
                    Assert.Equal(expected[i], set[i]);
            }
        }
        var streamedOptions = new DataOptions { IsStreamed = true, Channels = 1 };
        ImageSet small = DataSource.LoadSingle(folder["pictures"], streamedOptions with { Size = new ImageSize(1, 1) });
        Assert.Equal((new ImageShape(1, 1), (byte)3), (small.Shape, small[2][0]));
        Assert.Contains("streamed as it is", Assert.Throws<BadInputException>(
            () => DataSource.LoadSingle(folder["cifar"], streamedOptions)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AValueThatIsNoNumberIsNamedWhenItIsReached()
    {
        // Not among those that are looked at first.
        ImageSet set = Made(nan: 301);
        using var model = new Vae(cpu.Device, Small, 1);
        using var trainer = new Trainer(model, set, Training);
        string message = Assert.Throws<BadInputException>(() => trainer.Run()).Message;
        Assert.Contains("made: image 301, row 0, column 0 is NaN", message, StringComparison.Ordinal);
    }

    private static ImageSet Made(int nan = -1) => new("made", new Formula(nan), [.. Enumerable.Range(0, Count).Select(i => i % 3)]);

    private static float[] Weights(Vae model)
    {
        float[] code = [0.3f, -0.7f], image = new float[Shape.Pixels];
        model.Decode(code, image, [1]);
        return image;
    }

    /// <summary>Images that are computed when they are asked for.</summary>
    private sealed class Formula(int nan) : IImageSource
    {
        public int Count => StreamingTests.Count;

        public ImageShape Shape => StreamingTests.Shape;

        public PixelFormat Format => PixelFormat.Single;

        public void Read(ReadOnlySpan<int> indices, Span<byte> destination)
        {
            Span<float> values = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(destination);
            for (int i = 0; i < indices.Length; i++)
            {
                Span<float> image = values.Slice(i * Shape.Pixels, Shape.Pixels);
                for (int p = 0; p < image.Length; p++)
                    image[p] = (indices[i] * 31 + p * 7) % 64 / 64f;
                if (indices[i] == nan)
                    image[0] = float.NaN;
            }
        }
    }
}
