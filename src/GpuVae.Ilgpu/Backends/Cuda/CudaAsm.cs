namespace ILGPU.Runtime.Cuda;

/// <summary>
/// Inline PTX, for what C# cannot say (mma.sync, ldmatrix, cp.async). The text must be a compile-time constant; <c>%0</c>, <c>%1</c>, …
/// are the
/// arguments in the order of the call, <c>%%</c> is a percent sign, <c>{ .reg .f32 t; … }</c> opens a scope. Register classes follow the
/// C# types:
/// float is .f32, int and uint .b32, long and ulong .b64. Guard every use with <see cref="IsSupported"/>: other backends drop the guarded
/// code.
/// </summary>
public static partial class CudaAsm
{
    private const string OnlyOnCuda = "Inline PTX runs only on CUDA. Guard it with CudaAsm.IsSupported and give a plain alternative.";

    /// <summary>True inside kernels compiled for CUDA, where it is a constant.</summary>
    public static bool IsSupported => false;

    /// <summary>Emits PTX without arguments.</summary>
    /// <exception cref="NotImplementedException">Executed on the CPU.</exception>
    public static void Emit(string ptx) => throw new NotImplementedException(OnlyOnCuda);

    /// <summary>Emits PTX that reads its argument.</summary>
    /// <exception cref="NotImplementedException">Executed on the CPU.</exception>
    public static void Emit<T0>(string ptx, T0 a0)
        where T0 : struct =>
        throw new NotImplementedException(OnlyOnCuda);

    /// <summary>Emits PTX that writes the first argument.</summary>
    /// <exception cref="NotImplementedException">Executed on the CPU.</exception>
    public static void Emit<T0>(string ptx, out T0 a0)
        where T0 : struct =>
        throw new NotImplementedException(OnlyOnCuda);

    /// <summary>Emits PTX that reads its arguments.</summary>
    /// <exception cref="NotImplementedException">Executed on the CPU.</exception>
    public static void Emit<T0, T1>(string ptx, T0 a0, T1 a1)
        where T0 : struct where T1 : struct =>
        throw new NotImplementedException(OnlyOnCuda);

    /// <summary>Emits PTX that writes the first argument and reads the others.</summary>
    /// <exception cref="NotImplementedException">Executed on the CPU.</exception>
    public static void Emit<T0, T1>(string ptx, out T0 a0, T1 a1)
        where T0 : struct where T1 : struct =>
        throw new NotImplementedException(OnlyOnCuda);

    /// <summary>Emits PTX that reads its arguments.</summary>
    /// <exception cref="NotImplementedException">Executed on the CPU.</exception>
    public static void Emit<T0, T1, T2>(string ptx, T0 a0, T1 a1, T2 a2)
        where T0 : struct where T1 : struct where T2 : struct =>
        throw new NotImplementedException(OnlyOnCuda);

    /// <summary>Emits PTX that writes the first argument and reads the others.</summary>
    /// <exception cref="NotImplementedException">Executed on the CPU.</exception>
    public static void Emit<T0, T1, T2>(string ptx, out T0 a0, T1 a1, T2 a2)
        where T0 : struct where T1 : struct where T2 : struct =>
        throw new NotImplementedException(OnlyOnCuda);

    /// <summary>Emits PTX that reads its arguments.</summary>
    /// <exception cref="NotImplementedException">Executed on the CPU.</exception>
    public static void Emit<T0, T1, T2, T3>(string ptx, T0 a0, T1 a1, T2 a2, T3 a3)
        where T0 : struct where T1 : struct where T2 : struct where T3 : struct =>
        throw new NotImplementedException(OnlyOnCuda);

    /// <summary>Emits PTX that writes the first argument and reads the others.</summary>
    /// <exception cref="NotImplementedException">Executed on the CPU.</exception>
    public static void Emit<T0, T1, T2, T3>(string ptx, out T0 a0, T1 a1, T2 a2, T3 a3)
        where T0 : struct where T1 : struct where T2 : struct where T3 : struct =>
        throw new NotImplementedException(OnlyOnCuda);

    /// <summary>Emits PTX that reads its arguments.</summary>
    /// <exception cref="NotImplementedException">Executed on the CPU.</exception>
    public static void Emit<T0, T1, T2, T3, T4>(string ptx, T0 a0, T1 a1, T2 a2, T3 a3, T4 a4)
        where T0 : struct where T1 : struct where T2 : struct where T3 : struct where T4 : struct =>
        throw new NotImplementedException(OnlyOnCuda);

