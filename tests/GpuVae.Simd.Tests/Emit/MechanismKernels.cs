using ILGPU;
using ILGPU.Runtime;

namespace GpuVae.Simd.Tests.Emit;

/// <summary>Kernels that each lean on one mechanism of the emitter.</summary>
internal static class MechanismKernels
{
    public static void Axpy(Index1D i, ArrayView<float> x, ArrayView<float> y, float a) => y[i] = a * x[i] + y[i];

    public static void UniformLoop(Index1D i, ArrayView<float> x, ArrayView<float> y, int n)
    {
        float sum = 0;
        for (int k = 0; k < n; k++)
            sum += x[k] * x[i] + k;
        y[i] = sum;
    }

    /// <summary>Sums over two nested loops, which differ from lane to lane and are wanted behind them, also under a condition.</summary>
    public static void ManySums(ArrayView<float> x, ArrayView<float> y, int lines, int length, int pitch)
    {
        int i = Grid.IdxX * Group.DimX + Group.IdxX;
        float a = 0, b = 0, c = 0, d = 0, e = x[i];
        int from = Grid.IdxX, own = Group.IdxX;
        for (int line = 0; line < lines; line++)
        {
            int at = from;
            for (int k = 0; k < length; k++)
            {
                float factor = x[own];
                a += x[at] * factor;
                b += x[at + pitch] * factor;
                c += x[at + 2 * pitch] * factor;
                d += x[at + 3 * pitch + 1] * factor;
                if (factor > e)
                    e = factor;
                at += pitch - 1;
                own++;
            }
            from += 2;
        }
        y[i] = a;
        Group.Barrier();
        if (Group.IdxX % 3 == 1)
            y[i] += b * own + c;
        for (int k = 0; k < length; k++)
            d += e * k;
        y[i] -= d + from;
    }

    /// <summary>Lanes that write to one place: one of them, or all with the same value, which nothing tells the compiler.</summary>
    public static void OnePlace(ArrayView<float> x, ArrayView<float> y, ArrayView<long> z, ArrayView<byte> w, int chosen)
    {
        int i = Grid.IdxX * Group.DimX + Group.IdxX;
        float own = x[i], same = x[i] - x[i] + Grid.IdxX;
        y[2 * Grid.IdxX] = same;
        if (Group.IdxX == chosen)
        {
            y[2 * Grid.IdxX + 1] = own;
            z[Grid.IdxX] = (long)(own * 1e10f);
            w[Grid.IdxX] = (byte)(own > 0f ? 1 : 2);
        }
        Group.Barrier();
        if (Group.IdxX % 3 == 1)
            y[2 * Grid.IdxX] = same + 0.5f;
    }

    /// <summary>A hint changes nothing, whatever lies at the address.</summary>
    public static void Hinted(Index1D i, ArrayView<float> x, ArrayView<float> y)
    {
        Soon(ref x[i]);
        if (i % 5 < 3)
            Soon(ref y[i]);
        float sum = x[i];
        for (int k = 0; k < 3; k++)
        {
            Soon(ref x[(i + 7 * k) % 1000]);
            sum += x[(i + 7 * k) % 1000];
        }
        y[i] = sum;
    }

    [Prefetch]
    private static void Soon(ref float element)
    {
    }

    public static void Branches(Index1D i, ArrayView<int> x, ArrayView<int> y)
    {
        int v = x[i];
        int r;
        if (v % 3 == 0)
            r = v * 2;
        else if (v % 3 == 1)
            r = x[(v & 0x7fffffff) % (int)x.Length] - 7;
        else
            r = -v;
        y[i] = r;
    }

    public static void Collatz(Index1D i, ArrayView<int> x, ArrayView<int> steps)
    {
        long v = x[i] & 0xFFFF;
        int n = 0;
        while (v > 1)
        {
            if ((v & 1) == 0)
            {
                v >>= 1;
                n++;
                continue;
            }
            v = 3 * v + 1;
            n++;
            if (n > 300)
                break;
        }
        steps[i] = n;
    }

