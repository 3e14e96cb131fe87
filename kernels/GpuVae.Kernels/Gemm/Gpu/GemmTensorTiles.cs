// The matrix product of Gemm.cs on NVIDIA's tensor cores (sm_80 and newer), with sums in float32. Operands are float32 in memory and are
// rounded on their way to the cores:
//
//   TF32   8 bits of exponent, 10 of fraction. cp.async brings stages of 16 k as they are into three buffers of shared memory; fragments
//          are rounded when they are loaded.
//   BF16   8 bits of exponent, 7 of fraction. Stages of 32 k pass through registers, where they are rounded, into two buffers.
//
// A rounded operand is off by 2⁻¹¹ (TF32) or 2⁻⁸ (BF16) of itself at most, an element of the product by twice that of Σ|a·b| and by what
// sums in float32 add. Errors of either sign cancel: products of random matrices are off by 0.6 times the single bound, in the norm.
//
// A group is eight warps, two below each other and four side by side. In shared memory both operands lie as they do in global memory, in
// chunks of 16 bytes that are exchanged within a row by an exclusive or, so that whatever is loaded together lies in different banks:
//
//   along k    [row of the tile][k]    4 chunks a row; chunk ^ (row / 2) % 4
//   across k   [k][row of the tile]    TF32: chunk ^ 2·(k % 4), loaded word by word. BF16: chunk ^ k % 8, transposed by ldmatrix
//
// How fragments are spread over a warp is in the PTX ISA, "Matrix Fragments for mma.m16n8k8" and "… mma.m16n8k16".

using GpuVae.Kernels.Gemm.Planning;
using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Gemm.Gpu;

/// <summary>A tile that eight warps share.</summary>
internal interface ITensorTileShape : ITileShape;

/// <summary>The arithmetic of a product on tensor cores.</summary>
internal interface ITensorPrecision
{
    static abstract bool IsBf16 { get; }

    /// <summary>Adds what is loaded of A times what is loaded of B to a pair of fragments, a constant.</summary>
    static abstract void Multiply(int pair);
}

internal readonly struct Tf32Precision : ITensorPrecision
{
    public static bool IsBf16 => false;

    public static void Multiply(int pair) => TensorFragments.MultiplyTf32(pair);
}

internal readonly struct Bf16Precision : ITensorPrecision
{
    public static bool IsBf16 => true;

    public static void Multiply(int pair) => TensorFragments.MultiplyBf16(pair);
}

