// Causal self-attention of several heads (Vaswani et al. 2017, arXiv:1706.03762, equation 1). Row (b, t) of one matrix holds the query, the
// key and the value of place t, [q | k | v], each with D numbers for each of H heads. For every image and head
//
//   s_tu = q_t·k_u / √D,  u ≤ t      l_t = ln Σ_u e^(s_tu)      p_tu = e^(s_tu - l_t)      o_t = Σ_u p_tu·v_u
//   dv_u = Σ_(t ≥ u) p_tu·do_t       ds_tu = p_tu·(do_t·v_u - δ_t),  δ_t = do_t·o_t
//   dq_t = Σ_(u ≤ t) ds_tu·k_u / √D  dk_u = Σ_(t ≥ u) ds_tu·q_t / √D
//
// Nothing of places × places is kept: the sums over u go along with the largest score so far (Milakov and Gimelshein 2018,
// arXiv:1805.02867), and the way back makes the shares anew from l. A thread owns a query, on the way to dk and dv a key, and has its
// vectors in a column of the group's shared memory; those that it meets are the same for all threads of the group, and are met some at a
// time, so that both products with them have eight sums in registers. Threads wait for each other only at the end, when they write rows
// together, and one query with all that went before it is computed to the same bits alone or among others.

using GpuVae.Kernels.Common;
using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Layers;

/// <summary>Attention of each place to those up to itself, forward and backward.</summary>
public sealed class CausalAttention(Accelerator accelerator)
{
    /// <summary>The most numbers of a head.</summary>
    public const int MaxHeadSize = 64;

    // What ForShortRow gives at most.
    private const int MaxGroup = 32, Numbers = MaxHeadSize * MaxGroup;

    // Places that are met at a time, a multiple of eight.
    private const int Chunk = 32, Scores = Chunk * MaxGroup;

    private readonly int groupSize = GroupShapes.ForShortRow(accelerator);

    private readonly Action<AcceleratorStream, KernelConfig, FloatView, FloatView, FloatView, AttentionShape> forward =
        accelerator.LoadKernel<FloatView, FloatView, FloatView, AttentionShape>(ForwardKernel);

    private readonly Action<
        AcceleratorStream, KernelConfig, FloatView, FloatView, FloatView, FloatView, FloatView, FloatView, AttentionShape> query =
        accelerator.LoadKernel<FloatView, FloatView, FloatView, FloatView, FloatView, FloatView, AttentionShape>(QueryKernel);

    private readonly Action<
        AcceleratorStream, KernelConfig, FloatView, FloatView, FloatView, FloatView, FloatView, AttentionShape> key =
        accelerator.LoadKernel<FloatView, FloatView, FloatView, FloatView, FloatView, AttentionShape>(KeyKernel);

    /// <summary>What the places of <paramref name="shape"/> see.</summary>
    /// <param name="qkv">[images · places, 3 · width].</param>
    /// <param name="o">[images · count, width], written.</param>
    /// <param name="logSums">[images · heads · count], written: l.</param>
    /// <param name="shape">Sizes.</param>
    /// <exception cref="ArgumentException">A head has more than <see cref="MaxHeadSize"/> numbers.</exception>
    public void Forward(AcceleratorStream stream, FloatView qkv, FloatView o, FloatView logSums, AttentionShape shape) =>
        forward(stream, Config(o, shape), qkv, o, logSums, shape);

    /// <summary>The gradients of queries, keys and values, of all places.</summary>
    /// <param name="qkv">[images · places, 3 · width].</param>
    /// <param name="o">[images · places, width], from the way forward.</param>
    /// <param name="logSums">[images · heads · places], likewise.</param>
    /// <param name="dO">[images · places, width].</param>
    /// <param name="deltas">[images · heads · places], written: δ.</param>
    /// <param name="dQkv">[images · places, 3 · width], written.</param>
    /// <param name="shape">Sizes, of all places.</param>
    /// <exception cref="ArgumentException">Not all places, or a head has more than <see cref="MaxHeadSize"/> numbers.</exception>
    public void Backward(
        AcceleratorStream stream, FloatView qkv, FloatView o, FloatView logSums, FloatView dO, FloatView deltas, FloatView dQkv,
        AttentionShape shape)
    {
        if (shape.First != 0 || shape.Count != shape.Places)
            throw new ArgumentException("The way back is that of all places.");
        KernelConfig config = Config(o, shape);
        query(stream, config, qkv, o, logSums, dO, deltas, dQkv, shape);
        key(stream, config, qkv, logSums, dO, deltas, dQkv, shape);
    }

