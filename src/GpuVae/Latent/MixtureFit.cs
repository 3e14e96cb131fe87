using System.Numerics.Tensors;
using GpuVae.Devices;
using GpuVae.Kernels.Common;
using GpuVae.Kernels.Latent;
using GpuVae.Kernels.Random;

namespace GpuVae.Latent;

/// <summary>
/// Fits mixtures of normals with full covariance to codes by expectation-maximisation (Dempster, Laird and Rubin 1977). What concerns the
/// codes, two matrix products (QuadraticFeatures.cs), runs on the device, what concerns the components on the host in double. Units are
/// brought to mean 0 and variance 1 first.
/// </summary>
internal sealed class MixtureFit : IDisposable
{
    private const int MostIterations = 30, CodesPerComponent = 100;
    private const double Enough = 1e-3;

    // Of a pass over all codes, in products: a second of two cores for all its iterations together.
    private const double MostWork = 3e9;

    // Features on the device at a time, and their rows.
    private const int MostFeatures = 1 << 20, LeastRows = 256;

    private readonly ComputeDevice device;
    private readonly int latents, count, heldCount;
    private readonly float[] codes;
    private readonly CodeMoments moments;
    private readonly MemoryBuffer1D<float, Stride1D.Dense> onDevice, held;
    private readonly ulong seed;

    /// <param name="device">Where to.</param>
    /// <param name="codes">[n, L], to fit to.</param>
    /// <param name="heldOut">[m, L], to choose by.</param>
    /// <param name="latents">L.</param>
    /// <param name="seed">Of the start.</param>
    public MixtureFit(ComputeDevice device, float[] codes, float[] heldOut, int latents, ulong seed)
    {
        (this.device, this.latents, this.seed) = (device, latents, seed);
        (count, heldCount) = (codes.Length / latents, heldOut.Length / latents);
        moments = new CodeMoments(codes, latents);
        this.codes = moments.Standardized(codes);
        onDevice = device.Accelerator.Allocate1D(this.codes);
        held = device.Accelerator.Allocate1D(moments.Standardized(heldOut));
    }

    /// <summary>The mixture under which the held-out codes are most likely.</summary>
    /// <param name="components">How many it is to have; 0 for the best number.</param>
    /// <param name="label">Whose it is.</param>
    /// <param name="cancellation">Asks to stop before the next pass over the codes.</param>
    /// <returns>The mixture and the mean log-likelihood of the held-out codes, nats.</returns>
    public (MixtureCodeSampler Mixture, double HeldOut) Best(int components, int label, CancellationToken cancellation)
    {
        if (components > 0)
            return Fit(Math.Min(components, count), label, cancellation);
        (MixtureCodeSampler Mixture, double HeldOut) best = Fit(1, label, cancellation);
        double work = (double)count * QuadraticFeatures.Count(latents);
        for (int more = 4; CodesPerComponent * more <= count && more * work <= MostWork; more *= 4)
        {
            (MixtureCodeSampler Mixture, double HeldOut) next = Fit(more, label, cancellation);
            if (next.HeldOut <= best.HeldOut)
                break;
            best = next;
        }
        return best;
    }

    public void Dispose()
    {
        device.Drain();
        onDevice.Dispose();
        held.Dispose();
    }

    private (MixtureCodeSampler Mixture, double HeldOut) Fit(int components, int label, CancellationToken cancellation)
    {
        var mixture = new NormalComponents(components, latents);
        Start(mixture);
        using var pass = new Pass(device, components, latents, Math.Max(count, heldCount));
        double last = double.NegativeInfinity;
        for (int i = 0; i < MostIterations; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            double now = pass.Run(mixture, onDevice.View, count, wantsSums: true);
            mixture.Maximize(pass.Sums());
            if (now - last < Enough)
                break;
            last = now;
        }
        double likelihood = pass.Run(mixture, held.View, heldCount, wantsSums: false);
        return (mixture.ToSampler(label, moments.Means, moments.Deviations), likelihood - moments.Deviations.Sum(Math.Log));
    }

