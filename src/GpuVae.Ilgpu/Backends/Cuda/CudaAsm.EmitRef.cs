namespace ILGPU.Runtime.Cuda;

/// <summary>Inline PTX whose arguments are read, written or both.</summary>
public static partial class CudaAsm
{
    /// <summary>Emits PTX; each argument is an <see cref="Input{T}"/>, an <see cref="Output{T}"/> or a <see cref="Ref{T}"/>.</summary>
    /// <exception cref="NotImplementedException">Executed on the CPU.</exception>
    public static void EmitRef<T0>(
        string ptx, ref T0 a0)
        where T0 : struct =>
        throw new NotImplementedException(OnlyOnCuda);

    /// <summary>Emits PTX; each argument is an <see cref="Input{T}"/>, an <see cref="Output{T}"/> or a <see cref="Ref{T}"/>.</summary>
    /// <exception cref="NotImplementedException">Executed on the CPU.</exception>
    public static void EmitRef<T0, T1>(
        string ptx, ref T0 a0, ref T1 a1)
        where T0 : struct where T1 : struct =>
        throw new NotImplementedException(OnlyOnCuda);

    /// <summary>Emits PTX; each argument is an <see cref="Input{T}"/>, an <see cref="Output{T}"/> or a <see cref="Ref{T}"/>.</summary>
    /// <exception cref="NotImplementedException">Executed on the CPU.</exception>
    public static void EmitRef<T0, T1, T2>(
        string ptx, ref T0 a0, ref T1 a1, ref T2 a2)
        where T0 : struct where T1 : struct where T2 : struct =>
        throw new NotImplementedException(OnlyOnCuda);

    /// <summary>Emits PTX; each argument is an <see cref="Input{T}"/>, an <see cref="Output{T}"/> or a <see cref="Ref{T}"/>.</summary>
    /// <exception cref="NotImplementedException">Executed on the CPU.</exception>
    public static void EmitRef<T0, T1, T2, T3>(
        string ptx, ref T0 a0, ref T1 a1, ref T2 a2, ref T3 a3)
        where T0 : struct where T1 : struct where T2 : struct where T3 : struct =>
        throw new NotImplementedException(OnlyOnCuda);

    /// <summary>Emits PTX; each argument is an <see cref="Input{T}"/>, an <see cref="Output{T}"/> or a <see cref="Ref{T}"/>.</summary>
    /// <exception cref="NotImplementedException">Executed on the CPU.</exception>
    public static void EmitRef<T0, T1, T2, T3, T4>(
        string ptx, ref T0 a0, ref T1 a1, ref T2 a2, ref T3 a3, ref T4 a4)
        where T0 : struct where T1 : struct where T2 : struct where T3 : struct where T4 : struct =>
        throw new NotImplementedException(OnlyOnCuda);

    /// <summary>Emits PTX; each argument is an <see cref="Input{T}"/>, an <see cref="Output{T}"/> or a <see cref="Ref{T}"/>.</summary>
    /// <exception cref="NotImplementedException">Executed on the CPU.</exception>
    public static void EmitRef<T0, T1, T2, T3, T4, T5>(
        string ptx, ref T0 a0, ref T1 a1, ref T2 a2, ref T3 a3, ref T4 a4, ref T5 a5)
        where T0 : struct where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct =>
        throw new NotImplementedException(OnlyOnCuda);

    /// <summary>Emits PTX; each argument is an <see cref="Input{T}"/>, an <see cref="Output{T}"/> or a <see cref="Ref{T}"/>.</summary>
    /// <exception cref="NotImplementedException">Executed on the CPU.</exception>
    public static void EmitRef<T0, T1, T2, T3, T4, T5, T6>(
        string ptx, ref T0 a0, ref T1 a1, ref T2 a2, ref T3 a3, ref T4 a4, ref T5 a5, ref T6 a6)
        where T0 : struct where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
        where T6 : struct =>
        throw new NotImplementedException(OnlyOnCuda);

    /// <summary>Emits PTX; each argument is an <see cref="Input{T}"/>, an <see cref="Output{T}"/> or a <see cref="Ref{T}"/>.</summary>
    /// <exception cref="NotImplementedException">Executed on the CPU.</exception>
    public static void EmitRef<T0, T1, T2, T3, T4, T5, T6, T7>(
        string ptx, ref T0 a0, ref T1 a1, ref T2 a2, ref T3 a3, ref T4 a4, ref T5 a5, ref T6 a6, ref T7 a7)
        where T0 : struct where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
        where T6 : struct where T7 : struct =>
        throw new NotImplementedException(OnlyOnCuda);

    /// <summary>Emits PTX; each argument is an <see cref="Input{T}"/>, an <see cref="Output{T}"/> or a <see cref="Ref{T}"/>.</summary>
    /// <exception cref="NotImplementedException">Executed on the CPU.</exception>
    public static void EmitRef<T0, T1, T2, T3, T4, T5, T6, T7, T8>(
        string ptx, ref T0 a0, ref T1 a1, ref T2 a2, ref T3 a3, ref T4 a4, ref T5 a5, ref T6 a6, ref T7 a7, ref T8 a8)
        where T0 : struct where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
        where T6 : struct where T7 : struct where T8 : struct =>
        throw new NotImplementedException(OnlyOnCuda);

    /// <summary>Emits PTX; each argument is an <see cref="Input{T}"/>, an <see cref="Output{T}"/> or a <see cref="Ref{T}"/>.</summary>
    /// <exception cref="NotImplementedException">Executed on the CPU.</exception>
    public static void EmitRef<T0, T1, T2, T3, T4, T5, T6, T7, T8, T9>(
        string ptx, ref T0 a0, ref T1 a1, ref T2 a2, ref T3 a3, ref T4 a4, ref T5 a5, ref T6 a6, ref T7 a7, ref T8 a8, ref T9 a9)
        where T0 : struct where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
        where T6 : struct where T7 : struct where T8 : struct where T9 : struct =>
        throw new NotImplementedException(OnlyOnCuda);

    /// <summary>Emits PTX; each argument is an <see cref="Input{T}"/>, an <see cref="Output{T}"/> or a <see cref="Ref{T}"/>.</summary>
    /// <exception cref="NotImplementedException">Executed on the CPU.</exception>
    public static void EmitRef<T0, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10>(
        string ptx, ref T0 a0, ref T1 a1, ref T2 a2, ref T3 a3, ref T4 a4, ref T5 a5, ref T6 a6, ref T7 a7, ref T8 a8, ref T9 a9,
        ref T10 a10)
        where T0 : struct where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
        where T6 : struct where T7 : struct where T8 : struct where T9 : struct where T10 : struct =>
        throw new NotImplementedException(OnlyOnCuda);

