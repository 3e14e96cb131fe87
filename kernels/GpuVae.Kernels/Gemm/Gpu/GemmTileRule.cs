// The choice of tiles on GPUs without measuring.

using GpuVae.Kernels.Common;
using GpuVae.Kernels.Gemm.Planning;

namespace GpuVae.Kernels.Gemm.Gpu;

/// <summary>The choice on GPUs.</summary>
internal static class GemmTileRule
{
    /// <summary>A slice of k is not shallower than this.</summary>
    private const int MinDepth = 64;

    /// <summary>Numbers of slices that are considered.</summary>
    public static ReadOnlySpan<int> SliceCounts => [1, 2, 3, 4, 6, 8, 12, 16, 24, 32];

    public static (int Rows, int Columns, int Threads) Extents(GemmVariant variant) => variant switch
    {
        GemmVariant.Tile128x128 => (128, 128, 256),
        GemmVariant.Tile128x64 => (128, 64, 128),
        GemmVariant.Tile64x64 => (64, 64, 256),
        GemmVariant.Tile32x32 => (32, 32, 64),
        _ => (16, 16, 16),
    };

    public static long Tiles(GemmVariant variant, int m, int n)
    {
        (int rows, int columns, _) = Extents(variant);
        return (long)Blocks.Of(m, rows) * Blocks.Of(n, columns);
    }

    /// <summary>The largest number of slices of <see cref="SliceCounts"/> that makes sense.</summary>
    public static bool AllowsSlices(int k, int slices) => slices == 1 || k / slices >= MinDepth;

    /// <summary>
    /// The choice with the least estimated time: turns that the multiprocessors take × what a slice of a tile costs. It depends on
    /// nothing but its arguments.
    /// </summary>
    /// <param name="problem">The product.</param>
    /// <param name="multiprocessors">Of the device.</param>
    /// <param name="maxThreads">Threads of the largest group that the device has.</param>
    /// <param name="mayCutDepth">Whether the device can add up slices within one launch.</param>
    /// <param name="tensorCores">Whether the product runs on tensor cores, which have two of the shapes.</param>
    public static GemmChoice Choose(
        GemmProblem problem, int multiprocessors, int maxThreads, bool mayCutDepth, bool tensorCores = false)
    {
        var best = new GemmChoice(tensorCores ? GemmVariant.Tile64x64 : GemmVariant.Tile16x16);
        double least = double.PositiveInfinity;
        foreach (GemmChoice choice in Candidates(problem, maxThreads, mayCutDepth, tensorCores))
        {
            double cost = Cost(problem, choice, multiprocessors);
            if (cost < least)
                (best, least) = (choice, cost);
        }
        return best;
    }

    /// <summary>Every choice that a device has for a product.</summary>
    public static IEnumerable<GemmChoice> Candidates(GemmProblem problem, int maxThreads, bool mayCutDepth, bool tensorCores)
    {
        bool both = problem.Use == GemmUse.Gradients;
        for (GemmVariant variant = GemmVariant.Tile128x128; variant >= GemmVariant.Tile16x16; variant--)
        {
            if (Extents(variant).Threads > maxThreads || (variant == GemmVariant.Tile16x16 && maxThreads >= 64))
                continue;
            if (tensorCores && variant is not (GemmVariant.Tile128x128 or GemmVariant.Tile64x64))
                continue;
            for (int i = 0; i < SliceCounts.Length; i++)
            {
                int slices = SliceCounts[i];
                if (!AllowsSlices(problem.K, slices) || (slices > 1 && !mayCutDepth))
                    break;
                for (int j = 0; j < (both ? SliceCounts.Length : 1); j++)
                {
                    int inputSlices = SliceCounts[j];
                    if (!AllowsSlices(problem.N, inputSlices) || (inputSlices > 1 && !mayCutDepth))
                        break;
                    yield return new GemmChoice(variant, slices, inputSlices);
                }
            }
        }
    }

    private static double Cost(GemmProblem problem, GemmChoice choice, int multiprocessors)
    {
        long groups = Tiles(choice.Variant, problem.M, problem.N) * choice.Slices;
        double unit = Unit(choice.Variant, problem.K, choice.Slices);
        double work = groups * unit;
        if (problem.Use == GemmUse.Gradients)
        {
            // dx: [batch × inputs], summed over the outputs.
            long inputGroups = Tiles(choice.Variant, problem.K, problem.M) * choice.InputSlices;
            double inputUnit = Unit(choice.Variant, problem.N, choice.InputSlices);
            work += inputGroups * inputUnit;
            groups += inputGroups;
            unit = Math.Max(unit, inputUnit);
        }
        long turns = (groups + multiprocessors - 1) / multiprocessors;
        return turns * Math.Max(work / groups, turns == 1 ? unit : 0);
    }

    /// <summary>
    /// Multiply-adds of a slice of a tile, with what goes into starting it and into adding slices up (a sum written and read back takes a
    /// multiprocessor about as long as 13 multiply-adds), over the share of the peak that the tile's re-use of operands allows.
    /// </summary>
    private static double Unit(GemmVariant variant, int k, int slices)
    {
        (int rows, int columns, _) = Extents(variant);
        double share = variant switch
        {
            GemmVariant.Tile128x128 => 1,
            GemmVariant.Tile128x64 => 0.9,
            GemmVariant.Tile64x64 => 0.65,
            GemmVariant.Tile32x32 => 0.35,
            _ => 0.15,
        };
        double depth = (double)k / slices + 24 + (slices > 1 ? 40 + 13 * slices : 0);
        return rows * columns * depth / share;
    }
}
