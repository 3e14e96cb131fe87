// General matrix product C = epilogue(alpha·op(A)·op(B) + beta·C), float32, row-major with leading dimensions (BLAS level 3; Dongarra et al.
// 1990, doi:10.1145/77626.79170), and beside it the row sums of op(A), which in a weight gradient dW = dYᵀ·X are the bias gradient.
//
// Two kernels, for the two kinds of machine:
//
//   Lanes  CPU. A group is one warp, that is one vector. Lanes own columns (two each), rows live in named locals: a micro-kernel of 12 rows × 2
//          vectors keeps 24 accumulators in 32 vector registers, 6 × 2 in 16 (Van Zee & van de Geijn 2015, "BLIS", doi:10.1145/2764454). An
//          element of A is the same for all lanes, a row of B is contiguous over the lanes; where it is not (op(B) = Bᵀ) B is packed first.
//   Tiles  GPUs. A group stages tiles of A and B in shared memory, each thread holds 4 × 4 of C in named locals.
//
// Every element of C is summed by one thread in the order of k, so results do not depend on scheduling.

using ILGPU;
using ILGPU.Runtime;

namespace GpuVae.Kernels;

/// <summary>Matrix products of one accelerator: the choice of tile shapes and the space for packed operands.</summary>
/// <remarks>Products of one instance share that space, so they must be enqueued on one stream.</remarks>
public sealed class Gemm : IDisposable
{
    private readonly Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, int, int, int> packTransposed;
    private MemoryBuffer1D<float, Stride1D.Dense> packed;

    public Gemm(Accelerator accelerator)
    {
        Accelerator = accelerator;
        UseLanes = accelerator.AcceleratorType == AcceleratorType.CPU;
        if (UseLanes)
        {
            GroupX = accelerator.WarpSize;
            GroupY = 1;
            // 24 accumulators and their operands need the 32 registers that come with vectors of 16 floats.
            TileRows = accelerator.WarpSize >= 16 ? GemmLanes.MaxRows : GemmLanes.MaxRows / 2;
            TileColumns = 2 * GroupX;
        }
        else
        {
            int side = accelerator.MaxNumThreadsPerGroup;
            GroupX = side >= 256 ? 16 : side >= 64 ? 8 : 4;
            GroupY = GroupX;
            TileRows = GemmTiles.ThreadTile * GroupY;
            TileColumns = GemmTiles.ThreadTile * GroupX;
        }
        packTransposed = accelerator.LoadKernel<ArrayView<float>, ArrayView<float>, int, int, int>(GemmLanes.PackTransposedKernel);
        packed = accelerator.Allocate1D<float>(1);
    }

    internal Accelerator Accelerator { get; }

    internal bool UseLanes { get; }

    internal int GroupX { get; }

    internal int GroupY { get; }

    internal int TileRows { get; }

    internal int TileColumns { get; }

    /// <summary>Loads the product with one epilogue; do so once and keep it.</summary>
    public Gemm<TEpilogue> With<TEpilogue>()
        where TEpilogue : struct, IEpilogue => new(this);

    /// <summary>Makes room for packed operands of products up to this size, so that none of them allocates while running.</summary>
    /// <param name="n">Columns of C.</param>
    /// <param name="k">Depth of the product.</param>
    public void Reserve(int n, int k)
    {
        if (!UseLanes)
            return;
        long needed = (long)((n + TileColumns - 1) / TileColumns) * TileColumns * k;
        if (needed <= packed.Length)
            return;
        Accelerator.Synchronize();
        packed.Dispose();
        packed = Accelerator.Allocate1D<float>(needed);
    }

    public void Dispose() => packed.Dispose();

    /// <summary>Bᵀ for B [n × k] as panels of TileColumns columns: [panel][k][column], missing columns zero.</summary>
    internal ArrayView<float> PackTransposed(AcceleratorStream stream, ArrayView<float> b, int ldb, int n, int k)
    {
        Reserve(n, k);
        int panels = (n + TileColumns - 1) / TileColumns;
        packTransposed(stream, (panels, GroupX), b, packed.View, ldb, n, k);
        return packed.View;
    }
}

