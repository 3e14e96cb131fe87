namespace ILGPU;

/// <summary>A 16-bit IEEE 754 floating-point number. Arithmetic happens in 32 bits and is rounded to nearest even.</summary>
public readonly struct Half : IEquatable<Half>, IComparable<Half>
{
    internal Half(ushort rawValue) => RawValue = rawValue;

    public static Half Zero => new(0);

    public static Half One => new(0x3C00);

    /// <summary>The smallest positive number, which is subnormal.</summary>
    public static Half Epsilon => new(0x0001);

    public static Half MaxValue => new(0x7BFF);

    public static Half MinValue => new(0xFBFF);

    public static Half NaN => new(0xFE00);

    public static Half PositiveInfinity => new(0x7C00);

    public static Half NegativeInfinity => new(0xFC00);

    internal ushort RawValue { get; }

    public static bool IsNaN(Half value) => (value.RawValue & 0x7FFF) > 0x7C00;

    public static bool IsInfinity(Half value) => (value.RawValue & 0x7FFF) == 0x7C00;

    public static bool IsPositiveInfinity(Half value) => value.RawValue == 0x7C00;

    public static bool IsNegativeInfinity(Half value) => value.RawValue == 0xFC00;

    public static bool IsFinite(Half value) => (value.RawValue & 0x7FFF) < 0x7C00;

    public static bool IsZero(Half value) => (value.RawValue & 0x7FFF) == 0;

    public static Half Abs(Half value) => new((ushort)(value.RawValue & 0x7FFF));

    public bool Equals(Half other) => this == other || (IsNaN(this) && IsNaN(other));

    public override bool Equals(object? obj) => obj is Half other && Equals(other);

    public int CompareTo(Half other) => ((float)this).CompareTo(other);

    public override int GetHashCode() => ((float)this).GetHashCode();

    public override string ToString() => ((float)this).ToString(System.Globalization.CultureInfo.InvariantCulture);

    public static implicit operator float(Half value) => (float)BitConverter.UInt16BitsToHalf(value.RawValue);

    public static implicit operator double(Half value) => (double)BitConverter.UInt16BitsToHalf(value.RawValue);

    public static explicit operator Half(float value) => new(BitConverter.HalfToUInt16Bits((System.Half)value));

    public static explicit operator Half(double value) => new(BitConverter.HalfToUInt16Bits((System.Half)value));

    public static explicit operator Half(int value) => (Half)(float)value;

    public static explicit operator int(Half value) => (int)(float)value;

    public static Half operator -(Half value) => new((ushort)(value.RawValue ^ 0x8000));

    public static Half operator +(Half left, Half right) => (Half)((float)left + (float)right);

    public static Half operator -(Half left, Half right) => (Half)((float)left - (float)right);

    public static Half operator *(Half left, Half right) => (Half)((float)left * (float)right);

    public static Half operator /(Half left, Half right) => (Half)((float)left / (float)right);

    public static bool operator ==(Half left, Half right) => (float)left == (float)right;

    public static bool operator !=(Half left, Half right) => (float)left != (float)right;

    public static bool operator <(Half left, Half right) => (float)left < (float)right;

    public static bool operator <=(Half left, Half right) => (float)left <= (float)right;

    public static bool operator >(Half left, Half right) => (float)left > (float)right;

    public static bool operator >=(Half left, Half right) => (float)left >= (float)right;
}
