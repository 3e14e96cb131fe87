namespace GpuVae.Options;

/// <summary>The function after every hidden layer; formulas stand with the kernels.</summary>
public enum ActivationKind
{
    Relu,
    LeakyRelu,
    Silu,

    /// <summary>The exact form with the error function, PyTorch's default.</summary>
    Gelu,
    Tanh,
    Sigmoid,
    Softplus,
}