internal readonly struct GemmTensorTiles<TShape, TPrecision> : ITileEngine
    where TShape : struct, ITensorTileShape
    where TPrecision : struct, ITensorPrecision
{
    private const int Threads = 256;

    private const int WarpsX = 4;

    // k times 4 bytes, or 2 bytes: 64 bytes in any case.
    private const int RowBytes = 64;

    public static bool IsSupported => CudaAsm.IsSupported;

    /// <summary>Three stages of both operands; afterwards half a tile of sums fits in. Declares the registers, too.</summary>
    public static FloatView Allocate()
    {
        // The promise makes ILGPU align it, which copies of 16 bytes need.
        FloatView shared = SharedMemory.Allocate<float>(3 * StageBytes / 4).AsAligned16();
        TensorCore.Declare(shared);
        return shared;
    }

    public static void Multiply<TA, TB, TOutput>(
        FloatView a, FloatView b, FloatView c, FloatView columnSums, FloatView workspace, ArrayView<int> tickets, FloatView shared,
        GemmArguments g, TilePlace place, TOutput output)
        where TA : struct, IOperandLayout
        where TB : struct, IOperandLayout
        where TOutput : struct, ITileOutput
    {
        int first = place.Slice * g.DepthBlock, end = XMath.Min(first + g.DepthBlock, g.K);
        var ofA = new Source(a, TA.IsAlongDepth ? g.ARow : g.ADepth, place.GroupY * TShape.Rows, g.M, end, g.AVectors != 0);
        var ofB = new Source(b, TB.IsAlongDepth ? g.BColumn : g.BDepth, place.GroupX * TShape.Columns, g.N, end, g.BVectors != 0);
        float columnSum = 0f;
        if (g.WithColumnSums != 0 && place.GroupY == 0 && Group.IdxX < TShape.Columns && ofB.Start + Group.IdxX < g.N)
        {
            // In float32, whatever the product is computed in.
            for (int k = first; k < end; k++)
                columnSum += b[k * g.BDepth + (ofB.Start + Group.IdxX) * g.BColumn];
        }
        var sums = default(Sums);
        sums.Clear();
        if (TPrecision.IsBf16)
            RunBf16<TA, TB>(ofA, ofB, first, end);
        else
            RunTf32<TA, TB>(ofA, ofB, first, end);
        GemmTileEnd.Run<TShape, Sums, TOutput>(sums, columnSum, columnSums, c, workspace, tickets, shared, g, place, output);
    }

    private static int StageBytes => RowBytes * (TShape.Rows + TShape.Columns);

    private static void RunTf32<TA, TB>(Source a, Source b, int first, int end)
        where TA : struct, IOperandLayout
        where TB : struct, IOperandLayout
    {
        const int depth = 16;
        int partB = RowBytes * TShape.Rows;
        int placeOfA = Sums.PlaceOfA<TA>(), placeOfB = Sums.PlaceOfB<TB>();
        int stages = StageBytes;
        Copy<TA>(a, 0, TShape.Rows, first);
        Copy<TB>(b, partB, TShape.Columns, first);
        TensorCore.CommitCopies();
        Copy<TA>(a, stages, TShape.Rows, first + depth);
        Copy<TB>(b, stages + partB, TShape.Columns, first + depth);
        TensorCore.CommitCopies();
        int stage = 0, next = 2 * stages;
        for (int k0 = first; k0 < end; k0 += depth)
        {
            TensorCore.WaitForCopiesButOne();
            // Everybody's copies have come, and everybody is done with the stage that is filled next.
            Group.Barrier();
            Copy<TA>(a, next, TShape.Rows, k0 + 2 * depth);
            Copy<TB>(b, next + partB, TShape.Columns, k0 + 2 * depth);
            TensorCore.CommitCopies();
            Sums.Step<TA, TB>(stage, stage + partB, placeOfA, placeOfB, 0);
            Sums.Step<TA, TB>(stage, stage + partB, placeOfA, placeOfB, 1);
            stage = stage == 2 * stages ? 0 : stage + stages;
            next = next == 2 * stages ? 0 : next + stages;
        }
        TensorCore.WaitForCopies();
        Group.Barrier();
    }

    private static void RunBf16<TA, TB>(Source a, Source b, int first, int end)
        where TA : struct, IOperandLayout
        where TB : struct, IOperandLayout
    {
        const int depth = 32;
        int partB = RowBytes * TShape.Rows;
        int placeOfA = Sums.PlaceOfA<TA>(), placeOfB = Sums.PlaceOfB<TB>();
        int stage = 0;
        LoadBf16<TA>(a, TShape.Rows, first);
        StoreBf16<TA>(stage, TShape.Rows);
        LoadBf16<TB>(b, TShape.Columns, first);
        StoreBf16<TB>(stage + partB, TShape.Columns);
        Group.Barrier();
        for (int k0 = first; k0 < end; k0 += depth)
        {
            int next = StageBytes - stage;
            LoadBf16<TA>(a, TShape.Rows, k0 + depth);
            Sums.Step<TA, TB>(stage, stage + partB, placeOfA, placeOfB, 0);
            StoreBf16<TA>(next, TShape.Rows);
            LoadBf16<TB>(b, TShape.Columns, k0 + depth);
            Sums.Step<TA, TB>(stage, stage + partB, placeOfA, placeOfB, 1);
            StoreBf16<TB>(next + partB, TShape.Columns);
            stage = next;
            Group.Barrier();
        }
    }

    /// <summary>An operand in global memory.</summary>
    /// <param name="view">The operand.</param>
    /// <param name="pitch">Elements from one run of neighbours to the next.</param>
    /// <param name="start">The tile's first row of op(A), or column of op(B).</param>
    /// <param name="count">Rows of op(A), or columns of op(B).</param>
    /// <param name="end">The end of this slice of k.</param>
    /// <param name="vectors">Whether every fourth element of every run lies at a multiple of 16 bytes.</param>
    private readonly struct Source(FloatView view, int pitch, int start, int count, int end, bool vectors)
    {
        public readonly FloatView View = view;
        public readonly int Pitch = pitch;
        public readonly int Start = start;
        public readonly int Count = count;
        public readonly int End = end;
        public readonly bool Vectors = vectors;
    }

    /// <summary>Starts the copies of this thread's chunks of a stage of 16 k.</summary>
    private static void Copy<TOperand>(Source source, int address, int extent, int k0)
        where TOperand : struct, IOperandLayout
    {
        for (int e = Group.IdxX; e < 4 * extent; e += Threads)
        {
            int run = TOperand.IsAlongDepth ? e / 4 : e / (extent / 4);
            int chunk = TOperand.IsAlongDepth ? e % 4 : e % (extent / 4);
            int to = address + (TOperand.IsAlongDepth ? Along(run, chunk) : AcrossTf32(run, chunk, extent));
            int sourceRun = run + (TOperand.IsAlongDepth ? source.Start : k0);
            int at = 4 * chunk + (TOperand.IsAlongDepth ? k0 : source.Start);
            int left = (TOperand.IsAlongDepth ? source.End : source.Count) - at;
            left = sourceRun < (TOperand.IsAlongDepth ? source.Count : source.End) ? XMath.Clamp(left, 0, 4) : 0;
            // Where nothing is left, nothing is read; the address must be valid all the same.
            int from = left > 0 ? sourceRun * source.Pitch + at : 0;
            if (source.Vectors)
                TensorCore.CopyAsync16(to, source.View, from, 4 * left);
            else
            {
                TensorCore.CopyAsync4(to, source.View, from, left > 0 ? 4 : 0);
                TensorCore.CopyAsync4(to + 4, source.View, left > 1 ? from + 1 : 0, left > 1 ? 4 : 0);
                TensorCore.CopyAsync4(to + 8, source.View, left > 2 ? from + 2 : 0, left > 2 ? 4 : 0);
                TensorCore.CopyAsync4(to + 12, source.View, left > 3 ? from + 3 : 0, left > 3 ? 4 : 0);
            }
        }
    }

    /// <summary>Bytes to a chunk of a row of an operand that lies along k.</summary>
    private static int Along(int row, int chunk) => RowBytes * row + 16 * (chunk ^ (row >> 1 & 3));

    /// <summary>Bytes to a chunk of the rows of one k.</summary>
    private static int AcrossTf32(int k, int chunk, int extent) => 4 * extent * k + 16 * (chunk ^ 2 * (k & 3));

    /// <inheritdoc cref="AcrossTf32"/>
    private static int AcrossBf16(int k, int chunk, int extent) => 2 * extent * k + 16 * (chunk ^ (k & 7));

    /// <summary>Loads a thread's share of a stage of 32 k, one chunk of 8 or two, and rounds it to BF16.</summary>
    private static void LoadBf16<TOperand>(Source source, int extent, int k0)
        where TOperand : struct, IOperandLayout
    {
        LoadChunk<TOperand>(0, source, extent, k0);
        if (4 * extent > Threads)
            LoadChunk<TOperand>(1, source, extent, k0);
    }

    /// <summary>Puts what <see cref="LoadBf16"/> loaded into shared memory.</summary>
    private static void StoreBf16<TOperand>(int address, int extent)
        where TOperand : struct, IOperandLayout
    {
        StoreChunk<TOperand>(0, address, extent);
        if (4 * extent > Threads)
            StoreChunk<TOperand>(1, address, extent);
    }

    // A thread's chunks differ by constants, as in GemmTiles.cs.
    private static void LoadChunk<TOperand>(int chunk, Source source, int extent, int k0)
        where TOperand : struct, IOperandLayout
    {
        int perRun = TOperand.IsAlongDepth ? 4 : extent / 8;
        int run = Group.IdxX / perRun + (TOperand.IsAlongDepth ? source.Start : k0) + chunk * Threads / perRun;
        int at = 8 * (Group.IdxX % perRun) + (TOperand.IsAlongDepth ? k0 : source.Start);
        int runs = TOperand.IsAlongDepth ? source.Count : source.End;
        int elements = TOperand.IsAlongDepth ? source.End : source.Count;
        TensorCore.KeepBf16(
            chunk,
            Four.LoadPart(source.View, source.Pitch, run, at, runs, elements, source.Vectors),
            Four.LoadPart(source.View, source.Pitch, run, at + 4, runs, elements, source.Vectors));
    }

    private static void StoreChunk<TOperand>(int chunk, int address, int extent)
        where TOperand : struct, IOperandLayout
    {
        int perRun = TOperand.IsAlongDepth ? 4 : extent / 8;
        int run = Group.IdxX / perRun, at = Group.IdxX % perRun;
        int first = TOperand.IsAlongDepth ? Along(run, at) : AcrossBf16(run, at, extent);
        TensorCore.StoreChunk(chunk, address + first + 16 * Threads * chunk);
    }

    /// <summary>A thread's part of its warp's sums, in the registers of <see cref="TensorFragments"/>.</summary>
    private readonly struct Sums : ITileSums<Sums>
    {
        public static int Count => TShape.Rows * TShape.Columns / Threads;

        private static bool IsWide => TShape.Rows == 128;

        private static int WarpRows => TShape.Rows / 2;

        private static int WarpColumns => TShape.Columns / WarpsX;

        public readonly void Clear() => TensorFragments.Clear(IsWide);

        /// <summary>
        /// Bytes from a stage's part of A to what this lane loads of the warp's first fragment. Along the swizzle the others differ from it
        /// by an exclusive or with one of three constants, and else by a sum, so that few addresses are kept from one stage to the next.
        /// </summary>
        public static int PlaceOfA<TA>()
            where TA : struct, IOperandLayout
        {
            int lane = Group.IdxX % 32, row = Group.IdxX / 32 / WarpsX * WarpRows;
            if (TA.IsAlongDepth)
                return Along(row + lane % 16, lane / 16);
            return TPrecision.IsBf16
                ? AcrossBf16(lane % 8 + lane / 16 * 8, row / 8 + lane / 8 % 2, TShape.Rows)
                : AcrossTf32(lane % 4, (row + lane / 4) / 4, TShape.Rows) + 4 * (lane / 4 % 4);
        }

        /// <summary>As <see cref="PlaceOfA"/>, for pairs of fragments of B.</summary>
        public static int PlaceOfB<TB>()
            where TB : struct, IOperandLayout
        {
            int lane = Group.IdxX % 32, column = Group.IdxX / 32 % WarpsX * WarpColumns;
            if (TB.IsAlongDepth)
                return Along(column + lane % 8 + lane / 16 * 8, lane / 8 % 2);
            return TPrecision.IsBf16
                ? AcrossBf16(lane % 16, column / 8 + lane / 16, TShape.Columns)
                : AcrossTf32(lane % 4, (column + lane / 4) / 4, TShape.Columns) + 4 * (lane / 4 % 4);
        }

        /// <summary>Adds the products of one half of a stage.</summary>
        public static void Step<TA, TB>(int stageA, int stageB, int placeOfA, int placeOfB, int half)
            where TA : struct, IOperandLayout
            where TB : struct, IOperandLayout
        {
            LoadB<TB>(0, stageB, placeOfB, half);
            if (IsWide)
                LoadB<TB>(1, stageB, placeOfB, half);
            AddRow<TA>(0, stageA, placeOfA, half);
            AddRow<TA>(1, stageA, placeOfA, half);
            if (IsWide)
            {
                AddRow<TA>(2, stageA, placeOfA, half);
                AddRow<TA>(3, stageA, placeOfA, half);
            }
        }

        /// <summary>
        /// 16 rows of 32 bytes. A row's 16 bytes are 4 k of TF32, so that matrices of 16-bit elements are then read for what they are not.
        /// </summary>
        private static void AddRow<TA>(int row, int stage, int place, int half)
            where TA : struct, IOperandLayout
        {
            if (TA.IsAlongDepth)
                TensorCore.LoadA(stage + (place ^ 32 * half) + 16 * RowBytes * row);
            else if (TPrecision.IsBf16)
                TensorCore.LoadTransposedA(stage + (place ^ 32 * row) + 32 * TShape.Rows * half);
            else
            {
                int from = stage + 128 * (row / 2) + 32 * TShape.Rows * half, low = place ^ 64 * (row % 2), high = low ^ 32;
                TensorCore.LoadA(from + low, from + high, from + low + 16 * TShape.Rows, from + high + 16 * TShape.Rows);
            }
            if (!TPrecision.IsBf16)
                TensorCore.RoundA();
            TPrecision.Multiply(row);
            if (IsWide)
                TPrecision.Multiply(row + 4);
        }

        /// <summary>Two fragments side by side, 8 columns each.</summary>
        private static void LoadB<TB>(int pair, int stage, int place, int half)
            where TB : struct, IOperandLayout
        {
            if (TB.IsAlongDepth)
                TensorCore.LoadB(pair, stage + (place ^ 32 * half) + 16 * RowBytes * pair);
            else if (TPrecision.IsBf16)
                TensorCore.LoadTransposedB(pair, stage + (place ^ 32 * pair) + 32 * TShape.Columns * half);
            else
            {
                int from = stage + 32 * TShape.Columns * half, left = place ^ 64 * pair, right = left ^ 32;
                TensorCore.LoadB(pair, from + left, from + left + 16 * TShape.Columns, from + right, from + right + 16 * TShape.Columns);
            }
            if (!TPrecision.IsBf16)
                TensorCore.RoundB(pair);
        }

        public readonly void Save(FloatView workspace, int start, int thread, int threads) =>
            TensorFragments.Save(IsWide, workspace, start + 4 * thread);

        public readonly void Add(FloatView workspace, int start, int thread, int threads) =>
            TensorFragments.Add(IsWide, workspace, start + 4 * thread);

        // The scratch is the shared memory that the instructions' addresses count from.
        public readonly void Keep(FloatView scratch, int half, int thread)
        {
            int warpRow = thread / 32 / WarpsX, lane = thread % 32, pitch = 4 * TileLayout<TShape>.PitchB;
            // The halves of a wide tile are its two rows of warps.
            if (IsWide && warpRow != half)
                return;
            int row = (IsWide ? 0 : warpRow * WarpRows) + lane / 4, column = thread / 32 % WarpsX * WarpColumns + 2 * (lane % 4);
            int top = row * pitch + 4 * column, bottom = top + 8 * pitch;
            TensorFragments.Keep(IsWide, top, bottom, pitch);
        }
    }
}
