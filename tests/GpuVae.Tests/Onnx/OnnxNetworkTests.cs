using GpuVae.Layers;
using GpuVae.Onnx;
using GpuVae.Options;
using GpuVae.Scheduling;
using GpuVae.Tests.Models;
using ILGPU;
using ILGPU.Runtime;
using Microsoft.ML.OnnxRuntime;
using Onnx;

namespace GpuVae.Tests.Onnx;

/// <summary>Networks of others on this library's kernels.</summary>
public sealed class OnnxNetworkTests(CpuDevice cpu) : IClassFixture<CpuDevice>, IDisposable
{
    private static readonly ImageShape Shape = new(32, 24, 3);

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void FeaturesAreThoseOfOnnxRuntime()
    {
        string path = folder["tiny.onnx"];
        (string Name, int[] Shape)[] features = TinyNetwork.Write(path);
        FrozenNetwork network = OnnxNetwork.Read(path);
        Assert.Equal("tiny", network.Name);
        Dictionary<string, float[]> expected = RunOnnx(path, 255, Shape, Values(2 * Shape.Pixels));
        RequireFeatures(network, features, expected);
    }

    [Fact]
    public void AFileIsGivenWhatTheOneBeforeItGave()
    {
        // RGB to BGR around a mean image, as networks of a certain age have it.
        var before = new TinyNetwork([1, 3, 24, 32]);
        string split = before.Apply("Split", [TinyNetwork.Input], ("axis", 1), ("split", new[] { 1, 1, 1 }));
        before.Graph.Node[0].Output.Add(["green", "blue"]);
        string turned = before.Apply("Concat", ["blue", "green", split], ("axis", 1));
        string centered = before.Apply("Sub", [turned, before.Numbers([1, 3, 1, 1], [104, 117, 123])]);
        before.Save(folder["before.onnx"], (centered, [1, 3, 24, 32]));
        var after = new TinyNetwork([1, 3, 24, 32]);
        string conv = after.Relu(after.Conv(after.Apply("Mul", [TinyNetwork.Input, after.Numbers([], [0.02f])]), 3, 4, 3));
        after.Save(folder["after.onnx"], (conv, [1, 4, 24, 32]));

        FrozenNetwork network = OnnxNetwork.Read(folder["before.onnx"], folder["after.onnx"]);
        Assert.Equal([2, 1, 0], network.Input.Select(channel => channel.Source));
        float[] between = RunOnnx(folder["before.onnx"], 255, Shape, Values(2 * Shape.Pixels))[centered];
        RequireFeatures(network, [(conv, [1, 4, 24, 32])], RunOnnx(folder["after.onnx"], 1, Shape, between));
    }

    [Theory]
    [InlineData(32, 24, 3)]
    [InlineData(21, 19, 3)]
    [InlineData(9, 11, 1)]
    public void GradientsOfImagesAgreeWithCentralDifferences(int width, int height, int channels)
    {
        var shape = new ImageShape(width, height, channels);
        TinyNetwork.Write(folder["tiny.onnx"]);
        RequireGradient(OnnxNetwork.Read(folder["tiny.onnx"]), shape);
    }

    [Fact]
    public void GradientsMeetWhereValuesAreTakenSeveralTimes()
    {
        FrozenConvolution Conv(int from, int inputs, bool isRectified) => new(
            from, inputs, 2, 3, 1, 1, [.. Values(18 * inputs, seed: from).Select(value => value - 0.5f)], [0.1f, -0.1f], isRectified);
        // Sums of a value with itself, of values with and without an activation, and of one that is compared as well; pooling that
        // leads nowhere.
        var network = new FrozenNetwork("sums", [new(0, 2, -1)],
        [
            Conv(0, 1, true), new FrozenSum(1, 1, false), Conv(2, 2, false), new FrozenSum(3, 2, true), new FrozenSum(4, 1, true),
            new FrozenPooling(5, 2, 2, 0, true), Conv(5, 2, false), new FrozenSum(7, 5, true),
        ]);
        RequireGradient(network, new ImageShape(5, 6));
    }

    [Fact]
    public void OfANetworkForLargerImagesTheStagesThatFitAreTaken()
    {
        TinyNetwork.Write(folder["tiny.onnx"]);
        FrozenNetwork network = OnnxNetwork.Read(folder["tiny.onnx"]);
        ImageShape[] Maps(ImageShape shape)
        {
            using var features = new FrozenFeatures(cpu.Device, network, shape);
            return [.. features.Taps.Select(tap => features[tap])];
        }
        Assert.Equal([new(16, 12, 5), new(8, 6, 5), new(4, 3, 7), new(2, 1, 9)], Maps(Shape));
        // Means of 2×2 do not fit what is left.
        Assert.Equal([new(4, 4, 5), new(2, 2, 5), new(1, 1, 7)], Maps(new ImageShape(8, 8, 3)));
        Assert.Equal("", string.Join(", ", Maps(new ImageShape(1, 1)).Where(map => map.Width > 1)));
    }

