namespace GpuVae.Options;

/// <summary>The function after every hidden layer; formulas stand with the kernels.</summary>
public enum ActivationKind
{
    /// <summary>max(x, 0).</summary>
    Relu,

    /// <summary>x above 0, 0.01·x below.</summary>
    LeakyRelu,

    /// <summary>x·σ(x).</summary>
    Silu,

    /// <summary>The exact form with the error function, PyTorch's default.</summary>
    Gelu,

    /// <summary>tanh x.</summary>
    Tanh,

    /// <summary>σ(x) = 1/(1 + e⁻ˣ).</summary>
    Sigmoid,

    /// <summary>ln(1 + eˣ).</summary>
    Softplus,
}
