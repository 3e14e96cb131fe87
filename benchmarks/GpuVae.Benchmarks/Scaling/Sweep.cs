using System.Text.Json.Nodes;
using GpuVae.Options;

namespace GpuVae.Benchmarks.Scaling;

/// <summary>Training steps of models that differ in one number.</summary>
/// <param name="Name">That number.</param>
/// <param name="About">What stays the same.</param>
internal sealed record Sweep(string Name, string About, IReadOnlyList<SweepModel> Models)
{
    private const int Batch = 128, ConvolutionalBatch = 16;

    public static IReadOnlyList<Sweep> All { get; } =
    [
        new("batch", "the seed's model", [.. Dense([1, 4, 16, 64, 256, 2048, 8192], batch => (batch, 20, 512, 28))]),
        new("latent", "the seed's model, batch 128", [.. Dense([2, 8, 32, 128, 512], latent => (Batch, latent, 512, 28))]),
        new("width", "28×28, hidden w and w/2, batch 128", [.. Dense([128, 256, 512, 1024, 2048, 4096], width => (Batch, 20, width, 28))]),
        new("image", "n×n pixels, hidden 512 and 256, batch 128", [.. Dense([28, 56, 112, 256], side => (Batch, 20, 512, side))]),
        new("channels", "convolutions of c, 2c and 4c channels, 64×64 RGB, batch 16", [.. Convolutional([16, 32, 64, 128, 256])]),
    ];

    private static IEnumerable<SweepModel> Dense(int[] numbers, Func<int, (int Batch, int Latent, int Width, int Side)> dimensions)
    {
        foreach (int number in numbers)
        {
            (int batch, int latent, int width, int side) = dimensions(number);
            var options = new VaeOptions { Shape = new ImageShape(side, side), Latent = latent, Hidden = [width, width / 2] };
            yield return new(
                number, options, batch, "step", [("batch", batch), ("pixels", side * side), ("width", width), ("latent", latent)]);
        }
    }

    private static IEnumerable<SweepModel> Convolutional(int[] numbers)
    {
        const int latent = 64;
        foreach (int channels in numbers)
        {
            var options = new VaeOptions
            {
                Network = NetworkKind.Convolutional,
                Shape = new ImageShape(64, 64, 3),
                ChannelsPerStage = [channels, 2 * channels, 4 * channels],
                Latent = latent,
            };
            yield return new(
                channels, options, ConvolutionalBatch, "convolutional_step",
                [("batch", ConvolutionalBatch), ("channels", channels), ("latent", latent)]);
        }
    }
}

/// <summary>One model of a sweep, ours and what a peer is asked for.</summary>
/// <param name="Number">What the sweep goes over.</param>
/// <param name="Kind">Of the request for a peer.</param>
/// <param name="Request">And its options.</param>
internal sealed record SweepModel(
    int Number, VaeOptions Options, int Batch, string Kind, IReadOnlyList<(string Key, JsonNode Value)> Request);
