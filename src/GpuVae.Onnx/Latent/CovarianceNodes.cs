using GpuVae.Kernels.Latent;
using GpuVae.Onnx.Graphs;
using static GpuVae.Onnx.Graphs.Functions;

namespace GpuVae.Onnx.Latent;

/// <summary>Normal with any covariance: [means | log-variances | rows of the Cholesky factor below its diagonal].</summary>
internal sealed class CovarianceNodes(int latents) : PosteriorNodes(latents)
{
    public override IEnumerable<(string Name, string Meaning, Value Value)> More(Value encoded) =>
    [
        .. base.More(encoded), ("cholesky", "factor of the covariance of q(z|x): z = mean + cholesky · noise", Factor(encoded)),
    ];

    public override (Value Code, Value LogDensity) Sample(Value encoded, Value noise)
    {
        Value product = MatMul(Factor(encoded), Reshape(noise, Latents, 1));
        return (Center(encoded) + Reshape(product, Latents), LogDensity(LogVariance(encoded), noise));
    }

    /// <summary>The noise is Λ⁻¹·(z - mean).</summary>
    public override Value LogDensities(Value code, float[] rows, int count)
    {
        Graph graph = code.Graph;
        graph.Require((long)count * Latents * Latents * sizeof(float));
        float[] inverses = new float[count * Latents * Latents];
        Parallel.For(0, count, c => InvertFactor(rows, count, c, inverses.AsSpan(c * Latents * Latents, Latents * Latents)));
        Value difference = Reshape(code, 1, 1, Latents) - Means(graph, rows, count, 1, Latents);
        Value noise = MatMul(difference, graph.Constant("prior.inverses", inverses, count, Latents, Latents));
        return LogDensities(Reshape(noise, count, Latents), rows);
    }

    /// <summary>(I + N)⁻¹·D⁻¹ of a row, transposed, [L, L]; column by column from the diagonal down.</summary>
    private void InvertFactor(float[] rows, int count, int component, Span<float> inverse)
    {
        int below = rows.Length / count * component + 2 * Latents;
        double[] column = new double[Latents];
        for (int j = 0; j < Latents; j++)
        {
            double precision = Math.Exp(-0.5 * LogVariance(rows, count, component, j));
            for (int i = j; i < Latents; i++)
            {
                column[i] = i == j ? 1 : 0;
                for (int k = j; k < i; k++)
                    column[i] -= FullCovariancePosterior.Coupling / Latents * rows[below + i * (i - 1) / 2 + k] * column[k];
                inverse[j * Latents + i] = (float)(column[i] * precision);
            }
        }
    }

    /// <summary>D·(I + N), [L, L].</summary>
    private Value Factor(Value encoded)
    {
        Graph graph = encoded.Graph;
        int below = Latents * (Latents - 1) / 2;
        float[] identity = new float[Latents * Latents];
        int[] places = new int[identity.Length];
        for (int i = 0; i < Latents; i++)
        {
            identity[i * Latents + i] = 1;
            for (int j = 0; j < Latents; j++)
                places[i * Latents + j] = j < i ? i * (i - 1) / 2 + j : below;
        }
        // The last place is a zero.
        Value padded = graph.Apply(
            "Pad", [below + 1], [Slice(encoded, 0, 2 * Latents, below), graph.Integers(0, 0, 0, 1)]);
        Value entries = Reshape(Gather(padded, graph.Integers("places", places)), Latents, Latents);
        Value unit = graph.Constant("identity", identity, Latents, Latents) + FullCovariancePosterior.Coupling / Latents * entries;
        return Reshape(Exp(0.5f * LogVariance(encoded)), Latents, 1) * unit;
    }
}
