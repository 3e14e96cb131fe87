// The matrix product of Gemm.cs for GPUs. A group of T × T threads computes a tile of 4T × 4T of C: 16 columns of op(A) and 16 rows of
// op(B) at a time go to shared memory, each thread keeps 4 × 4 sums in named locals. A thread's columns are T apart, so that
// the threads of a warp read neighbouring elements of shared memory and write neighbouring elements of C.

using ILGPU;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels;

internal static class GemmTiles
{
    /// <summary>Rows and columns of C per thread.</summary>
    public const int ThreadTile = 4;

    /// <summary>Rows and columns of a group's tile at most.</summary>
    public const int MaxSide = 64;

    /// <summary>k per turn.</summary>
    public const int Depth = 16;

    // One more than the tile: a transposing store would hit one bank over and over.
    public const int Pitch = MaxSide + 1;

    /// <summary>Elements of each of the two tiles in shared memory.</summary>
    public const int TileElements = Depth * Pitch;

    public static void Kernel<TEpilogue>(FloatView a, FloatView b, FloatView c, GemmArguments g, TEpilogue epilogue)
        where TEpilogue : struct, IEpilogue
    {
        FloatView tileA = SharedMemory.Allocate<float>(TileElements);
        FloatView tileB = SharedMemory.Allocate<float>(TileElements);
        Multiply(a, b, c, c, tileA, tileB, g, Grid.IdxX, Grid.IdxY, epilogue);
    }

    /// <summary>
    /// Computes the tile of C in row <paramref name="groupY"/> and column <paramref name="groupX"/> of tiles; with
    /// <see cref="GemmArguments.WithColumnSums"/>, the first row of tiles also puts Σ_k op(B)[k, j] into <paramref name="columnSums"/>.
    /// </summary>
    public static void Multiply<TEpilogue>(
        FloatView a, FloatView b, FloatView c, FloatView columnSums, FloatView tileA, FloatView tileB, GemmArguments g, int groupX,
        int groupY, TEpilogue epilogue)
        where TEpilogue : struct, IEpilogue
    {
        int side = ThreadTile * Group.DimX;
        int threads = Group.DimX * Group.DimY;
        int thread = Group.IdxY * Group.DimX + Group.IdxX;
        int row0 = groupY * side;
        int column0 = groupX * side;
        int localRow = ThreadTile * Group.IdxY;
        int localColumn = Group.IdxX;
        bool sumsColumns = g.WithColumnSums != 0 && groupY == 0;

        Row4 r0 = default, r1 = default, r2 = default, r3 = default;
        float columnSum = 0f;
        for (int k0 = 0; k0 < g.K; k0 += Depth)
        {
            // Neighbouring threads take neighbours in memory: along k where op(A)'s rows are stored, else along its rows.
            for (int e = thread; e < side * Depth; e += threads)
            {
                bool alongDepth = g.ADepth == 1;
                int row = alongDepth ? e / Depth : e % side;
                int depth = alongDepth ? e % Depth : e / side;
                float value = 0f;
                if (row0 + row < g.M && k0 + depth < g.K)
                    value = a[(row0 + row) * g.ARow + (k0 + depth) * g.ADepth];
                tileA[depth * Pitch + row] = value;
            }
            for (int e = thread; e < side * Depth; e += threads)
            {
                bool alongDepth = g.BColumn != 1;
                int column = alongDepth ? e / Depth : e % side;
                int depth = alongDepth ? e % Depth : e / side;
                float value = 0f;
                if (column0 + column < g.N && k0 + depth < g.K)
                    value = b[(column0 + column) * g.BColumn + (k0 + depth) * g.BDepth];
                tileB[depth * Pitch + column] = value;
            }
            Group.Barrier();

            for (int depth = 0; depth < Depth; depth++)
            {
                int atA = depth * Pitch + localRow;
                int atB = depth * Pitch + localColumn;
                float b0 = tileB[atB];
                float b1 = tileB[atB + Group.DimX];
                float b2 = tileB[atB + 2 * Group.DimX];
                float b3 = tileB[atB + 3 * Group.DimX];
                r0.Add(tileA[atA], b0, b1, b2, b3);
                r1.Add(tileA[atA + 1], b0, b1, b2, b3);
                r2.Add(tileA[atA + 2], b0, b1, b2, b3);
                r3.Add(tileA[atA + 3], b0, b1, b2, b3);
            }
            if (sumsColumns && thread < side)
            {
                for (int depth = 0; depth < Depth; depth++)
                    columnSum += tileB[depth * Pitch + thread];
            }
            Group.Barrier();
        }

        if (sumsColumns && thread < side && column0 + thread < g.N)
            columnSums[column0 + thread] = columnSum;
        StoreRow(r0, c, row0 + localRow, column0 + localColumn, g, epilogue);
        StoreRow(r1, c, row0 + localRow + 1, column0 + localColumn, g, epilogue);
        StoreRow(r2, c, row0 + localRow + 2, column0 + localColumn, g, epilogue);
        StoreRow(r3, c, row0 + localRow + 3, column0 + localColumn, g, epilogue);
    }

    private static void StoreRow<TEpilogue>(Row4 sums, FloatView c, int row, int column, GemmArguments g, TEpilogue epilogue)
        where TEpilogue : struct, IEpilogue
    {
        Store(sums.X0, c, row, column, g, epilogue);
        Store(sums.X1, c, row, column + Group.DimX, g, epilogue);
        Store(sums.X2, c, row, column + 2 * Group.DimX, g, epilogue);
        Store(sums.X3, c, row, column + 3 * Group.DimX, g, epilogue);
    }

    private static void Store<TEpilogue>(float sum, FloatView c, int row, int column, GemmArguments g, TEpilogue epilogue)
        where TEpilogue : struct, IEpilogue
    {
        if (row >= g.M || column >= g.N)
            return;
        int at = row * g.Ldc + column;
        float value = g.Alpha * sum;
        if (g.Beta != 0f)
            value += g.Beta * c[at];
        c[at] = epilogue.Apply(value, row, column);
    }

    internal struct Row4
    {
        public float X0, X1, X2, X3;

        public void Add(float a, float b0, float b1, float b2, float b3)
        {
            X0 += a * b0;
            X1 += a * b1;
            X2 += a * b2;
            X3 += a * b3;
        }
    }
}
