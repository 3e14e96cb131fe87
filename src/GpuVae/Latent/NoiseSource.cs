using GpuVae.Kernels.Random;

namespace GpuVae.Latent;

/// <summary>Where the noise of a step comes from.</summary>
/// <param name="Seed">Seed.</param>
/// <param name="Purpose">What it is for.</param>
/// <param name="Step">One element on the device: the counter.</param>
internal sealed record NoiseSource(ulong Seed, RandomPurpose Purpose, ArrayView<long> Step);