    /// <summary>Emits PTX; each argument is an <see cref="Input{T}"/>, an <see cref="Output{T}"/> or a <see cref="Ref{T}"/>.</summary>
    /// <exception cref="NotImplementedException">Executed on the CPU.</exception>
    public static void EmitRef<T0, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11>(
        string ptx, ref T0 a0, ref T1 a1, ref T2 a2, ref T3 a3, ref T4 a4, ref T5 a5, ref T6 a6, ref T7 a7, ref T8 a8, ref T9 a9,
        ref T10 a10, ref T11 a11)
        where T0 : struct where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
        where T6 : struct where T7 : struct where T8 : struct where T9 : struct where T10 : struct where T11 : struct =>
        throw new NotImplementedException(OnlyOnCuda);

    /// <summary>Emits PTX; each argument is an <see cref="Input{T}"/>, an <see cref="Output{T}"/> or a <see cref="Ref{T}"/>.</summary>
    /// <exception cref="NotImplementedException">Executed on the CPU.</exception>
    public static void EmitRef<T0, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12>(
        string ptx, ref T0 a0, ref T1 a1, ref T2 a2, ref T3 a3, ref T4 a4, ref T5 a5, ref T6 a6, ref T7 a7, ref T8 a8, ref T9 a9,
        ref T10 a10, ref T11 a11, ref T12 a12)
        where T0 : struct where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
        where T6 : struct where T7 : struct where T8 : struct where T9 : struct where T10 : struct where T11 : struct
        where T12 : struct =>
        throw new NotImplementedException(OnlyOnCuda);

    /// <summary>Emits PTX; each argument is an <see cref="Input{T}"/>, an <see cref="Output{T}"/> or a <see cref="Ref{T}"/>.</summary>
    /// <exception cref="NotImplementedException">Executed on the CPU.</exception>
    public static void EmitRef<T0, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13>(
        string ptx, ref T0 a0, ref T1 a1, ref T2 a2, ref T3 a3, ref T4 a4, ref T5 a5, ref T6 a6, ref T7 a7, ref T8 a8, ref T9 a9,
        ref T10 a10, ref T11 a11, ref T12 a12, ref T13 a13)
        where T0 : struct where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
        where T6 : struct where T7 : struct where T8 : struct where T9 : struct where T10 : struct where T11 : struct
        where T12 : struct where T13 : struct =>
        throw new NotImplementedException(OnlyOnCuda);

    /// <summary>Emits PTX; each argument is an <see cref="Input{T}"/>, an <see cref="Output{T}"/> or a <see cref="Ref{T}"/>.</summary>
    /// <exception cref="NotImplementedException">Executed on the CPU.</exception>
    public static void EmitRef<T0, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14>(
        string ptx, ref T0 a0, ref T1 a1, ref T2 a2, ref T3 a3, ref T4 a4, ref T5 a5, ref T6 a6, ref T7 a7, ref T8 a8, ref T9 a9,
        ref T10 a10, ref T11 a11, ref T12 a12, ref T13 a13, ref T14 a14)
        where T0 : struct where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
        where T6 : struct where T7 : struct where T8 : struct where T9 : struct where T10 : struct where T11 : struct
        where T12 : struct where T13 : struct where T14 : struct =>
        throw new NotImplementedException(OnlyOnCuda);

    /// <summary>Emits PTX; each argument is an <see cref="Input{T}"/>, an <see cref="Output{T}"/> or a <see cref="Ref{T}"/>.</summary>
    /// <exception cref="NotImplementedException">Executed on the CPU.</exception>
    public static void EmitRef<T0, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15>(
        string ptx, ref T0 a0, ref T1 a1, ref T2 a2, ref T3 a3, ref T4 a4, ref T5 a5, ref T6 a6, ref T7 a7, ref T8 a8, ref T9 a9,
        ref T10 a10, ref T11 a11, ref T12 a12, ref T13 a13, ref T14 a14, ref T15 a15)
        where T0 : struct where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
        where T6 : struct where T7 : struct where T8 : struct where T9 : struct where T10 : struct where T11 : struct
        where T12 : struct where T13 : struct where T14 : struct where T15 : struct =>
        throw new NotImplementedException(OnlyOnCuda);

    /// <summary>Emits PTX; each argument is an <see cref="Input{T}"/>, an <see cref="Output{T}"/> or a <see cref="Ref{T}"/>.</summary>
    /// <exception cref="NotImplementedException">Executed on the CPU.</exception>
    public static void EmitRef<T0, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16>(
        string ptx, ref T0 a0, ref T1 a1, ref T2 a2, ref T3 a3, ref T4 a4, ref T5 a5, ref T6 a6, ref T7 a7, ref T8 a8, ref T9 a9,
        ref T10 a10, ref T11 a11, ref T12 a12, ref T13 a13, ref T14 a14, ref T15 a15, ref T16 a16)
        where T0 : struct where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
        where T6 : struct where T7 : struct where T8 : struct where T9 : struct where T10 : struct where T11 : struct
        where T12 : struct where T13 : struct where T14 : struct where T15 : struct where T16 : struct =>
        throw new NotImplementedException(OnlyOnCuda);

    /// <summary>Emits PTX; each argument is an <see cref="Input{T}"/>, an <see cref="Output{T}"/> or a <see cref="Ref{T}"/>.</summary>
    /// <exception cref="NotImplementedException">Executed on the CPU.</exception>
    public static void EmitRef<T0, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16, T17>(
        string ptx, ref T0 a0, ref T1 a1, ref T2 a2, ref T3 a3, ref T4 a4, ref T5 a5, ref T6 a6, ref T7 a7, ref T8 a8, ref T9 a9,
        ref T10 a10, ref T11 a11, ref T12 a12, ref T13 a13, ref T14 a14, ref T15 a15, ref T16 a16, ref T17 a17)
        where T0 : struct where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
        where T6 : struct where T7 : struct where T8 : struct where T9 : struct where T10 : struct where T11 : struct
        where T12 : struct where T13 : struct where T14 : struct where T15 : struct where T16 : struct where T17 : struct =>
        throw new NotImplementedException(OnlyOnCuda);

    /// <summary>Emits PTX; each argument is an <see cref="Input{T}"/>, an <see cref="Output{T}"/> or a <see cref="Ref{T}"/>.</summary>
    /// <exception cref="NotImplementedException">Executed on the CPU.</exception>
    public static void EmitRef<T0, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16, T17, T18>(
        string ptx, ref T0 a0, ref T1 a1, ref T2 a2, ref T3 a3, ref T4 a4, ref T5 a5, ref T6 a6, ref T7 a7, ref T8 a8, ref T9 a9,
        ref T10 a10, ref T11 a11, ref T12 a12, ref T13 a13, ref T14 a14, ref T15 a15, ref T16 a16, ref T17 a17, ref T18 a18)
        where T0 : struct where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
        where T6 : struct where T7 : struct where T8 : struct where T9 : struct where T10 : struct where T11 : struct
        where T12 : struct where T13 : struct where T14 : struct where T15 : struct where T16 : struct where T17 : struct
        where T18 : struct =>
        throw new NotImplementedException(OnlyOnCuda);

