using System.Numerics;
using GpuVae.Data;
using GpuVae.Devices;
using GpuVae.Elbo;
using GpuVae.Kernels.Common;
using GpuVae.Kernels.Evaluation;
using GpuVae.Kernels.Random;
using GpuVae.Kernels.Training;
using GpuVae.Latent;
using GpuVae.Layers;
using GpuVae.Models;
using GpuVae.Scheduling;

namespace GpuVae.Evaluation;

/// <summary>
/// The log-likelihood of images by importance sampling (Burda, Grosse and Salakhutdinov, "Importance Weighted Autoencoders", 2016, equation
/// 8): log p(x) ≈ ln (1/k) Σ p(x|z_s)·p(z_s)/q(z_s|x) with k samples z_s of q(z|x). Its expectation is a lower bound that rises with k;
/// with k = 1 it is the evidence lower bound.
/// </summary>
public static class ImportanceSampling
{
    // Rows of a launch, as long as its activations fit: enough for the products to run at full speed, few enough for a CPU's caches.
    private const int RowsOnCpu = 512, RowsOnGpu = 8192;
    private const long MaxArena = 1L << 26;

    /// <summary>The estimate for every image, in nats; all samples stay on the device.</summary>
    /// <param name="model">The model.</param>
    /// <param name="images">[n] of the model's shape.</param>
    /// <param name="samples">k.</param>
    /// <param name="binarization">What becomes of the images' grey levels.</param>
    /// <param name="seed">Seed of the samples, and of the binarisation.</param>
    /// <param name="progress">Told the images done so far.</param>
    /// <param name="cancellation">Asks to stop.</param>
    /// <exception cref="BadInputException">The images are not of the model's shape, k is out of range, or codes have no noise.</exception>
    /// <exception cref="OperationCanceledException">Asked to stop.</exception>
    public static double[] LogLikelihoods(
        Vae model, ImageSet images, int samples, Binarization binarization = Binarization.None, ulong seed = 0,
        Action<int>? progress = null, CancellationToken cancellation = default)
    {
        EvaluationOptions.RequireSamples(samples);
        if (model.Options.HasNoNoise)
            throw new BadInputException("This model's codes have no noise, so there is no q(z|x) to draw samples from.");
        using DeviceGate.Scope scope = model.Device.Enter("ImportanceSampling.LogLikelihoods");
        using var batches = new EvaluationImages(model, images, binarization, seed);
        using var sampler = new Sampler(model, batches, samples, seed);
        batches.ForEach((first, count, x) =>
        {
            sampler.Encode(first, count, x);
            for (int start = 0; start < count; start += sampler.Images)
            {
                sampler.Sample(first, start, cancellation);
                progress?.Invoke(Math.Min(first + start + sampler.Images, images.Count));
            }
        }, cancellation);
        return sampler.Read(images.Count);
    }

    /// <summary>A few images with some samples of each, again and again.</summary>
    private sealed class Sampler : IDisposable
    {
        private readonly Vae model;
        private readonly EvaluationImages batches;
        private readonly int samples, samplesOfLaunch;
        private readonly Schedule schedule;
        private readonly PlannedTensor images, encoded;
        private readonly PlannedTensor? labels;
        private readonly MemoryBuffer1D<float, Stride1D.Dense> arena, moments, sums;
        private readonly FrozenPrior prior;

        // Of the launch under way.
        private ArrayView<float> sumsOfLaunch;
        private int firstSample;
        private long portion;

        public Sampler(Vae model, EvaluationImages batches, int samples, ulong seed)
        {
            (this.model, this.batches, this.samples) = (model, batches, samples);
            Accelerator accelerator = model.Device.Accelerator;
            int rows = accelerator.ExecutionStyle() == ExecutionStyle.Lanes ? RowsOnCpu : RowsOnGpu;
            try
            {
                prior = model.FreezePrior();
                ScheduleBuilder builder;
                while (true)
                {
                    // Portions of equal size, so that hardly a sample is drawn in vain.
                    int portions = (samples + rows - 1) / rows;
                    samplesOfLaunch = (samples + portions - 1) / portions;
                    // A power of two divides the size of a batch.
                    Images = Math.Min(1 << BitOperations.Log2((uint)(rows / samplesOfLaunch)), EvaluationImages.BatchSize);
                    (builder, images, encoded, labels) = Build(seed);
                    if (builder.Plan() <= MaxArena || rows == 1)
                        break;
                    rows /= 2;
                }
                arena = accelerator.Allocate1D<float>(builder.Plan());
                schedule = builder.Bind(arena.View);
                moments = accelerator.Allocate1D<float>((long)EvaluationImages.BatchSize * encoded.Columns);
                moments.View.MemSetToZero(model.Device.Stream);
                int blocks = (batches.Count + EvaluationImages.BatchSize - 1) / EvaluationImages.BatchSize;
                sums = accelerator.Allocate1D<float>(2L * blocks * EvaluationImages.BatchSize);
            }
            catch
            {
                Dispose();
                throw;
            }
        }