    public static void NestedLoops(Index1D i, ArrayView<int> x, ArrayView<int> y)
    {
        int total = 0;
        int limit = x[i] & 15;
        for (int a = 0; a < limit; a++)
        {
            for (int b = 0; b < 20; b++)
            {
                if (b == a + 3)
                    break;
                if ((b + x[i]) % 5 == 0)
                    continue;
                total += a * b;
                if (total > 500)
                {
                    y[i] = -total;
                    return;
                }
            }
            total++;
        }
        y[i] = total;
    }

    public static void EarlyReturn(Index1D i, ArrayView<int> x, ArrayView<int> y)
    {
        if (x[i] < 0)
            return;
        y[i] = x[i] + 1;
        if (x[i] > 1000)
            return;
        y[i] = y[i] * 3;
    }

    public static void Bytes(Index1D i, ArrayView<byte> x, ArrayView<short> y, ArrayView<float> z)
    {
        byte b = x[i];
        y[i] = (short)(b * 300 - 5);
        z[i] = b / 255f;
        x[i] = (byte)(b + 77);
    }

    public static void Doubles(Index1D i, ArrayView<double> x, ArrayView<long> y, ArrayView<float> z)
    {
        double v = x[i];
        y[i] = (long)(v * 1000) + (v > 0.5 ? 3L : -4L) * i;
        z[i] = (float)v;
        x[i] = v * v + (z[i] < 0 ? 1.0 : 0.25);
    }

    public static void Strided(Index1D i, ArrayView<float> x, ArrayView<float> y)
    {
        int n = (int)y.Length;
        y[n - 1 - i] = x[(3 * i) % n] + x[i / 2];
    }

    public static void Atomics(Index1D i, ArrayView<int> x, ArrayView<int> bins, ArrayView<float> sum, ArrayView<long> extremes)
    {
        int v = x[i];
        Atomic.Add(ref bins[v & 7], 1);
        Atomic.Add(ref sum[0], 1f);
        Atomic.Max(ref extremes[0], (long)v);
        Atomic.Min(ref extremes[1], (long)v);
    }

    public static void LocalArray(Index1D i, ArrayView<int> x, ArrayView<int> y)
    {
        ArrayView<int> local = LocalMemory.Allocate<int>(8);
        for (int k = 0; k < 8; k++)
            local[k] = x[i] * k;
        int v = x[i] & 7;
        local[v] = 99;
        int sum = 0;
        for (int k = 0; k < 8; k++)
            sum = sum * 3 + local[(k + v) & 7];
        y[i] = sum;
    }

    public static void Rows(Index2D i, ArrayView2D<float, Stride2D.DenseX> x, ArrayView<float> y, int width) =>
        y[i.Y * width + i.X] = x[i] * 2 + i.X - i.Y;

    public static void GroupSum(ArrayView<int> x, ArrayView<int> y)
    {
        ArrayView<int> shared = SharedMemory.Allocate<int>(256);
        int thread = Group.LinearIndex;
        int size = Group.DimX * Group.DimY * Group.DimZ;
        int i = Grid.IdxX * size + thread;
        shared[thread] = x[i];
        Group.Barrier();
        for (int step = 128; step > 0; step >>= 1)
        {
            if (thread < step && thread + step < size)
                shared[thread] += shared[thread + step];
            Group.Barrier();
        }
        y[i] = shared[0] + thread * Group.IdxY - Group.IdxX;
    }

    public static void GroupVotes(ArrayView<int> x, ArrayView<int> y)
    {
        int i = Grid.IdxX * Group.DimX + Group.IdxX;
        bool odd = (x[i] & 1) != 0;
        int count = Group.BarrierPopCount(odd);
        bool all = Group.BarrierAnd(x[i] > -1000000);
        bool any = Group.BarrierOr(x[i] == 77);
        int first = Group.Broadcast(x[i], 3);
        y[i] = count * 4 + (all ? 2 : 0) + (any ? 1 : 0) + first * 1000;
    }

    public static void Shuffles(ArrayView<float> x, ArrayView<float> y, int delta)
    {
        int i = Grid.IdxX * Group.DimX + Group.IdxX;
        float v = x[i];
        float sum = v + Warp.ShuffleXor(v, 1);
        sum += Warp.ShuffleDown(sum, 1) * 0.5f;
        sum += Warp.ShuffleUp(v, delta);
        sum += Warp.Shuffle(v, (Warp.LaneIdx + 1) % Warp.WarpSize);
        sum += Warp.Shuffle(v, 0);
        y[i] = sum;
    }