    /// <summary>Codes far from each other as means (k-means++: Arthur and Vassilvitskii 2007).</summary>
    private void Start(NormalComponents mixture)
    {
        float[] nearest = [.. Enumerable.Repeat(float.PositiveInfinity, count)];
        for (int c = 0; c < mixture.Count; c++)
        {
            double uniform = Philox.ToUniform(Philox.Generate(seed, RandomPurpose.Sampler, 2, c, 0).W0);
            ReadOnlySpan<float> center = Code(c == 0 ? (int)(uniform * count) : Drawn(nearest, uniform));
            mixture.Start(c, center);
            for (int i = 0; i < count; i++)
            {
                float distance = TensorPrimitives.Distance(Code(i), center);
                nearest[i] = Math.Min(nearest[i], distance * distance);
            }
        }
    }

    private static int Drawn(float[] weights, double uniform)
    {
        double left = uniform * weights.Sum(weight => (double)weight);
        for (int i = 0; i < weights.Length; i++)
        {
            left -= weights[i];
            if (left < 0)
                return i;
        }
        return weights.Length - 1;
    }

    private ReadOnlySpan<float> Code(int index) => codes.AsSpan(index * latents, latents);

    /// <summary>Passes over codes with the memory that they need.</summary>
    private sealed class Pass(ComputeDevice device, int components, int latents, int most) : IDisposable
    {
        private readonly int features = QuadraticFeatures.Count(latents);
        private readonly int portion = Math.Min(most, Math.Max(LeastRows, MostFeatures / QuadraticFeatures.Count(latents)));
        private readonly MemoryBuffer1D<float, Stride1D.Dense> all =
            device.Accelerator.Allocate1D<float>(Lengths(components, latents, most).Sum());

        /// <summary>The E-step; gives the mean log-likelihood.</summary>
        public double Run(NormalComponents mixture, ArrayView<float> codes, int count, bool wantsSums)
        {
            AcceleratorStream stream = device.Stream;
            var weights = new MatrixView(Part(0), features, components, "weights");
            weights.View.Upload(stream, mixture.Weights());
            for (int first = 0; first < count; first += portion)
            {
                int n = Math.Min(portion, count - first);
                ArrayView<float> z = codes.SubView((long)first * latents, (long)n * latents);
                var products = new MatrixView(Part(1).SubView(0, (long)n * features), n, features, "features");
                var shares = new MatrixView(Part(2).SubView(0, (long)n * components), n, components, "shares");
                device.Kernels.QuadraticFeatures.Run(stream, z, products.View, latents);
                device.Kernels.Product.Run(stream, products, weights, shares, default);
                device.Kernels.RowSoftmax.Run(stream, shares.View, Part(3).SubView(first, n));
                if (wantsSums)
                    device.Kernels.Product.Run(
                        stream, shares.Transposed, products, new MatrixView(Part(4), components, features, "sums"), default,
                        beta: first == 0 ? 0 : 1);
            }
            float[] logs = new float[count];
            Part(3).Download(stream, logs.AsSpan());
            return logs.Average(value => (double)value);
        }

        /// <summary>[K, features], of the last pass.</summary>
        public float[] Sums()
        {
            float[] sums = new float[components * features];
            Part(4).Download(device.Stream, sums.AsSpan());
            return sums;
        }

        public void Dispose() => all.Dispose();

        private static long[] Lengths(int components, int latents, int most)
        {
            int features = QuadraticFeatures.Count(latents), portion = Math.Min(most, Math.Max(LeastRows, MostFeatures / features));
            return
            [
                (long)features * components, (long)portion * features, (long)portion * components, most, (long)components * features,
            ];
        }

        private ArrayView<float> Part(int index)
        {
            long[] lengths = Lengths(components, latents, most);
            return all.View.BaseView.SubView(lengths.Take(index).Sum(), lengths[index]);
        }
    }
}
