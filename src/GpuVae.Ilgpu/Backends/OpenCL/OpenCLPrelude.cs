namespace GpuVae.Ilgpu.Backends.OpenCL;

/// <summary>
/// Helper functions of the emitted source. Where OpenCL C leaves undefined (or unsaid) what C# defines, or needs a loop, the emitter
/// calls one of these; only those that a kernel uses are written into its source.
/// </summary>
internal static class OpenCLPrelude
{
    /// <summary>Signed division without the traps of CPU devices: MinValue / -1 wraps, division by zero gives 0.</summary>
    public static string SignedDivision(string type, bool remainder) => remainder
        ? $"static u{type} gv_rem_{type}(u{type} a, u{type} b) {{ return (u{type})(b + 1) <= 1 ? 0 : (u{type})(({type})a % ({type})b); }}"
        : $"static u{type} gv_div_{type}(u{type} a, u{type} b)\n{{\n" +
            $"    return b == 0 ? 0 : (u{type})(b + 1) == 0 ? (u{type})(0 - a) : (u{type})(({type})a / ({type})b);\n}}";

    public static string UnsignedDivision(string type, bool remainder) => remainder
        ? $"static {type} gv_rem_{type}({type} a, {type} b) {{ return b == 0 ? 0 : a % b; }}"
        : $"static {type} gv_div_{type}({type} a, {type} b) {{ return b == 0 ? 0 : a / b; }}";

    /// <summary>IEEE 754-2019 minimum and maximum: a NaN wins, and -0 is less than +0.</summary>
    public static string MinMax(string type, bool max)
    {
        string name = max ? "max" : "min";
        string bits = type == "float" ? "uint" : "ulong";
        string zeros = max ? "&" : "|";
        string order = max ? ">" : "<";
        return $"static {type} gv_{name}_{type}({type} a, {type} b)\n" +
            $"{{\n    if (isnan(a) || isnan(b)) return a + b;\n" +
            $"    return a == b ? as_{type}(as_{bits}(a) {zeros} as_{bits}(b)) : a {order} b ? a : b;\n}}";
    }

    public static string TrailingZeroCount(string type, int bits) =>
        $"static uint gv_ctz_{type}({type} a) {{ return a == 0 ? {bits}u : {bits - 1}u - (uint)clz(({type})(a & (0 - a))); }}";

    /// <summary>Halves are stored as their bits; vload_half and vstore_half need no cl_khr_fp16.</summary>
    public const string HalfToFloat = "static float gv_half_to_float(ushort a) { return vload_half(0, (__private const half*)&a); }";

    public static string ToHalf(string type) =>
        $"static ushort gv_{type}_to_half({type} a) {{ ushort r; vstore_half_rte(a, 0, (__private half*)&r); return r; }}";

    /// <summary>A read-modify-write that the device lacks, as a loop around compare-exchange on the value's bits.</summary>
    /// <param name="space">"__global" or "__local".</param>
    /// <param name="name">The function's name.</param>
    /// <param name="type">The value's type.</param>
    /// <param name="bits">"uint" or "ulong".</param>
    /// <param name="update">The new value, from <c>old</c> and <c>b</c>.</param>
    public static string AtomicLoop(string space, string name, string type, string bits, string update)
    {
        string exchange = bits == "uint" ? "atomic_cmpxchg" : "atom_cmpxchg";
        return $"static {type} {name}(volatile {space} {bits}* p, {type} b)\n" +
            $"{{\n    {bits} seen = *p;\n    for (;;)\n    {{\n        {type} old = as_{type}(seen);\n" +
            $"        {bits} found = {exchange}(p, seen, as_{bits}(({type})({update})));\n" +
            $"        if (found == seen) return old;\n        seen = found;\n    }}\n}}";
    }
}