        /// <summary>Images of a launch.</summary>
        public int Images { get; }

        /// <summary>q(z|x) of a batch, [count, pixels].</summary>
        public void Encode(int first, int count, ArrayView<float> x) =>
            model.EncodeAll(x, moments.View.BaseView.SubView(0, (long)count * encoded.Columns), batches.Labels(first, count));

        /// <summary>All samples of the batch's images from <paramref name="start"/> on.</summary>
        public void Sample(int batchStart, int start, CancellationToken cancellation)
        {
            images.View = batches.Block.SubView((long)start * images.Columns, images.Length);
            encoded.View = moments.View.BaseView.SubView((long)start * encoded.Columns, encoded.Length);
            labels?.View = batches.Labels(batchStart + start, Images);
            sumsOfLaunch = sums.View.BaseView.SubView(2L * (batchStart + start), 2 * Images);
            for (firstSample = 0; firstSample < samples; firstSample += samplesOfLaunch, portion++)
            {
                cancellation.ThrowIfCancellationRequested();
                schedule.Run(model.Device.Stream);
            }
        }

        public double[] Read(int count)
        {
            float[] pairs = sums.View.BaseView.SubView(0, 2L * count).GetAsArray(model.Device.Stream);
            double[] result = new double[count];
            for (int i = 0; i < count; i++)
                result[i] = pairs[2 * i] + Math.Log(pairs[2 * i + 1]) - Math.Log(samples);
            return result;
        }

        public void Dispose()
        {
            model.Device.Drain();
            schedule?.Dispose();
            foreach (IDisposable? buffer in (IEnumerable<IDisposable?>)[arena, moments, sums, prior])
                buffer?.Dispose();
        }

        private (ScheduleBuilder Builder, PlannedTensor Images, PlannedTensor Encoded, PlannedTensor? Labels) Build(ulong seed)
        {
            int latent = model.Options.Latent, perImage = samplesOfLaunch, rows = Images * perImage;
            var builder = new ScheduleBuilder(rows);
            PlannedTensor? classes = model.Options.Classes > 0 ? builder.External("labels", Images, 1) : null;
            LayerContext context = model.ContextOf(builder, classes);
            PlannedTensor x = builder.External("images", Images, model.Options.Shape.Pixels);
            PlannedTensor q = builder.External("encoder output", Images, model.Parts.Encoder.Outputs);
            PlannedTensor noise = builder.Tensor("noise", latent);
            RandomFill random = model.Device.Kernels.RandomFill;
            LogSumExp logSumExp = model.Device.Kernels.LogSumExp;
            builder.Add(
                "noise", 10.0 * noise.Length, 4.0 * noise.Length, [noise],
                stream => random.Normal(stream, noise.View, seed, RandomPurpose.ImportanceSampling, portion, 0, 1));
            (PlannedTensor z, PlannedTensor posterior, _) = model.Parts.Posterior.Forward(context, q, noise, perImage);
            PlannedTensor ofPrior = prior.Forward(context, z).Density;
            PlannedTensor loss = new DecoderPass(model.Parts.Likelihood, context, z, x).Term.Term;
            builder.Add(
                "log-sum-exp", 3.0 * loss.Length, 4.0 * loss.Length, [loss, posterior, ofPrior],
                stream => logSumExp.Accumulate(
                    stream, loss.View, posterior.View, ofPrior.View, sumsOfLaunch, perImage, Math.Min(perImage, samples - firstSample),
                    isFirst: firstSample == 0));
            return (builder, x, q, classes);
        }
    }
}
