using GpuVae.Kernels.Common;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Gemm.Planning;

/// <summary>What becomes of the elements of a tile.</summary>
internal interface ITileOutput
{
    /// <summary>Whether the terms that <see cref="Take"/> gives are added up along the rows of the tile.</summary>
    static abstract bool SumsRows { get; }

    /// <summary>Asks the caches for what <see cref="Take"/> will read and write of its own at (row, column).</summary>
    void Prefetch(int row, int column, GemmArguments g);

    /// <summary>Stores alpha·sum + beta·C, or what follows from it; gives the element's term of the row's sum.</summary>
    float Take(FloatView c, float value, int row, int column, GemmArguments g);

    /// <summary>Stores a row's sum over the columns of tile <paramref name="groupX"/>.</summary>
    void StoreRow(float sum, int row, int groupX, GemmArguments g);
}

/// <summary>C = epilogue(…).</summary>
internal readonly struct EpilogueOutput<TEpilogue>(TEpilogue epilogue) : ITileOutput
    where TEpilogue : struct, IEpilogue
{
    private readonly TEpilogue epilogue = epilogue;

    public static bool SumsRows => false;

    public void Prefetch(int row, int column, GemmArguments g) => epilogue.Prefetch(row, column);

    public float Take(FloatView c, float value, int row, int column, GemmArguments g)
    {
        c[row * g.Ldc + column] = epilogue.Apply(value, row, column);
        return 0f;
    }

    public void StoreRow(float sum, int row, int groupX, GemmArguments g)
    {
    }
}
