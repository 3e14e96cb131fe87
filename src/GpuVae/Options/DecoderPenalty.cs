namespace GpuVae.Options;

/// <summary>What keeps the decoder of <see cref="Objective.Rae"/> smooth (Ghosh et al. 2020, arXiv:1903.12436).</summary>
public enum DecoderPenalty
{
    /// <summary>The squared norm of its weights (RAE-L2).</summary>
    Weights,

    /// <summary>
    /// The squared norm of the Jacobian of what it gives, the parameters of p(x|z), with respect to the code (RAE-GP), by a central
    /// difference along one random direction an image and step.
    /// </summary>
    Jacobian,
}
