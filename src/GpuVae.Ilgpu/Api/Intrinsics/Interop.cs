using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ILGPU;

/// <summary>The bits of numbers, sizes and offsets of types, and text output from kernels.</summary>
public static partial class Interop
{
    /// <summary>The bits of the number.</summary>
    public static uint FloatAsInt(float value) => BitConverter.SingleToUInt32Bits(value);

    /// <inheritdoc cref="FloatAsInt(float)"/>
    public static ulong FloatAsInt(double value) => BitConverter.DoubleToUInt64Bits(value);

    /// <inheritdoc cref="FloatAsInt(float)"/>
    public static ushort FloatAsInt(Half value) => value.RawValue;

    /// <summary>The number with these bits.</summary>
    public static float IntAsFloat(uint value) => BitConverter.UInt32BitsToSingle(value);

    /// <inheritdoc cref="IntAsFloat(uint)"/>
    public static double IntAsFloat(ulong value) => BitConverter.UInt64BitsToDouble(value);

    /// <inheritdoc cref="IntAsFloat(uint)"/>
    public static Half IntAsFloat(ushort value) => new(value);

    /// <summary>Bytes that a value takes in memory.</summary>
    public static int SizeOf<T>() where T : unmanaged => Unsafe.SizeOf<T>();

    /// <inheritdoc cref="SizeOf{T}()"/>
    public static int SizeOf<T>(T structure) where T : unmanaged => Unsafe.SizeOf<T>();

    /// <summary>The offset of a field in bytes.</summary>
    public static int OffsetOf<T>(string fieldName) where T : unmanaged => (int)Marshal.OffsetOf<T>(fieldName);
}