    /// <summary>Emits PTX; each argument is an <see cref="Input{T}"/>, an <see cref="Output{T}"/> or a <see cref="Ref{T}"/>.</summary>
    /// <exception cref="NotImplementedException">Executed on the CPU.</exception>
    public static void EmitRef<T0, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16, T17, T18, T19>(
        string ptx, ref T0 a0, ref T1 a1, ref T2 a2, ref T3 a3, ref T4 a4, ref T5 a5, ref T6 a6, ref T7 a7, ref T8 a8, ref T9 a9,
        ref T10 a10, ref T11 a11, ref T12 a12, ref T13 a13, ref T14 a14, ref T15 a15, ref T16 a16, ref T17 a17, ref T18 a18,
        ref T19 a19)
        where T0 : struct where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
        where T6 : struct where T7 : struct where T8 : struct where T9 : struct where T10 : struct where T11 : struct
        where T12 : struct where T13 : struct where T14 : struct where T15 : struct where T16 : struct where T17 : struct
        where T18 : struct where T19 : struct =>
        throw new NotImplementedException(OnlyOnCuda);

    /// <summary>Emits PTX; each argument is an <see cref="Input{T}"/>, an <see cref="Output{T}"/> or a <see cref="Ref{T}"/>.</summary>
    /// <exception cref="NotImplementedException">Executed on the CPU.</exception>
    public static void EmitRef<T0, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16, T17, T18, T19, T20>(
        string ptx, ref T0 a0, ref T1 a1, ref T2 a2, ref T3 a3, ref T4 a4, ref T5 a5, ref T6 a6, ref T7 a7, ref T8 a8, ref T9 a9,
        ref T10 a10, ref T11 a11, ref T12 a12, ref T13 a13, ref T14 a14, ref T15 a15, ref T16 a16, ref T17 a17, ref T18 a18,
        ref T19 a19, ref T20 a20)
        where T0 : struct where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
        where T6 : struct where T7 : struct where T8 : struct where T9 : struct where T10 : struct where T11 : struct
        where T12 : struct where T13 : struct where T14 : struct where T15 : struct where T16 : struct where T17 : struct
        where T18 : struct where T19 : struct where T20 : struct =>
        throw new NotImplementedException(OnlyOnCuda);

    /// <summary>Emits PTX; each argument is an <see cref="Input{T}"/>, an <see cref="Output{T}"/> or a <see cref="Ref{T}"/>.</summary>
    /// <exception cref="NotImplementedException">Executed on the CPU.</exception>
    public static void EmitRef<T0, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16, T17, T18, T19, T20, T21>(
        string ptx, ref T0 a0, ref T1 a1, ref T2 a2, ref T3 a3, ref T4 a4, ref T5 a5, ref T6 a6, ref T7 a7, ref T8 a8, ref T9 a9,
        ref T10 a10, ref T11 a11, ref T12 a12, ref T13 a13, ref T14 a14, ref T15 a15, ref T16 a16, ref T17 a17, ref T18 a18,
        ref T19 a19, ref T20 a20, ref T21 a21)
        where T0 : struct where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
        where T6 : struct where T7 : struct where T8 : struct where T9 : struct where T10 : struct where T11 : struct
        where T12 : struct where T13 : struct where T14 : struct where T15 : struct where T16 : struct where T17 : struct
        where T18 : struct where T19 : struct where T20 : struct where T21 : struct =>
        throw new NotImplementedException(OnlyOnCuda);

    /// <summary>Emits PTX; each argument is an <see cref="Input{T}"/>, an <see cref="Output{T}"/> or a <see cref="Ref{T}"/>.</summary>
    /// <exception cref="NotImplementedException">Executed on the CPU.</exception>
    public static void EmitRef<T0, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16, T17, T18, T19, T20, T21, T22>(
        string ptx, ref T0 a0, ref T1 a1, ref T2 a2, ref T3 a3, ref T4 a4, ref T5 a5, ref T6 a6, ref T7 a7, ref T8 a8, ref T9 a9,
        ref T10 a10, ref T11 a11, ref T12 a12, ref T13 a13, ref T14 a14, ref T15 a15, ref T16 a16, ref T17 a17, ref T18 a18,
        ref T19 a19, ref T20 a20, ref T21 a21, ref T22 a22)
        where T0 : struct where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
        where T6 : struct where T7 : struct where T8 : struct where T9 : struct where T10 : struct where T11 : struct
        where T12 : struct where T13 : struct where T14 : struct where T15 : struct where T16 : struct where T17 : struct
        where T18 : struct where T19 : struct where T20 : struct where T21 : struct where T22 : struct =>
        throw new NotImplementedException(OnlyOnCuda);

    /// <summary>Emits PTX; each argument is an <see cref="Input{T}"/>, an <see cref="Output{T}"/> or a <see cref="Ref{T}"/>.</summary>
    /// <exception cref="NotImplementedException">Executed on the CPU.</exception>
    public static void EmitRef<
        T0, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16, T17, T18, T19, T20, T21, T22, T23>(
        string ptx, ref T0 a0, ref T1 a1, ref T2 a2, ref T3 a3, ref T4 a4, ref T5 a5, ref T6 a6, ref T7 a7, ref T8 a8, ref T9 a9,
        ref T10 a10, ref T11 a11, ref T12 a12, ref T13 a13, ref T14 a14, ref T15 a15, ref T16 a16, ref T17 a17, ref T18 a18,
        ref T19 a19, ref T20 a20, ref T21 a21, ref T22 a22, ref T23 a23)
        where T0 : struct where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
        where T6 : struct where T7 : struct where T8 : struct where T9 : struct where T10 : struct where T11 : struct
        where T12 : struct where T13 : struct where T14 : struct where T15 : struct where T16 : struct where T17 : struct
        where T18 : struct where T19 : struct where T20 : struct where T21 : struct where T22 : struct where T23 : struct =>
        throw new NotImplementedException(OnlyOnCuda);

    /// <summary>Emits PTX; each argument is an <see cref="Input{T}"/>, an <see cref="Output{T}"/> or a <see cref="Ref{T}"/>.</summary>
    /// <exception cref="NotImplementedException">Executed on the CPU.</exception>
    public static void EmitRef<
        T0, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16, T17, T18, T19, T20, T21, T22, T23, T24>(
        string ptx, ref T0 a0, ref T1 a1, ref T2 a2, ref T3 a3, ref T4 a4, ref T5 a5, ref T6 a6, ref T7 a7, ref T8 a8, ref T9 a9,
        ref T10 a10, ref T11 a11, ref T12 a12, ref T13 a13, ref T14 a14, ref T15 a15, ref T16 a16, ref T17 a17, ref T18 a18,
        ref T19 a19, ref T20 a20, ref T21 a21, ref T22 a22, ref T23 a23, ref T24 a24)
        where T0 : struct where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
        where T6 : struct where T7 : struct where T8 : struct where T9 : struct where T10 : struct where T11 : struct
        where T12 : struct where T13 : struct where T14 : struct where T15 : struct where T16 : struct where T17 : struct
        where T18 : struct where T19 : struct where T20 : struct where T21 : struct where T22 : struct where T23 : struct
        where T24 : struct =>
        throw new NotImplementedException(OnlyOnCuda);

