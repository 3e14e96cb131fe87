using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace GpuVae.Simd.Emit;

/// <summary>
/// Elementary functions of vectors that have no operation of their own: those of .NET. The exponentials, logarithms and tanh of floats are
/// expanded before (see <see cref="Passes.ElementaryFunctions"/>).
/// </summary>
internal static class VectorMath
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector128<float> Sin(Vector128<float> x) => Vector128.Sin(x);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector256<float> Sin(Vector256<float> x) => Vector256.Sin(x);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector512<float> Sin(Vector512<float> x) => Vector512.Sin(x);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector128<float> Cos(Vector128<float> x) => Vector128.Cos(x);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector256<float> Cos(Vector256<float> x) => Vector256.Cos(x);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector512<float> Cos(Vector512<float> x) => Vector512.Cos(x);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector128<double> Exp(Vector128<double> x) => Vector128.Exp(x);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector256<double> Exp(Vector256<double> x) => Vector256.Exp(x);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector512<double> Exp(Vector512<double> x) => Vector512.Exp(x);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector128<double> Log(Vector128<double> x) => Vector128.Log(x);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector256<double> Log(Vector256<double> x) => Vector256.Log(x);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector512<double> Log(Vector512<double> x) => Vector512.Log(x);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector128<double> Log2(Vector128<double> x) => Vector128.Log2(x);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector256<double> Log2(Vector256<double> x) => Vector256.Log2(x);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector512<double> Log2(Vector512<double> x) => Vector512.Log2(x);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector128<double> Sin(Vector128<double> x) => Vector128.Sin(x);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector256<double> Sin(Vector256<double> x) => Vector256.Sin(x);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector512<double> Sin(Vector512<double> x) => Vector512.Sin(x);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector128<double> Cos(Vector128<double> x) => Vector128.Cos(x);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector256<double> Cos(Vector256<double> x) => Vector256.Cos(x);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector512<double> Cos(Vector512<double> x) => Vector512.Cos(x);
}
