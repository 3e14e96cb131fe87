using GpuVae.Devices;
using GpuVae.Kernels.Common;
using GpuVae.Kernels.Convolution;
using GpuVae.Kernels.Layers;

namespace GpuVae.Layers;

/// <summary>Makes the layers that options ask for, numbered as PyTorch numbers those of its modules.</summary>
internal static partial class Networks
{
    // Enlargements at the end that interpolate, where any do: what was copied before becomes smooth by them, while a network that
    // interpolates everywhere has to learn every edge against it (1,100 nats worse on faces after 1,500 steps, and blurred).
    private const int Interpolated = 2;

    /// <summary>What the names of the parameters between two grids of discrete codes begin with.</summary>
    public const string CodesPrefix = "codes.";

    /// <summary>Planar images to the numbers that describe q(z|x).</summary>
    public static Network Encoder(VaeOptions options, Activation activation)
    {
        const string name = "encoder";
        (int width, int height, int channels) = options.Shape;
        var layers = new List<Layer>();
        if (options.Centered)
            layers.Add(new CenteredInput($"{name} centred", options.Shape.Pixels));
        if (options.Upscale > 1)
            layers.Add(new AveragePooling($"{name} input", new PoolShape(width, height, channels, options.Upscale)));
        int index = 0;
        if (options.Network == NetworkKind.Dense)
        {
            AddLinear(layers, name, index, options.EncoderWidths, options, activation, endsWithActivation: false);
            return new Network(layers);
        }
        Stage[] stages = Stages(options);
        AddReordering(layers, $"{name} input", channels, width * height);
        List<Layer>[] features = [.. stages.Select(_ => new List<Layer>())];
        for (int i = 0; i < stages.Length; i++)
        {
            AddConvolution(features[i], name, ref index, stages[i].Down, isTransposed: false, options, activation);
            AddResidualBlocks(features[i], name, ref index, stages[i], options, activation);
        }
        Stage last = stages[^1];
        if (options.IsQuantized)
        {
            // Before two grids it ends with features, which both take.
            if (options.CodeLevels == 1)
                features[^1].Add(new Convolution2d(
                    $"{name}.{index}", OnGrid(options.Grid, last.Channels, options.CodeWidth, kernel: 1), false, null));
            return new Network([.. layers, .. features.SelectMany(stage => stage)]);
        }
        var flat = new List<Layer>();
        AddReordering(flat, $"{name} flatten", last.SmallHeight * last.SmallWidth, last.Channels);
        // Flattening counts as a module.
        int[] widths =
        [
            last.Features + options.Classes, .. options.Hidden, options.HasLevelMaps ? options.StateWidth : options.EncoderOutputs,
        ];
        AddLinear(flat, name, index + 1, widths, options, activation, endsWithActivation: false);
        return options.HasLevelMaps
            ? new Network([.. layers, Contexts(options, name, features.Select(stage => new Network(stage)), new Network(flat))])
            : new Network([.. layers, .. features.SelectMany(stage => stage), .. flat]);
    }

    /// <summary>Codes to the parameters of p(x|z), planar, or with channels innermost from convolutions.</summary>
    public static Network Decoder(VaeOptions options, Activation activation)
    {
        const string name = "decoder";
        List<Layer>[] ways = Ways(options, name, activation);
        // Of the vector, and of the maps; the levels have taken what lies before the last of them.
        int left = options.IsHierarchical ? options.LevelOf(options.Hierarchy - 1).Stage + 1 : ways.Length;
        IEnumerable<Layer> layers = ways[..left].Reverse().SelectMany(way => way);
        return new Network(options.IsHierarchical ? [Down(options, ways, activation), .. layers] : [.. layers]);
    }