    private KernelConfig Config(FloatView o, AttentionShape shape)
    {
        if (shape.HeadSize > MaxHeadSize)
            throw new ArgumentException($"Heads of {shape.HeadSize} numbers are larger than {MaxHeadSize}. Take more heads.");
        int images = o.IntLength / (shape.Count * shape.Width);
        return (images * shape.Heads * Blocks.Of(shape.Count, groupSize), groupSize);
    }

    private static void ForwardKernel(FloatView qkv, FloatView o, FloatView logSums, AttentionShape shape)
    {
        FloatView queries = SharedMemory.Allocate<float>(Numbers), sums = SharedMemory.Allocate<float>(Numbers);
        FloatView shares = SharedMemory.Allocate<float>(Scores);
        var own = new AttentionPlace(shape);
        int lane = Group.IdxX, step = Group.DimX, size = shape.HeadSize, pitch = 3 * shape.Width;
        int end = XMath.Min(own.FirstOfGroup + step, shape.Count) + shape.First, place = shape.First + own.Index;
        int keys = own.Image * shape.Places * pitch + shape.Width + own.Head * size;
        ReadColumns(qkv, keys - shape.Width, place * pitch, queries, size);
        Scale(queries, 1f / XMath.Sqrt(size), size);
        Clear(sums, size);
        float largest = float.NegativeInfinity, total = 0f;
        for (int first = 0; first < end; first += Chunk)
        {
            int count = XMath.Min(Chunk, end - first), from = keys + first * pitch;
            MultiplyRows(queries, qkv, from, pitch, count, size, shares);
            float next = largest;
            for (int u = 0; u < count; u++)
            {
                float score = first + u <= place ? shares[u * step + lane] : float.NegativeInfinity;
                shares[u * step + lane] = score;
                next = score > next ? score : next;
            }
            float decay = XMath.Exp(largest - next);
            largest = next;
            total *= decay;
            for (int u = 0; u < count; u++)
            {
                float share = XMath.Exp(shares[u * step + lane] - next);
                shares[u * step + lane] = share;
                total += share;
            }
            Scale(sums, decay, size);
            AddRows(sums, shares, qkv, from + shape.Width, pitch, count, size);
        }
        Scale(sums, 1f / total, size);
        if (own.IsInside)
            logSums[(own.Image * shape.Heads + own.Head) * shape.Count + own.Index] = largest + XMath.Log(total);
        int to = (own.Image * shape.Count + own.FirstOfGroup) * shape.Width + own.Head * size;
        WriteRows(sums, o, to, shape.Width, shape.Count - own.FirstOfGroup, size);
    }

    private static void QueryKernel(
        FloatView qkv, FloatView o, FloatView logSums, FloatView dO, FloatView deltas, FloatView dQkv, AttentionShape shape)
    {
        FloatView queries = SharedMemory.Allocate<float>(Numbers), gradients = SharedMemory.Allocate<float>(Numbers);
        FloatView sums = SharedMemory.Allocate<float>(Numbers);
        FloatView scores = SharedMemory.Allocate<float>(Scores), products = SharedMemory.Allocate<float>(Scores);
        var own = new AttentionPlace(shape);
        int lane = Group.IdxX, step = Group.DimX, size = shape.HeadSize, pitch = 3 * shape.Width;
        int end = XMath.Min(own.FirstOfGroup + step, shape.Count);
        int keys = own.Image * shape.Places * pitch + shape.Width + own.Head * size;
        int seen = own.Image * shape.Places * shape.Width + own.Head * size;
        int number = (own.Image * shape.Heads + own.Head) * shape.Places + own.Index;
        float scale = 1f / XMath.Sqrt(size), delta = 0f, logSum = logSums[number];
        ReadColumns(qkv, keys - shape.Width, own.Index * pitch, queries, size);
        Scale(queries, scale, size);
        ReadColumns(dO, seen, own.Index * shape.Width, gradients, size);
        ReadColumns(o, seen, own.Index * shape.Width, sums, size);
        for (int d = 0; d < size; d++)
            delta += gradients[d * step + lane] * sums[d * step + lane];
        Clear(sums, size);
        for (int first = 0; first < end; first += Chunk)
        {
            int count = XMath.Min(Chunk, end - first), from = keys + first * pitch;
            MultiplyRows(queries, qkv, from, pitch, count, size, scores);
            MultiplyRows(gradients, qkv, from + shape.Width, pitch, count, size, products);
            for (int u = 0; u < count; u++)
            {
                int at = u * step + lane;
                float gradient = XMath.Exp(scores[at] - logSum) * (products[at] - delta);
                scores[at] = first + u <= own.Index ? gradient : 0f;
            }
            AddRows(sums, scores, qkv, from, pitch, count, size);
        }
        Scale(sums, scale, size);
        if (own.IsInside)
            deltas[number] = delta;
        int to = keys - shape.Width + own.FirstOfGroup * pitch;
        WriteRows(sums, dQkv, to, pitch, shape.Places - own.FirstOfGroup, size);
    }

