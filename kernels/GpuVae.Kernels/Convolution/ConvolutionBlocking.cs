using GpuVae.Kernels.Common;
using GpuVae.Kernels.Gemm.Simd;
using ILGPU;
using ILGPU.Runtime;

namespace GpuVae.Kernels.Convolution;

/// <summary>The groups and tiles of convolutions on an accelerator.</summary>
internal readonly struct ConvolutionBlocking
{
    public ConvolutionBlocking(Accelerator accelerator)
    {
        UsesLanes = accelerator.ExecutionStyle() == ExecutionStyle.Lanes;
        WantedGroups = GroupShapes.ForAllCores(accelerator);
        if (UsesLanes)
        {
            HasManyRegisters = GemmLaneLaunch.HasManyRegisters(accelerator);
            Group = new Index2D(accelerator.WarpSize, 1);
            TileColumns = 2 * accelerator.WarpSize;
        }
        else
        {
            int threads = accelerator.MaxNumThreadsPerGroup;
            int side = threads >= 256 ? 16 : threads >= 64 ? 8 : 4;
            Group = new Index2D(side, side);
            TileColumns = ConvolutionTiles.ThreadTile * side;
        }
    }

    /// <summary>Whether ConvolutionLanes.cs computes the products, rather than ConvolutionTiles.cs.</summary>
    public bool UsesLanes { get; }

    /// <inheritdoc cref="GemmLaneLaunch.HasManyRegisters"/>
    public bool HasManyRegisters { get; }

    public Index2D Group { get; }

    /// <summary>Columns of a tile or panel; also the rows of a tile on GPUs.</summary>
    public int TileColumns { get; }

    public int WantedGroups { get; }
}