    /// <summary>Emits PTX; each argument is an <see cref="Input{T}"/>, an <see cref="Output{T}"/> or a <see cref="Ref{T}"/>.</summary>
    /// <exception cref="NotImplementedException">Executed on the CPU.</exception>
    public static void EmitRef<
        T0, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16, T17, T18, T19, T20, T21, T22, T23, T24, T25>(
        string ptx, ref T0 a0, ref T1 a1, ref T2 a2, ref T3 a3, ref T4 a4, ref T5 a5, ref T6 a6, ref T7 a7, ref T8 a8, ref T9 a9,
        ref T10 a10, ref T11 a11, ref T12 a12, ref T13 a13, ref T14 a14, ref T15 a15, ref T16 a16, ref T17 a17, ref T18 a18,
        ref T19 a19, ref T20 a20, ref T21 a21, ref T22 a22, ref T23 a23, ref T24 a24, ref T25 a25)
        where T0 : struct where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
        where T6 : struct where T7 : struct where T8 : struct where T9 : struct where T10 : struct where T11 : struct
        where T12 : struct where T13 : struct where T14 : struct where T15 : struct where T16 : struct where T17 : struct
        where T18 : struct where T19 : struct where T20 : struct where T21 : struct where T22 : struct where T23 : struct
        where T24 : struct where T25 : struct =>
        throw new NotImplementedException(OnlyOnCuda);

    /// <summary>Emits PTX; each argument is an <see cref="Input{T}"/>, an <see cref="Output{T}"/> or a <see cref="Ref{T}"/>.</summary>
    /// <exception cref="NotImplementedException">Executed on the CPU.</exception>
    public static void EmitRef<
        T0, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16, T17, T18, T19, T20, T21, T22, T23, T24, T25, T26>(
        string ptx, ref T0 a0, ref T1 a1, ref T2 a2, ref T3 a3, ref T4 a4, ref T5 a5, ref T6 a6, ref T7 a7, ref T8 a8, ref T9 a9,
        ref T10 a10, ref T11 a11, ref T12 a12, ref T13 a13, ref T14 a14, ref T15 a15, ref T16 a16, ref T17 a17, ref T18 a18,
        ref T19 a19, ref T20 a20, ref T21 a21, ref T22 a22, ref T23 a23, ref T24 a24, ref T25 a25, ref T26 a26)
        where T0 : struct where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
        where T6 : struct where T7 : struct where T8 : struct where T9 : struct where T10 : struct where T11 : struct
        where T12 : struct where T13 : struct where T14 : struct where T15 : struct where T16 : struct where T17 : struct
        where T18 : struct where T19 : struct where T20 : struct where T21 : struct where T22 : struct where T23 : struct
        where T24 : struct where T25 : struct where T26 : struct =>
        throw new NotImplementedException(OnlyOnCuda);

    /// <summary>Emits PTX; each argument is an <see cref="Input{T}"/>, an <see cref="Output{T}"/> or a <see cref="Ref{T}"/>.</summary>
    /// <exception cref="NotImplementedException">Executed on the CPU.</exception>
    public static void EmitRef<
        T0, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16, T17, T18, T19, T20, T21, T22, T23, T24, T25, T26,
        T27>(
        string ptx, ref T0 a0, ref T1 a1, ref T2 a2, ref T3 a3, ref T4 a4, ref T5 a5, ref T6 a6, ref T7 a7, ref T8 a8, ref T9 a9,
        ref T10 a10, ref T11 a11, ref T12 a12, ref T13 a13, ref T14 a14, ref T15 a15, ref T16 a16, ref T17 a17, ref T18 a18,
        ref T19 a19, ref T20 a20, ref T21 a21, ref T22 a22, ref T23 a23, ref T24 a24, ref T25 a25, ref T26 a26, ref T27 a27)
        where T0 : struct where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
        where T6 : struct where T7 : struct where T8 : struct where T9 : struct where T10 : struct where T11 : struct
        where T12 : struct where T13 : struct where T14 : struct where T15 : struct where T16 : struct where T17 : struct
        where T18 : struct where T19 : struct where T20 : struct where T21 : struct where T22 : struct where T23 : struct
        where T24 : struct where T25 : struct where T26 : struct where T27 : struct =>
        throw new NotImplementedException(OnlyOnCuda);

    /// <summary>Emits PTX; each argument is an <see cref="Input{T}"/>, an <see cref="Output{T}"/> or a <see cref="Ref{T}"/>.</summary>
    /// <exception cref="NotImplementedException">Executed on the CPU.</exception>
    public static void EmitRef<
        T0, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16, T17, T18, T19, T20, T21, T22, T23, T24, T25, T26,
        T27, T28>(
        string ptx, ref T0 a0, ref T1 a1, ref T2 a2, ref T3 a3, ref T4 a4, ref T5 a5, ref T6 a6, ref T7 a7, ref T8 a8, ref T9 a9,
        ref T10 a10, ref T11 a11, ref T12 a12, ref T13 a13, ref T14 a14, ref T15 a15, ref T16 a16, ref T17 a17, ref T18 a18,
        ref T19 a19, ref T20 a20, ref T21 a21, ref T22 a22, ref T23 a23, ref T24 a24, ref T25 a25, ref T26 a26, ref T27 a27,
        ref T28 a28)
        where T0 : struct where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
        where T6 : struct where T7 : struct where T8 : struct where T9 : struct where T10 : struct where T11 : struct
        where T12 : struct where T13 : struct where T14 : struct where T15 : struct where T16 : struct where T17 : struct
        where T18 : struct where T19 : struct where T20 : struct where T21 : struct where T22 : struct where T23 : struct
        where T24 : struct where T25 : struct where T26 : struct where T27 : struct where T28 : struct =>
        throw new NotImplementedException(OnlyOnCuda);

