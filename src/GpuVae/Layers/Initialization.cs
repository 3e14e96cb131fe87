using GpuVae.Kernels.Random;

namespace GpuVae.Layers;

/// <summary>
/// The initial weights of PyTorch's <c>nn.Linear</c>, <c>nn.Conv2d</c> and <c>nn.ConvTranspose2d</c>: weights from kaiming_uniform(a = √5),
/// which comes down to U(−1/√fan_in, 1/√fan_in), and biases from the same interval (He et al., "Delving Deep into Rectifiers", 2015). The
/// fan-in is all extents of the weight but the first, multiplied, also where a transposed convolution goes the other way. Normalisations
/// start with weight 1 and bias 0, what has no gradient with 0. Drawn on the host, so that every device starts with the same bits.
/// </summary>
internal static class Initialization
{
    public static void Fill(ParameterStore store, ulong seed)
    {
        // Of the weight that a bias follows; 0 after that of a normalisation.
        int fanIn = 0;
        for (int index = 0; index < store.Parameters.Count; index++)
        {
            Parameter parameter = store.Parameters[index];
            bool isWeight = parameter.Name.EndsWith(".weight", StringComparison.Ordinal);
            if (isWeight)
                fanIn = parameter.Shape.Count == 1 ? 0 : parameter.Length / parameter.Shape[0];
            float[] values = new float[parameter.Length];
            if (fanIn == 0 || !parameter.HasGradient)
            {
                Array.Fill(values, isWeight && parameter.HasGradient ? 1 : 0);
                store.Write(parameter, values);
                continue;
            }
            float bound = 1 / MathF.Sqrt(fanIn);
            for (int i = 0; i < values.Length; i += 4)
            {
                PhiloxBlock words = Philox.Generate(seed, RandomPurpose.Initialization, step: 0, row: index, block: i / 4);
                for (int j = i; j < Math.Min(i + 4, values.Length); j++)
                    values[j] = (2 * Philox.ToUniform(words[j - i]) - 1) * bound;
            }
            store.Write(parameter, values);
        }
    }
}
