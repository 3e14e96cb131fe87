using GpuVae.Kernels.Common;

namespace GpuVae.Kernels.Gemm.Planning;

/// <summary>Sizes and strides of a product as the kernels take them; strides are in elements.</summary>
internal struct GemmArguments
{
    public int M, N, K;

    /// <summary>From one row of op(A) to the next, from one k to the next, from one tile of rows to the next.</summary>
    public int ARow, ADepth, ATile;

    /// <summary>From one column of op(B) to the next, from one k to the next, from one panel of columns to the next.</summary>
    public int BColumn, BDepth, BPanel;

    /// <summary>Whether B lies in padded panels.</summary>
    public int BPacked;

    public int Ldc;
    public float Alpha, Beta;

    /// <summary>Whether the column sums of op(B) are wanted, too.</summary>
    public int WithColumnSums;

    /// <summary>How the work is cut for CPUs: k per slice, panels (or tiles) of columns and tiles of rows per group.</summary>
    public int DepthBlock, PanelsPerGroup, TilesPerGroup;

    /// <summary>Groups side by side, and on GPUs tiles one below the other; groups are numbered through, row by row.</summary>
    public int GroupsX, GroupsY;

    /// <summary>On GPUs: parts of <see cref="DepthBlock"/> that the product is cut into along k.</summary>
    public int Slices;

    /// <summary>On GPUs: where the product's part of the workspace and of the tickets starts and ends.</summary>
    public int WorkspaceStart, TicketStart, WorkspaceEnd, TicketEnd;

    /// <summary>On GPUs: whether the operands' runs of neighbours can be read 16 bytes at a time.</summary>
    public int AVectors, BVectors;

    /// <summary>C = alpha·A·B + beta·C, not cut yet.</summary>
    /// <exception cref="ArgumentException">The sizes do not go together, or C is transposed.</exception>
    public static GemmArguments Of(MatrixView a, MatrixView b, MatrixView c, float alpha = 1, float beta = 0)
    {
        if (a.Columns != b.Rows || a.Rows != c.Rows || b.Columns != c.Columns)
        {
            throw new ArgumentException(
                $"A is {a.Rows} × {a.Columns} and B is {b.Rows} × {b.Columns}; their product is not C, which is {c.Rows} × {c.Columns}.");
        }
        c.RequireRows(nameof(c));
        return new GemmArguments
        {
            M = c.Rows,
            N = c.Columns,
            K = a.Columns,
            ARow = a.RowStep,
            ADepth = a.ColumnStep,
            BColumn = b.ColumnStep,
            BDepth = b.RowStep,
            Ldc = c.Pitch,
            Alpha = alpha,
            Beta = beta,
        };
    }
}