    [Fact]
    public void DigestsTellNetworksApart()
    {
        FrozenNetwork Of(float weight, int stride = 1, float scale = 1) => new(
            "one", [new(0, scale, 0)], [new FrozenConvolution(0, 1, 1, 1, stride, 0, [weight], [0], true)]);
        Assert.Equal(Of(1).Digest(), Of(1).Digest());
        Assert.Equal(4, new[] { Of(1), Of(2), Of(1, stride: 2), Of(1, scale: 2) }.Select(network => network.Digest()).Distinct().Count());
    }

    [Theory]
    [InlineData("Sigmoid", "Sigmoid")]
    [InlineData("LeakyRelu", "LeakyRelu")]
    [InlineData("groups", "several groups")]
    [InlineData("dilated", "dilated")]
    [InlineData("strides", "strides differ")]
    [InlineData("pads", "0, 0, 1, 1")]
    [InlineData("ceil", "ceil_mode")]
    [InlineData("twice", "Relu")]
    [InlineData("norm", "BatchNormalization")]
    [InlineData("half", "Float16")]
    [InlineData("lost", "are not in the file")]
    [InlineData("no convolution", "no convolution")]
    [InlineData("row", "does not take images")]
    [InlineData("four", "does not take images")]
    public void WhatIsNoNetworkOfFeaturesIsRefusedByName(string what, string named)
    {
        var net = new TinyNetwork(what switch { "row" => [1, 3], "four" => [1, 4, 8, 8], _ => [1, 3, 8, 8] });
        string x = what is "no convolution" ? TinyNetwork.Input : net.Conv(TinyNetwork.Input, 3, 4, 3);
        switch (what)
        {
            case "groups":
                x = net.Apply("Conv", [x, net.Numbers([4, 2, 3, 3])], ("group", 2));
                break;
            case "dilated":
                x = net.Apply("Conv", [x, net.Numbers([4, 4, 3, 3])], ("dilations", new[] { 2, 2 }));
                break;
            case "strides":
                x = net.Apply("Conv", [x, net.Numbers([4, 4, 3, 3])], ("strides", new[] { 1, 2 }));
                break;
            case "pads":
                x = net.Conv(x, 4, 4, 3, 2, [0, 0, 1, 1]);
                break;
            case "ceil":
                x = net.Apply("MaxPool", [x], ("kernel_shape", new[] { 2, 2 }), ("strides", new[] { 2, 2 }), ("ceil_mode", 1));
                break;
            case "twice":
                x = net.Apply("Add", [net.Relu(x), x]);
                break;
            case "norm":
                x = net.Normalize(net.Pool("MaxPool", x, 2, 2), 4);
                break;
            case "half":
                net.Graph.Initializer[0].DataType = (int)TensorProto.Types.DataType.Float16;
                break;
            case "lost":
                net.Graph.Initializer.RemoveAt(0);
                net.Graph.Node[0].Input[1] = "numbers_0";
                break;
            case "no convolution":
                x = net.Apply("Flatten", [x]);
                break;
            default:
                x = net.Apply(what is "row" or "four" ? "Relu" : what, [x]);
                break;
        }
        string path = net.Save(folder["net.onnx"], (x, [1, 4, 8, 8]));
        string message = Assert.Throws<BadInputException>(() => OnnxNetwork.Read(path)).Message;
        Assert.Contains(named, message, StringComparison.Ordinal);
        Assert.Contains(path, message, StringComparison.Ordinal);
    }

