// Causal self-attention of several heads (Vaswani et al. 2017, arXiv:1706.03762, equation 1). Row (b, t) of one matrix holds the query, the
// key and the value of place t, [q | k | v], each with D numbers for each of H heads. For every image and head
//
//   s_tu = q_t·k_u / √D,  u ≤ t      l_t = ln Σ_u e^(s_tu)      p_tu = e^(s_tu - l_t)      o_t = Σ_u p_tu·v_u
//   dv_u = Σ_(t ≥ u) p_tu·do_t       ds_tu = p_tu·(do_t·v_u - δ_t),  δ_t = do_t·o_t
//   dq_t = Σ_(u ≤ t) ds_tu·k_u / √D  dk_u = Σ_(t ≥ u) ds_tu·q_t / √D
//
// Nothing of places × places is kept: the sums over u go along with the largest score so far (Milakov and Gimelshein 2018,
// arXiv:1805.02867), and the way back makes the shares anew from l. A thread owns a query, on the way to dk and dv a key, and has its
// vectors in a column of the group's shared memory; those that it meets are the same for all threads of the group. So threads wait for each
// other only at the end, when they write rows together, and one query with all that went before it is computed to the same bits alone or
// among others.

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
        var own = new AttentionPlace(shape);
        int lane = Group.IdxX, step = Group.DimX, size = shape.HeadSize, pitch = 3 * shape.Width;
        int last = XMath.Min(own.FirstOfGroup + step, shape.Count) - 1 + shape.First, place = shape.First + own.Index;
        int keys = own.Image * shape.Places * pitch + shape.Width + own.Head * size;
        float scale = 1f / XMath.Sqrt(size);
        ReadColumns(qkv, keys - shape.Width, place * pitch, queries, size);
        for (int d = 0; d < size; d++)
        {
            queries[d * step + lane] *= scale;
            sums[d * step + lane] = 0f;
        }
        float largest = float.NegativeInfinity, total = 0f;
        // Four keys at a time; beyond the last one it stands in for them, and their shares are 0.
        for (int u = 0; u <= last; u += 4)
        {
            int k0 = keys + u * pitch, k1 = keys + XMath.Min(u + 1, last) * pitch;
            int k2 = keys + XMath.Min(u + 2, last) * pitch, k3 = keys + XMath.Min(u + 3, last) * pitch;
            float s0 = 0f, s1 = 0f, s2 = 0f, s3 = 0f;
            for (int d = 0; d < size; d++)
            {
                float q = queries[d * step + lane];
                s0 += q * qkv[k0 + d];
                s1 += q * qkv[k1 + d];
                s2 += q * qkv[k2 + d];
                s3 += q * qkv[k3 + d];
            }
            s0 = u <= place ? s0 : float.NegativeInfinity;
            s1 = u + 1 <= place ? s1 : float.NegativeInfinity;
            s2 = u + 2 <= place ? s2 : float.NegativeInfinity;
            s3 = u + 3 <= place ? s3 : float.NegativeInfinity;
            float next = XMath.Max(largest, XMath.Max(XMath.Max(s0, s1), XMath.Max(s2, s3)));
            float decay = XMath.Exp(largest - next);
            s0 = XMath.Exp(s0 - next);
            s1 = XMath.Exp(s1 - next);
            s2 = XMath.Exp(s2 - next);
            s3 = XMath.Exp(s3 - next);
            largest = next;
            total = total * decay + (s0 + s1 + (s2 + s3));
            for (int d = shape.Width; d < shape.Width + size; d++)
            {
                int at = (d - shape.Width) * step + lane;
                sums[at] = sums[at] * decay + s0 * qkv[k0 + d] + s1 * qkv[k1 + d] + s2 * qkv[k2 + d] + s3 * qkv[k3 + d];
            }
        }
        for (int d = 0; d < size; d++)
            sums[d * step + lane] /= total;
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
        var own = new AttentionPlace(shape);
        int lane = Group.IdxX, step = Group.DimX, size = shape.HeadSize, pitch = 3 * shape.Width;
        int last = XMath.Min(own.FirstOfGroup + step, shape.Count) - 1;
        int keys = own.Image * shape.Places * pitch + shape.Width + own.Head * size;
        int seen = own.Image * shape.Places * shape.Width + own.Head * size;
        int number = (own.Image * shape.Heads + own.Head) * shape.Places + own.Index;
        float scale = 1f / XMath.Sqrt(size), delta = 0f, logSum = logSums[number];
        ReadColumns(qkv, keys - shape.Width, own.Index * pitch, queries, size);
        ReadColumns(dO, seen, own.Index * shape.Width, gradients, size);
        ReadColumns(o, seen, own.Index * shape.Width, sums, size);
        for (int d = 0; d < size; d++)
        {
            delta += gradients[d * step + lane] * sums[d * step + lane];
            queries[d * step + lane] *= scale;
            sums[d * step + lane] = 0f;
        }
        for (int u = 0; u <= last; u += 4)
        {
            int k0 = keys + u * pitch, k1 = keys + XMath.Min(u + 1, last) * pitch;
            int k2 = keys + XMath.Min(u + 2, last) * pitch, k3 = keys + XMath.Min(u + 3, last) * pitch, width = shape.Width;
            float s0 = 0f, s1 = 0f, s2 = 0f, s3 = 0f, g0 = 0f, g1 = 0f, g2 = 0f, g3 = 0f;
            for (int d = 0; d < size; d++)
            {
                float q = queries[d * step + lane], g = gradients[d * step + lane];
                s0 += q * qkv[k0 + d];
                s1 += q * qkv[k1 + d];
                s2 += q * qkv[k2 + d];
                s3 += q * qkv[k3 + d];
                g0 += g * qkv[k0 + d + width];
                g1 += g * qkv[k1 + d + width];
                g2 += g * qkv[k2 + d + width];
                g3 += g * qkv[k3 + d + width];
            }
            g0 = u <= own.Index ? XMath.Exp(s0 - logSum) * (g0 - delta) : 0f;
            g1 = u + 1 <= own.Index ? XMath.Exp(s1 - logSum) * (g1 - delta) : 0f;
            g2 = u + 2 <= own.Index ? XMath.Exp(s2 - logSum) * (g2 - delta) : 0f;
            g3 = u + 3 <= own.Index ? XMath.Exp(s3 - logSum) * (g3 - delta) : 0f;
            for (int d = 0; d < size; d++)
                sums[d * step + lane] += g0 * qkv[k0 + d] + g1 * qkv[k1 + d] + g2 * qkv[k2 + d] + g3 * qkv[k3 + d];
        }
        for (int d = 0; d < size; d++)
            sums[d * step + lane] *= scale;
        if (own.IsInside)
            deltas[number] = delta;
        int to = keys - shape.Width + own.FirstOfGroup * pitch;
        WriteRows(sums, dQkv, to, pitch, shape.Places - own.FirstOfGroup, size);
    }

    private static void KeyKernel(FloatView qkv, FloatView logSums, FloatView dO, FloatView deltas, FloatView dQkv, AttentionShape shape)
    {
        FloatView keys = SharedMemory.Allocate<float>(Numbers), values = SharedMemory.Allocate<float>(Numbers);
        FloatView ofKeys = SharedMemory.Allocate<float>(Numbers), ofValues = SharedMemory.Allocate<float>(Numbers);
        var own = new AttentionPlace(shape);
        int lane = Group.IdxX, step = Group.DimX, size = shape.HeadSize, width = shape.Width, pitch = 3 * width;
        int queries = own.Image * shape.Places * pitch + own.Head * size;
        int seen = own.Image * shape.Places * width + own.Head * size, last = shape.Places - 1;
        int numbers = (own.Image * shape.Heads + own.Head) * shape.Places;
        float scale = 1f / XMath.Sqrt(size);
        ReadColumns(qkv, queries + width, own.Index * pitch, keys, size);
        ReadColumns(qkv, queries + 2 * width, own.Index * pitch, values, size);
        for (int d = 0; d < size; d++)
        {
            keys[d * step + lane] *= scale;
            ofKeys[d * step + lane] = 0f;
            ofValues[d * step + lane] = 0f;
        }
        // Those before the group's first key do not see any of its keys.
        for (int t = own.FirstOfGroup; t <= last; t += 4)
        {
            int t1 = XMath.Min(t + 1, last), t2 = XMath.Min(t + 2, last), t3 = XMath.Min(t + 3, last);
            int q0 = queries + t * pitch, q1 = queries + t1 * pitch, q2 = queries + t2 * pitch, q3 = queries + t3 * pitch;
            int o0 = seen + t * width, o1 = seen + t1 * width, o2 = seen + t2 * width, o3 = seen + t3 * width;
            float s0 = 0f, s1 = 0f, s2 = 0f, s3 = 0f, g0 = 0f, g1 = 0f, g2 = 0f, g3 = 0f;
            for (int d = 0; d < size; d++)
            {
                float k = keys[d * step + lane], v = values[d * step + lane];
                s0 += k * qkv[q0 + d];
                s1 += k * qkv[q1 + d];
                s2 += k * qkv[q2 + d];
                s3 += k * qkv[q3 + d];
                g0 += v * dO[o0 + d];
                g1 += v * dO[o1 + d];
                g2 += v * dO[o2 + d];
                g3 += v * dO[o3 + d];
            }
            s0 = own.Index <= t ? XMath.Exp(s0 - logSums[numbers + t]) : 0f;
            s1 = own.Index <= t + 1 && t + 1 <= last ? XMath.Exp(s1 - logSums[numbers + t1]) : 0f;
            s2 = own.Index <= t + 2 && t + 2 <= last ? XMath.Exp(s2 - logSums[numbers + t2]) : 0f;
            s3 = own.Index <= t + 3 && t + 3 <= last ? XMath.Exp(s3 - logSums[numbers + t3]) : 0f;
            g0 = s0 * (g0 - deltas[numbers + t]);
            g1 = s1 * (g1 - deltas[numbers + t1]);
            g2 = s2 * (g2 - deltas[numbers + t2]);
            g3 = s3 * (g3 - deltas[numbers + t3]);
            for (int d = 0; d < size; d++)
            {
                int at = d * step + lane;
                ofKeys[at] += g0 * qkv[q0 + d] + g1 * qkv[q1 + d] + g2 * qkv[q2 + d] + g3 * qkv[q3 + d];
                ofValues[at] += s0 * dO[o0 + d] + s1 * dO[o1 + d] + s2 * dO[o2 + d] + s3 * dO[o3 + d];
            }
        }
        for (int d = 0; d < size; d++)
            ofKeys[d * step + lane] *= scale;
        int to = queries + width + own.FirstOfGroup * pitch, rows = shape.Places - own.FirstOfGroup;
        WriteRows(ofKeys, dQkv, to, pitch, rows, size);
        WriteRows(ofValues, dQkv, to + width, pitch, rows, size);
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