    /// <summary>Emits PTX; each argument is an <see cref="Input{T}"/>, an <see cref="Output{T}"/> or a <see cref="Ref{T}"/>.</summary>
    /// <exception cref="NotImplementedException">Executed on the CPU.</exception>
    public static void EmitRef<
        T0, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16, T17, T18, T19, T20, T21, T22, T23, T24, T25, T26,
        T27, T28, T29>(
        string ptx, ref T0 a0, ref T1 a1, ref T2 a2, ref T3 a3, ref T4 a4, ref T5 a5, ref T6 a6, ref T7 a7, ref T8 a8, ref T9 a9,
        ref T10 a10, ref T11 a11, ref T12 a12, ref T13 a13, ref T14 a14, ref T15 a15, ref T16 a16, ref T17 a17, ref T18 a18,
        ref T19 a19, ref T20 a20, ref T21 a21, ref T22 a22, ref T23 a23, ref T24 a24, ref T25 a25, ref T26 a26, ref T27 a27,
        ref T28 a28, ref T29 a29)
        where T0 : struct where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
        where T6 : struct where T7 : struct where T8 : struct where T9 : struct where T10 : struct where T11 : struct
        where T12 : struct where T13 : struct where T14 : struct where T15 : struct where T16 : struct where T17 : struct
        where T18 : struct where T19 : struct where T20 : struct where T21 : struct where T22 : struct where T23 : struct
        where T24 : struct where T25 : struct where T26 : struct where T27 : struct where T28 : struct where T29 : struct =>
        throw new NotImplementedException(OnlyOnCuda);

    /// <summary>Emits PTX; each argument is an <see cref="Input{T}"/>, an <see cref="Output{T}"/> or a <see cref="Ref{T}"/>.</summary>
    /// <exception cref="NotImplementedException">Executed on the CPU.</exception>
    public static void EmitRef<
        T0, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16, T17, T18, T19, T20, T21, T22, T23, T24, T25, T26,
        T27, T28, T29, T30>(
        string ptx, ref T0 a0, ref T1 a1, ref T2 a2, ref T3 a3, ref T4 a4, ref T5 a5, ref T6 a6, ref T7 a7, ref T8 a8, ref T9 a9,
        ref T10 a10, ref T11 a11, ref T12 a12, ref T13 a13, ref T14 a14, ref T15 a15, ref T16 a16, ref T17 a17, ref T18 a18,
        ref T19 a19, ref T20 a20, ref T21 a21, ref T22 a22, ref T23 a23, ref T24 a24, ref T25 a25, ref T26 a26, ref T27 a27,
        ref T28 a28, ref T29 a29, ref T30 a30)
        where T0 : struct where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
        where T6 : struct where T7 : struct where T8 : struct where T9 : struct where T10 : struct where T11 : struct
        where T12 : struct where T13 : struct where T14 : struct where T15 : struct where T16 : struct where T17 : struct
        where T18 : struct where T19 : struct where T20 : struct where T21 : struct where T22 : struct where T23 : struct
        where T24 : struct where T25 : struct where T26 : struct where T27 : struct where T28 : struct where T29 : struct
        where T30 : struct =>
        throw new NotImplementedException(OnlyOnCuda);

    /// <summary>Emits PTX; each argument is an <see cref="Input{T}"/>, an <see cref="Output{T}"/> or a <see cref="Ref{T}"/>.</summary>
    /// <exception cref="NotImplementedException">Executed on the CPU.</exception>
    public static void EmitRef<
        T0, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16, T17, T18, T19, T20, T21, T22, T23, T24, T25, T26,
        T27, T28, T29, T30, T31>(
        string ptx, ref T0 a0, ref T1 a1, ref T2 a2, ref T3 a3, ref T4 a4, ref T5 a5, ref T6 a6, ref T7 a7, ref T8 a8, ref T9 a9,
        ref T10 a10, ref T11 a11, ref T12 a12, ref T13 a13, ref T14 a14, ref T15 a15, ref T16 a16, ref T17 a17, ref T18 a18,
        ref T19 a19, ref T20 a20, ref T21 a21, ref T22 a22, ref T23 a23, ref T24 a24, ref T25 a25, ref T26 a26, ref T27 a27,
        ref T28 a28, ref T29 a29, ref T30 a30, ref T31 a31)
        where T0 : struct where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
        where T6 : struct where T7 : struct where T8 : struct where T9 : struct where T10 : struct where T11 : struct
        where T12 : struct where T13 : struct where T14 : struct where T15 : struct where T16 : struct where T17 : struct
        where T18 : struct where T19 : struct where T20 : struct where T21 : struct where T22 : struct where T23 : struct
        where T24 : struct where T25 : struct where T26 : struct where T27 : struct where T28 : struct where T29 : struct
        where T30 : struct where T31 : struct =>
        throw new NotImplementedException(OnlyOnCuda);

    /// <summary>Emits PTX; each argument is an <see cref="Input{T}"/>, an <see cref="Output{T}"/> or a <see cref="Ref{T}"/>.</summary>
    /// <exception cref="NotImplementedException">Executed on the CPU.</exception>
    public static void EmitRef<
        T0, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16, T17, T18, T19, T20, T21, T22, T23, T24, T25, T26,
        T27, T28, T29, T30, T31, T32>(
        string ptx, ref T0 a0, ref T1 a1, ref T2 a2, ref T3 a3, ref T4 a4, ref T5 a5, ref T6 a6, ref T7 a7, ref T8 a8, ref T9 a9,
        ref T10 a10, ref T11 a11, ref T12 a12, ref T13 a13, ref T14 a14, ref T15 a15, ref T16 a16, ref T17 a17, ref T18 a18,
        ref T19 a19, ref T20 a20, ref T21 a21, ref T22 a22, ref T23 a23, ref T24 a24, ref T25 a25, ref T26 a26, ref T27 a27,
        ref T28 a28, ref T29 a29, ref T30 a30, ref T31 a31, ref T32 a32)
        where T0 : struct where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
        where T6 : struct where T7 : struct where T8 : struct where T9 : struct where T10 : struct where T11 : struct
        where T12 : struct where T13 : struct where T14 : struct where T15 : struct where T16 : struct where T17 : struct
        where T18 : struct where T19 : struct where T20 : struct where T21 : struct where T22 : struct where T23 : struct
        where T24 : struct where T25 : struct where T26 : struct where T27 : struct where T28 : struct where T29 : struct
        where T30 : struct where T31 : struct where T32 : struct =>
        throw new NotImplementedException(OnlyOnCuda);

    /// <summary>Emits PTX; each argument is an <see cref="Input{T}"/>, an <see cref="Output{T}"/> or a <see cref="Ref{T}"/>.</summary>
    /// <exception cref="NotImplementedException">Executed on the CPU.</exception>
    public static void EmitRef<
        T0, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16, T17, T18, T19, T20, T21, T22, T23, T24, T25, T26,
        T27, T28, T29, T30, T31, T32, T33>(
        string ptx, ref T0 a0, ref T1 a1, ref T2 a2, ref T3 a3, ref T4 a4, ref T5 a5, ref T6 a6, ref T7 a7, ref T8 a8, ref T9 a9,
        ref T10 a10, ref T11 a11, ref T12 a12, ref T13 a13, ref T14 a14, ref T15 a15, ref T16 a16, ref T17 a17, ref T18 a18,
        ref T19 a19, ref T20 a20, ref T21 a21, ref T22 a22, ref T23 a23, ref T24 a24, ref T25 a25, ref T26 a26, ref T27 a27,
        ref T28 a28, ref T29 a29, ref T30 a30, ref T31 a31, ref T32 a32, ref T33 a33)
        where T0 : struct where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
        where T6 : struct where T7 : struct where T8 : struct where T9 : struct where T10 : struct where T11 : struct
        where T12 : struct where T13 : struct where T14 : struct where T15 : struct where T16 : struct where T17 : struct
        where T18 : struct where T19 : struct where T20 : struct where T21 : struct where T22 : struct where T23 : struct
        where T24 : struct where T25 : struct where T26 : struct where T27 : struct where T28 : struct where T29 : struct
        where T30 : struct where T31 : struct where T32 : struct where T33 : struct =>
        throw new NotImplementedException(OnlyOnCuda);

