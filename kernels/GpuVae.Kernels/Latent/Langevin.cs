// Search of codes: the Metropolis-adjusted Langevin algorithm (Roberts & Tweedie 1996, "Exponential convergence of Langevin distributions
// and their discrete approximations") at temperature T, whose limit T = 0 is gradient descent that takes no step upwards. Each row is a
// chain of its own with the energy
//
//   U(z) = data(z) - log p(z)                    data = -ln p(what is seen | z), p any prior: exp(-U) is the posterior
//
// and a step h of its own, in the metric of fixed variances v per unit, which undo most of the difference in scale between the units:
//
//   z' = z - h/2·v·∇U(z) + √(h·T·v)·xi,  xi ~ N(0, 1)
//   accepted with probability min(1, a):   ln a = (U(z) - U(z'))/T + ln q(z | z') - ln q(z' | z)
//   ln q(b | a) = -Σ (b - a + h/2·v·∇U(a))²/(2hTv)              T = 0: accepted if U(z') <= U(z)
//
// While a chain adapts, T > 0: ln h += (min(1, a) - 0.574)/√n in step n (the acceptance rate that is best in high dimensions: Roberts &
// Rosenthal 1998); T = 0: h grows by a fifth after a step that is taken, and halves after one that is not.
//
// A launch takes the energy's parts and gradients at the proposals, decides, and writes the next proposals. The first launch is given the
// start as the proposal and an infinite energy, and so accepts it.

using GpuVae.Kernels.Common;
using GpuVae.Kernels.Random;
using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Latent;

/// <summary>What is known of chains: one row of each for each chain.</summary>
/// <param name="code">[rows × L]: z.</param>
/// <param name="gradient">[rows × L]: ∇U(z).</param>
/// <param name="variance">[rows × L]: v, read only.</param>
/// <param name="state">[rows × <see cref="StateSize"/>]: U(z), h, steps done, steps taken.</param>
/// <param name="latents">L.</param>
public readonly struct Chains(FloatView code, FloatView gradient, FloatView variance, FloatView state, int latents)
{
    /// <summary>Numbers of a chain beside its vectors.</summary>
    public const int StateSize = 4;

    internal readonly FloatView Code = code;
    internal readonly FloatView Gradient = gradient;
    internal readonly FloatView Variance = variance;
    internal readonly FloatView State = state;
    internal readonly int Latents = latents;
}

/// <summary>One step of many chains. One group works on one chain.</summary>
public sealed class Langevin(Accelerator accelerator)
{
    private readonly int groupSize = Math.Min(GroupShapes.ForRow(accelerator), 32);
    private readonly Action<AcceleratorStream, KernelConfig, FloatView, FloatView, FloatView, FloatView, FloatView, Chains, ulong> step =
        accelerator.LoadKernel<FloatView, FloatView, FloatView, FloatView, FloatView, Chains, ulong>(StepKernel);

    /// <summary>Decides on the proposals and makes new ones.</summary>
    /// <param name="proposal">[rows × L]: z', overwritten by the next.</param>
    /// <param name="data">[rows]: data(z').</param>
    /// <param name="prior">[rows]: log p(z').</param>
    /// <param name="dEnergy">[rows × L]: ∇U(z'), of both.</param>
    /// <param name="control">[3]: the temperature, 1 where the steps' sizes adapt and else 0, and the number of the first row, which keeps
    /// the noise of parts of a larger batch apart.</param>
    /// <param name="chains">Changed.</param>
    /// <param name="seed">Seed of noise and decisions.</param>
    /// <remarks>Noise of step n of row r, unit l: word of counter (block of l, r, n, Langevin); the decision's is that of l = L.</remarks>
    public void Step(
        AcceleratorStream stream, FloatView proposal, FloatView data, FloatView prior, FloatView dEnergy, FloatView control, Chains chains,
        ulong seed) =>
        step(stream, (data.IntExtent, groupSize), proposal, data, prior, dEnergy, control, chains, seed);

    private static void StepKernel(
        FloatView proposal, FloatView data, FloatView prior, FloatView dEnergy, FloatView control, Chains chains, ulong seed)
    {
        FloatView scratch = SharedMemory.Allocate<float>(GroupShapes.MaxRowGroup);
        int row = Grid.IdxX, latents = chains.Latents, first = row * latents, state = row * Chains.StateSize;
        float temperature = control[0];
        int number = row + (int)control[2];
        float energy = chains.State[state], h = chains.State[state + 1], done = chains.State[state + 2], taken = chains.State[state + 3];

        float ratio = 0f;
        for (int l = Group.IdxX; l < latents; l += Group.DimX)
        {
            float z = chains.Code[first + l], next = proposal[first + l];
            float drift = 0.5f * h * chains.Variance[first + l];
            float there = next - z + drift * chains.Gradient[first + l];
            float back = z - next + drift * dEnergy[first + l];
            ratio += (there * there - back * back) / chains.Variance[first + l];
        }
        float proposed = data[row] - prior[row];
        float backAndForth = GroupShapes.Sum(ratio, scratch);

        // Where the temperature is 0 there is nothing to divide by and the way back does not count.
        float t = temperature > 0f ? temperature : 1f;
        float logRatio = (energy - proposed + (temperature > 0f ? 0.5f * backAndForth / h : 0f)) / t;
        PhiloxBlock words = Philox.Generate(seed, RandomPurpose.Langevin, (long)done, number, Philox.BlockOf(latents));
        float bound = temperature > 0f ? XMath.Log(Philox.ToUniformPositive(words[Philox.WordOf(latents)])) : 0f;
        // A code that the decoder cannot stand is not taken. NaN would compare false, but ILGPU's OpenCL forgets that when it turns a
        // comparison of floats around.
        if (XMath.IsNaN(logRatio))
            logRatio = float.NegativeInfinity;
        bool isTaken = logRatio >= bound;
        if (control[1] > 0f && done > 0f)
        {
            float acceptance = logRatio >= 0f ? 1f : logRatio > -80f ? XMath.Exp(logRatio) : 0f;
            float change = temperature > 0f ? XMath.Exp((acceptance - 0.574f) / XMath.Sqrt(done)) : isTaken ? 1.2f : 0.5f;
            h = XMath.Min(XMath.Max(h * change, 1e-6f), 1e6f);
        }

        for (int l = Group.IdxX; l < latents; l += Group.DimX)
        {
            float z = proposal[first + l], gradient = dEnergy[first + l], variance = chains.Variance[first + l];
            if (isTaken)
            {
                chains.Code[first + l] = z;
                chains.Gradient[first + l] = gradient;
            }
            else
            {
                z = chains.Code[first + l];
                gradient = chains.Gradient[first + l];
            }
            float noise = temperature > 0f
                ? XMath.Sqrt(h * temperature * variance) * Philox.NormalAt(seed, RandomPurpose.Langevin, (long)done, number, l)
                : 0f;
            proposal[first + l] = z - 0.5f * h * variance * gradient + noise;
        }
        if (Group.IdxX == 0)
        {
            chains.State[state] = isTaken ? proposed : energy;
            chains.State[state + 1] = h;
            chains.State[state + 2] = done + 1f;
            chains.State[state + 3] = taken + (isTaken ? 1f : 0f);
        }
    }
}
