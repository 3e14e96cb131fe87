// What happens to an element of a matrix product on its way to memory. An epilogue is compiled into the product's kernel, so bias,
// activation and the activation's derivative cost no pass over memory of their own.

using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Common;

/// <summary>Turns an element of alpha·op(A)·op(B) + beta·C into what is stored in C.</summary>
public interface IEpilogue
{
    /// <summary>The element to store at (row, column). Called once per element of C, never outside C.</summary>
    float Apply(float value, int row, int column);

    /// <summary>Asks a CPU's caches for what <see cref="Apply"/> will meet at (row, column) in matrices of its own.</summary>
    void Prefetch(int row, int column);
}

/// <summary>C as it is.</summary>
public readonly struct PlainEpilogue : IEpilogue
{
    /// <inheritdoc/>
    public float Apply(float value, int row, int column) => value;

    /// <inheritdoc/>
    public void Prefetch(int row, int column)
    {
    }
}

/// <summary>f(value + bias[column]): a linear layer forward, where the derivative can be had from the output.</summary>
/// <typeparam name="TActivation">f; <see cref="Identity"/> for none.</typeparam>
/// <param name="bias">[n].</param>
public readonly struct BiasEpilogue<TActivation>(FloatView bias) : IEpilogue
    where TActivation : struct, IActivation
{
    private readonly FloatView bias = bias;

    /// <inheritdoc/>
    public float Apply(float value, int row, int column) => TActivation.Apply(value + bias[column]);

    /// <inheritdoc/>
    public void Prefetch(int row, int column)
    {
    }
}

/// <summary>As <see cref="BiasEpilogue{TActivation}"/>, keeping f'(value + bias[column]) for the backward pass (SiLU, GELU).</summary>
/// <typeparam name="TActivation">f.</typeparam>
/// <param name="bias">[n].</param>
/// <param name="derivative">[m × n], written.</param>
/// <param name="columns">n, the row pitch of <paramref name="derivative"/>.</param>
public readonly struct BiasKeepEpilogue<TActivation>(FloatView bias, FloatView derivative, int columns) : IEpilogue
    where TActivation : struct, IActivation
{
    private readonly FloatView bias = bias;
    private readonly FloatView derivative = derivative;
    private readonly int columns = columns;

    /// <inheritdoc/>
    public float Apply(float value, int row, int column)
    {
        float x = value + bias[column];
        derivative[row * columns + column] = TActivation.Derivative(x);
        return TActivation.Apply(x);
    }

    /// <inheritdoc/>
    public void Prefetch(int row, int column) => Common.Prefetch.Of(ref derivative[row * columns + column]);
}

/// <summary>value·f'(saved[row, column]): the gradient of a layer's output taken back through the activation that made it.</summary>
/// <typeparam name="TActivation">f.</typeparam>
/// <param name="saved">[m × n], the output or f' itself: see <see cref="IActivation.DerivativeFromOutput"/>.</param>
/// <param name="columns">n, the row pitch of <paramref name="saved"/>.</param>
public readonly struct DerivativeEpilogue<TActivation>(FloatView saved, int columns) : IEpilogue
    where TActivation : struct, IActivation
{
    private readonly FloatView saved = saved;
    private readonly int columns = columns;

    /// <inheritdoc/>
    public float Apply(float value, int row, int column) => value * SavedActivation.Derivative<TActivation>(saved[row * columns + column]);

    /// <inheritdoc/>
    public void Prefetch(int row, int column) => Common.Prefetch.Of(ref saved[row * columns + column]);
}
