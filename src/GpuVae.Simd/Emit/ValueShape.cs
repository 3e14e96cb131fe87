namespace GpuVae.Simd.Emit;

internal enum ShapeKind : byte
{
    /// <summary>The same in all threads of the group.</summary>
    GroupUniform,

    /// <summary>The same in all lanes of a warp.</summary>
    WarpUniform,

    /// <summary>The value of lane 0 plus lane · stride.</summary>
    Strided,
    Varying,
}

/// <summary>What is known of a value over the lanes of a warp; the kinds form a chain from most to least known.</summary>
internal readonly record struct ValueShape(ShapeKind Kind, long Stride = 0)
{
    public static readonly ValueShape GroupUniform = new(ShapeKind.GroupUniform);
    public static readonly ValueShape WarpUniform = new(ShapeKind.WarpUniform);
    public static readonly ValueShape Varying = new(ShapeKind.Varying);

    public static ValueShape Strided(long stride) => stride == 0 ? WarpUniform : new(ShapeKind.Strided, stride);
    public bool IsUniform => Kind <= ShapeKind.WarpUniform;
    public bool IsStrided => Kind == ShapeKind.Strided;
    public bool IsVarying => Kind == ShapeKind.Varying;

    /// <summary>A scalar describes the whole warp: the value itself, or that of lane 0.</summary>
    public bool IsScalar => !IsVarying;

    public static ValueShape Join(ValueShape a, ValueShape b)
    {
        if (a == b)
            return a;
        return a.IsUniform && b.IsUniform ? WarpUniform : Varying;
    }

    public ValueShape AtLeast(ShapeKind kind) => kind switch
    {
        ShapeKind.Varying => Varying,
        ShapeKind.WarpUniform when Kind == ShapeKind.GroupUniform => WarpUniform,
        _ => this,
    };
}
