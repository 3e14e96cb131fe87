using ILGPU.Runtime;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Gemm.Gpu;

/// <summary>Four neighbours.</summary>
internal struct Four(float x0, float x1, float x2, float x3)
{
    public float X0 = x0, X1 = x1, X2 = x2, X3 = x3;

    /// <summary>Four elements at a multiple of 16 bytes, in one access.</summary>
    public static Four Load(FloatView view, int at) => view.AsAligned16().Cast<Four>()[at >> 2];

    /// <summary>Four elements of a run, zeros where they lie beyond the last run or beyond its end.</summary>
    /// <param name="view">Runs of neighbours.</param>
    /// <param name="pitch">Elements from one run to the next.</param>
    /// <param name="run">The run.</param>
    /// <param name="at">The first element, a multiple of 4.</param>
    /// <param name="runs">Number of runs.</param>
    /// <param name="elements">Elements of a run.</param>
    /// <param name="vectors">Whether every fourth element of every run lies at a multiple of 16 bytes.</param>
    public static Four LoadPart(FloatView view, int pitch, int run, int at, int runs, int elements, bool vectors)
    {
        int left = elements - at;
        var four = default(Four);
        if (run < runs)
        {
            if (vectors && left >= 4)
                four = Load(view, run * pitch + at);
            else
            {
                int from = run * pitch + at;
                if (left > 0)
                    four.X0 = view[from];
                if (left > 1)
                    four.X1 = view[from + 1];
                if (left > 2)
                    four.X2 = view[from + 2];
                if (left > 3)
                    four.X3 = view[from + 3];
            }
        }
        return four;
    }

    public readonly void Store(FloatView view, int at) => view.AsAligned16().Cast<Four>()[at >> 2] = this;

    public void Add(Four other)
    {
        X0 += other.X0;
        X1 += other.X1;
        X2 += other.X2;
        X3 += other.X3;
    }
}

/// <summary>4 × 4 of C.</summary>
internal struct Quad
{
    public Four R0, R1, R2, R3;

    public void Add(Four a, Four b)
    {
        AddRow(ref R0, a.X0, b);
        AddRow(ref R1, a.X1, b);
        AddRow(ref R2, a.X2, b);
        AddRow(ref R3, a.X3, b);
    }

    /// <summary>Stores the rows, <paramref name="pitch"/> elements apart.</summary>
    public readonly void Store(FloatView view, int at, int pitch)
    {
        R0.Store(view, at);
        R1.Store(view, at + pitch);
        R2.Store(view, at + 2 * pitch);
        R3.Store(view, at + 3 * pitch);
    }

    /// <summary>Adds what <see cref="Store"/> stored.</summary>
    public void AddFrom(FloatView view, int at, int pitch)
    {
        R0.Add(Four.Load(view, at));
        R1.Add(Four.Load(view, at + pitch));
        R2.Add(Four.Load(view, at + 2 * pitch));
        R3.Add(Four.Load(view, at + 3 * pitch));
    }

    private static void AddRow(ref Four row, float a, Four b)
    {
        row.X0 += a * b.X0;
        row.X1 += a * b.X1;
        row.X2 += a * b.X2;
        row.X3 += a * b.X3;
    }
}