    private static void KeyKernel(FloatView qkv, FloatView logSums, FloatView dO, FloatView deltas, FloatView dQkv, AttentionShape shape)
    {
        FloatView keys = SharedMemory.Allocate<float>(Numbers), values = SharedMemory.Allocate<float>(Numbers);
        FloatView ofKeys = SharedMemory.Allocate<float>(Numbers), ofValues = SharedMemory.Allocate<float>(Numbers);
        FloatView scores = SharedMemory.Allocate<float>(Scores), products = SharedMemory.Allocate<float>(Scores);
        var own = new AttentionPlace(shape);
        int lane = Group.IdxX, step = Group.DimX, size = shape.HeadSize, width = shape.Width, pitch = 3 * width;
        int queries = own.Image * shape.Places * pitch + own.Head * size;
        int seen = own.Image * shape.Places * width + own.Head * size;
        int numbers = (own.Image * shape.Heads + own.Head) * shape.Places;
        float scale = 1f / XMath.Sqrt(size);
        ReadColumns(qkv, queries + width, own.Index * pitch, keys, size);
        Scale(keys, scale, size);
        ReadColumns(qkv, queries + 2 * width, own.Index * pitch, values, size);
        Clear(ofKeys, size);
        Clear(ofValues, size);
        // Those before the group's first key do not see any of its keys.
        for (int first = own.FirstOfGroup; first < shape.Places; first += Chunk)
        {
            int count = XMath.Min(Chunk, shape.Places - first), from = queries + first * pitch, gradients = seen + first * width;
            MultiplyRows(keys, qkv, from, pitch, count, size, scores);
            MultiplyRows(values, dO, gradients, width, count, size, products);
            for (int t = 0; t < count; t++)
            {
                int at = t * step + lane;
                float share = XMath.Exp(scores[at] - logSums[numbers + first + t]);
                share = own.Index <= first + t ? share : 0f;
                scores[at] = share;
                products[at] = share * (products[at] - deltas[numbers + first + t]);
            }
            AddRows(ofKeys, products, qkv, from, pitch, count, size);
            AddRows(ofValues, scores, dO, gradients, width, count, size);
        }
        Scale(ofKeys, scale, size);
        int to = queries + width + own.FirstOfGroup * pitch, rows = shape.Places - own.FirstOfGroup;
        WriteRows(ofKeys, dQkv, to, pitch, rows, size);
        WriteRows(ofValues, dQkv, to + width, pitch, rows, size);
    }

    /// <summary>
    /// The products of each thread's column with some rows, which are the same for all threads; room for eight at a time is written.
    /// </summary>
    private static void MultiplyRows(FloatView columns, FloatView rows, int first, int pitch, int count, int size, FloatView products)
    {
        int lane = Group.IdxX, step = Group.DimX, last = first + (count - 1) * pitch;
        for (int u = 0; u < count; u += 8)
        {
            // Beyond the last row it stands in for them.
            int r0 = first + u * pitch, r1 = XMath.Min(r0 + pitch, last), r2 = XMath.Min(r0 + 2 * pitch, last);
            int r3 = XMath.Min(r0 + 3 * pitch, last), r4 = XMath.Min(r0 + 4 * pitch, last), r5 = XMath.Min(r0 + 5 * pitch, last);
            int r6 = XMath.Min(r0 + 6 * pitch, last), r7 = XMath.Min(r0 + 7 * pitch, last);
            float s0 = 0f, s1 = 0f, s2 = 0f, s3 = 0f, s4 = 0f, s5 = 0f, s6 = 0f, s7 = 0f;
            for (int d = 0; d < size; d++)
            {
                float x = columns[d * step + lane];
                s0 += x * rows[r0 + d];
                s1 += x * rows[r1 + d];
                s2 += x * rows[r2 + d];
                s3 += x * rows[r3 + d];
                s4 += x * rows[r4 + d];
                s5 += x * rows[r5 + d];
                s6 += x * rows[r6 + d];
                s7 += x * rows[r7 + d];
            }
            int at = u * step + lane;
            products[at] = s0;
            products[at + step] = s1;
            products[at + 2 * step] = s2;
            products[at + 3 * step] = s3;
            products[at + 4 * step] = s4;
            products[at + 5 * step] = s5;
            products[at + 6 * step] = s6;
            products[at + 7 * step] = s7;
        }
    }