/// <summary>A matrix product with one epilogue. Made by <see cref="Gemm.With{TEpilogue}"/>.</summary>
/// <typeparam name="TEpilogue">What happens to each element before it is stored.</typeparam>
public sealed class Gemm<TEpilogue>
    where TEpilogue : struct, IEpilogue
{
    private readonly Gemm gemm;
    private readonly Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, GemmArguments, TEpilogue> kernel;

    internal Gemm(Gemm gemm)
    {
        this.gemm = gemm;
        kernel = gemm.UseLanes
            ? gemm.TileRows == GemmLanes.MaxRows ? Load(GemmLanes.Kernel12) : Load(GemmLanes.Kernel6)
            : Load(GemmTiles.Kernel);
    }

    /// <summary>C = epilogue(alpha·op(A)·op(B) + beta·C).</summary>
    /// <param name="stream">Stream to run on.</param>
    /// <param name="transposeA">Whether op(A) = Aᵀ: A is then stored [k × m], else [m × k].</param>
    /// <param name="transposeB">Whether op(B) = Bᵀ: B is then stored [n × k], else [k × n].</param>
    /// <param name="m">Rows of C.</param>
    /// <param name="n">Columns of C.</param>
    /// <param name="k">Depth; with 0 the product is zero.</param>
    /// <param name="alpha">Factor of the product.</param>
    /// <param name="a">A.</param>
    /// <param name="lda">Elements from one stored row of A to the next.</param>
    /// <param name="b">B.</param>
    /// <param name="ldb">Elements from one stored row of B to the next.</param>
    /// <param name="beta">Factor of what C held before; with 0 C is not read.</param>
    /// <param name="c">C [m × n], not overlapping A or B.</param>
    /// <param name="ldc">Elements from one row of C to the next.</param>
    /// <param name="epilogue">Applied to each element before it is stored.</param>
    /// <param name="rowSums">[m] or empty: also rowSums[i] = alpha·Σ_k op(A)[i, k] + beta·rowSums[i].</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is negative.</exception>
    /// <exception cref="ArgumentException">A leading dimension or a view is too small for the sizes.</exception>
    public void Run(
        AcceleratorStream stream, bool transposeA, bool transposeB, int m, int n, int k, float alpha, ArrayView<float> a, int lda,
        ArrayView<float> b, int ldb, float beta, ArrayView<float> c, int ldc, TEpilogue epilogue, ArrayView<float> rowSums = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(m);
        ArgumentOutOfRangeException.ThrowIfNegative(n);
        ArgumentOutOfRangeException.ThrowIfNegative(k);
        Check("A", a, transposeA ? k : m, transposeA ? m : k, lda);
        Check("B", b, transposeB ? n : k, transposeB ? k : n, ldb);
        Check("C", c, m, n, ldc);
        if (rowSums.Length > 0 && rowSums.Length < m)
            throw new ArgumentException($"The row sums need {m} elements, one per row of op(A), but the view has {rowSums.Length}.", nameof(rowSums));
        if (m == 0 || n == 0)
            return;

        bool pack = gemm.UseLanes && transposeB && k > 0;
        if (pack)
            b = gemm.PackTransposed(stream, b, ldb, n, k);
        var arguments = new GemmArguments
        {
            M = m,
            N = n,
            K = k,
            ARow = transposeA ? 1 : lda,
            ADepth = transposeA ? lda : 1,
            BColumn = transposeB ? ldb : 1,
            BDepth = pack ? gemm.TileColumns : transposeB ? 1 : ldb,
            BPanel = pack ? gemm.TileColumns * k : gemm.TileColumns,
            Ldc = ldc,
            Alpha = alpha,
            Beta = beta,
            BPacked = pack ? 1 : 0,
            WithRowSums = rowSums.Length > 0 ? 1 : 0,
        };
        // A view must always be passed; without row sums C stands in and is not touched through it.
        KernelConfig config = (
            new Index2D((n + gemm.TileColumns - 1) / gemm.TileColumns, (m + gemm.TileRows - 1) / gemm.TileRows), new Index2D(gemm.GroupX, gemm.GroupY));
        kernel(stream, config, a, b, c, rowSums.Length > 0 ? rowSums : c, arguments, epilogue);
    }

    private Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, GemmArguments, TEpilogue> Load(
        Action<ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, GemmArguments, TEpilogue> method) =>
        gemm.Accelerator.LoadKernel(method);

    private static void Check(string name, ArrayView<float> view, int rows, int columns, int leading)
    {
        if (leading < Math.Max(columns, 1))
            throw new ArgumentException($"The leading dimension of {name} is {leading}, but its rows have {columns} elements; it must be at least that.");
        long needed = rows == 0 || columns == 0 ? 0 : (long)(rows - 1) * leading + columns;
        if (view.Length < needed)
            throw new ArgumentException($"{name} is {rows} × {columns} with leading dimension {leading} and needs {needed} elements, but its view has {view.Length}.");
    }
}

/// <summary>Sizes and strides of a product as the kernels take them; strides are in elements.</summary>
internal struct GemmArguments
{
    public int M, N, K;

    /// <summary>From one row of op(A) to the next, and from one k to the next.</summary>
    public int ARow, ADepth;

    /// <summary>From one column of op(B) to the next, from one k to the next, from one panel of columns to the next.</summary>
    public int BColumn, BDepth, BPanel;

    public int Ldc;
    public float Alpha, Beta;

    /// <summary>Whether B lies in padded panels.</summary>
    public int BPacked;
    public int WithRowSums;
}
