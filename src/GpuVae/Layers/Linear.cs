using GpuVae.Devices;
using GpuVae.Kernels.Common;
using GpuVae.Kernels.Latent;
using GpuVae.Kernels.Layers;
using GpuVae.Scheduling;

namespace GpuVae.Layers;

/// <summary>A fully connected layer y = f(x·W + b), on the device with W [inputs, outputs], b [outputs].</summary>
internal sealed class Linear(string name, int inputs, int outputs, Activation? activation)
    : WeightedLayer(name, inputs, outputs, activation)
{
    /// <summary>W [outputs, inputs], b [outputs].</summary>
    public override IEnumerable<(string Name, int[] Shape)> ParameterShapes =>
        [($"{Name}.weight", [Outputs, Inputs]), ($"{Name}.bias", [Outputs])];

    /// <summary>
    /// Appends y = x·W + b, which is not kept, the terms of the loss −ln p(target | y) and their gradient, in one step: this layer is the
    /// decoder's last.
    /// </summary>
    /// <param name="context">Where to.</param>
    /// <param name="kernel">With p.</param>
    /// <param name="x">[batch, inputs].</param>
    /// <param name="target">[batch / k, outputs]; row r has the target r / k.</param>
    /// <returns>Parts of the loss, to be added up, and ∂loss/∂y averaged over the batch, [batch, outputs].</returns>
    public (PlannedTensor Loss, PlannedTensor Gradient) ForwardLoss(
        LayerContext context, FusedLoss kernel, PlannedTensor x, PlannedTensor target)
    {
        int batch = x.Rows, outputs = Outputs;
        float scale = 1f / batch;
        MatrixView w = Matrix(context.Values, outputs);
        ArrayView<float> b = Bias(context.Values);
        PlannedTensor dy = context.Builder.Tensor($"{Name} output gradient", batch, outputs);
        PlannedTensor loss = context.Builder.Tensor("reconstruction term", batch, kernel.PartsPerRow(batch, Inputs, outputs));
        context.Builder.Add(
            $"{Name} forward + loss", Flops(batch) + 20.0 * batch * outputs, Traffic(batch, outputs) + 4.0 * batch * outputs,
            [x, target, dy, loss],
            stream => kernel.Run(stream, x.Matrix, w, b, target.Matrix, dy.Matrix, loss.View, scale));
        return (loss, dy);
    }

    /// <summary>
    /// Appends ∂loss/∂W = xᵀ·dy and ∂loss/∂b = Σ dy, where they are wanted, and the gradient at the pre-activation of the layer before,
    /// (dy·Wᵀ) ∘ f'(saved) with the activation f that made the input; all that is wanted of it in one launch. See
    /// <see cref="BackwardStep"/>.
    /// </summary>
    public override PlannedTensor? Backward(LayerContext context, LayerOutput input, PlannedTensor dy, bool wantsInput)
    {
        int batch = dy.Rows, inputs = Inputs, outputs = Outputs;
        MatrixView w = Matrix(context.Values, outputs);
        LinearKernels linear = context.Kernels.LinearWith(input.Activation);
        PlannedTensor x = input.Value, saved = input.Saved;
        PlannedTensor? dx = wantsInput ? context.Builder.Tensor($"{Name} input gradient", batch, inputs) : null;
        if (!context.WantsParameterGradients)
        {
            if (dx is not null)
            {
                context.Builder.Add(
                    $"{Name} input gradient", Flops(batch), Traffic(batch, outputs) + 4.0 * batch * inputs, [saved, dy, dx],
                    stream => linear.InputGradient(stream, dy.Matrix, w, saved.View, dx.Matrix));
            }
            return dx;
        }
        MatrixView dw = Matrix(context.Gradients, outputs);
        ArrayView<float> db = Bias(context.Gradients);
        double flops = Flops(batch) + (double)batch * outputs;
        if (dx is null)
        {
            context.Builder.Add(
                $"{Name} backward", flops, Traffic(batch, outputs), [x, dy],
                stream => linear.Backward(stream, x.Matrix, dy.Matrix, w, dw, db, x.View, default));
            return null;
        }
        context.Builder.Add(
            $"{Name} backward", flops + Flops(batch), BackwardTraffic(batch) + 4.0 * batch * inputs, [x, saved, dy, dx],
            stream => linear.Backward(stream, x.Matrix, dy.Matrix, w, dw, db, saved.View, dx.Matrix));
        return dx;
    }

    /// <summary>
    /// Appends the gradients of the decoder's first layer, which this is, as <see cref="Backward"/>, and the way back to the encoder's
    /// output: dz = dy·Wᵀ and, in its epilogue, the gradients of reparameterisation and KL term.
    /// </summary>
    /// <param name="context">Where to.</param>
    /// <param name="z">What the layer was given, [batch, inputs].</param>
    /// <param name="dy">∂loss/∂(z·W + b), [batch, outputs].</param>
    /// <param name="encoded">The encoder's output, [batch, 2 · inputs].</param>
    /// <param name="noise">[batch, inputs].</param>
    /// <param name="klWeight">One element, or [latents] with one for each unit.</param>
    /// <returns>∂loss/∂encoded, [batch, 2 · inputs].</returns>
    public PlannedTensor LatentBackward(
        LayerContext context, PlannedTensor z, PlannedTensor dy, PlannedTensor encoded, PlannedTensor noise, PlannedTensor klWeight)
    {
        int batch = dy.Rows, latents = Inputs, outputs = Outputs;
        float scale = 1f / batch;
        MatrixView w = Matrix(context.Values, outputs);
        MatrixView dw = Matrix(context.Gradients, outputs);
        ArrayView<float> db = Bias(context.Gradients);
        LinearBackward<LatentGradientEpilogue> kernel = context.Kernels.LatentBackward;
        PlannedTensor dEncoded = context.Builder.Tensor("encoder output gradient", batch, 2 * latents);
        context.Builder.Add(
            $"{Name} backward + reparameterise + KL", 2 * Flops(batch) + batch * (outputs + 12.0 * latents),
            BackwardTraffic(batch) + 16.0 * batch * latents, [z, dy, encoded, noise, klWeight, dEncoded],
            stream => kernel.Run(
                stream, z.Matrix, dy.Matrix, w, dw, db, new MatrixView(dEncoded.View, batch, latents, 2 * latents),
                new LatentGradientEpilogue(encoded.View, noise.View, klWeight.View, dEncoded.View, scale, latents)));
        return dEncoded;
    }

    protected override void Append(
        LayerContext context, PlannedTensor x, PlannedTensor y, PlannedTensor saved, Activation? activation)
    {
        LinearKernels linear = context.Kernels.LinearWith(activation);
        int batch = x.Rows, inputs = Inputs, outputs = y.Columns;
        MatrixView w = Matrix(context.Values, outputs);
        ArrayView<float> b = Bias(context.Values);
        bool keeps = saved != y;
        context.Builder.Add(
            $"{Name} forward", 2.0 * batch * inputs * outputs, Traffic(batch, outputs), [x, y, saved],
            stream => linear.Forward(
                stream, new MatrixView(x.View, batch, inputs, x.Columns), w, b, y.Matrix, keeps ? saved.View : default));
    }

    /// <summary>The first columns of W, or of its gradient.</summary>
    private MatrixView Matrix(ArrayView<float> flat, int columns) => new(Weight(flat), Inputs, columns, Outputs);

    /// <summary>x, dy, W and their three gradients.</summary>
    private double BackwardTraffic(int batch) => 2 * Traffic(batch, Outputs) - 4.0 * batch * Outputs;

    private double Flops(int batch) => 2.0 * batch * Inputs * Outputs;

    private double Traffic(int batch, int outputs) => 4.0 * ((double)batch * Inputs + (double)Inputs * outputs + (double)batch * outputs);
}
