using GpuVae.Kernels.Latent;
using GpuVae.Kernels.Random;

namespace GpuVae.Kernels.Tests.Ops;

internal static class LatentOps
{
    // exp of a log-variance and a sum over at most 129 units of either sign.
    private const double Tolerance = 1e-6;

    public static IEnumerable<Op> Rows()
    {
        foreach ((int batch, int latents) in new[] { (1, 1), (3, 17), (17, 3), (129, 20), (2, 129) })
        {
            yield return new Op($"Reparameterize forward {batch}x{latents}", Tolerance, run => Forward(run, batch, latents));
            yield return new Op($"Reparameterize forward, Philox {batch}x{latents}", Tolerance, run => ForwardRandom(run, batch, latents));
            yield return new Op($"Reparameterize backward {batch}x{latents}", Tolerance, run => Backward(run, batch, latents));
        }
    }

    private static (double[] Z, double[] Kl) Reparameterized(double[] encoded, float[] noise, int batch, int latents)
    {
        double[] z = new double[batch * latents], kl = new double[batch];
        for (int b = 0; b < batch; b++)
        {
            for (int l = 0; l < latents; l++)
            {
                double mu = encoded[b * 2 * latents + l], s = Reference.ClampLogVariance(encoded[b * 2 * latents + latents + l]);
                z[b * latents + l] = mu + Math.Exp(s / 2) * noise[b * latents + l];
                kl[b] += 0.5 * (mu * mu + Math.Exp(s) - 1 - s);
            }
        }
        return (z, kl);
    }

    /// <summary>Encoder outputs, some of whose log-variances lie outside the clamp.</summary>
    private static float[] Encoded(OpRun run, int batch, int latents)
    {
        float[] encoded = run.Uniform(batch * 2 * latents, -2, 2);
        for (int i = latents; i < encoded.Length; i += 7)
        {
            if (i / latents % 2 == 1)
                encoded[i] = i % 2 == 0 ? -40f : -29f;
        }
        return encoded;
    }

    private static void Forward(OpRun run, int batch, int latents)
    {
        float[] encoded = Encoded(run, batch, latents), noise = run.Uniform(batch * latents, -2, 2);
        (double[] z, double[] kl) = Reparameterized(Reference.ToDouble(encoded), noise, batch, latents);
        new Reparameterize(run.Accelerator).Forward(
            run.Stream, run.Upload(encoded), run.Upload(noise), run.Expect("z", z), run.Expect("kl", kl), latents);
    }

    private static void ForwardRandom(OpRun run, int batch, int latents)
    {
        const ulong seed = 42;
        const long step = 5;
        float[] encoded = Encoded(run, batch, latents);
        float[] noise = new float[batch * latents];
        for (int i = 0; i < noise.Length; i++)
            noise[i] = Philox.NormalAt(seed, RandomPurpose.Latent, step, i / latents, i % latents);
        (double[] z, double[] kl) = Reparameterized(Reference.ToDouble(encoded), noise, batch, latents);
        new Reparameterize(run.Accelerator).Forward(
            run.Stream, run.Upload(encoded), seed, RandomPurpose.Latent, run.Upload([step]), run.Expect("noise", Reference.ToDouble(noise)),
            run.Expect("z", z), run.Expect("kl", kl), latents);
    }

    private static void Backward(OpRun run, int batch, int latents)
    {
        const float beta = 0.7f;
        float scale = 1f / batch;
        float[] encoded = Encoded(run, batch, latents), noise = run.Uniform(batch * latents, -2, 2), dz = run.Uniform(batch * latents);
        double[] at = Reference.ToDouble(encoded);
        double[] expected = new double[encoded.Length];
        for (int i = 0; i < expected.Length; i++)
        {
            // The objective whose gradient is wanted: <dz, z> + beta·scale·KL, as a function of one encoder output of sample b.
            int b = i / (2 * latents), l = i % latents, mean = b * 2 * latents + l;
            expected[i] = Reference.Derivative(
                v =>
                {
                    double mu = i == mean ? v : at[mean], s = Reference.ClampLogVariance(i == mean ? at[mean + latents] : v);
                    double z = mu + Math.Exp(s / 2) * noise[b * latents + l];
                    return dz[b * latents + l] * z + beta * scale * 0.5 * (mu * mu + Math.Exp(s) - 1 - s);
                },
                at[i]);
        }
        new Reparameterize(run.Accelerator).Backward(
            run.Stream, run.Upload(encoded), run.Upload(noise), run.Upload(dz), run.Upload([beta]), run.Expect("dEncoded", expected), scale,
            latents);
    }
}
