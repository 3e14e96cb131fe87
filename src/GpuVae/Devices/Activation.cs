using GpuVae.Kernels.Common;
using GpuVae.Kernels.Gemm;

namespace GpuVae.Devices;

/// <summary>The function at the end of a layer: one of <see cref="ActivationKind"/>, or the caller's own.</summary>
public abstract class Activation
{
    private Activation(string name) => Name = name;

    /// <summary>Of its type; stands in the options of a model with an activation of the caller's own.</summary>
    public string Name { get; }

    /// <summary>Which of the built-in ones it is; null for the caller's own.</summary>
    internal ActivationKind? Kind { get; private init; }

    /// <summary>The function that <typeparamref name="T"/> computes, compiled into the kernels of the layers that use it.</summary>
    /// <typeparam name="T">Must be visible to kernels, so public, or of a visible assembly.</typeparam>
    public static Activation Of<T>()
        where T : struct, IActivation => Typed<T>.Instance;

    /// <summary>One of the built-in functions.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is none of this kind.</exception>
    public static Activation Of(ActivationKind kind) => kind switch
    {
        ActivationKind.Relu => Of<Relu>(),
        ActivationKind.LeakyRelu => Of<LeakyRelu>(),
        ActivationKind.Silu => Of<Silu>(),
        ActivationKind.Gelu => Of<Gelu>(),
        ActivationKind.Tanh => Of<Tanh>(),
        ActivationKind.Sigmoid => Of<Sigmoid>(),
        ActivationKind.Softplus => Of<Softplus>(),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "no such activation"),
    };

    /// <summary>One of the built-in functions.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is none of this kind.</exception>
    public static implicit operator Activation(ActivationKind kind) => Of(kind);

    internal abstract LinearKernels Load(GemmContext gemm);

    private sealed class Typed<T> : Activation
        where T : struct, IActivation
    {
        // One for each function, so that it can be told by reference which kernels are loaded.
        public static readonly Typed<T> Instance = new();

        private Typed() : base(typeof(T).ToString()) =>
            Kind = typeof(T).Assembly == typeof(Relu).Assembly && Enum.TryParse(typeof(T).Name, out ActivationKind kind) ? kind : null;

        internal override LinearKernels Load(GemmContext gemm) => new LinearKernels<T>(gemm);
    }
}
