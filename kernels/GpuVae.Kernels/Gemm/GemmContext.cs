using System.Collections.Concurrent;
using GpuVae.Kernels.Common;
using GpuVae.Kernels.Gemm.Gpu;
using GpuVae.Kernels.Gemm.Planning;
using GpuVae.Kernels.Gemm.Simd;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace GpuVae.Kernels.Gemm;

/// <summary>Matrix products of one accelerator: the choice of kernels and the space for packed operands and slices.</summary>
/// <remarks>Products of one instance share that space, so they must be enqueued on one stream.</remarks>
public sealed class GemmContext : IDisposable
{
    // Several threads come here when kernels are compiled ahead.
    private readonly ConcurrentDictionary<GemmProblem, GemmChoice> choices = [];
    private readonly IReadOnlyDictionary<GemmProblem, GemmChoice>? tuned;

    /// <param name="accelerator">Where the products run.</param>
    /// <param name="precision">What they are computed in.</param>
    /// <param name="tuned">Choices of kernels that were measured; without it, and for other products, a fixed rule decides.</param>
    /// <exception cref="NotSupportedException">The accelerator has no such arithmetic.</exception>
    public GemmContext(
        Accelerator accelerator, MatrixPrecision precision = MatrixPrecision.Float32,
        IReadOnlyDictionary<GemmProblem, GemmChoice>? tuned = null)
        : this(Checked(accelerator, precision), accelerator.ExecutionStyle() == ExecutionStyle.Groups, precision) => this.tuned = tuned;

    /// <param name="accelerator">Where the products run.</param>
    /// <param name="usesTiles">Whether they run as on GPUs, which any accelerator can.</param>
    /// <param name="precision">What they are computed in.</param>
    internal GemmContext(Accelerator accelerator, bool usesTiles, MatrixPrecision precision = MatrixPrecision.Float32)
    {
        Accelerator = accelerator;
        if (usesTiles)
            Tiles = new GemmTileLaunch(accelerator, precision);
        else
            Lanes = new GemmLaneLaunch(accelerator);
    }

    /// <summary>Whether an accelerator multiplies in a certain precision.</summary>
    public static bool Supports(Accelerator accelerator, MatrixPrecision precision) =>
        precision == MatrixPrecision.Float32 || accelerator.Device is CudaDevice { Architecture.Major: >= 8 };

    /// <summary>The device that the products run on.</summary>
    public Accelerator Accelerator { get; }

    /// <summary>The products that were asked for so far.</summary>
    public IReadOnlyCollection<GemmProblem> Problems => [.. choices.Keys];

    /// <summary>How products run on CPUs; on others <see cref="Tiles"/>.</summary>
    internal GemmLaneLaunch? Lanes { get; }

    /// <summary>How products run on GPUs.</summary>
    internal GemmTileLaunch? Tiles { get; }

    /// <summary>Set while choices are measured, and by tests.</summary>
    internal GemmChoice? Forced { get; set; }

    /// <summary>Loads the product with one epilogue; do so once and keep it.</summary>
    public Gemm<TEpilogue> With<TEpilogue>()
        where TEpilogue : struct, IEpilogue => new(this);

    /// <inheritdoc/>
    public void Dispose()
    {
        Lanes?.Dispose();
        Tiles?.Dispose();
    }

    /// <summary>The kernel for a product: the tuned one if there is one, else what the rule says.</summary>
    internal GemmChoice Choose(GemmProblem problem)
    {
        if (Forced is { } forced)
            return forced;
        if (!choices.TryGetValue(problem, out GemmChoice choice))
        {
            // A table from somewhere else must not make a product impossible.
            bool isTuned = tuned is not null && tuned.TryGetValue(problem, out choice) && Candidates(problem).Contains(choice);
            choices[problem] = choice = isTuned ? choice : Rule(problem);
        }
        return choice;
    }

    /// <summary>The choice without a table: it depends on nothing but the product and the device.</summary>
    internal GemmChoice Rule(GemmProblem problem) => Tiles?.Choose(problem) ?? Lanes!.Choose(problem);

    /// <summary>Everything that could be chosen for a product.</summary>
    internal IEnumerable<GemmChoice> Candidates(GemmProblem problem) => Tiles?.Candidates(problem) ?? Lanes!.Candidates(problem);

    private static Accelerator Checked(Accelerator accelerator, MatrixPrecision precision) => Supports(accelerator, precision)
        ? accelerator
        : throw new NotSupportedException(
            $"{accelerator.Name} does not multiply in {precision}: that takes an NVIDIA GPU of compute capability 8.0 or newer.");
}