    /// <summary>Emits PTX; each argument is an <see cref="Input{T}"/>, an <see cref="Output{T}"/> or a <see cref="Ref{T}"/>.</summary>
    /// <exception cref="NotImplementedException">Executed on the CPU.</exception>
    public static void EmitRef<
        T0, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16, T17, T18, T19, T20, T21, T22, T23, T24, T25, T26,
        T27, T28, T29, T30, T31, T32, T33, T34>(
        string ptx, ref T0 a0, ref T1 a1, ref T2 a2, ref T3 a3, ref T4 a4, ref T5 a5, ref T6 a6, ref T7 a7, ref T8 a8, ref T9 a9,
        ref T10 a10, ref T11 a11, ref T12 a12, ref T13 a13, ref T14 a14, ref T15 a15, ref T16 a16, ref T17 a17, ref T18 a18,
        ref T19 a19, ref T20 a20, ref T21 a21, ref T22 a22, ref T23 a23, ref T24 a24, ref T25 a25, ref T26 a26, ref T27 a27,
        ref T28 a28, ref T29 a29, ref T30 a30, ref T31 a31, ref T32 a32, ref T33 a33, ref T34 a34)
        where T0 : struct where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
        where T6 : struct where T7 : struct where T8 : struct where T9 : struct where T10 : struct where T11 : struct
        where T12 : struct where T13 : struct where T14 : struct where T15 : struct where T16 : struct where T17 : struct
        where T18 : struct where T19 : struct where T20 : struct where T21 : struct where T22 : struct where T23 : struct
        where T24 : struct where T25 : struct where T26 : struct where T27 : struct where T28 : struct where T29 : struct
        where T30 : struct where T31 : struct where T32 : struct where T33 : struct where T34 : struct =>
        throw new NotImplementedException(OnlyOnCuda);

    /// <summary>Emits PTX; each argument is an <see cref="Input{T}"/>, an <see cref="Output{T}"/> or a <see cref="Ref{T}"/>.</summary>
    /// <exception cref="NotImplementedException">Executed on the CPU.</exception>
    public static void EmitRef<
        T0, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16, T17, T18, T19, T20, T21, T22, T23, T24, T25, T26,
        T27, T28, T29, T30, T31, T32, T33, T34, T35>(
        string ptx, ref T0 a0, ref T1 a1, ref T2 a2, ref T3 a3, ref T4 a4, ref T5 a5, ref T6 a6, ref T7 a7, ref T8 a8, ref T9 a9,
        ref T10 a10, ref T11 a11, ref T12 a12, ref T13 a13, ref T14 a14, ref T15 a15, ref T16 a16, ref T17 a17, ref T18 a18,
        ref T19 a19, ref T20 a20, ref T21 a21, ref T22 a22, ref T23 a23, ref T24 a24, ref T25 a25, ref T26 a26, ref T27 a27,
        ref T28 a28, ref T29 a29, ref T30 a30, ref T31 a31, ref T32 a32, ref T33 a33, ref T34 a34, ref T35 a35)
        where T0 : struct where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
        where T6 : struct where T7 : struct where T8 : struct where T9 : struct where T10 : struct where T11 : struct
        where T12 : struct where T13 : struct where T14 : struct where T15 : struct where T16 : struct where T17 : struct
        where T18 : struct where T19 : struct where T20 : struct where T21 : struct where T22 : struct where T23 : struct
        where T24 : struct where T25 : struct where T26 : struct where T27 : struct where T28 : struct where T29 : struct
        where T30 : struct where T31 : struct where T32 : struct where T33 : struct where T34 : struct where T35 : struct =>
        throw new NotImplementedException(OnlyOnCuda);

    /// <summary>Emits PTX; each argument is an <see cref="Input{T}"/>, an <see cref="Output{T}"/> or a <see cref="Ref{T}"/>.</summary>
    /// <exception cref="NotImplementedException">Executed on the CPU.</exception>
    public static void EmitRef<
        T0, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16, T17, T18, T19, T20, T21, T22, T23, T24, T25, T26,
        T27, T28, T29, T30, T31, T32, T33, T34, T35, T36>(
        string ptx, ref T0 a0, ref T1 a1, ref T2 a2, ref T3 a3, ref T4 a4, ref T5 a5, ref T6 a6, ref T7 a7, ref T8 a8, ref T9 a9,
        ref T10 a10, ref T11 a11, ref T12 a12, ref T13 a13, ref T14 a14, ref T15 a15, ref T16 a16, ref T17 a17, ref T18 a18,
        ref T19 a19, ref T20 a20, ref T21 a21, ref T22 a22, ref T23 a23, ref T24 a24, ref T25 a25, ref T26 a26, ref T27 a27,
        ref T28 a28, ref T29 a29, ref T30 a30, ref T31 a31, ref T32 a32, ref T33 a33, ref T34 a34, ref T35 a35, ref T36 a36)
        where T0 : struct where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
        where T6 : struct where T7 : struct where T8 : struct where T9 : struct where T10 : struct where T11 : struct
        where T12 : struct where T13 : struct where T14 : struct where T15 : struct where T16 : struct where T17 : struct
        where T18 : struct where T19 : struct where T20 : struct where T21 : struct where T22 : struct where T23 : struct
        where T24 : struct where T25 : struct where T26 : struct where T27 : struct where T28 : struct where T29 : struct
        where T30 : struct where T31 : struct where T32 : struct where T33 : struct where T34 : struct where T35 : struct
        where T36 : struct =>
        throw new NotImplementedException(OnlyOnCuda);