    public static void Transcendentals(Index1D i, ArrayView<float> x, ArrayView<float> y)
    {
        float v = x[i];
        y[i] = MathF.Exp(v) + MathF.Log(MathF.Abs(v) + 0.1f) + MathF.Tanh(v) + MathF.Sin(v) + MathF.Sqrt(MathF.Abs(v)) +
            MathF.Pow(MathF.Abs(v), 1.3f);
    }

    public static void Quotients(Index1D i, ArrayView<int> x, ArrayView<int> y, int divisor)
    {
        int v = x[i];
        int r = v / divisor - v % divisor * 3;
        if (y[i] != 0)
            r += v / y[i] + (int)((uint)v / (uint)y[i]) + (int)((uint)v % (uint)y[i]) + v % y[i];
        y[i] = r;
    }

    public static void DivideByAll(Index1D i, ArrayView<int> x, ArrayView<int> y) => y[i] = 100 / x[i];

    public static void BarrierInBranch(ArrayView<int> x, ArrayView<int> y)
    {
        if (x[Group.IdxX] > 0)
            Group.Barrier();
        y[Group.IdxX] = 1;
    }

    /// <summary>12 rows of 32 columns of a product, each lane two columns: the inner kernel of a matrix product for warps of 16.</summary>
    public static void MicroKernel(ArrayView<float> a, ArrayView<float> b, ArrayView<float> c, int k, int ldc)
    {
        int lane = Group.IdxX;
        float c0a = 0, c0b = 0;
        float c1a = 0, c1b = 0;
        float c2a = 0, c2b = 0;
        float c3a = 0, c3b = 0;
        float c4a = 0, c4b = 0;
        float c5a = 0, c5b = 0;
        float c6a = 0, c6b = 0;
        float c7a = 0, c7b = 0;
        float c8a = 0, c8b = 0;
        float c9a = 0, c9b = 0;
        float c10a = 0, c10b = 0;
        float c11a = 0, c11b = 0;
        for (int p = 0; p < k; p++)
        {
            float b0 = b[p * 32 + lane];
            float b1 = b[p * 32 + 16 + lane];
            float v;
            v = a[p * 12 + 0];
            c0a += v * b0;
            c0b += v * b1;
            v = a[p * 12 + 1];
            c1a += v * b0;
            c1b += v * b1;
            v = a[p * 12 + 2];
            c2a += v * b0;
            c2b += v * b1;
            v = a[p * 12 + 3];
            c3a += v * b0;
            c3b += v * b1;
            v = a[p * 12 + 4];
            c4a += v * b0;
            c4b += v * b1;
            v = a[p * 12 + 5];
            c5a += v * b0;
            c5b += v * b1;
            v = a[p * 12 + 6];
            c6a += v * b0;
            c6b += v * b1;
            v = a[p * 12 + 7];
            c7a += v * b0;
            c7b += v * b1;
            v = a[p * 12 + 8];
            c8a += v * b0;
            c8b += v * b1;
            v = a[p * 12 + 9];
            c9a += v * b0;
            c9b += v * b1;
            v = a[p * 12 + 10];
            c10a += v * b0;
            c10b += v * b1;
            v = a[p * 12 + 11];
            c11a += v * b0;
            c11b += v * b1;
        }
        int o = Grid.IdxX * 12 * ldc + lane;
        c[o + 0 * ldc] = c0a;
        c[o + 0 * ldc + 16] = c0b;
        c[o + 1 * ldc] = c1a;
        c[o + 1 * ldc + 16] = c1b;
        c[o + 2 * ldc] = c2a;
        c[o + 2 * ldc + 16] = c2b;
        c[o + 3 * ldc] = c3a;
        c[o + 3 * ldc + 16] = c3b;
        c[o + 4 * ldc] = c4a;
        c[o + 4 * ldc + 16] = c4b;
        c[o + 5 * ldc] = c5a;
        c[o + 5 * ldc + 16] = c5b;
        c[o + 6 * ldc] = c6a;
        c[o + 6 * ldc + 16] = c6b;
        c[o + 7 * ldc] = c7a;
        c[o + 7 * ldc + 16] = c7b;
        c[o + 8 * ldc] = c8a;
        c[o + 8 * ldc + 16] = c8b;
        c[o + 9 * ldc] = c9a;
        c[o + 9 * ldc + 16] = c9b;
        c[o + 10 * ldc] = c10a;
        c[o + 10 * ldc + 16] = c10b;
        c[o + 11 * ldc] = c11a;
        c[o + 11 * ldc + 16] = c11b;
    }

