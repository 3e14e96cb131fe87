using System.Reflection;

namespace GpuVae.Ilgpu.Backends.Cuda;

/// <summary>
/// The elementary functions that PTX lacks or only approximates, as plain C# that the front end inlines into CUDA kernels: arithmetic
/// with fused multiply-add and bit casts only, so that a test can compare them with a reference on any machine. Polynomials were fitted
/// at Chebyshev nodes in 70-digit arithmetic; arguments are reduced after Cody and Waite, "Software Manual for the Elementary
/// Functions" (1980), and, for large angles, Payne and Hanek, "Radian Reduction for Trigonometric Functions" (1983).
/// </summary>
/// <remarks>
/// Errors: float functions within 2 ULP (Log2 and Log10 within 3, Tan within 4); double functions within 4 ULP, Pow within 16. Double
/// Sin, Cos
/// and Tan lose accuracy beyond |x| = 2^50.
/// </remarks>
internal static partial class PreciseMath
{
    private static readonly Dictionary<(string Name, Type Type, int Parameters), MethodInfo> Functions = typeof(PreciseMath)
        .GetMethods(BindingFlags.Public | BindingFlags.Static | BindingFlags.DeclaredOnly)
        .Where(m => m.Name != nameof(Find))
        .ToDictionary(m => (m.Name, m.ReturnType, m.GetParameters().Length));

    /// <summary>Functions of float for which approximate instructions exist.</summary>
    private static readonly HashSet<string> Approximated = ["Exp", "Exp2", "Log", "Log2", "Log10", "Sin", "Cos", "Tan", "Tanh", "Pow"];

    /// <summary>The method of this class that stands for a function on CUDA, or null where PTX has an instruction for it.</summary>
    /// <param name="name">The function's name in MathF or XMath, or "Rem" for the remainder.</param>
    /// <param name="type">float or double.</param>
    /// <param name="parameters">Its number of parameters.</param>
    /// <param name="fastMath">Approximations are welcome.</param>
    public static MethodInfo? Find(string name, Type type, int parameters, bool fastMath) =>
        fastMath && type == typeof(float) && Approximated.Contains(name) ? null : Functions.GetValueOrDefault((name, type, parameters));

    /// <summary>a·b + c with one rounding; the front end knows it.</summary>
    internal static float Fma(float a, float b, float c) => MathF.FusedMultiplyAdd(a, b, c);

    /// <summary>a·b + c with one rounding; the front end knows it.</summary>
    internal static double Fma(double a, double b, double c) => Math.FusedMultiplyAdd(a, b, c);

    /// <summary>NaN stays NaN.</summary>
    private static float Clamp(float x, float low, float high) => x < low ? low : x > high ? high : x;

    private static double Clamp(double x, double low, double high) => x < low ? low : x > high ? high : x;
}
