using GpuVae.Kernels.Tests.Ops;

namespace GpuVae.Kernels.Tests;

/// <summary>One row of the table: something that kernels compute, at one size.</summary>
/// <param name="Name">What it is and its size; unique.</param>
/// <param name="Tolerance">Largest relative error ‖out − ref‖/‖ref‖ of any of its outputs.</param>
/// <param name="Run">Uploads inputs, declares expected outputs (double precision), runs the kernels.</param>
/// <param name="IsHeavy">Whether it is too much work for devices that run one thread after the other.</param>
internal sealed record Op(string Name, double Tolerance, Action<OpRun> Run, bool IsHeavy = false);

/// <summary>
/// Every operation of the kernel library, with its double-precision reference. To add one: a method in Ops/ that yields its rows at
/// odd sizes, named below. Each present device then runs it.
/// </summary>
internal static class OpTable
{
    /// <summary>The odd sizes that every element-wise or reducing op is tried at.</summary>
    public static int[] Sizes => [1, 3, 17, 129, 1000];

    private static readonly Dictionary<string, Op> OpByName = new IEnumerable<Op>[]
    {
        GemmOps.Rows(), LinearOps.Rows(), ActivationOps.Rows(), RandomOps.Rows(), LatentOps.Rows(), LossOps.Rows(), ReduceOps.Rows(),
        AdamOps.Rows(), WeightOps.Rows(), GatherOps.Rows(), AugmentationOps.Rows(), ConvolutionOps.Rows(), ImageOps.Rows(),
        EvaluationOps.Rows(), PosteriorOps.Rows(), FlowOps.Rows(), PriorOps.Rows(), ObjectiveOps.Rows(), RowOps.Rows(),
        ObservationOps.Rows(), LangevinOps.Rows(), CodeOps.Rows(), PixelCnnOps.Rows(), MixtureFitOps.Rows(), TransformerOps.Rows(),
        AdversarialOps.Rows(), PerceptualOps.Rows(),
    }
    .SelectMany(r => r).ToDictionary(op => op.Name);

    public static IEnumerable<Op> All => OpByName.Values;

    public static Op Find(string name) => OpByName[name];
}