    /// <summary>
    /// The decoder in parts: from the end of each stage to the one before it, the first to the image, the last from the vector on.
    /// </summary>
    private static List<Layer>[] Ways(VaeOptions options, string name, Activation activation)
    {
        var ofVector = new List<Layer>();
        if (options.Network == NetworkKind.Dense)
        {
            AddLinear(ofVector, name, 0, options.DecoderWidths, options, activation, endsWithActivation: false);
            return [ofVector];
        }
        Stage[] stages = Stages(options);
        Stage first = stages[^1];
        int index = 0;
        if (options.IsQuantized)
        {
            ConvolutionShape shape = OnGrid(options.Grid, options.CodeLevels * options.CodeWidth, first.Channels, kernel: 3);
            AddConvolution(ofVector, name, ref index, shape, isTransposed: false, options, activation);
        }
        else
        {
            int[] widths = [options.DecoderInputs + options.Classes, .. options.Hidden.Reverse(), first.Features];
            // Unflattening counts as a module.
            index = AddLinear(ofVector, name, 0, widths, options, activation, endsWithActivation: true) + 1;
            AddReordering(ofVector, $"{name} unflatten", first.Channels, first.SmallHeight * first.SmallWidth);
        }
        List<Layer>[] ways = [.. stages.Select(_ => new List<Layer>()), ofVector];
        for (int i = stages.Length - 1; i >= 0; i--)
        {
            AddResidualBlocks(ways[i], name, ref index, stages[i], options, activation);
            AddEnlargement(ways[i], name, ref index, stages[i], options, activation, left: i);
        }
        return ways;
    }

    /// <summary>What the encoder gives to the vectors of the top grid of codes.</summary>
    public static Network Reduction(VaeOptions options, Activation activation)
    {
        const string name = CodesPrefix + "reduction";
        var layers = new List<Layer>();
        int index = 0;
        Stage stage = TopStage(options);
        AddConvolution(layers, name, ref index, stage.Down, isTransposed: false, options, activation);
        AddResidualBlocks(layers, name, ref index, stage, options, activation);
        ConvolutionShape shape = OnGrid(options.TopGrid!.Value, stage.Channels, options.CodeWidth, kernel: 1);
        layers.Add(new Convolution2d($"{name}.{index}", shape, false, null));
        return new Network(layers);
    }

    /// <summary>The vectors of the top grid of codes to as many numbers at each place of the bottom one.</summary>
    public static Network Enlargement(VaeOptions options, Activation activation)
    {
        const string name = CodesPrefix + "enlargement";
        var layers = new List<Layer>();
        int index = 0;
        Stage stage = TopStage(options);
        ConvolutionShape first = OnGrid(options.TopGrid!.Value, options.CodeWidth, stage.Channels, kernel: 3);
        AddConvolution(layers, name, ref index, first, isTransposed: false, options, activation);
        AddResidualBlocks(layers, name, ref index, stage, options, activation);
        AddEnlargement(layers, name, ref index, stage, options, activation, left: options.ChannelsPerStage.Count);
        ConvolutionShape last = OnGrid(options.Grid, stage.Down.Inputs, options.CodeWidth, kernel: 1);
        layers.Add(new Convolution2d($"{name}.{index}", last, false, null));
        return new Network(layers);
    }

    /// <summary>What the encoder gives beside the enlarged top grid to the vectors of the bottom one.</summary>
    public static Network Choice(VaeOptions options)
    {
        ConvolutionShape shape = OnGrid(options.Grid, options.Encoded.Channels + options.CodeWidth, options.CodeWidth, kernel: 1);
        return new Network([new Convolution2d(CodesPrefix + "choice.0", shape, false, null)]);
    }

    /// <summary>A convolution that keeps the size of a grid of codes.</summary>
    private static ConvolutionShape OnGrid(ImageShape grid, int inputs, int outputs, int kernel) =>
        new(1, grid.Height, grid.Width, inputs, outputs, kernel, Stride: 1, Padding: kernel / 2);

    /// <summary>From the bottom grid of codes to the top one, without more channels.</summary>
    private static Stage TopStage(VaeOptions options) => Stage.Halving(options.Encoded, options.Encoded.Channels);

    private static Stage[] Stages(VaeOptions options)
    {
        ImageShape of = options.Shape;
        var stages = new Stage[options.ChannelsPerStage.Count];
        for (int i = 0; i < stages.Length; i++)
        {
            stages[i] = Stage.Halving(of, options.ChannelsPerStage[i]);
            of = new ImageShape(stages[i].SmallWidth, stages[i].SmallHeight, stages[i].Channels);
        }
        return stages;
    }

