namespace GpuVae.Simd.Ir;

/// <summary>
/// The type of an SSA value. Integers carry no sign: operations do. Structs do not exist; they are taken apart into
/// these scalars. <see cref="F16"/> is a storage type: arithmetic happens in F32 between conversions.
/// </summary>
internal enum IrType : byte
{
    Void, Bool, I8, I16, I32, I64, F16, F32, F64, Pointer,
}

/// <summary>Where a pointer points; known statically for every pointer, so no generic address space is needed.</summary>
internal enum AddressSpace : byte
{
    None, Global, Shared, Local,
}

internal static class IrTypes
{
    /// <summary>Bytes that a value of this type takes in memory.</summary>
    public static int SizeOf(this IrType type) => type switch
    {
        IrType.Bool or IrType.I8 => 1,
        IrType.I16 or IrType.F16 => 2,
        IrType.I32 or IrType.F32 => 4,
        IrType.I64 or IrType.F64 or IrType.Pointer => 8,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "a void value has no size"),
    };

    public static bool IsInteger(this IrType type) => type is >= IrType.I8 and <= IrType.I64;

    public static bool IsFloat(this IrType type) => type is >= IrType.F16 and <= IrType.F64;

    /// <summary>The bits of a value of this type, those above its width cut off.</summary>
    public static ulong Cut(this IrType type, ulong bits) => type switch
    {
        IrType.Bool => bits & 1,
        IrType.I8 => (byte)bits,
        IrType.I16 or IrType.F16 => (ushort)bits,
        IrType.I32 or IrType.F32 => (uint)bits,
        _ => bits,
    };

    /// <summary>The integer value, sign-extended from the type's width.</summary>
    public static long SignExtend(this IrType type, ulong bits) => type switch
    {
        IrType.I8 => (sbyte)bits,
        IrType.I16 => (short)bits,
        IrType.I32 => (int)bits,
        _ => (long)bits,
    };
}
