using GpuVae.Kernels.Latent;
using GpuVae.Layers;
using GpuVae.Scheduling;

namespace GpuVae.Latent;

/// <summary>Every number rounded to one of its levels: nothing is learned, and nothing is committed to.</summary>
internal sealed class ScalarQuantizer(VaeOptions options, ImageShape grid) : Quantizer(grid)
{
    private readonly ScalarLevels levels = new(options.Levels);

    public override QuantizedPass Forward(LayerContext context, PlannedTensor z)
    {
        PlannedTensor codes = context.Builder.Tensor("codes", z.Rows, z.Columns);
        PlannedTensor indices = context.Builder.Tensor("code indices", z.Rows, Places);
        PlannedTensor none = context.Builder.Zeros("commitment", 1, 1);
        ScalarQuantization kernel = context.Kernels.ScalarQuantization;
        context.Builder.Add(
            "round codes", 20.0 * z.Length, 12.0 * z.Length + 4.0 * indices.Length, [z, codes, indices], stream =>
            {
                kernel.Forward(stream, z.View, codes.View, levels);
                kernel.Number(stream, codes.View, indices.View, levels);
            });
        return new QuantizedPass(codes, indices, none, (back, dCodes) =>
        {
            PlannedTensor dz = back.Builder.Tensor("encoder output gradient", z.Rows, z.Columns);
            back.Builder.Add(
                "codes backward", 20.0 * z.Length, 12.0 * z.Length, [z, dCodes, dz],
                stream => kernel.Backward(stream, z.View, dCodes.View, dz.View, levels));
            return dz;
        });
    }

    public override PlannedTensor Lookup(LayerContext context, PlannedTensor indices)
    {
        PlannedTensor codes = context.Builder.Tensor("codes", indices.Rows, Places * levels.Count);
        ScalarQuantization kernel = context.Kernels.ScalarQuantization;
        context.Builder.Add("look codes up", 0, 8.0 * codes.Length, [indices, codes], stream =>
            kernel.Lookup(stream, indices.View, codes.View, levels));
        return codes;
    }
}