    // `left` enlargements follow.
    private static void AddEnlargement(
        List<Layer> layers, string name, ref int index, Stage stage, VaeOptions options, Activation activation, int left)
    {
        bool isLast = left == 0;
        int outputs = isLast ? options.PixelParameters * stage.Down.Inputs : stage.Down.Inputs;
        if (options.Upsampling == UpsamplingKind.Transposed)
        {
            AddConvolution(layers, name, ref index, stage.Down with { Inputs = outputs }, isTransposed: true, options, activation, isLast);
            return;
        }
        bool isBilinear = options.Upsampling == UpsamplingKind.Bilinear && left < Interpolated;
        (int height, int width, int channels) = (stage.Down.Height, stage.Down.Width, stage.Channels);
        layers.Add(new Upsample($"{name}.{index++}", new UpsamplingShape(1, height, width, channels), isBilinear));
        var shape = new ConvolutionShape(1, height, width, channels, outputs, Kernel: 3, Stride: 1, Padding: 1);
        // Else the picture would be linear in one of half its sides, whose edges interpolation has made soft.
        if (isBilinear && isLast)
            AddConvolution(layers, name, ref index, shape with { Outputs = channels }, isTransposed: false, options, activation);
        AddConvolution(layers, name, ref index, shape, isTransposed: false, options, activation, isLast);
    }

    private static void AddConvolution(
        List<Layer> layers, string name, ref int index, ConvolutionShape shape, bool isTransposed, VaeOptions options,
        Activation activation, bool isLast = false)
    {
        bool normalizes = options.GroupNorm && !isLast;
        layers.Add(new Convolution2d($"{name}.{index++}", shape, isTransposed, normalizes || isLast ? null : activation));
        if (normalizes)
        {
            int area = isTransposed ? shape.Height * shape.Width : shape.OutputHeight * shape.OutputWidth;
            layers.Add(new GroupNorm($"{name}.{index++}", area, isTransposed ? shape.Inputs : shape.Outputs, activation));
        }
        // The activation counts as a module.
        index++;
    }

    private static void AddResidualBlocks(
        List<Layer> layers, string name, ref int index, Stage stage, VaeOptions options, Activation activation)
    {
        for (int i = 0; i < options.ResidualBlocks; i++)
        {
            layers.Add(new ResidualBlock(
                $"{name}.{index++}", stage.SmallHeight, stage.SmallWidth, stage.Channels, options.GroupNorm, activation));
        }
    }

    /// <summary>Linear layers of the given widths, the first of which includes the classes that join the input.</summary>
    /// <returns>The number of the next module.</returns>
    private static int AddLinear(List<Layer> layers, string name, int index, int[] widths, VaeOptions options, Activation activation,
        bool endsWithActivation)
    {
        if (options.Classes > 0)
            layers.Add(new LabelInput($"{name} label", widths[0] - options.Classes, options.Classes));
        for (int i = 0; i + 1 < widths.Length; i++)
        {
            bool isActivated = endsWithActivation || i + 2 < widths.Length;
            layers.Add(new Linear($"{name}.{index}", widths[i], widths[i + 1], isActivated ? activation : null));
            // The activation counts as a module.
            index += 2;
        }
        return index;
    }

    private static void AddReordering(List<Layer> layers, string name, int rows, int columns) =>
        layers.AddRange(Reordered(name, rows, columns));

    /// <summary>Nothing where both orders are the same.</summary>
    private static Layer[] Reordered(string name, int rows, int columns) =>
        rows > 1 && columns > 1 ? [new Reordering(name, rows, columns)] : [];

    /// <summary>A step from a larger image to a smaller one with more channels.</summary>
    /// <param name="Down">The encoder's convolution, for one image.</param>
    private readonly record struct Stage(ConvolutionShape Down)
    {
        /// <summary>Both sides halve, rounding up; there are 4 taps only if nothing is left over.</summary>
        public static Stage Halving(ImageShape of, int channels)
        {
            int kernel = of.Height % 2 == 0 && of.Width % 2 == 0 ? 4 : 3;
            return new Stage(new ConvolutionShape(1, of.Height, of.Width, of.Channels, channels, kernel, Stride: 2, Padding: 1));
        }

        public int SmallHeight => Down.OutputHeight;

        public int SmallWidth => Down.OutputWidth;

        public int Channels => Down.Outputs;

        public int Features => SmallHeight * SmallWidth * Channels;
    }
}
