// The matrix product of Gemm.cs for GPUs, in float32.
//
// A group computes a tile of C (GemmTileShapes.cs). It goes along k in stages of 16: while it multiplies one stage out of shared memory,
// the next is already on its way from global memory into registers, from where it goes to the other of two halves of shared memory; so
// there is one barrier per stage. Both operands lie in shared memory as [k][row or column], so that a thread loads four neighbours at a
// time; an operand that lies along k in memory is turned on the way. Sums are named locals.

using GpuVae.Kernels.Gemm.Planning;
using ILGPU;
using ILGPU.Algorithms;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Gemm.Gpu;

internal readonly struct GemmTiles<TShape> : ITileEngine
    where TShape : struct, ITileShape
{
    public static bool IsSupported => true;

    public static FloatView Allocate() => SharedMemory.Allocate<float>(TileLayout<TShape>.SharedElements);

    public static void Multiply<TA, TB, TOutput>(
        FloatView a, FloatView b, FloatView c, FloatView columnSums, FloatView workspace, ArrayView<int> tickets, FloatView shared,
        GemmArguments g, TilePlace place, TOutput output)
        where TA : struct, IOperandLayout
        where TB : struct, IOperandLayout
        where TOutput : struct, ITileOutput
    {
        int thread = Group.IdxX;
        var ofA = new Operand(
            a, TA.IsAlongDepth, TA.IsAlongDepth ? g.ARow : g.ADepth, place.GroupY * TShape.Rows, g.M, g.AVectors != 0, TShape.Rows, 0,
            TileLayout<TShape>.PitchA);
        var ofB = new Operand(
            b, TB.IsAlongDepth, TB.IsAlongDepth ? g.BColumn : g.BDepth, place.GroupX * TShape.Columns, g.N, g.BVectors != 0,
            TShape.Columns, TileLayout<TShape>.Depth * TileLayout<TShape>.PitchA, TileLayout<TShape>.PitchB);
        int first = place.Slice * g.DepthBlock;
        int end = XMath.Min(first + g.DepthBlock, g.K);
        bool sumsColumns = g.WithColumnSums != 0 && place.GroupY == 0 && thread < TShape.Columns;
        int placeA = 4 * TileLayout<TShape>.PlaceY(thread);
        int placeB = TileLayout<TShape>.Depth * TileLayout<TShape>.PitchA + 4 * TileLayout<TShape>.PlaceX(thread);

        var sums = default(Sums);
        float columnSum = 0f;
        int stage = 0;
        if (first < end)
        {
            for (int part = 0; part < ofA.Parts; part++)
                new Share(ofA, first, end, part).Store(shared, stage, ofA, part);
            for (int part = 0; part < ofB.Parts; part++)
                new Share(ofB, first, end, part).Store(shared, stage, ofB, part);
        }
        Group.Barrier();
        for (int k0 = first; k0 < end; k0 += TileLayout<TShape>.Depth)
        {
            // Loads beyond the end give zeros, which nothing uses. A thread's sums leave no registers for its whole share of a stage.
            int nextStage = TileLayout<TShape>.StageElements - stage, nextK = k0 + TileLayout<TShape>.Depth;
            var share = new Share(ofA, nextK, end, 0);
            sums.StepFour(shared, stage + placeA, stage + placeB, 0);
            if (ofA.Parts == 2)
            {
                share.Store(shared, nextStage, ofA, 0);
                share = new Share(ofA, nextK, end, 1);
            }
            sums.StepFour(shared, stage + placeA, stage + placeB, 4);
            share.Store(shared, nextStage, ofA, ofA.Parts - 1);
            share = new Share(ofB, nextK, end, 0);
            sums.StepFour(shared, stage + placeA, stage + placeB, 8);
            if (ofB.Parts == 2)
            {
                share.Store(shared, nextStage, ofB, 0);
                share = new Share(ofB, nextK, end, 1);
            }
            sums.StepFour(shared, stage + placeA, stage + placeB, 12);
            share.Store(shared, nextStage, ofB, ofB.Parts - 1);
            if (sumsColumns)
            {
                int at = stage + TileLayout<TShape>.Depth * TileLayout<TShape>.PitchA + thread;
                for (int depth = 0; depth < TileLayout<TShape>.Depth; depth++)
                    columnSum += shared[at + depth * TileLayout<TShape>.PitchB];
            }
            stage = nextStage;
            Group.Barrier();
        }
        GemmTileEnd.Run<TShape, Sums, TOutput>(
            sums, columnSum, columnSums, c, workspace, tickets, shared, g, place, output);
    }

    /// <summary>An operand in global and in shared memory; what a shape makes constant stays constant.</summary>
    /// <param name="view">The operand.</param>
    /// <param name="alongDepth">Whether the elements of one row of op(A), or column of op(B), are neighbours; else those of one k.</param>
    /// <param name="pitch">Elements from one such run to the next.</param>
    /// <param name="start">The tile's first row of op(A), or column of op(B).</param>
    /// <param name="count">Rows of op(A), or columns of op(B).</param>
    /// <param name="vectors">Whether every fourth element of every run lies at a multiple of 16 bytes.</param>
    /// <param name="extent">The tile's rows or columns.</param>
    /// <param name="stageStart">Where the operand begins in a stage of shared memory.</param>
    /// <param name="stagePitch">Elements from one k to the next there.</param>
    private readonly struct Operand(
        FloatView view, bool alongDepth, int pitch, int start, int count, bool vectors, int extent, int stageStart, int stagePitch)
    {
        private readonly FloatView view = view;
        private readonly bool alongDepth = alongDepth, vectors = vectors;
        private readonly int pitch = pitch, start = start, count = count, extent = extent, stageStart = stageStart, stagePitch = stagePitch;

        // The run of this thread's first four of a stage, and that four's place in it. Along k, two threads take 32 bytes of a row, which
        // is what memory delivers at least, and 16 neighbouring rows: turned, their stores hit 32 banks. Along the rows all threads take
        // neighbours.
        private readonly int run = alongDepth ? Group.IdxX / 2 % extent : Group.IdxX / (extent / 4);
        private readonly int at = 4 * (alongDepth ? Group.IdxX % 2 + 2 * (Group.IdxX / (2 * extent)) : Group.IdxX % (extent / 4));

        /// <summary>Fours of a thread per stage, and the parts that they are taken in.</summary>
        public int Fours => extent * TileLayout<TShape>.Depth / (4 * TileLayout<TShape>.Threads);

        public int Parts => Fours > 2 ? 2 : 1;

        // A thread's fours differ by constants: everything else would be kept in registers that the sums need.
        public Four Load(int k0, int end, int number)
        {
            int e = number * TileLayout<TShape>.Threads;
            int ofRun = run + (alongDepth ? start + e / 2 % extent : k0 + e / (extent / 4));
            int from = at + (alongDepth ? k0 + 8 * (e / (2 * extent)) : start);
            return Four.LoadPart(view, pitch, ofRun, from, alongDepth ? count : end, alongDepth ? end : count, vectors);
        }

        public void Store(Four four, FloatView shared, int stage, int number)
        {
            int e = number * TileLayout<TShape>.Threads, first = stage + stageStart;
            if (alongDepth)
            {
                int to = first + at * stagePitch + run + 8 * (e / (2 * extent)) * stagePitch + e / 2 % extent;
                shared[to] = four.X0;
                shared[to + stagePitch] = four.X1;
                shared[to + 2 * stagePitch] = four.X2;
                shared[to + 3 * stagePitch] = four.X3;
            }
            else
                four.Store(shared, first + run * stagePitch + at + e / (extent / 4) * stagePitch);
        }
    }

    /// <summary>
    /// A thread's share of a stage of one operand on its way through registers, or the first or second part of it: one or two fours.
    /// </summary>
    private readonly struct Share
    {
        private readonly Four f0, f1;

        public Share(Operand operand, int k0, int end, int part)
        {
            f0 = operand.Load(k0, end, 2 * part);
            f1 = operand.Fours > 1 ? operand.Load(k0, end, 2 * part + 1) : default;
        }

        public void Store(FloatView shared, int stage, Operand operand, int part)
        {
            operand.Store(f0, shared, stage, 2 * part);
            if (operand.Fours > 1)
                operand.Store(f1, shared, stage, 2 * part + 1);
        }
    }

    /// <summary>A thread's part of the tile: one quad, or four of them half a tile apart.</summary>
    private struct Sums : ITileSums<Sums>
    {
        private Quad q00, q01, q10, q11;

        public static int Count => TShape.ThreadTile * TShape.ThreadTile;

        public void Clear() => this = default;

        /// <summary>Adds the products of four k, a quarter of a stage.</summary>
        public void StepFour(FloatView shared, int atA, int atB, int depth)
        {
            Step(shared, atA, atB, depth);
            Step(shared, atA, atB, depth + 1);
            Step(shared, atA, atB, depth + 2);
            Step(shared, atA, atB, depth + 3);
        }

        /// <summary>Adds the products of one k.</summary>
        private void Step(FloatView shared, int atA, int atB, int depth)
        {
            atA += depth * TileLayout<TShape>.PitchA;
            atB += depth * TileLayout<TShape>.PitchB;
            Four a0 = Four.Load(shared, atA), b0 = Four.Load(shared, atB);
            q00.Add(a0, b0);
            if (TileLayout<TShape>.IsWide)
            {
                var b1 = Four.Load(shared, atB + TShape.Columns / 2);
                q01.Add(a0, b1);
                var a1 = Four.Load(shared, atA + TShape.Rows / 2);
                q10.Add(a1, b0);
                q11.Add(a1, b1);
            }
        }

        public readonly void Save(FloatView workspace, int start, int thread, int threads)
        {
            int at = start + 4 * thread;
            q00.Store(workspace, at, 4 * threads);
            if (TileLayout<TShape>.IsWide)
            {
                q01.Store(workspace, at + 16 * threads, 4 * threads);
                q10.Store(workspace, at + 32 * threads, 4 * threads);
                q11.Store(workspace, at + 48 * threads, 4 * threads);
            }
        }

        public void Add(FloatView workspace, int start, int thread, int threads)
        {
            int at = start + 4 * thread;
            q00.AddFrom(workspace, at, 4 * threads);
            if (TileLayout<TShape>.IsWide)
            {
                q01.AddFrom(workspace, at + 16 * threads, 4 * threads);
                q10.AddFrom(workspace, at + 32 * threads, 4 * threads);
                q11.AddFrom(workspace, at + 48 * threads, 4 * threads);
            }
        }

        public readonly void Keep(FloatView scratch, int half, int thread)
        {
            int pitch = TileLayout<TShape>.PitchB;
            int at = 4 * TileLayout<TShape>.PlaceY(thread) * pitch + 4 * TileLayout<TShape>.PlaceX(thread);
            if (half == 0)
            {
                q00.Store(scratch, at, pitch);
                if (TileLayout<TShape>.IsWide)
                    q01.Store(scratch, at + TShape.Columns / 2, pitch);
            }
            else
            {
                q10.Store(scratch, at, pitch);
                q11.Store(scratch, at + TShape.Columns / 2, pitch);
            }
        }
    }
}
