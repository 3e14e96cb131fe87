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
    private readonly ImageSet images;
    private readonly int[]? labels;

    /// <exception cref="BadInputException">The images do not fit the model.</exception>
    public AggregateCodeSampler(Vae model, ImageSet images)
        : base(model.Options.Latent)
    {
        (this.model, this.images) = (model, model.Require(images));
        labels = model.Options.Classes > 0 ? this.images.Labels : null;
    }

    public override SamplerKind Kind => SamplerKind.Aggregate;

    /// <summary>Images.</summary>
    public int Count => images.Count;

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
    /// <exception cref="OperationCanceledException">Asked to stop.</exception>
    public float[] Codes(ReadOnlySpan<int> indices, ulong seed, double temperature, CancellationToken cancellation = default)
    {
        float[] codes = new float[checked(indices.Length * Latent)];
        for (int first = 0; first < indices.Length; first += Portion)
        {
            cancellation.ThrowIfCancellationRequested();
            int n = Math.Min(Portion, indices.Length - first);
            float[] noise = new float[n * Latent];
            for (int row = 0; row < n; row++)
            {
                for (int l = 0; l < Latent; l++)
                    noise[row * Latent + l] = (float)(temperature * Philox.NormalAt(seed, RandomPurpose.Sampler, 1, first + row, l));
            }
            Run(indices.Slice(first, n), noise, codes.AsSpan(first * Latent, n * Latent));
        }
        return codes;
    }

    private void Run(ReadOnlySpan<int> indices, float[] noise, Span<float> codes)
    {
        using DeviceGate.Scope scope = model.Device.Enter("drawing codes");
        Accelerator accelerator = model.Device.Accelerator;
        int count = indices.Length;
        float[] rows = new float[count * model.Options.Shape.Pixels], classes = new float[count];
        images.CopyRows(indices.ToArray(), rows);
        for (int i = 0; i < count; i++)
            classes[i] = labels is null ? 0 : labels[indices[i]];
        using MemoryBuffer1D<float, Stride1D.Dense> ofRows = accelerator.Allocate1D(rows), ofNoise = accelerator.Allocate1D(noise);
        using MemoryBuffer1D<float, Stride1D.Dense> ofLabels = accelerator.Allocate1D(classes);
        using MemoryBuffer1D<float, Stride1D.Dense> drawn = accelerator.Allocate1D<float>(codes.Length);
        var builder = new ScheduleBuilder(count);
        PlannedTensor x = builder.External("images", model.Options.Shape.Pixels), eps = builder.External("noise", Latent);
        LayerContext context = model.ContextOf(builder, labels is null ? null : ScheduleBuilder.Fixed("labels", ofLabels.View, count));
        PlannedTensor q = builder.Tensor("encoder output", model.Parts.Encoder.Outputs);
        model.Parts.Encoder.Infer(context, x, q, null);
        PlannedTensor z = model.Parts.Posterior.Forward(context, q, eps, samples: 1).Codes;
        (x.View, eps.View) = (ofRows.View, ofNoise.View);
        builder.Add("copy codes", 0, 8.0 * codes.Length, [z], stream => z.View.CopyTo(stream, drawn.View.BaseView));
        using MemoryBuffer1D<float, Stride1D.Dense> arena = accelerator.Allocate1D<float>(builder.Plan());
        using Schedule schedule = builder.Bind(arena.View);
        schedule.Run(model.Device.Stream);
        drawn.View.BaseView.Download(model.Device.Stream, codes);
    }
}
