using GpuVae.Data;
using GpuVae.Devices;
using GpuVae.Kernels.Random;
using GpuVae.Latent;
using GpuVae.Layers;
using GpuVae.Scheduling;

namespace GpuVae.Models;

/// <summary>q(z|x) of images of a set, each as likely as the others.</summary>
internal sealed class AggregateCodeSampler : CodeSampler
{
    private const int Portion = 512;

    private readonly Vae model;
    private readonly float[] encoded;
    private readonly int[]? labels;
    private readonly int columns;

    /// <summary>Encodes the images.</summary>
    /// <exception cref="BadInputException">They do not fit the model.</exception>
    public AggregateCodeSampler(Vae model, ImageSet images, CancellationToken cancellation)
        : base(model.Options.Latent)
    {
        images = model.Require(images);
        (this.model, columns, Count) = (model, model.Parts.Encoder.Outputs, images.Count);
        labels = model.Options.Classes > 0 ? images.Labels : null;
        encoded = new float[checked(images.Count * columns)];
        int pixels = model.Options.Shape.Pixels;
        Accelerator accelerator = model.Device.Accelerator;
        using MemoryBuffer1D<float, Stride1D.Dense> x = accelerator.Allocate1D<float>(Portion * pixels);
        using MemoryBuffer1D<float, Stride1D.Dense> q = accelerator.Allocate1D<float>(Portion * columns);
        using MemoryBuffer1D<float, Stride1D.Dense> classes = accelerator.Allocate1D<float>(Portion);
        float[] rows = new float[Portion * pixels];
        for (int first = 0; first < images.Count; first += Portion)
        {
            cancellation.ThrowIfCancellationRequested();
            int n = Math.Min(Portion, images.Count - first);
            images.CopyRows([.. Enumerable.Range(first, n)], rows.AsSpan(0, n * pixels));
            ArrayView<float> input = x.View.BaseView.SubView(0, n * pixels), output = q.View.BaseView.SubView(0, n * columns);
            input.Upload(model.Device.Stream, rows.AsSpan(0, n * pixels));
            ArrayView<float> ofImages = default;
            if (labels is not null)
            {
                ofImages = classes.View.BaseView.SubView(0, n);
                ofImages.Upload<float>(model.Device.Stream, [.. labels.AsSpan(first, n).ToArray().Select(label => (float)label)]);
            }
            model.EncodeAll(input, output, ofImages);
            output.Download(model.Device.Stream, encoded.AsSpan(first * columns, n * columns));
        }
    }

    public override SamplerKind Kind => SamplerKind.Aggregate;

    /// <summary>Images.</summary>
    public int Count { get; }

    public override string ToString() => $"the aggregate posterior of {Count} images";

    internal override float[] Draw(ReadOnlySpan<int> asked, ulong seed, double temperature)
    {
        int[] all = [.. Enumerable.Range(0, Count)];
        Dictionary<int, int[]>? ofLabel = labels is null
            ? null
            : all.GroupBy(i => labels[i]).ToDictionary(group => group.Key, group => group.ToArray());
        int[] drawn = new int[asked.Length];
        for (int row = 0; row < drawn.Length; row++)
        {
            int[] among = ofLabel is null ? all : ofLabel.GetValueOrDefault(asked[row], []);
            if (among.Length == 0)
                throw new BadInputException(
                    $"None of the images has the label {asked[row]}, so the aggregate posterior has no code for it. Ask for another "
                    + "label.");
            uint word = Philox.Generate(seed, RandomPurpose.Sampler, 0, row, 0).W0;
            drawn[row] = among[(int)((ulong)word * (ulong)among.Length >> 32)];
        }
        return Codes(drawn, seed, temperature);
    }

    /// <summary>A code of q(z|x) for each of these images, [indices, L].</summary>
    public float[] Codes(ReadOnlySpan<int> indices, ulong seed, double temperature)
    {
        float[] codes = new float[checked(indices.Length * Latent)];
        for (int first = 0; first < indices.Length; first += Portion)
        {
            int n = Math.Min(Portion, indices.Length - first);
            float[] rows = new float[n * columns], noise = new float[n * Latent];
            for (int row = 0; row < n; row++)
            {
                encoded.AsSpan(indices[first + row] * columns, columns).CopyTo(rows.AsSpan(row * columns));
                for (int l = 0; l < Latent; l++)
                    noise[row * Latent + l] = (float)(temperature * Philox.NormalAt(seed, RandomPurpose.Sampler, 1, first + row, l));
            }
            Run(rows, noise, codes.AsSpan(first * Latent, n * Latent));
        }
        return codes;
    }

    private void Run(float[] rows, float[] noise, Span<float> codes)
    {
        using DeviceGate.Scope scope = model.Device.Enter("drawing codes");
        Accelerator accelerator = model.Device.Accelerator;
        var builder = new ScheduleBuilder(codes.Length / Latent);
        PlannedTensor q = builder.External("encoder output", columns), eps = builder.External("noise", Latent);
        LayerContext context = model.ContextOf(builder);
        PlannedTensor z = model.Parts.Posterior.Forward(context, q, eps, samples: 1).Codes;
        using MemoryBuffer1D<float, Stride1D.Dense> ofRows = accelerator.Allocate1D(rows), ofNoise = accelerator.Allocate1D(noise);
        using MemoryBuffer1D<float, Stride1D.Dense> drawn = accelerator.Allocate1D<float>(codes.Length);
        (q.View, eps.View) = (ofRows.View, ofNoise.View);
        builder.Add("copy codes", 0, 8.0 * codes.Length, [z], stream => z.View.CopyTo(stream, drawn.View.BaseView));
        using MemoryBuffer1D<float, Stride1D.Dense> arena = accelerator.Allocate1D<float>(builder.Plan());
        using Schedule schedule = builder.Bind(arena.View);
        schedule.Run(model.Device.Stream);
        drawn.View.BaseView.Download(model.Device.Stream, codes);
    }
}
