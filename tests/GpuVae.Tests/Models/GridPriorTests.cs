using GpuVae.Applications;
using GpuVae.Data;
using GpuVae.Devices;
using GpuVae.Evaluation;
using GpuVae.Latent;
using GpuVae.Layers;
using GpuVae.Models;
using GpuVae.Options;
using GpuVae.Scheduling;
using GpuVae.Training;
using ILGPU;
using ILGPU.Runtime;

namespace GpuVae.Tests.Models;

/// <summary>A prior over grids of 4×3 codes.</summary>
public sealed class GridPriorTests(CpuDevice cpu) : IClassFixture<CpuDevice>, IDisposable
{
    private const int Width = 4, Places = 4 * 3, Codes = 15;

    private static readonly VaeOptions Scalar = new()
    {
        Shape = new(8, 6, 1),
        Network = NetworkKind.Convolutional,
        ChannelsPerStage = [5],
        Quantization = Quantization.Scalar,
        Levels = [5, 3],
    };

    private static readonly GridPriorOptions Small = new() { Layers = 2, Width = 6, Heads = 2, Classes = 2, LabelNames = ["a", "b"] };

    private readonly string folder = Directory.CreateTempSubdirectory("gpuvae-prior-").FullName;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>With one grid of codes and with two; the networks alone with nothing above them and with something.</summary>
    public static TheoryData<CodeNetworkKind, int> Kinds => new()
    {
        { CodeNetworkKind.PixelCnn, 1 },
        { CodeNetworkKind.PixelCnn, 2 },
        { CodeNetworkKind.Transformer, 1 },
        { CodeNetworkKind.Transformer, 2 },
    };

