using GpuVae.Devices;
using GpuVae.Kernels.Convolution;

namespace GpuVae.Layers;

// What the levels of a hierarchy are made of: linear layers where they are vectors, convolutions where they are maps. Codes hold maps
// planar, as images are outside.
internal static partial class Networks
{
    private const string Levels = "hierarchy";

    /// <summary>
    /// The networks of q(z|x) at a level: of the state above it, null at the top, to numbers that the context is added to, and of these to
    /// [means | log-variances].
    /// </summary>
    public static (Network? OfState, Network Moments) Posterior(LevelShape shape, int level)
    {
        string ofState = $"posterior.{level}.0", moments = $"posterior.{level}.2";
        (int width, int units) = (shape.StateWidth, shape.Units);
        if (shape.IsVector)
            return (level == 0 ? null : Of(new Linear(ofState, width, width, null)), Of(new Linear(moments, width, 2 * units, null)));
        return (
            Of(OnMap(shape, ofState, shape.StateChannels, shape.StateChannels, 3, null)),
            Of(
                [
                    OnMap(shape, moments, shape.StateChannels, 2 * shape.Channels, 3, null),
                    .. Reordered($"{moments} planar", shape.Places, 2 * shape.Channels),
                ]));
    }

    /// <summary>The encoder's ways from the features of its stages to the contexts of all levels.</summary>
    private static BottomUp Contexts(VaeOptions options, string name, IEnumerable<Network> stages, Network ofTop)
    {
        var contexts = new (Network, int)[options.Hierarchy];
        contexts[0] = (ofTop, options.ChannelsPerStage.Count - 1);
        for (int i = 1; i < contexts.Length; i++)
        {
            LevelShape shape = options.LevelOf(i);
            contexts[i] = (Of(OnMap(shape, $"{name}.context.{i}", shape.StateChannels, shape.StateChannels, 1, null)), shape.Stage);
        }
        return new BottomUp(name, [.. stages], contexts);
    }

    /// <summary>The levels, and between them the ways that lead from one to the next.</summary>
    /// <param name="options">Of the model.</param>
    /// <param name="ways">From the end of each stage down to the one before it, the last from the vector to the last stage.</param>
    /// <param name="activation">f.</param>
    private static TopDown Down(VaeOptions options, List<Layer>[] ways, Activation activation)
    {
        var levels = new LevelNetworks[options.Hierarchy];
        for (int i = 0; i < levels.Length; i++)
        {
            LevelShape shape = options.LevelOf(i);
            int next = i + 1 < levels.Length ? options.LevelOf(i + 1).Stage : shape.Stage;
            Layer[] after = [.. ways[(next + 1)..(shape.Stage + 1)].Reverse().SelectMany(way => way)];
            levels[i] = new LevelNetworks(
                shape, OfUnits(shape, $"{Levels}.{i}.units"), Branch(shape, $"{Levels}.{i}", options.GroupNorm, activation),
                after.Length == 0 ? null : new Network(after));
        }
        return new TopDown(Levels, levels);
    }

    private static Network OfUnits(LevelShape shape, string name) => shape.IsVector
        ? Of(new Linear(name, shape.Units, shape.StateWidth, null))
        : Of(
            [
                .. Reordered($"{name} innermost", shape.Channels, shape.Places),
                OnMap(shape, name, shape.Channels, shape.StateChannels, 1, null),
            ]);

    private static Network Branch(LevelShape shape, string name, bool normalizes, Activation activation)
    {
        int channels = shape.StateChannels;
        if (shape.IsVector)
            return Of(new Linear($"{name}.0", channels, channels, activation), new Linear($"{name}.2", channels, channels, null));
        return Of(
            [
                OnMap(shape, $"{name}.0", channels, channels, 3, normalizes ? null : activation),
                .. normalizes ? (Layer[])[new GroupNorm($"{name}.1", shape.Places, channels, activation)] : [],
                OnMap(shape, $"{name}.2", channels, channels, 3, null),
            ]);
    }

    private static Convolution2d OnMap(LevelShape level, string name, int inputs, int outputs, int kernel, Activation? activation)
    {
        var shape = new ConvolutionShape(1, level.Height, level.Width, inputs, outputs, kernel, Stride: 1, Padding: kernel / 2);
        return new Convolution2d(name, shape, false, activation);
    }

    private static Network Of(params Layer[] layers) => new(layers);
}
