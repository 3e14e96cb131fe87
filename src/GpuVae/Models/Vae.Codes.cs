using GpuVae.Devices;

namespace GpuVae.Models;

// Images as grids of discrete codes.
public sealed partial class Vae
{
    /// <summary>Whether there is a distribution that codes can be drawn from; discrete codes have none of their own.</summary>
    public bool HasPrior => !Options.IsQuantized;

    /// <summary>
    /// The grid of the discrete codes of an image, the bottom one of two; its channels are the numbers of a code's vector.
    /// </summary>
    /// <exception cref="BadInputException">The model's codes are not discrete.</exception>
    public ImageShape Grid
    {
        get
        {
            RequireQuantized();
            return Options.Grid;
        }
    }

    /// <summary>The top grid of two, half as large; null where there is one grid alone.</summary>
    /// <exception cref="BadInputException">The model's codes are not discrete.</exception>
    public ImageShape? TopGrid
    {
        get
        {
            RequireQuantized();
            return Options.TopGrid;
        }
    }

    /// <summary>Discrete codes of an image, of both grids where there are two.</summary>
    /// <exception cref="BadInputException">The model's codes are not discrete.</exception>
    public int Places
    {
        get
        {
            RequireQuantized();
            return Options.Places;
        }
    }

    /// <summary>
    /// Images [n, pixels] to the numbers of their discrete codes, [n, places]: row by row those of the top grid, where there is one, and
    /// then those of the bottom one.
    /// </summary>
    /// <param name="images">[n, pixels].</param>
    /// <param name="numbers">[n, places], written: of 0 … codes - 1.</param>
    /// <param name="cancellation">Asks to stop before the next 512 images.</param>
    /// <exception cref="BadInputException">The model's codes are not discrete.</exception>
    /// <exception cref="ArgumentException">
    /// The spans do not hold the same whole number of rows, or a value of an image is not in [0, 1].
    /// </exception>
    /// <exception cref="OperationCanceledException">Asked to stop.</exception>
    public void EncodeNumbers(ReadOnlySpan<float> images, Span<int> numbers, CancellationToken cancellation = default)
    {
        RequireQuantized();
        InputCheck.RequireImages(images, Options.Likelihood);
        using DeviceGate.Scope scope = Device.Enter("Vae.EncodeNumbers");
        float[] values = new float[numbers.Length];
        Passes.Run(Direction.Number, images, values, default, cancellation);
        for (int i = 0; i < values.Length; i++)
            numbers[i] = (int)values[i];
    }

    /// <summary>Numbers of discrete codes [n, places] to images [n, pixels].</summary>
    /// <param name="numbers">In the order of <see cref="EncodeNumbers"/>.</param>
    /// <param name="images">[n, pixels], written: the means of p(x|z).</param>
    /// <param name="cancellation">Asks to stop before the next 512 images.</param>
    /// <exception cref="BadInputException">The model's codes are not discrete.</exception>
    /// <exception cref="ArgumentException">
    /// The spans do not hold the same whole number of rows, or there is no code of such a number.
    /// </exception>
    /// <exception cref="OperationCanceledException">Asked to stop.</exception>
    public void DecodeNumbers(ReadOnlySpan<int> numbers, Span<float> images, CancellationToken cancellation = default)
    {
        RequireQuantized();
        float[] values = new float[numbers.Length];
        for (int i = 0; i < values.Length; i++)
        {
            if (numbers[i] < 0 || numbers[i] >= Options.CodeCount)
                throw new ArgumentException($"numbers[{i}] is {numbers[i]}; the model has {Options.CodeCount} codes.", nameof(numbers));
            values[i] = numbers[i];
        }
        using DeviceGate.Scope scope = Device.Enter("Vae.DecodeNumbers");
        Passes.Run(Direction.DecodeNumbers, values, images, default, cancellation);
    }

    internal void RequireQuantized()
    {
        if (!Options.IsQuantized)
            throw new BadInputException(
                "This model's codes are not discrete; train one with VaeOptions.Quantization = Codebook or Scalar.");
    }

    private static BadInputException NoDensity() => new(
        "This model's codes are discrete: there is no density p(z) to draw from or to search in. Draw from a GridPrior over its codes, or "
        + "use a model with VaeOptions.Quantization = None.");
}