    [Theory]
    [MemberData(nameof(Kinds))]
    public void ACodeDependsOnAllThoseBeforeItAndOnNoOthers(CodeNetworkKind kind, int levels)
    {
        using var network = new Network(cpu.Device, Small with { Layers = 4, Network = kind }, levels);
        int[] codes = Numbers(Places, seed: 1);
        float[] logits = network.Logits(codes, [1]);
        for (int place = 0; place < Places; place++)
        {
            int[] others = [.. codes];
            others[place] = (others[place] + 1) % Codes;
            float[] ofOthers = network.Logits(others, [1]);
            int[] changed =
            [
                .. Enumerable.Range(0, Places).Where(
                    p => !logits.AsSpan(p * Codes, Codes).SequenceEqual(ofOthers.AsSpan(p * Codes, Codes))),
            ];
            Assert.Equal(Enumerable.Range(place + 1, Places - place - 1), changed);
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void PlaceByPlaceTheLogitsAreThoseOfAllAtOnce(CodeNetworkKind kind, int levels)
    {
        using var network = new Network(cpu.Device, Small with { Layers = 3, Network = kind }, levels);
        int[] codes = Numbers(3 * Places, seed: 4);
        float[] labels = [1, 0, 1], all = network.Logits(codes, labels), next = network.NextLogits(codes, labels);
        for (int i = 0; i < all.Length; i++)
            Assert.Equal(all[i], next[i], 1e-5f);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void TheGradientIsThatOfCentralDifferences(CodeNetworkKind kind, int levels)
    {
        using var network = new Network(cpu.Device, Small with { Layers = 3, Network = kind }, levels);
        int[] codes = Numbers(2 * Places, seed: 1);
        float[] weights = Weights(2 * Places * Codes, seed: 2), labels = [1, 0];
        Dictionary<string, float[]> gradients = network.Gradients(codes, labels, weights);
        foreach (Parameter parameter in network.Store.Parameters)
        {
            float[] values = network.Store.Read(parameter), changed = [.. values];
            // Of the largest, where rounding matters least.
            int at = Array.IndexOf(gradients[parameter.Name], gradients[parameter.Name].MaxBy(Math.Abs));
            double Loss(float by)
            {
                changed[at] = values[at] + by;
                network.Store.Write(parameter, changed);
                return network.Logits(codes, labels).Zip(weights, (a, b) => (double)a * b).Sum();
            }
            // No farther than to where few of the ReLUs have their kinks.
            double difference = (Loss(1e-3f) - Loss(-1e-3f)) / 2e-3, gradient = gradients[parameter.Name][at];
            network.Store.Write(parameter, values);
            Assert.True(gradient != 0, parameter.Name);
            bool isNear = Math.Abs(gradient - difference) < 0.01 * Math.Abs(difference) + 3e-3;
            Assert.True(isNear, $"{parameter.Name}: {gradient}, {difference}");
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void ItLearnsTheCodesOfImagesByTheirLabels(CodeNetworkKind kind, int levels)
    {
        using var model = new Vae(cpu.Device, Scalar with { CodeLevels = levels });
        int places = model.Places;
        Assert.Equal(levels == 2 ? Places + 4 : Places, places);
        ImageSet images = Labelled(24);
        using var prior = new GridPrior(model, Small with { Network = kind });
        double before = prior.Evaluate(images, Cancellation);
        Assert.InRange(before, 0.8 * places * Math.Log(Codes), 1.5 * places * Math.Log(Codes));
        ImageSet two = Labelled(2);
        var training = new TrainingOptions { BatchSize = 8, Epochs = 100, LearningRate = 1e-2 };
        using var trainer = new GridPriorTrainer(prior, images, training, two);
        var epochs = new List<GridPriorEpoch>();
        trainer.EpochCompleted += epochs.Add;
        GridPriorEpoch last = trainer.Run(Cancellation)!;
        Assert.Equal(100, epochs.Count);
        Assert.Equal(last.Test!.Value, prior.Evaluate(two, Cancellation), 1e-9);
        Assert.True(last.Test < 0.1 * before, $"{before} -> {last.Test}");
        // All images of a label are one image, and the codes of one are drawn.
        int[] codes = new int[24 * places];
        model.EncodeNumbers(Rows(images), codes, Cancellation);
        int[] drawn = new int[2 * places];
        prior.Draw(drawn, [.. Enumerable.Repeat(true, drawn.Length)], [0, 1], seed: 3, temperature: 0.05, Cancellation);
        Assert.Equal(codes[..(2 * places)], drawn);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void TheSameSeedDrawsTheSameImagesWhateverTheirNumber(CodeNetworkKind kind, int levels)
    {
        using var model = new Vae(cpu.Device, Scalar with { CodeLevels = levels });
        using var prior = new GridPrior(model, Small with { Network = kind });
        float[] images = prior.Generate(5, seed: 4, cancellation: Cancellation);
        Assert.Equal(images[..(3 * 48)], prior.Generate(3, seed: 4, cancellation: Cancellation));
        Assert.NotEqual(images[..48], prior.Generate(1, seed: 5, cancellation: Cancellation));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void OneFileIsAPriorOfOneModelsCodes(CodeNetworkKind kind, int levels)
    {
        GridPriorOptions options = Small with { Network = kind };
        using var model = new Vae(cpu.Device, Scalar with { CodeLevels = levels });
        string path = Path.Combine(folder, "prior.safetensors"), half = Path.Combine(folder, "half.safetensors");
        model.SaveWeights(half, half: true);
        float[] expected;
        using (var prior = new GridPrior(model, options, seed: 6))
        {
            prior.Save(path);
            expected = prior.Generate(2, seed: 1, cancellation: Cancellation);
        }
        using (var prior = GridPrior.Load(model, path))
        {
            Assert.Equivalent(options, prior.Options);
            Assert.Equal(1, prior.LabelNumber("b"));
            Assert.Equal(expected, prior.Generate(2, seed: 1, cancellation: Cancellation));
        }
        using (var small = Vae.Load(cpu.Device, half))
        using (var prior = GridPrior.Load(small, path))
            Assert.Same(small, prior.Model);
        using var other = new Vae(cpu.Device, Scalar with { CodeLevels = levels }, seed: 2);
        string ofOther = Assert.Throws<BadInputException>(() => GridPrior.Load(other, path)).Message;
        Assert.Contains("another model", ofOther, StringComparison.Ordinal);
        string ofModel = Assert.Throws<BadInputException>(() => GridPrior.Load(model, half)).Message;
        Assert.Contains("no prior over codes", ofModel, StringComparison.Ordinal);
        byte[] bytes = File.ReadAllBytes(path);
        File.WriteAllBytes(path, bytes[..^4]);
        Assert.Throws<BadInputException>(() => GridPrior.Load(model, path));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void HiddenPartsAreDrawnAndSeenOnesStay(CodeNetworkKind kind, int levels)
    {
        using var model = new Vae(cpu.Device, Scalar with { CodeLevels = levels });
        using var prior = new GridPrior(model, Small with { Network = kind });
        float[] images = Rows(Labelled(2));
        var mask = Mask.Half(8, 6, ImageHalf.Lower);
        float[] drawn = GridInpainting.Sample(prior, images, mask, samples: 2, seed: 1, [0, 1], Cancellation);
        Assert.Equal(4 * 48, drawn.Length);
        for (int i = 0; i < 4; i++)
        {
            Assert.Equal(images[(i / 2 * 48)..(i / 2 * 48 + 24)], drawn[(i * 48)..(i * 48 + 24)]);
            Assert.All(drawn[(i * 48 + 24)..(i * 48 + 48)], value => Assert.InRange(value, 0, 1));
        }
        Assert.NotEqual(drawn[..48], drawn[48..96]);
        Assert.Throws<BadInputException>(() => GridInpainting.Sample(prior, images, Mask.Half(6, 6, ImageHalf.Left), 1, 1, [0, 1]));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void AnInterruptedTrainingEndsWithTheSameBytes(CodeNetworkKind kind, int levels)
    {
        using var model = new Vae(cpu.Device, Scalar with { CodeLevels = levels });
        ImageSet images = Labelled(10), test = Labelled(4);
        var training = new TrainingOptions { BatchSize = 4, Epochs = 5, Decay = LearningRateDecay.Cosine, GradientClip = 1 };
        string whole = Path.Combine(folder, "whole"), parts = Path.Combine(folder, "parts");
        var expected = new List<GridPriorEpoch>();
        using (var prior = new GridPrior(model, Small with { Network = kind }))
        using (var trainer = new GridPriorTrainer(prior, images, training, test))
        {
            trainer.EpochCompleted += expected.Add;
            trainer.Run(Cancellation);
            trainer.Save(whole);
        }
        var seen = new List<GridPriorEpoch>();
        using (var prior = new GridPrior(model, Small with { Network = kind }))
        using (var trainer = new GridPriorTrainer(prior, images, training, test))
            trainer.Save(parts);
        while (GridPriorCheckpoint.Read(parts) is { Epoch: < 5 } state)
        {
            Assert.Equal(seen.Count, state.Epoch);
            using var stop = new CancellationTokenSource();
            using var trainer = GridPriorTrainer.Resume(model, state, images, test);
            trainer.EpochCompleted += epoch =>
            {
                seen.Add(epoch);
                if (seen.Count is 1 or 3)
                    stop.Cancel();
            };
            trainer.Run(stop.Token);
            trainer.Save(parts);
        }
        Assert.Equal(File.ReadAllBytes(whole), File.ReadAllBytes(parts));
        Assert.Equal(
            expected.Select(epoch => epoch with { ImagesPerSecond = 0 }), seen.Select(epoch => epoch with { ImagesPerSecond = 0 }));
    }

    [Fact]
    public void ProgressIsToldFromTheFirstStepOn()
    {
        using var model = new Vae(cpu.Device, Scalar);
        using var prior = new GridPrior(model, Small);
        double before = prior.Evaluate(Labelled(12), Cancellation);
        var training = new TrainingOptions { BatchSize = 4, Epochs = 2, LogEverySteps = 1, LearningRate = 1e-6 };
        using var trainer = new GridPriorTrainer(prior, Labelled(12), training);
        var seen = new List<GridPriorProgress>();
        trainer.Progressed += seen.Add;
        trainer.Run(Cancellation);
        Assert.Equal(6, trainer.Steps);
        Assert.Equal([(1, 1L), (1, 2L), (2, 4L), (2, 5L)], seen.Select(of => (of.Epoch, of.Step)));
        // So low a rate changes nothing, and a mean over some of the images is near that over all of them.
        Assert.All(seen, of => Assert.InRange(of.Loss, 0.8 * before, 1.2 * before));
        Assert.All(seen, of => Assert.True(of.ImagesPerSecond > 0 && of.Remaining > TimeSpan.Zero));
    }

    [Fact]
    public void ACheckpointIsOneOfAModelAndItsImages()
    {
        using var model = new Vae(cpu.Device, Scalar);
        using var other = new Vae(cpu.Device, Scalar, seed: 2);
        ImageSet images = Labelled(8);
        string path = Path.Combine(folder, "checkpoint");
        using (var prior = new GridPrior(model, Small))
        using (var trainer = new GridPriorTrainer(prior, images, new TrainingOptions { BatchSize = 4, Epochs = 2 }))
        {
            trainer.Run(Cancellation);
            trainer.Save(path);
        }
        var state = GridPriorCheckpoint.Read(path);
        Assert.Throws<BadInputException>(() => GridPriorTrainer.Resume(other, state, images));
        Assert.Throws<BadInputException>(() => GridPriorTrainer.Resume(model, state, Labelled(6)));
        Assert.Throws<BadInputException>(() => GridPriorTrainer.Resume(model, state, images, images));
        Assert.Throws<BadInputException>(() => GridPriorTrainer.Resume(model, state, images, epochs: 1));
        using var longer = GridPriorTrainer.Resume(model, state, images, epochs: 3);
        Assert.Equal(3, longer.Run(Cancellation)!.Epoch);
        byte[] bytes = File.ReadAllBytes(path);
        File.WriteAllBytes(path, bytes[..^4]);
        Assert.Throws<BadInputException>(() => GridPriorCheckpoint.Read(path));
        string weights = Path.Combine(folder, "weights");
        model.SaveWeights(weights);
        Assert.Throws<BadInputException>(() => GridPriorCheckpoint.Read(weights));
    }

    [Fact]
    public void SamplesOfThePriorAreMeasuredAsThoseOfAModelAre()
    {
        using var model = new Vae(cpu.Device, Scalar);
        using var prior = new GridPrior(model, Small);
        ImageSet images = Labelled(12);
        var options = new EvaluationOptions { Metrics = EvaluationMetrics.Reconstruction };
        EvaluationReport report = ModelEvaluation.Run(
            model, images, options with { Metrics = EvaluationMetrics.Elbo }, new Brightness(), prior, cancellation: Cancellation);
        DistributionDistance distance = report.Distance!;
        Assert.Equal(-report.Elbo!.Nats, report.Parts!.Value.Reconstruction + prior.Evaluate(images, Cancellation), 1e-6);
        Assert.Equal("the prior over codes", distance.Sampler);
        Assert.True(distance.Samples!.Frechet > 0);
        DistributionDistance ofReconstructions =
            ModelEvaluation.Run(model, images, options, new Brightness(), cancellation: Cancellation).Distance!;
        Assert.Null(ofReconstructions.Samples);
        Assert.Equal(distance.Reconstructions, ofReconstructions.Reconstructions);
    }

    [Fact]
    public void WhatDoesNotFitIsRefused()
    {
        using var model = new Vae(cpu.Device, Scalar);
        using var dense = new Vae(cpu.Device, new VaeOptions { Shape = Scalar.Shape, Hidden = [3] });
        Assert.Throws<BadInputException>(() => new GridPrior(dense));
        Assert.Throws<BadInputException>(() => new GridPrior(model, Small with { Layers = 0 }));
        GridPriorOptions transformer = Small with { Network = CodeNetworkKind.Transformer };
        Assert.Throws<BadInputException>(() => new GridPrior(model, transformer with { Heads = 4 }));
        Assert.Throws<BadInputException>(() => new GridPrior(model, transformer with { Width = 130, Heads = 2 }));
        using var prior = new GridPrior(model, new GridPriorOptions { Layers = 1, Width = 2 });
        Assert.Throws<BadInputException>(() => prior.Generate(1, seed: 1, label: 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => prior.Generate(1, seed: 1, temperature: 0));
        Assert.Throws<ArgumentException>(() => prior.Draw(new int[5], new bool[5], [], seed: 1));
        Assert.Throws<BadInputException>(() => new GridPriorTrainer(prior, Labelled(4), new TrainingOptions { BatchSize = 5 }));
        using var told = new GridPrior(model, Small);
        Assert.Throws<BadInputException>(() => new GridPriorTrainer(told, TestImages.Random(8, Scalar.Shape)));
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private static float[] Weights(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() * 2 - 1)];
    }

    private static int[] Numbers(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(Codes))];
    }

    private static ImageSet Labelled(int count)
    {
        byte[] two = TestImages.Random(2, Scalar.Shape).Pixels;
        byte[] pixels = [.. Enumerable.Range(0, count).SelectMany(i => two[(i % 2 * 48)..(i % 2 * 48 + 48)])];
        return new ImageSet("two images", 8, 6, 1, pixels, [.. Enumerable.Range(0, count).Select(i => i % 2)], ["a", "b"]);
    }

    private static float[] Rows(ImageSet images) => [.. TestImages.AsDoubles(images.Pixels).Select(pixel => (float)pixel)];

    /// <summary>The sum and the first pixel.</summary>
    private sealed class Brightness : IImageFeatures
    {
        public string Name => "brightness";

        public int Count => 2;

        public string Preparation => "none";

        public void Extract(ReadOnlySpan<float> images, ImageShape shape, Span<float> features)
        {
            for (int i = 0; i < images.Length / shape.Pixels; i++)
            {
                features[2 * i] = images[i * shape.Pixels];
                features[2 * i + 1] = 0;
                foreach (float pixel in images.Slice(i * shape.Pixels, shape.Pixels))
                    features[2 * i + 1] += pixel;
            }
        }
    }

    /// <summary>The network alone; the vectors of codes have two numbers, and what is above them three.</summary>
    private sealed class Network : IDisposable
    {
        private readonly ComputeDevice device;
        private readonly CodeNetwork network;
        private readonly int channelsAbove;

        public Network(ComputeDevice device, GridPriorOptions options, int levels)
        {
            this.device = device;
            channelsAbove = levels == 2 ? 3 : 0;
            var grid = new ImageShape(Width, Places / Width, 2);
            network = options.Network == CodeNetworkKind.Transformer
                ? new CausalTransformer(grid, Codes, options, channelsAbove: channelsAbove)
                : new GatedPixelCnn(grid, Codes, options, Lookup, channelsAbove: channelsAbove);
            Store = new ParameterStore(device, network.ParameterShapes);
            network.Attach(Store);
            Initialization.Fill(Store, seed: 3);
        }

        public ParameterStore Store { get; }

        public float[] Logits(int[] codes, float[] labels) => Run(codes, labels, null, default);

        /// <summary>Of Σ weights·logits.</summary>
        public Dictionary<string, float[]> Gradients(int[] codes, float[] labels, float[] weights)
        {
            using MemoryBuffer1D<float, Stride1D.Dense> gradients = device.Accelerator.Allocate1D<float>(Store.Values.Length);
            Run(codes, labels, weights, gradients.View);
            return Store.Parameters.ToDictionary(parameter => parameter.Name, parameter => Store.Read(parameter, gradients.View));
        }

        /// <summary>The same logits as those of all places at once, by one run for each place.</summary>
        public float[] NextLogits(int[] codes, float[] labels)
        {
            using MemoryBuffer1D<float, Stride1D.Dense> input = device.Accelerator.Allocate1D(Array.ConvertAll(codes, code => (float)code));
            using MemoryBuffer1D<float, Stride1D.Dense> ofLabels = device.Accelerator.Allocate1D(labels);
            var builder = new ScheduleBuilder(labels.Length);
            var context = new LayerContext(
                builder, device.Kernels, Store.Values, default, ScheduleBuilder.Fixed("labels", ofLabels.View, labels.Length));
            using MemoryBuffer1D<float, Stride1D.Dense>? above = Above(labels.Length);
            int place = 0;
            PlannedTensor logits = network.AppendNext(
                context, ScheduleBuilder.Fixed("codes", input.View, labels.Length), Planned(above, labels.Length), () => place);
            float[] next = new float[logits.Length], all = new float[codes.Length * Codes];
            builder.Add("read", 0, 0, [logits], stream => logits.View.Download(stream, next.AsSpan()));
            using MemoryBuffer1D<float, Stride1D.Dense> arena = device.Accelerator.Allocate1D<float>(builder.Plan());
            using Schedule schedule = builder.Bind(arena.View);
            for (; place < Places; place++)
            {
                schedule.Run(device.Stream);
                device.Stream.Synchronize();
                for (int image = 0; image < labels.Length; image++)
                    next.AsSpan(image * Codes, Codes).CopyTo(all.AsSpan((image * Places + place) * Codes));
            }
            return all;
        }

        public void Dispose() => Store.Dispose();

        private float[] Run(int[] codes, float[] labels, float[]? weights, ArrayView<float> gradients)
        {
            using MemoryBuffer1D<float, Stride1D.Dense> input = device.Accelerator.Allocate1D(Array.ConvertAll(codes, code => (float)code));
            using MemoryBuffer1D<float, Stride1D.Dense> ofLabels = device.Accelerator.Allocate1D(labels);
            using MemoryBuffer1D<float, Stride1D.Dense>? above = Above(labels.Length);
            using MemoryBuffer1D<float, Stride1D.Dense>? ofLogits = weights is null ? null : device.Accelerator.Allocate1D(weights);
            var builder = new ScheduleBuilder(labels.Length);
            var context = new LayerContext(
                builder, device.Kernels, Store.Values, gradients, ScheduleBuilder.Fixed("labels", ofLabels.View, labels.Length));
            (PlannedTensor logits, Action<LayerContext, PlannedTensor> backward) =
                network.Forward(context, ScheduleBuilder.Fixed("codes", input.View, labels.Length), Planned(above, labels.Length));
            float[] values = new float[logits.Length];
            builder.Add("read", 0, 0, [logits], stream => logits.View.Download(stream, values.AsSpan()));
            if (ofLogits is not null)
                backward(context, ScheduleBuilder.Fixed("weights", ofLogits.View, logits.Rows));
            using MemoryBuffer1D<float, Stride1D.Dense> arena = device.Accelerator.Allocate1D<float>(builder.Plan());
            using Schedule schedule = builder.Bind(arena.View);
            schedule.Run(device.Stream);
            device.Stream.Synchronize();
            return values;
        }

        private MemoryBuffer1D<float, Stride1D.Dense>? Above(int images) => channelsAbove == 0
            ? null
            : device.Accelerator.Allocate1D(Weights(images * Places * channelsAbove, seed: 8));

        private static PlannedTensor? Planned(MemoryBuffer1D<float, Stride1D.Dense>? above, int images) =>
            above is null ? null : ScheduleBuilder.Fixed("above", above.View, images);

        /// <summary>A number's vector is that of a code of scalar quantisation.</summary>
        private PlannedTensor Lookup(ScheduleBuilder builder, PlannedTensor indices) =>
            Quantizer.Create(Scalar, Scalar.Grid).Lookup(new LayerContext(builder, device.Kernels, Store.Values), indices);
    }
}