    /// <summary>All lanes stay together for some turns; some leave the loop, some the kernel.</summary>
    public static void PartingLanes(Index1D i, ArrayView<int> x, ArrayView<int> y)
    {
        int v = 1, turn = 0;
        while (turn < 40)
        {
            v = v * 5 + 1;
            if (turn > 10 && (v ^ x[i]) % 7 == 0)
                return;
            if (v % 11 == x[i] % 11 && turn > 3)
                break;
            y[i] += v;
            turn++;
        }
        y[i] = turn;
    }

    /// <summary>Loops over a grid that is smaller than the data, atomics on shared memory in it, and once per group on a buffer.</summary>
    public static void StridedAtomics(ArrayView<int> x, ArrayView<int> bins, ArrayView<float> sum)
    {
        ArrayView<int> own = SharedMemory.Allocate<int>(16);
        ArrayView<float> floats = SharedMemory.Allocate<float>(2);
        for (int bin = Group.IdxX; bin < 16; bin += Group.DimX)
            own[bin] = 0;
        if (Group.IdxX < 2)
            floats[Group.IdxX] = 0;
        Group.Barrier();
        for (int i = Grid.GlobalIndex.X; i < x.IntLength; i += Grid.DimX * Group.DimX)
        {
            int bin = x[i] & 3;
            Atomic.Add(ref own[bin], 1);
            Atomic.Max(ref own[bin + 4], x[i]);
            Atomic.Min(ref own[bin + 8], x[i]);
            Atomic.Xor(ref own[bin + 12], x[i]);
            Atomic.Add(ref floats[i & 1], 0.5f);
        }
        Group.Barrier();
        for (int bin = Group.IdxX; bin < 16; bin += Group.DimX)
            Atomic.Add(ref bins[bin + 16 * Grid.IdxX], own[bin]);
        if (Group.IdxX < 2)
            Atomic.Add(ref sum[0], floats[Group.IdxX]);
    }

    /// <summary>Every thread moves its own stretch to where its counters say, and the group hands out places in a row.</summary>
    public static void Moves(ArrayView<int> x, ArrayView<int> moved, ArrayView<byte> tags, ArrayView<int> taken)
    {
        ArrayView<int> places = SharedMemory.Allocate<int>(4 * 64);
        ArrayView<int> next = SharedMemory.Allocate<int>(1);
        int thread = Grid.GlobalIndex.X, stretch = x.IntLength / (Grid.DimX * Group.DimX);
        if (Group.IdxX == 0)
            next[0] = 0;
        for (int digit = 0; digit < 4; digit++)
            places[digit * 64 + Group.IdxX] = (thread * 4 + digit) * stretch;
        Group.Barrier();
        for (int i = thread * stretch; i < (thread + 1) * stretch; i++)
        {
            int place = places[(x[i] & 3) * 64 + Group.IdxX]++;
            moved[place] = x[i];
            tags[place] = (byte)x[i];
        }
        int ticket = Atomic.Add(ref next[0], 2);
        taken[Grid.IdxX * Group.DimX + ticket / 2] = 1;
    }

    public static void Tickets(Index1D i, ArrayView<int> x, ArrayView<int> next, ArrayView<int> taken)
    {
        if (x[i] % 3 != 0)
            taken[Atomic.Add(ref next[0], 1)] = 1;
        Atomic.Max(ref next[1], x[i]);
        Atomic.Or(ref next[2], x[i] & 0xff);
    }
}