    /// <summary>Emits PTX that writes the first argument and reads the others.</summary>
    /// <exception cref="NotImplementedException">Executed on the CPU.</exception>
    public static void Emit<T0, T1, T2, T3, T4>(string ptx, out T0 a0, T1 a1, T2 a2, T3 a3, T4 a4)
        where T0 : struct where T1 : struct where T2 : struct where T3 : struct where T4 : struct =>
        throw new NotImplementedException(OnlyOnCuda);

    /// <summary>Emits PTX that reads its arguments.</summary>
    /// <exception cref="NotImplementedException">Executed on the CPU.</exception>
    public static void Emit<T0, T1, T2, T3, T4, T5>(string ptx, T0 a0, T1 a1, T2 a2, T3 a3, T4 a4, T5 a5)
        where T0 : struct where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct =>
        throw new NotImplementedException(OnlyOnCuda);

    /// <summary>Emits PTX that writes the first argument and reads the others.</summary>
    /// <exception cref="NotImplementedException">Executed on the CPU.</exception>
    public static void Emit<T0, T1, T2, T3, T4, T5>(string ptx, out T0 a0, T1 a1, T2 a2, T3 a3, T4 a4, T5 a5)
        where T0 : struct where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct =>
        throw new NotImplementedException(OnlyOnCuda);

    /// <summary>Emits PTX that reads its arguments.</summary>
    /// <exception cref="NotImplementedException">Executed on the CPU.</exception>
    public static void Emit<T0, T1, T2, T3, T4, T5, T6>(string ptx, T0 a0, T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6)
        where T0 : struct where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
        where T6 : struct =>
        throw new NotImplementedException(OnlyOnCuda);

    /// <summary>Emits PTX that writes the first argument and reads the others.</summary>
    /// <exception cref="NotImplementedException">Executed on the CPU.</exception>
    public static void Emit<T0, T1, T2, T3, T4, T5, T6>(string ptx, out T0 a0, T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6)
        where T0 : struct where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
        where T6 : struct =>
        throw new NotImplementedException(OnlyOnCuda);

    /// <summary>Emits PTX that reads its arguments.</summary>
    /// <exception cref="NotImplementedException">Executed on the CPU.</exception>
    public static void Emit<T0, T1, T2, T3, T4, T5, T6, T7>(string ptx, T0 a0, T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6, T7 a7)
        where T0 : struct where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
        where T6 : struct where T7 : struct =>
        throw new NotImplementedException(OnlyOnCuda);

    /// <summary>Emits PTX that writes the first argument and reads the others.</summary>
    /// <exception cref="NotImplementedException">Executed on the CPU.</exception>
    public static void Emit<T0, T1, T2, T3, T4, T5, T6, T7>(string ptx, out T0 a0, T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6, T7 a7)
        where T0 : struct where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
        where T6 : struct where T7 : struct =>
        throw new NotImplementedException(OnlyOnCuda);

    /// <summary>Emits PTX that reads its arguments.</summary>
    /// <exception cref="NotImplementedException">Executed on the CPU.</exception>
    public static void Emit<T0, T1, T2, T3, T4, T5, T6, T7, T8>(string ptx, T0 a0, T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6, T7 a7, T8 a8)
        where T0 : struct where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
        where T6 : struct where T7 : struct where T8 : struct =>
        throw new NotImplementedException(OnlyOnCuda);

    /// <summary>Emits PTX that writes the first argument and reads the others.</summary>
    /// <exception cref="NotImplementedException">Executed on the CPU.</exception>
    public static void Emit<T0, T1, T2, T3, T4, T5, T6, T7, T8>(
        string ptx, out T0 a0, T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6, T7 a7, T8 a8)
        where T0 : struct where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
        where T6 : struct where T7 : struct where T8 : struct =>
        throw new NotImplementedException(OnlyOnCuda);

    /// <summary>Emits PTX that reads its arguments.</summary>
    /// <exception cref="NotImplementedException">Executed on the CPU.</exception>
    public static void Emit<T0, T1, T2, T3, T4, T5, T6, T7, T8, T9>(
        string ptx, T0 a0, T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6, T7 a7, T8 a8, T9 a9)
        where T0 : struct where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
        where T6 : struct where T7 : struct where T8 : struct where T9 : struct =>
        throw new NotImplementedException(OnlyOnCuda);

    /// <summary>Emits PTX that writes the first argument and reads the others.</summary>
    /// <exception cref="NotImplementedException">Executed on the CPU.</exception>
    public static void Emit<T0, T1, T2, T3, T4, T5, T6, T7, T8, T9>(
        string ptx, out T0 a0, T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6, T7 a7, T8 a8, T9 a9)
        where T0 : struct where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
        where T6 : struct where T7 : struct where T8 : struct where T9 : struct =>
        throw new NotImplementedException(OnlyOnCuda);
}