    /// <summary>Emits PTX; each argument is an <see cref="Input{T}"/>, an <see cref="Output{T}"/> or a <see cref="Ref{T}"/>.</summary>
    /// <exception cref="NotImplementedException">Executed on the CPU.</exception>
    public static void EmitRef<
        T0, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16, T17, T18, T19, T20, T21, T22, T23, T24, T25, T26,
        T27, T28, T29, T30, T31, T32, T33, T34, T35, T36, T37>(
        string ptx, ref T0 a0, ref T1 a1, ref T2 a2, ref T3 a3, ref T4 a4, ref T5 a5, ref T6 a6, ref T7 a7, ref T8 a8, ref T9 a9,
        ref T10 a10, ref T11 a11, ref T12 a12, ref T13 a13, ref T14 a14, ref T15 a15, ref T16 a16, ref T17 a17, ref T18 a18,
        ref T19 a19, ref T20 a20, ref T21 a21, ref T22 a22, ref T23 a23, ref T24 a24, ref T25 a25, ref T26 a26, ref T27 a27,
        ref T28 a28, ref T29 a29, ref T30 a30, ref T31 a31, ref T32 a32, ref T33 a33, ref T34 a34, ref T35 a35, ref T36 a36,
        ref T37 a37)
        where T0 : struct where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
        where T6 : struct where T7 : struct where T8 : struct where T9 : struct where T10 : struct where T11 : struct
        where T12 : struct where T13 : struct where T14 : struct where T15 : struct where T16 : struct where T17 : struct
        where T18 : struct where T19 : struct where T20 : struct where T21 : struct where T22 : struct where T23 : struct
        where T24 : struct where T25 : struct where T26 : struct where T27 : struct where T28 : struct where T29 : struct
        where T30 : struct where T31 : struct where T32 : struct where T33 : struct where T34 : struct where T35 : struct
        where T36 : struct where T37 : struct =>
        throw new NotImplementedException(OnlyOnCuda);

    /// <summary>Emits PTX; each argument is an <see cref="Input{T}"/>, an <see cref="Output{T}"/> or a <see cref="Ref{T}"/>.</summary>
    /// <exception cref="NotImplementedException">Executed on the CPU.</exception>
    public static void EmitRef<
        T0, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16, T17, T18, T19, T20, T21, T22, T23, T24, T25, T26,
        T27, T28, T29, T30, T31, T32, T33, T34, T35, T36, T37, T38>(
        string ptx, ref T0 a0, ref T1 a1, ref T2 a2, ref T3 a3, ref T4 a4, ref T5 a5, ref T6 a6, ref T7 a7, ref T8 a8, ref T9 a9,
        ref T10 a10, ref T11 a11, ref T12 a12, ref T13 a13, ref T14 a14, ref T15 a15, ref T16 a16, ref T17 a17, ref T18 a18,
        ref T19 a19, ref T20 a20, ref T21 a21, ref T22 a22, ref T23 a23, ref T24 a24, ref T25 a25, ref T26 a26, ref T27 a27,
        ref T28 a28, ref T29 a29, ref T30 a30, ref T31 a31, ref T32 a32, ref T33 a33, ref T34 a34, ref T35 a35, ref T36 a36,
        ref T37 a37, ref T38 a38)
        where T0 : struct where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
        where T6 : struct where T7 : struct where T8 : struct where T9 : struct where T10 : struct where T11 : struct
        where T12 : struct where T13 : struct where T14 : struct where T15 : struct where T16 : struct where T17 : struct
        where T18 : struct where T19 : struct where T20 : struct where T21 : struct where T22 : struct where T23 : struct
        where T24 : struct where T25 : struct where T26 : struct where T27 : struct where T28 : struct where T29 : struct
        where T30 : struct where T31 : struct where T32 : struct where T33 : struct where T34 : struct where T35 : struct
        where T36 : struct where T37 : struct where T38 : struct =>
        throw new NotImplementedException(OnlyOnCuda);

    /// <summary>Emits PTX; each argument is an <see cref="Input{T}"/>, an <see cref="Output{T}"/> or a <see cref="Ref{T}"/>.</summary>
    /// <exception cref="NotImplementedException">Executed on the CPU.</exception>
    public static void EmitRef<
        T0, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16, T17, T18, T19, T20, T21, T22, T23, T24, T25, T26,
        T27, T28, T29, T30, T31, T32, T33, T34, T35, T36, T37, T38, T39>(
        string ptx, ref T0 a0, ref T1 a1, ref T2 a2, ref T3 a3, ref T4 a4, ref T5 a5, ref T6 a6, ref T7 a7, ref T8 a8, ref T9 a9,
        ref T10 a10, ref T11 a11, ref T12 a12, ref T13 a13, ref T14 a14, ref T15 a15, ref T16 a16, ref T17 a17, ref T18 a18,
        ref T19 a19, ref T20 a20, ref T21 a21, ref T22 a22, ref T23 a23, ref T24 a24, ref T25 a25, ref T26 a26, ref T27 a27,
        ref T28 a28, ref T29 a29, ref T30 a30, ref T31 a31, ref T32 a32, ref T33 a33, ref T34 a34, ref T35 a35, ref T36 a36,
        ref T37 a37, ref T38 a38, ref T39 a39)
        where T0 : struct where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
        where T6 : struct where T7 : struct where T8 : struct where T9 : struct where T10 : struct where T11 : struct
        where T12 : struct where T13 : struct where T14 : struct where T15 : struct where T16 : struct where T17 : struct
        where T18 : struct where T19 : struct where T20 : struct where T21 : struct where T22 : struct where T23 : struct
        where T24 : struct where T25 : struct where T26 : struct where T27 : struct where T28 : struct where T29 : struct
        where T30 : struct where T31 : struct where T32 : struct where T33 : struct where T34 : struct where T35 : struct
        where T36 : struct where T37 : struct where T38 : struct where T39 : struct =>
        throw new NotImplementedException(OnlyOnCuda);

    /// <summary>Emits PTX; each argument is an <see cref="Input{T}"/>, an <see cref="Output{T}"/> or a <see cref="Ref{T}"/>.</summary>
    /// <exception cref="NotImplementedException">Executed on the CPU.</exception>
    public static void EmitRef<
        T0, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16, T17, T18, T19, T20, T21, T22, T23, T24, T25, T26,
        T27, T28, T29, T30, T31, T32, T33, T34, T35, T36, T37, T38, T39, T40>(
        string ptx, ref T0 a0, ref T1 a1, ref T2 a2, ref T3 a3, ref T4 a4, ref T5 a5, ref T6 a6, ref T7 a7, ref T8 a8, ref T9 a9,
        ref T10 a10, ref T11 a11, ref T12 a12, ref T13 a13, ref T14 a14, ref T15 a15, ref T16 a16, ref T17 a17, ref T18 a18,
        ref T19 a19, ref T20 a20, ref T21 a21, ref T22 a22, ref T23 a23, ref T24 a24, ref T25 a25, ref T26 a26, ref T27 a27,
        ref T28 a28, ref T29 a29, ref T30 a30, ref T31 a31, ref T32 a32, ref T33 a33, ref T34 a34, ref T35 a35, ref T36 a36,
        ref T37 a37, ref T38 a38, ref T39 a39, ref T40 a40)
        where T0 : struct where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
        where T6 : struct where T7 : struct where T8 : struct where T9 : struct where T10 : struct where T11 : struct
        where T12 : struct where T13 : struct where T14 : struct where T15 : struct where T16 : struct where T17 : struct
        where T18 : struct where T19 : struct where T20 : struct where T21 : struct where T22 : struct where T23 : struct
        where T24 : struct where T25 : struct where T26 : struct where T27 : struct where T28 : struct where T29 : struct
        where T30 : struct where T31 : struct where T32 : struct where T33 : struct where T34 : struct where T35 : struct
        where T36 : struct where T37 : struct where T38 : struct where T39 : struct where T40 : struct =>
        throw new NotImplementedException(OnlyOnCuda);

