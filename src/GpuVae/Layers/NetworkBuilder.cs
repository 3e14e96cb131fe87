using GpuVae.Devices;
using GpuVae.Kernels.Convolution;
using GpuVae.Kernels.Layers;

namespace GpuVae.Layers;

/// <summary>Makes the network that a list of <see cref="LayerSpec"/> describes; knows what the last layer gives.</summary>
internal sealed class NetworkBuilder
{
    private const int MaxColumns = 1 << 28;

    private readonly string name;
    private readonly List<Layer> layers = [];
    private int index, columns;

    // Of an image; null for a vector.
    private ImageShape? image;

    // Images come planar; between convolutions their channels are innermost.
    private bool isPlanar;

    private NetworkBuilder(string name, int columns) => (this.name, this.columns) = (name, columns);

    /// <summary>Planar images to the columns that describe q(z|x).</summary>
    /// <exception cref="BadInputException">A layer does not fit what goes into it.</exception>
    public static Network Encoder(VaeOptions options, IReadOnlyList<LayerSpec> specs)
    {
        var builder = new NetworkBuilder("encoder", options.Shape.Pixels) { image = options.Shape, isPlanar = true };
        if (options.Centered)
            builder.layers.Add(new CenteredInput("encoder centred", options.Shape.Pixels));
        builder.Add(specs);
        builder.Flatten();
        builder.AddLabels(options.Classes);
        builder.AddLinear(options.EncoderOutputs, null);
        return new Network(builder.layers);
    }

    /// <summary>Codes to the parameters of p(x|z), planar, or with channels innermost where an image was made of them.</summary>
    /// <inheritdoc cref="Encoder"/>
    public static Network Decoder(VaeOptions options, IReadOnlyList<LayerSpec> specs)
    {
        var builder = new NetworkBuilder("decoder", options.Latent);
        builder.AddLabels(options.Classes);
        builder.Add(specs);
        if (builder.image is not var (width, height, _))
            builder.AddLinear(options.DecoderOutputs, null);
        else if ((width, height) == (options.Shape.Width, options.Shape.Height))
            builder.AddConvolution(options.PixelParameters * options.Shape.Channels, 3, 1, null);
        else
            throw builder.Bad($"gives images of {width}×{height}, and those of the model are {options.Shape}.");
        return new Network(builder.layers);
    }

    public void AddLinear(int width, Activation? activation)
    {
        if (width is < 1 or > MaxColumns)
            throw Bad($"has a linear layer of {width} units, which is out of range.");
        Flatten();
        layers.Add(new Linear(NextName(2), columns, width, activation));
        columns = width;
    }

    public void AddConvolution(int channels, int kernel, int stride, Activation? activation)
    {
        ImageShape from = RequireImage("a convolution");
        bool isEven = from.Width % 2 == 0 && from.Height % 2 == 0;
        if (channels < 1 || stride is not (1 or 2) || kernel is < 1 or > 31 || kernel % 2 == 0 && !(kernel == 4 && stride == 2 && isEven))
            throw Bad(
                $"has a convolution of {channels} channels, kernel {kernel} and stride {stride}. Choose a stride of 1 or 2 and an odd "
                + "kernel, or 4 with stride 2 and images with even sides.");
        MakeInnermost();
        var shape = new ConvolutionShape(1, from.Height, from.Width, from.Channels, channels, kernel, stride, (kernel - 1) / 2);
        layers.Add(new Convolution2d(NextName(2), shape, false, activation));
        Become(new ImageShape(shape.OutputWidth, shape.OutputHeight, channels));
    }

    public void AddUnflatten(int width, int height)
    {
        Flatten();
        if (width < 1 || height < 1 || columns % ((long)width * height) != 0)
            throw Bad($"makes images of {width}×{height} from {columns} units, which are no whole number of channels.");
        int channels = columns / (width * height);
        if (channels > 1 && width * height > 1)
            layers.Add(new Reordering($"{name}.{index} unflatten", channels, width * height));
        index++;
        Become(new ImageShape(width, height, channels));
    }

    public void AddUpsampling()
    {
        ImageShape from = RequireImage("an upsampling");
        MakeInnermost();
        var shape = new UpsamplingShape(1, 2 * from.Height, 2 * from.Width, from.Channels);
        layers.Add(new Upsample(NextName(1), shape, isBilinear: false));
        Become(new ImageShape(2 * from.Width, 2 * from.Height, from.Channels));
    }

    public void AddGroupNorm(Activation? activation)
    {
        ImageShape of = RequireImage("a group normalisation");
        MakeInnermost();
        layers.Add(new GroupNorm(NextName(2), of.Width * of.Height, of.Channels, activation));
    }

    public void AddResidual(Activation activation, bool groupNorm)
    {
        ImageShape of = RequireImage("a residual block");
        MakeInnermost();
        layers.Add(new ResidualBlock(NextName(1), of.Height, of.Width, of.Channels, groupNorm, activation));
    }

    public void AddCustom(CustomLayer custom)
    {
        if (custom.Inputs != columns || custom.Outputs is < 1 or > MaxColumns || custom.Weights < 0)
            throw Bad(
                $"has a {custom.GetType()} from {custom.Inputs} to {custom.Outputs} columns with {custom.Weights} weights where {columns} "
                + "columns go in.");
        layers.Add(new CustomLayerSteps(NextName(1), custom));
        if (custom.Outputs == custom.Inputs)
            return;
        columns = custom.Outputs;
        image = null;
    }

    private void Add(IReadOnlyList<LayerSpec> specs)
    {
        foreach (LayerSpec spec in specs)
            (spec ?? throw Bad("has a layer that is null.")).AddTo(this);
    }

    private void AddLabels(int classes)
    {
        if (classes == 0)
            return;
        layers.Add(new LabelInput($"{name} label", columns, classes));
        columns += classes;
    }

    /// <summary>Before a linear layer: PyTorch's planar order.</summary>
    private void Flatten()
    {
        if (image is var (width, height, channels) && !isPlanar && channels > 1 && width * height > 1)
            layers.Add(new Reordering($"{name}.{index} flatten", width * height, channels));
        if (image is not null && !isPlanar)
            index++;
        image = null;
    }

    private void MakeInnermost()
    {
        if (image is var (width, height, channels) && isPlanar && channels > 1 && width * height > 1)
            layers.Add(new Reordering($"{name} input", channels, width * height));
        isPlanar = false;
    }

    private void Become(ImageShape shape)
    {
        if ((long)shape.Width * shape.Height * shape.Channels > MaxColumns)
            throw Bad($"makes images of {shape}, more than {MaxColumns} numbers each.");
        (image, columns, isPlanar) = (shape, shape.Pixels, false);
    }

    /// <summary>A layer with an activation counts for two modules in PyTorch, whether it has one or not.</summary>
    private string NextName(int modules)
    {
        string next = $"{name}.{index}";
        index += modules;
        return next;
    }

    private ImageShape RequireImage(string layer) =>
        image ?? throw Bad($"has {layer} where a vector of {columns} units goes in. Put LayerSpec.Unflatten before it.");

    private BadInputException Bad(string what) => new($"The {name} of the caller's own {what}");
}
