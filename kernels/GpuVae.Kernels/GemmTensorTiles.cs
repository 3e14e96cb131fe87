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

using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime.Cuda;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels;

/// <summary>A tile that eight warps share.</summary>
internal interface ITensorTileShape : ITileShape;

/// <summary>The arithmetic of a product on tensor cores.</summary>
internal interface ITensorPrecision
{
    static abstract bool IsBf16 { get; }
}

internal readonly struct Tf32Precision : ITensorPrecision
{
    public static bool IsBf16 => false;
}

internal readonly struct Bf16Precision : ITensorPrecision
{
    public static bool IsBf16 => true;
}

/// <summary>How an operand lies in memory.</summary>
internal interface ITensorOperand
{
    /// <summary>Whether the elements of one row of op(A), or column of op(B), are neighbours; else those of one k.</summary>
    static abstract bool IsAlongDepth { get; }
}

internal readonly struct AlongDepth : ITensorOperand
{
    public static bool IsAlongDepth => true;
}

internal readonly struct AcrossDepth : ITensorOperand
{
    public static bool IsAlongDepth => false;
}

internal static class GemmTensorTiles
{
    public const int Threads = 256;

    private const int WarpsX = 4;

    // k times 4 bytes, or 2 bytes: 64 bytes in any case.
    private const int RowBytes = 64;

    public static void Kernel<TShape, TPrecision, TA, TB, TEpilogue>(
        FloatView a, FloatView b, FloatView c, FloatView workspace, ArrayView<int> tickets, GemmArguments g, TEpilogue epilogue)
        where TShape : struct, ITensorTileShape
        where TPrecision : struct, ITensorPrecision
        where TA : struct, ITensorOperand
        where TB : struct, ITensorOperand
        where TEpilogue : struct, IEpilogue
    {
        if (!CudaAsm.IsSupported)
            return;
        FloatView shared = SharedMemory.Allocate<float>(SharedElements<TShape>());
        Multiply<TShape, TPrecision, TA, TB, EpilogueOutput<TEpilogue>>(
            a, b, c, c, workspace, tickets, shared, g, new TilePlace(g, Grid.IdxX), new EpilogueOutput<TEpilogue>(epilogue));
    }

    /// <summary>Three stages of both operands; afterwards half a tile of sums fits in.</summary>
    public static int SharedElements<TShape>()
        where TShape : struct, ITensorTileShape => 3 * StageBytes<TShape>() / 4;

