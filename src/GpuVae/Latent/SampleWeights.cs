using GpuVae.Kernels.Latent;
using GpuVae.Scheduling;

namespace GpuVae.Latent;

/// <summary>What the log-densities of each sample weigh in the loss.</summary>
/// <param name="Shares">[rows, 1]: the importance weights of an image's samples, adding up to 1.</param>
/// <param name="KlWeight">One element.</param>
/// <param name="Scale">1 / images.</param>
internal sealed record SampleWeights(PlannedTensor Shares, PlannedTensor KlWeight, float Scale)
{
    /// <summary>For a launch.</summary>
    public RowWeights Rows => new(Shares.View, KlWeight.View, Scale);
}
