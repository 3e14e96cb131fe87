// The kernels take a likelihood as a type argument; a program that chooses one at run time has them all behind one type here. Each
// operation is a part of it: LikelihoodLoss.cs, MaskedLoss.cs, ReducedLoss.cs, LikelihoodImages.cs.

using GpuVae.Kernels.Common;
using ILGPU.Runtime;

namespace GpuVae.Kernels.Likelihoods;

/// <summary>All kernels of one likelihood, whichever it is, each loaded at first use.</summary>
public abstract partial class LikelihoodKernels
{
    /// <summary>The kernels of <paramref name="likelihood"/>.</summary>
    public static LikelihoodKernels Create<TLikelihood>(Accelerator accelerator, TLikelihood likelihood)
        where TLikelihood : struct, IPixelLikelihood => new LikelihoodKernels<TLikelihood>(accelerator, likelihood);
}

/// <inheritdoc/>
/// <typeparam name="TLikelihood">p(x|z) of one pixel.</typeparam>
internal sealed partial class LikelihoodKernels<TLikelihood>(Accelerator accelerator, TLikelihood likelihood) : LikelihoodKernels
    where TLikelihood : struct, IPixelLikelihood
{
    // One group works on one row of the decoder's output.
    private readonly int groupSize = GroupShapes.ForRow(accelerator);
}