    /// <summary>As <see cref="GemmTiles.Multiply"/>.</summary>
    public static void Multiply<TShape, TPrecision, TA, TB, TOutput>(
        FloatView a, FloatView b, FloatView c, FloatView columnSums, FloatView workspace, ArrayView<int> tickets, FloatView shared,
        GemmArguments g, TilePlace place, TOutput output)
        where TShape : struct, ITensorTileShape
        where TPrecision : struct, ITensorPrecision
        where TA : struct, ITensorOperand
        where TB : struct, ITensorOperand
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
        int address = TensorCore.SharedAddress(shared);
        var sums = default(Sums<TShape>);
        if (TPrecision.IsBf16)
            RunBf16<TShape, TA, TB>(ref sums, ofA, ofB, address, first, end);
        else
            RunTf32<TShape, TA, TB>(ref sums, ofA, ofB, address, first, end);
        GemmTileEnd.Run<TShape, Sums<TShape>, TOutput>(sums, columnSum, columnSums, c, workspace, tickets, shared, g, place, output);
    }

    private static int StageBytes<TShape>()
        where TShape : struct, ITensorTileShape => RowBytes * (TShape.Rows + TShape.Columns);

    private static void RunTf32<TShape, TA, TB>(ref Sums<TShape> sums, Source a, Source b, int address, int first, int end)
        where TShape : struct, ITensorTileShape
        where TA : struct, ITensorOperand
        where TB : struct, ITensorOperand
    {
        const int depth = 16;
        int partB = RowBytes * TShape.Rows;
        int stages = StageBytes<TShape>();
        Copy<TA>(a, address, TShape.Rows, first);
        Copy<TB>(b, address + partB, TShape.Columns, first);
        TensorCore.CommitCopies();
        Copy<TA>(a, address + stages, TShape.Rows, first + depth);
        Copy<TB>(b, address + stages + partB, TShape.Columns, first + depth);
        TensorCore.CommitCopies();
        int stage = 0, next = 2 * stages;
        for (int k0 = first; k0 < end; k0 += depth)
        {
            TensorCore.WaitForCopiesButOne();
            // Everybody's copies have come, and everybody is done with the stage that is filled next.
            Group.Barrier();
            Copy<TA>(a, address + next, TShape.Rows, k0 + 2 * depth);
            Copy<TB>(b, address + next + partB, TShape.Columns, k0 + 2 * depth);
            TensorCore.CommitCopies();
            sums.StepTf32<TA, TB>(address + stage, address + stage + partB, 0);
            sums.StepTf32<TA, TB>(address + stage, address + stage + partB, 8);
            stage = stage == 2 * stages ? 0 : stage + stages;
            next = next == 2 * stages ? 0 : next + stages;
        }
        TensorCore.WaitForCopies();
        Group.Barrier();
    }

    private static void RunBf16<TShape, TA, TB>(ref Sums<TShape> sums, Source a, Source b, int address, int first, int end)
        where TShape : struct, ITensorTileShape
        where TA : struct, ITensorOperand
        where TB : struct, ITensorOperand
    {
        const int depth = 32;
        int partB = RowBytes * TShape.Rows;
        int stage = address;
        Loaded.From<TA>(a, TShape.Rows, first).StoreTo<TA>(stage, TShape.Rows);
        Loaded.From<TB>(b, TShape.Columns, first).StoreTo<TB>(stage + partB, TShape.Columns);
        Group.Barrier();
        for (int k0 = first; k0 < end; k0 += depth)
        {
            Loaded nextA = Loaded.From<TA>(a, TShape.Rows, k0 + depth);
            Loaded nextB = Loaded.From<TB>(b, TShape.Columns, k0 + depth);
            sums.StepBf16<TA, TB>(stage, stage + partB, 0);
            sums.StepBf16<TA, TB>(stage, stage + partB, 16);
            stage = 2 * address + StageBytes<TShape>() - stage;
            nextA.StoreTo<TA>(stage, TShape.Rows);
            nextB.StoreTo<TB>(stage + partB, TShape.Columns);
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
        where TOperand : struct, ITensorOperand
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

    /// <summary>A thread's share of a stage of 32 k in BF16: one chunk of 8, or two.</summary>
    private struct Loaded
    {
        private Words first, second;

        public static Loaded From<TOperand>(Source source, int extent, int k0)
            where TOperand : struct, ITensorOperand
        {
            var loaded = new Loaded { first = LoadChunk<TOperand>(source, extent, k0, Group.IdxX) };
            if (4 * extent > Threads)
                loaded.second = LoadChunk<TOperand>(source, extent, k0, Group.IdxX + Threads);
            return loaded;
        }

        public readonly void StoreTo<TOperand>(int address, int extent)
            where TOperand : struct, ITensorOperand
        {
            StoreChunk<TOperand>(first, address, extent, Group.IdxX);
            if (4 * extent > Threads)
                StoreChunk<TOperand>(second, address, extent, Group.IdxX + Threads);
        }

        private static Words LoadChunk<TOperand>(Source source, int extent, int k0, int e)
            where TOperand : struct, ITensorOperand
        {
            int run = TOperand.IsAlongDepth ? e / 4 + source.Start : e / (extent / 8) + k0;
            int at = 8 * (TOperand.IsAlongDepth ? e % 4 : e % (extent / 8)) + (TOperand.IsAlongDepth ? k0 : source.Start);
            int runs = TOperand.IsAlongDepth ? source.Count : source.End;
            int elements = TOperand.IsAlongDepth ? source.End : source.Count;
            GemmTiles.Four low = GemmTiles.Four.LoadPart(source.View, source.Pitch, run, at, runs, elements, source.Vectors);
            GemmTiles.Four high = GemmTiles.Four.LoadPart(source.View, source.Pitch, run, at + 4, runs, elements, source.Vectors);
            return new Words
            {
                X0 = TensorCore.ToBf16(low.X0, low.X1),
                X1 = TensorCore.ToBf16(low.X2, low.X3),
                X2 = TensorCore.ToBf16(high.X0, high.X1),
                X3 = TensorCore.ToBf16(high.X2, high.X3),
            };
        }

        private static void StoreChunk<TOperand>(Words words, int address, int extent, int e)
            where TOperand : struct, ITensorOperand =>
            TensorCore.Store(
                address + (TOperand.IsAlongDepth ? Along(e / 4, e % 4) : AcrossBf16(e / (extent / 8), e % (extent / 8), extent)), words);
    }

    /// <summary>
    /// A thread's part of its warp's sums: fragments of 16 × 8 of which it holds columns 2t and 2t + 1 of rows g and g + 8, with
    /// g = lane / 4 and t = lane % 4.
    /// </summary>
    private struct Sums<TShape> : ITileSums<Sums<TShape>>
        where TShape : struct, ITensorTileShape
    {
        private FragmentRow r0, r1, r2, r3;

        public static int Count => TShape.Rows * TShape.Columns / Threads;

        private static bool IsWide => TShape.Rows == 128;

        private static int WarpRows => TShape.Rows / 2;

        private static int WarpColumns => TShape.Columns / WarpsX;

        /// <summary>Adds the products of 8 k.</summary>
        public void StepTf32<TA, TB>(int atA, int atB, int k)
            where TA : struct, ITensorOperand
            where TB : struct, ITensorOperand
        {
            int lane = Group.IdxX % 32, row = Group.IdxX / 32 / WarpsX * WarpRows, column = Group.IdxX / 32 % WarpsX * WarpColumns;
            Words b0 = Tf32B<TB>(atB, column, k, lane), b1 = default;
            if (IsWide)
                b1 = Tf32B<TB>(atB, column + 16, k, lane);
            r0.AddTf32(Tf32A<TA>(atA, row, k, lane), b0, b1, IsWide);
            r1.AddTf32(Tf32A<TA>(atA, row + 16, k, lane), b0, b1, IsWide);
            if (IsWide)
            {
                r2.AddTf32(Tf32A<TA>(atA, row + 32, k, lane), b0, b1, IsWide);
                r3.AddTf32(Tf32A<TA>(atA, row + 48, k, lane), b0, b1, IsWide);
            }
        }

        /// <summary>Adds the products of 16 k.</summary>
        public void StepBf16<TA, TB>(int atA, int atB, int k)
            where TA : struct, ITensorOperand
            where TB : struct, ITensorOperand
        {
            int lane = Group.IdxX % 32, row = Group.IdxX / 32 / WarpsX * WarpRows, column = Group.IdxX / 32 % WarpsX * WarpColumns;
            Words b0 = Bf16B<TB>(atB, column, k, lane), b1 = default;
            if (IsWide)
                b1 = Bf16B<TB>(atB, column + 16, k, lane);
            r0.AddBf16(Bf16A<TA>(atA, row, k, lane), b0, b1, IsWide);
            r1.AddBf16(Bf16A<TA>(atA, row + 16, k, lane), b0, b1, IsWide);
            if (IsWide)
            {
                r2.AddBf16(Bf16A<TA>(atA, row + 32, k, lane), b0, b1, IsWide);
                r3.AddBf16(Bf16A<TA>(atA, row + 48, k, lane), b0, b1, IsWide);
            }
        }

        /// <summary>16 rows of 8 k. A row's 16 bytes are 4 k, so that matrices of 16-bit elements are read for what they are not.</summary>
        private static Words Tf32A<TA>(int address, int row, int k, int lane)
            where TA : struct, ITensorOperand
        {
            if (TA.IsAlongDepth)
                return Rounded(TensorCore.LoadMatrices(address + Along(row + lane % 16, k / 4 + lane / 16)));
            int g = lane / 4, t = lane % 4;
            return Rounded(new Words
            {
                X0 = TensorCore.Load(address + WordTf32(k + t, row + g, TShape.Rows)),
                X1 = TensorCore.Load(address + WordTf32(k + t, row + g + 8, TShape.Rows)),
                X2 = TensorCore.Load(address + WordTf32(k + t + 4, row + g, TShape.Rows)),
                X3 = TensorCore.Load(address + WordTf32(k + t + 4, row + g + 8, TShape.Rows)),
            });
        }

        /// <summary>Two fragments side by side, 8 columns each, of 8 k.</summary>
        private static Words Tf32B<TB>(int address, int column, int k, int lane)
            where TB : struct, ITensorOperand
        {
            if (TB.IsAlongDepth)
            {
                return Rounded(TensorCore.LoadMatrices(
                    address + Along(column + lane % 8 + lane / 16 * 8, k / 4 + lane / 8 % 2)));
            }
            int g = lane / 4, t = lane % 4;
            return Rounded(new Words
            {
                X0 = TensorCore.Load(address + WordTf32(k + t, column + g, TShape.Columns)),
                X1 = TensorCore.Load(address + WordTf32(k + t + 4, column + g, TShape.Columns)),
                X2 = TensorCore.Load(address + WordTf32(k + t, column + g + 8, TShape.Columns)),
                X3 = TensorCore.Load(address + WordTf32(k + t + 4, column + g + 8, TShape.Columns)),
            });
        }

        private static int WordTf32(int k, int row, int extent) => AcrossTf32(k, row / 4, extent) + 4 * (row % 4);

        private static Words Bf16A<TA>(int address, int row, int k, int lane)
            where TA : struct, ITensorOperand => TA.IsAlongDepth
            ? TensorCore.LoadMatrices(address + Along(row + lane % 16, k / 8 + lane / 16))
            : TensorCore.LoadTransposedMatrices(
                address + AcrossBf16(k + lane % 8 + lane / 16 * 8, row / 8 + lane / 8 % 2, TShape.Rows));

        private static Words Bf16B<TB>(int address, int column, int k, int lane)
            where TB : struct, ITensorOperand => TB.IsAlongDepth
            ? TensorCore.LoadMatrices(address + Along(column + lane % 8 + lane / 16 * 8, k / 8 + lane / 8 % 2))
            : TensorCore.LoadTransposedMatrices(
                address + AcrossBf16(k + lane % 16, column / 8 + lane / 16, TShape.Columns));

        private static Words Rounded(Words words) => new()
        {
            X0 = TensorCore.ToTf32(words.X0),
            X1 = TensorCore.ToTf32(words.X1),
            X2 = TensorCore.ToTf32(words.X2),
            X3 = TensorCore.ToTf32(words.X3),
        };

        public readonly void Save(FloatView workspace, int start, int thread, int threads)
        {
            int at = start + 4 * thread, step = FragmentRow.Count(IsWide) * 4 * threads;
            r0.Save(workspace, at, 4 * threads, IsWide);
            r1.Save(workspace, at + step, 4 * threads, IsWide);
            if (IsWide)
            {
                r2.Save(workspace, at + 2 * step, 4 * threads, IsWide);
                r3.Save(workspace, at + 3 * step, 4 * threads, IsWide);
            }
        }

        public void Add(FloatView workspace, int start, int thread, int threads)
        {
            int at = start + 4 * thread, step = FragmentRow.Count(IsWide) * 4 * threads;
            r0.AddFrom(workspace, at, 4 * threads, IsWide);
            r1.AddFrom(workspace, at + step, 4 * threads, IsWide);
            if (IsWide)
            {
                r2.AddFrom(workspace, at + 2 * step, 4 * threads, IsWide);
                r3.AddFrom(workspace, at + 3 * step, 4 * threads, IsWide);
            }
        }

        public readonly void Keep(FloatView scratch, int half, int thread)
        {
            int warpRow = thread / 32 / WarpsX, lane = thread % 32, pitch = TileLayout<TShape>.PitchB;
            // The halves of a wide tile are its two rows of warps.
            if (IsWide && warpRow != half)
                return;
            int row = (IsWide ? 0 : warpRow * WarpRows) + lane / 4, column = thread / 32 % WarpsX * WarpColumns + 2 * (lane % 4);
            int at = row * pitch + column;
            r0.Keep(scratch, at, pitch, IsWide);
            r1.Keep(scratch, at + 16 * pitch, pitch, IsWide);
            if (IsWide)
            {
                r2.Keep(scratch, at + 32 * pitch, pitch, IsWide);
                r3.Keep(scratch, at + 48 * pitch, pitch, IsWide);
            }
        }
    }

    /// <summary>Fragments side by side: four, or two.</summary>
    private struct FragmentRow
    {
        private GemmTiles.Four f0, f1, f2, f3;

        public static int Count(bool wide) => wide ? 4 : 2;

        public void AddTf32(Words a, Words b0, Words b1, bool wide)
        {
            TensorCore.MultiplyTf32(ref f0, a, b0.X0, b0.X1);
            TensorCore.MultiplyTf32(ref f1, a, b0.X2, b0.X3);
            if (wide)
            {
                TensorCore.MultiplyTf32(ref f2, a, b1.X0, b1.X1);
                TensorCore.MultiplyTf32(ref f3, a, b1.X2, b1.X3);
            }
        }

        public void AddBf16(Words a, Words b0, Words b1, bool wide)
        {
            TensorCore.MultiplyBf16(ref f0, a, b0.X0, b0.X1);
            TensorCore.MultiplyBf16(ref f1, a, b0.X2, b0.X3);
            if (wide)
            {
                TensorCore.MultiplyBf16(ref f2, a, b1.X0, b1.X1);
                TensorCore.MultiplyBf16(ref f3, a, b1.X2, b1.X3);
            }
        }

        public readonly void Save(FloatView workspace, int at, int step, bool wide)
        {
            f0.Store(workspace, at);
            f1.Store(workspace, at + step);
            if (wide)
            {
                f2.Store(workspace, at + 2 * step);
                f3.Store(workspace, at + 3 * step);
            }
        }

        public void AddFrom(FloatView workspace, int at, int step, bool wide)
        {
            f0.Add(GemmTiles.Four.Load(workspace, at));
            f1.Add(GemmTiles.Four.Load(workspace, at + step));
            if (wide)
            {
                f2.Add(GemmTiles.Four.Load(workspace, at + 2 * step));
                f3.Add(GemmTiles.Four.Load(workspace, at + 3 * step));
            }
        }

        public readonly void Keep(FloatView scratch, int at, int pitch, bool wide)
        {
            KeepFragment(f0, scratch, at, pitch);
            KeepFragment(f1, scratch, at + 8, pitch);
            if (wide)
            {
                KeepFragment(f2, scratch, at + 16, pitch);
                KeepFragment(f3, scratch, at + 24, pitch);
            }
        }

        private static void KeepFragment(GemmTiles.Four fragment, FloatView scratch, int at, int pitch)
        {
            scratch[at] = fragment.X0;
            scratch[at + 1] = fragment.X1;
            scratch[at + 8 * pitch] = fragment.X2;
            scratch[at + 8 * pitch + 1] = fragment.X3;
        }
    }
}
