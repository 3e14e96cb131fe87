using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace GpuVae.Simd.Emit;

/// <summary>
/// Elementary functions of vectors that have no operation of their own: those of .NET. The exponentials, logarithms and tanh of floats are
/// expanded before (see <see cref="Passes.ElementaryFunctions"/>). The build makes the narrower forms of this file.
/// </summary>
internal static partial class VectorMath
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector512<float> Sin(Vector512<float> x) => Vector512.Sin(x);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector512<float> Cos(Vector512<float> x) => Vector512.Cos(x);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector512<double> Exp(Vector512<double> x) => Vector512.Exp(x);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector512<double> Log(Vector512<double> x) => Vector512.Log(x);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector512<double> Log2(Vector512<double> x) => Vector512.Log2(x);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector512<double> Sin(Vector512<double> x) => Vector512.Sin(x);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector512<double> Cos(Vector512<double> x) => Vector512.Cos(x);
}
