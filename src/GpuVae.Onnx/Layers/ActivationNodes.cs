using GpuVae.Devices;
using GpuVae.Onnx.Graphs;
using static GpuVae.Onnx.Graphs.Functions;

namespace GpuVae.Onnx.Layers;

/// <summary>y = f(x).</summary>
internal static class ActivationNodes
{
    private const float NegativeSlope = 0.01f;

    public static Value Append(Activation? activation, Value x) => activation?.Kind switch
    {
        null when activation is null => x,
        ActivationKind.Relu => Relu(x),
        ActivationKind.LeakyRelu => x.Graph.Apply("LeakyRelu", x.Shape, [x], ("alpha", NegativeSlope)),
        ActivationKind.Silu => x * Sigmoid(x),
        // One node from operator set 20 on, which fewer runtimes have.
        ActivationKind.Gelu => 0.5f * x * (1f + Erf(float.Sqrt(0.5f) * x)),
        ActivationKind.Tanh => Tanh(x),
        ActivationKind.Sigmoid => Sigmoid(x),
        ActivationKind.Softplus => Softplus(x),
        _ => throw new BadInputException(
            $"The activation {activation!.Name} cannot be exported to ONNX. Train a model with another VaeOptions.Activation."),
    };
}