    /// <summary>Emits PTX; each argument is an <see cref="Input{T}"/>, an <see cref="Output{T}"/> or a <see cref="Ref{T}"/>.</summary>
    /// <exception cref="NotImplementedException">Executed on the CPU.</exception>
    public static void EmitRef<
        T0, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16, T17, T18, T19, T20, T21, T22, T23, T24, T25, T26,
        T27, T28, T29, T30, T31, T32, T33, T34, T35, T36, T37, T38, T39, T40, T41>(
        string ptx, ref T0 a0, ref T1 a1, ref T2 a2, ref T3 a3, ref T4 a4, ref T5 a5, ref T6 a6, ref T7 a7, ref T8 a8, ref T9 a9,
        ref T10 a10, ref T11 a11, ref T12 a12, ref T13 a13, ref T14 a14, ref T15 a15, ref T16 a16, ref T17 a17, ref T18 a18,
        ref T19 a19, ref T20 a20, ref T21 a21, ref T22 a22, ref T23 a23, ref T24 a24, ref T25 a25, ref T26 a26, ref T27 a27,
        ref T28 a28, ref T29 a29, ref T30 a30, ref T31 a31, ref T32 a32, ref T33 a33, ref T34 a34, ref T35 a35, ref T36 a36,
        ref T37 a37, ref T38 a38, ref T39 a39, ref T40 a40, ref T41 a41)
        where T0 : struct where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
        where T6 : struct where T7 : struct where T8 : struct where T9 : struct where T10 : struct where T11 : struct
        where T12 : struct where T13 : struct where T14 : struct where T15 : struct where T16 : struct where T17 : struct
        where T18 : struct where T19 : struct where T20 : struct where T21 : struct where T22 : struct where T23 : struct
        where T24 : struct where T25 : struct where T26 : struct where T27 : struct where T28 : struct where T29 : struct
        where T30 : struct where T31 : struct where T32 : struct where T33 : struct where T34 : struct where T35 : struct
        where T36 : struct where T37 : struct where T38 : struct where T39 : struct where T40 : struct where T41 : struct =>
        throw new NotImplementedException(OnlyOnCuda);

    /// <summary>Emits PTX; each argument is an <see cref="Input{T}"/>, an <see cref="Output{T}"/> or a <see cref="Ref{T}"/>.</summary>
    /// <exception cref="NotImplementedException">Executed on the CPU.</exception>
    public static void EmitRef<
        T0, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16, T17, T18, T19, T20, T21, T22, T23, T24, T25, T26,
        T27, T28, T29, T30, T31, T32, T33, T34, T35, T36, T37, T38, T39, T40, T41, T42>(
        string ptx, ref T0 a0, ref T1 a1, ref T2 a2, ref T3 a3, ref T4 a4, ref T5 a5, ref T6 a6, ref T7 a7, ref T8 a8, ref T9 a9,
        ref T10 a10, ref T11 a11, ref T12 a12, ref T13 a13, ref T14 a14, ref T15 a15, ref T16 a16, ref T17 a17, ref T18 a18,
        ref T19 a19, ref T20 a20, ref T21 a21, ref T22 a22, ref T23 a23, ref T24 a24, ref T25 a25, ref T26 a26, ref T27 a27,
        ref T28 a28, ref T29 a29, ref T30 a30, ref T31 a31, ref T32 a32, ref T33 a33, ref T34 a34, ref T35 a35, ref T36 a36,
        ref T37 a37, ref T38 a38, ref T39 a39, ref T40 a40, ref T41 a41, ref T42 a42)
        where T0 : struct where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
        where T6 : struct where T7 : struct where T8 : struct where T9 : struct where T10 : struct where T11 : struct
        where T12 : struct where T13 : struct where T14 : struct where T15 : struct where T16 : struct where T17 : struct
        where T18 : struct where T19 : struct where T20 : struct where T21 : struct where T22 : struct where T23 : struct
        where T24 : struct where T25 : struct where T26 : struct where T27 : struct where T28 : struct where T29 : struct
        where T30 : struct where T31 : struct where T32 : struct where T33 : struct where T34 : struct where T35 : struct
        where T36 : struct where T37 : struct where T38 : struct where T39 : struct where T40 : struct where T41 : struct
        where T42 : struct =>
        throw new NotImplementedException(OnlyOnCuda);

    /// <summary>Emits PTX; each argument is an <see cref="Input{T}"/>, an <see cref="Output{T}"/> or a <see cref="Ref{T}"/>.</summary>
    /// <exception cref="NotImplementedException">Executed on the CPU.</exception>
    public static void EmitRef<
        T0, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16, T17, T18, T19, T20, T21, T22, T23, T24, T25, T26,
        T27, T28, T29, T30, T31, T32, T33, T34, T35, T36, T37, T38, T39, T40, T41, T42, T43>(
        string ptx, ref T0 a0, ref T1 a1, ref T2 a2, ref T3 a3, ref T4 a4, ref T5 a5, ref T6 a6, ref T7 a7, ref T8 a8, ref T9 a9,
        ref T10 a10, ref T11 a11, ref T12 a12, ref T13 a13, ref T14 a14, ref T15 a15, ref T16 a16, ref T17 a17, ref T18 a18,
        ref T19 a19, ref T20 a20, ref T21 a21, ref T22 a22, ref T23 a23, ref T24 a24, ref T25 a25, ref T26 a26, ref T27 a27,
        ref T28 a28, ref T29 a29, ref T30 a30, ref T31 a31, ref T32 a32, ref T33 a33, ref T34 a34, ref T35 a35, ref T36 a36,
        ref T37 a37, ref T38 a38, ref T39 a39, ref T40 a40, ref T41 a41, ref T42 a42, ref T43 a43)
        where T0 : struct where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
        where T6 : struct where T7 : struct where T8 : struct where T9 : struct where T10 : struct where T11 : struct
        where T12 : struct where T13 : struct where T14 : struct where T15 : struct where T16 : struct where T17 : struct
        where T18 : struct where T19 : struct where T20 : struct where T21 : struct where T22 : struct where T23 : struct
        where T24 : struct where T25 : struct where T26 : struct where T27 : struct where T28 : struct where T29 : struct
        where T30 : struct where T31 : struct where T32 : struct where T33 : struct where T34 : struct where T35 : struct
        where T36 : struct where T37 : struct where T38 : struct where T39 : struct where T40 : struct where T41 : struct
        where T42 : struct where T43 : struct =>
        throw new NotImplementedException(OnlyOnCuda);
}