    /// <summary>Adds rows, which are the same for all threads, to each thread's column, times its factors of them.</summary>
    private static void AddRows(FloatView columns, FloatView factors, FloatView rows, int first, int pitch, int count, int size)
    {
        int lane = Group.IdxX, step = Group.DimX, d = 0;
        for (; d + 8 <= size; d += 8)
        {
            int to = d * step + lane, at = first + d;
            float s0 = columns[to], s1 = columns[to + step], s2 = columns[to + 2 * step], s3 = columns[to + 3 * step];
            float s4 = columns[to + 4 * step], s5 = columns[to + 5 * step], s6 = columns[to + 6 * step], s7 = columns[to + 7 * step];
            for (int u = 0; u < count; u++)
            {
                float factor = factors[u * step + lane];
                s0 += factor * rows[at];
                s1 += factor * rows[at + 1];
                s2 += factor * rows[at + 2];
                s3 += factor * rows[at + 3];
                s4 += factor * rows[at + 4];
                s5 += factor * rows[at + 5];
                s6 += factor * rows[at + 6];
                s7 += factor * rows[at + 7];
                at += pitch;
            }
            columns[to] = s0;
            columns[to + step] = s1;
            columns[to + 2 * step] = s2;
            columns[to + 3 * step] = s3;
            columns[to + 4 * step] = s4;
            columns[to + 5 * step] = s5;
            columns[to + 6 * step] = s6;
            columns[to + 7 * step] = s7;
        }
        for (; d < size; d++)
        {
            float sum = columns[d * step + lane];
            for (int u = 0; u < count; u++)
                sum += factors[u * step + lane] * rows[first + u * pitch + d];
            columns[d * step + lane] = sum;
        }
    }

    private static void Scale(FloatView columns, float factor, int size)
    {
        for (int d = 0; d < size; d++)
            columns[d * Group.DimX + Group.IdxX] *= factor;
    }

    private static void Clear(FloatView columns, int size)
    {
        for (int d = 0; d < size; d++)
            columns[d * Group.DimX + Group.IdxX] = 0f;
    }

    /// <summary>
    /// Each thread's vector, which begins at a place that all threads share plus its own offset, to its column. In this order the address
    /// is one for all threads plus an offset that stays, which processors can gather by.
    /// </summary>
    private static void ReadColumns(FloatView rows, int first, int offset, FloatView columns, int size)
    {
        for (int d = 0; d < size; d++)
            columns[d * Group.DimX + Group.IdxX] = rows.SubView(first + d)[offset];
    }

    /// <summary>The threads' columns to rows, of which all threads write one together; all must come here.</summary>
    private static void WriteRows(FloatView columns, FloatView rows, int first, int pitch, int count, int size)
    {
        Group.Barrier();
        for (int row = 0; row < XMath.Min(count, Group.DimX); row++)
        {
            for (int d = Group.IdxX; d < size; d += Group.DimX)
                rows[first + row * pitch + d] = columns[d * Group.DimX + row];
        }
    }
}

/// <summary>Images, each a sequence of places, and the places whose queries are asked.</summary>
/// <param name="Places">Of a sequence.</param>
/// <param name="Heads">H.</param>
/// <param name="HeadSize">D.</param>
/// <param name="First">The first place that is asked for; with all of them 0.</param>
/// <param name="Count">How many from there on; with all of them as many as there are.</param>
public readonly record struct AttentionShape(int Places, int Heads, int HeadSize, int First, int Count)
{
    /// <summary>Numbers of all heads, H·D.</summary>
    public int Width => Heads * HeadSize;
}

/// <summary>Which of the places that are asked for is this thread's; one beyond the last has the last.</summary>
internal readonly struct AttentionPlace
{
    public AttentionPlace(AttentionShape shape)
    {
        int blocks = (shape.Count + Group.DimX - 1) / Group.DimX;
        FirstOfGroup = Grid.IdxX % blocks * Group.DimX;
        Head = Grid.IdxX / blocks % shape.Heads;
        Image = Grid.IdxX / blocks / shape.Heads;
        IsInside = FirstOfGroup + Group.IdxX < shape.Count;
        Index = XMath.Min(FirstOfGroup + Group.IdxX, shape.Count - 1);
    }

    public int Image { get; }

    public int Head { get; }

    public int FirstOfGroup { get; }

    public int Index { get; }

    public bool IsInside { get; }
}
