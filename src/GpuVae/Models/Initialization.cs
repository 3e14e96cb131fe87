using GpuVae.Kernels;
using GpuVae.Tensors;

namespace GpuVae.Models;

/// <summary>
/// The initial weights of PyTorch's <c>nn.Linear</c>: weights from kaiming_uniform(a = √5), which comes down to U(−1/√fan_in, 1/√fan_in),
/// and biases from the same interval (He et al., "Delving Deep into Rectifiers", 2015). Drawn on the host, so that every device starts with
/// the same bits.
/// </summary>
internal static class Initialization
{
    public static void Fill(ParameterStore store, ulong seed)
    {
        int fanIn = 0;
        for (int index = 0; index < store.Parameters.Count; index++)
        {
            Parameter parameter = store.Parameters[index];
            // A bias follows its weight [out, in] and shares its fan-in.
            if (parameter.Shape.Count == 2)
                fanIn = parameter.Shape[1];
            float bound = 1 / MathF.Sqrt(fanIn);
            var values = new float[parameter.Length];
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
