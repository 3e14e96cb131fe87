using GpuVae.Scheduling;

namespace GpuVae.Layers;

/// <summary>One way through a layer or a network: what came out, and how to go back.</summary>
/// <param name="Output">What came out.</param>
/// <param name="Backward">See <see cref="BackwardStep"/>.</param>
internal sealed record LayerPass(LayerOutput Output, BackwardStep Backward);

/// <summary>
/// Appends the steps that overwrite the gradients of the parameters, unless the context has none, and those that make the gradient of the
/// input, where it is wanted.
/// </summary>
/// <param name="context">May be another than on the way forward.</param>
/// <param name="dy">∂loss/∂(pre-activation of the output), [rows, outputs].</param>
/// <param name="wantsInput">Whether the gradient of the input is wanted.</param>
/// <returns>∂loss/∂(pre-activation that made the input), [rows, inputs]; null where it is not wanted.</returns>
internal delegate PlannedTensor? BackwardStep(LayerContext context, PlannedTensor dy, bool wantsInput);
