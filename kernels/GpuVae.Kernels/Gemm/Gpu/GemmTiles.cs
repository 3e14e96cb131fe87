// The matrix product of Gemm.cs for GPUs, in float32.
//
// A group computes a tile of C (GemmTileShapes.cs). It goes along k in stages of 16: while it multiplies one stage out of shared memory,
// the next is already on its way from global memory into registers, from where it goes to the other of two halves of shared memory; so
// there is one barrier per stage. Both operands lie in shared memory as [k][row or column], so that a thread loads four neighbours at a
// time; an operand that lies along k in memory is turned on the way. Sums are named locals.

using GpuVae.Kernels.Gemm.Planning;
using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime;
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
            TA.IsAlongDepth, TA.IsAlongDepth ? g.ARow : g.ADepth, place.GroupY * TShape.Rows, g.M, g.AVectors != 0, TShape.Rows, thread);
        var ofB = new Operand(
            TB.IsAlongDepth, TB.IsAlongDepth ? g.BColumn : g.BDepth, place.GroupX * TShape.Columns, g.N, g.BVectors != 0, TShape.Columns,
            thread);
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
            for (int part = 0; part < Share.PartsOfA; part++)
                Share.LoadA(a, ofA, first, end, part).StoreA(shared, stage, ofA, part);
            for (int part = 0; part < Share.PartsOfB; part++)
                Share.LoadB(b, ofB, first, end, part).StoreB(shared, stage, ofB, part);
        }
        Group.Barrier();
        for (int k0 = first; k0 < end; k0 += TileLayout<TShape>.Depth)
        {
            // Loads beyond the end give zeros, which nothing uses. A thread's sums leave no registers for its whole share of a stage.
            int nextStage = TileLayout<TShape>.StageElements - stage, nextK = k0 + TileLayout<TShape>.Depth;
            var share = Share.LoadA(a, ofA, nextK, end, 0);
            sums.StepFour(shared, stage + placeA, stage + placeB, 0);
            if (Share.PartsOfA == 2)
            {
                share.StoreA(shared, nextStage, ofA, 0);
                share = Share.LoadA(a, ofA, nextK, end, 1);
            }
            sums.StepFour(shared, stage + placeA, stage + placeB, 4);
            share.StoreA(shared, nextStage, ofA, Share.PartsOfA - 1);
            share = Share.LoadB(b, ofB, nextK, end, 0);
            sums.StepFour(shared, stage + placeA, stage + placeB, 8);
            if (Share.PartsOfB == 2)
            {
                share.StoreB(shared, nextStage, ofB, 0);
                share = Share.LoadB(b, ofB, nextK, end, 1);
            }
            sums.StepFour(shared, stage + placeA, stage + placeB, 12);
            share.StoreB(shared, nextStage, ofB, Share.PartsOfB - 1);
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

    /// <summary>How an operand lies in memory.</summary>
    /// <param name="alongDepth">Whether the elements of one row of op(A), or column of op(B), are neighbours; else those of one k.</param>
    /// <param name="pitch">Elements from one such run to the next.</param>
    /// <param name="start">The tile's first row of op(A), or column of op(B).</param>
    /// <param name="count">Rows of op(A), or columns of op(B).</param>
    /// <param name="vectors">Whether every fourth element of every run lies at a multiple of 16 bytes.</param>
    /// <param name="extent">The tile's rows or columns.</param>
    /// <param name="thread">This thread.</param>
    private readonly struct Operand(bool alongDepth, int pitch, int start, int count, bool vectors, int extent, int thread)
    {
        public readonly bool AlongDepth = alongDepth;
        public readonly int Pitch = pitch;
        public readonly int Start = start;
        public readonly int Count = count;
        public readonly bool Vectors = vectors;

        /// <summary>The run of this thread's first four of a stage, and that four's place in it.</summary>
        // Along k, two threads take 32 bytes of a row, which is what memory delivers at least, and 16 neighbouring rows: turned, their
        // stores hit 32 banks. Along the rows all threads take neighbours.
        public readonly int Run = alongDepth ? thread / 2 % extent : thread / (extent / 4);
        public readonly int At = 4 * (alongDepth ? thread % 2 + 2 * (thread / (2 * extent)) : thread % (extent / 4));
    }

    /// <summary>
    /// A thread's share of a stage of one operand on its way through registers, or the first or second part of it: one or two fours.
    /// </summary>
    private struct Share
    {
        private Four f0, f1;

        /// <summary>Parts of a share of A.</summary>
        public static int PartsOfA => FoursOfA > 2 ? 2 : 1;

        /// <summary>Parts of a share of B.</summary>
        public static int PartsOfB => FoursOfB > 2 ? 2 : 1;

        private static int FoursOfA => TShape.Rows * TileLayout<TShape>.Depth / (4 * TileLayout<TShape>.Threads);

        private static int FoursOfB => TShape.Columns * TileLayout<TShape>.Depth / (4 * TileLayout<TShape>.Threads);

        public static Share LoadA(FloatView a, Operand operand, int k0, int end, int part) =>
            Load(a, operand, k0, end, TShape.Rows, FoursOfA, part);

        public static Share LoadB(FloatView b, Operand operand, int k0, int end, int part) =>
            Load(b, operand, k0, end, TShape.Columns, FoursOfB, part);

        public readonly void StoreA(FloatView shared, int stage, Operand operand, int part) =>
            Store(shared, stage, TileLayout<TShape>.PitchA, operand, TShape.Rows, FoursOfA, part);

        public readonly void StoreB(FloatView shared, int stage, Operand operand, int part) => Store(
            shared, stage + TileLayout<TShape>.Depth * TileLayout<TShape>.PitchA, TileLayout<TShape>.PitchB, operand, TShape.Columns,
            FoursOfB, part);

        private static Share Load(FloatView view, Operand operand, int k0, int end, int extent, int fours, int part)
        {
            var share = new Share { f0 = LoadFour(view, operand, k0, end, extent, 2 * part) };
            if (fours > 1)
                share.f1 = LoadFour(view, operand, k0, end, extent, 2 * part + 1);
            return share;
        }

        private readonly void Store(FloatView shared, int start, int pitch, Operand operand, int extent, int fours, int part)
        {
            StoreFour(f0, shared, start, pitch, operand, extent, 2 * part);
            if (fours > 1)
                StoreFour(f1, shared, start, pitch, operand, extent, 2 * part + 1);
        }

        // A thread's fours differ by constants: everything else would be kept in registers that the sums need.
        private static Four LoadFour(FloatView view, Operand operand, int k0, int end, int extent, int number)
        {
            int e = number * TileLayout<TShape>.Threads;
            int run = operand.Run + (operand.AlongDepth ? operand.Start + e / 2 % extent : k0 + e / (extent / 4));
            int at = operand.At + (operand.AlongDepth ? k0 + 8 * (e / (2 * extent)) : operand.Start);
            int runs = operand.AlongDepth ? operand.Count : end;
            int elements = operand.AlongDepth ? end : operand.Count;
            return Four.LoadPart(view, operand.Pitch, run, at, runs, elements, operand.Vectors);
        }

        private static void StoreFour(Four four, FloatView shared, int start, int pitch, Operand operand, int extent, int number)
        {
            int e = number * TileLayout<TShape>.Threads;
            if (operand.AlongDepth)
            {
                int to = start + operand.At * pitch + operand.Run + 8 * (e / (2 * extent)) * pitch + e / 2 % extent;
                shared[to] = four.X0;
                shared[to + pitch] = four.X1;
                shared[to + 2 * pitch] = four.X2;
                shared[to + 3 * pitch] = four.X3;
            }
            else
                four.Store(shared, start + operand.Run * pitch + operand.At + e / (extent / 4) * pitch);
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
            q00.Save(workspace, at, 4 * threads);
            if (TileLayout<TShape>.IsWide)
            {
                q01.Save(workspace, at + 16 * threads, 4 * threads);
                q10.Save(workspace, at + 32 * threads, 4 * threads);
                q11.Save(workspace, at + 48 * threads, 4 * threads);
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
                q00.Keep(scratch, at, pitch);
                if (TileLayout<TShape>.IsWide)
                    q01.Keep(scratch, at + TShape.Columns / 2, pitch);
            }
            else
            {
                q10.Keep(scratch, at, pitch);
                q11.Keep(scratch, at + TShape.Columns / 2, pitch);
            }
        }
    }
}