    [Fact]
    public void DamagedFilesAreRefused()
    {
        TinyNetwork.Write(folder["tiny.onnx"]);
        byte[] whole = File.ReadAllBytes(folder["tiny.onnx"]);
        var random = new Random(1);
        for (int i = 0; i < 60; i++)
        {
            byte[] damaged = [.. whole[..(i % 3 == 0 ? random.Next(whole.Length) : whole.Length)]];
            for (int wound = 0; wound < i % 4; wound++)
                damaged[random.Next(Math.Max(1, damaged.Length))] = (byte)random.Next(256);
            File.WriteAllBytes(folder["damaged.onnx"], damaged);
            // A damaged weight is a weight.
            try
            {
                using var features = new FrozenFeatures(cpu.Device, OnnxNetwork.Read(folder["damaged.onnx"]), Shape);
            }
            catch (BadInputException error)
            {
                Assert.Contains("etwork", error.Message, StringComparison.Ordinal);
            }
        }
        Assert.Contains(
            "does not exist", Assert.Throws<BadInputException>(() => OnnxNetwork.Read(folder["none.onnx"])).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void AGreyNetworkTakesNoColours()
    {
        var grey = new FrozenNetwork("grey", [new(0, 1, 0)], [new FrozenConvolution(0, 1, 1, 1, 1, 0, [1], [0], true)]);
        string message = Assert.Throws<BadInputException>(() => new FrozenFeatures(cpu.Device, grey, Shape)).Message;
        Assert.Contains("takes grey images", message, StringComparison.Ordinal);
    }

    private static float[] Values(int count, int seed = 1)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.NextSingle())];
    }

    /// <summary>All that the file gives, image by image, for values that are multiplied before.</summary>
    private static Dictionary<string, float[]> RunOnnx(string path, float scale, ImageShape shape, float[] images)
    {
        using var session = new InferenceSession(path);
        var all = session.OutputMetadata.Keys.ToDictionary(name => name, _ => new List<float>());
        foreach (float[] image in images.Chunk(shape.Pixels))
        {
            float[] scaled = [.. image.Select(value => scale * value)];
            using var input = OrtValue.CreateTensorValueFromMemory(scaled, [1, 3, shape.Height, shape.Width]);
            using var run = new RunOptions();
            using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(run, [TinyNetwork.Input], [input], [.. all.Keys]);
            foreach ((string name, OrtValue output) in all.Keys.Zip(outputs))
                all[name].AddRange(output.GetTensorDataAsSpan<float>());
        }
        return all.ToDictionary(pair => pair.Key, pair => pair.Value.ToArray());
    }

    private void RequireFeatures(FrozenNetwork network, (string Name, int[] Shape)[] stages, Dictionary<string, float[]> expected)
    {
        (float[][] actual, _) = Run(network, Shape, Values(2 * Shape.Pixels), null);
        Assert.Equal(stages.Length, actual.Length);
        for (int stage = 0; stage < stages.Length; stage++)
        {
            (int channels, int places) = (stages[stage].Shape[1], stages[stage].Shape[2] * stages[stage].Shape[3]);
            float[] planar = new float[actual[stage].Length];
            for (int i = 0; i < planar.Length; i++)
                planar[i] = actual[stage][(i / (channels * places) * places + i % places) * channels + i / places % channels];
            double error = Norms.RelativeError(planar, expected[stages[stage].Name]);
            // Sums of some hundred products, layer after layer, in another order.
            Assert.True(error < 2e-6, $"stage {stage}: relative error {error:e1}");
        }
    }

    private void RequireGradient(FrozenNetwork network, ImageShape shape)
    {
        float[] images = Values(shape.Pixels, seed: 3);
        var reference = new ReferenceFeatures(network, shape);
        using var probe = new FrozenFeatures(cpu.Device, network, shape);
        float[][] slopes = [.. probe.Taps.Select(tap => Array.ConvertAll(Values(probe[tap].Pixels, seed: tap), value => value - 0.4f))];
        (_, float[] actual) = Run(network, shape, images, slopes);
        double[] x = Array.ConvertAll(images, value => (double)value);
        double[] expected = CentralDifferences.Of(x, () =>
        {
            List<double[,,]> values = reference.Values(x);
            return probe.Taps.Zip(slopes).Sum(
                pair => values[pair.First].Cast<double>().Zip(pair.Second, (value, slope) => value * slope).Sum());
        });
        double error = Norms.RelativeError(actual, expected);
        Assert.True(error < 5e-5, $"relative error {error:e1}");
    }

    private (float[][] Features, float[] DImages) Run(FrozenNetwork network, ImageShape shape, float[] images, float[][]? slopes)
    {
        using var features = new FrozenFeatures(cpu.Device, network, shape);
        int batch = images.Length / shape.Pixels;
        Accelerator accelerator = cpu.Device.Accelerator;
        using MemoryBuffer1D<float, Stride1D.Dense> x = accelerator.Allocate1D(images), dx = accelerator.Allocate1D<float>(images.Length);
        MemoryBuffer1D<float, Stride1D.Dense>[] taps =
            [.. features.Taps.Select((tap, i) => slopes is null ? accelerator.Allocate1D<float>(batch * features[tap].Pixels)
                : accelerator.Allocate1D(slopes[i]))];
        try
        {
            var builder = new ScheduleBuilder(batch);
            FeaturePass pass = features.Forward(builder, cpu.Device.Kernels, ScheduleBuilder.Fixed("images", x.View, batch));
            if (slopes is null)
                foreach ((PlannedTensor feature, MemoryBuffer1D<float, Stride1D.Dense> to) in pass.Taps.Zip(taps))
                    builder.Add("look", 0, 0, [feature], stream => feature.View.CopyTo(stream, to.View.BaseView));
            else
            {
                PlannedTensor dImages = pass.Backward(
                    [.. taps.Select((buffer, i) => ScheduleBuilder.Fixed($"slopes {i}", buffer.View, batch))]);
                builder.Add("look", 0, 0, [dImages], stream => dImages.View.CopyTo(stream, dx.View.BaseView));
            }
            using MemoryBuffer1D<float, Stride1D.Dense> memory = accelerator.Allocate1D<float>(builder.Plan());
            using Schedule schedule = builder.Bind(memory.View);
            schedule.Run(cpu.Device.Stream);
            cpu.Device.Stream.Synchronize();
            return ([.. taps.Select(buffer => buffer.GetAsArray1D())], dx.GetAsArray1D());
        }
        finally
        {
            foreach (MemoryBuffer1D<float, Stride1D.Dense> buffer in taps)
                buffer.Dispose();
        }
    }
}
