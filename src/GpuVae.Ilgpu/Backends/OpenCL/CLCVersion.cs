namespace ILGPU.Runtime.OpenCL;

/// <summary>A version of OpenCL C, such as 1.2.</summary>
public readonly record struct CLCVersion(int Major, int Minor) : IComparable<CLCVersion>
{
    public static bool operator <(CLCVersion left, CLCVersion right) => left.CompareTo(right) < 0;

    public static bool operator >(CLCVersion left, CLCVersion right) => left.CompareTo(right) > 0;

    public static bool operator <=(CLCVersion left, CLCVersion right) => left.CompareTo(right) <= 0;

    public static bool operator >=(CLCVersion left, CLCVersion right) => left.CompareTo(right) >= 0;

    public int CompareTo(CLCVersion other) => (Major, Minor).CompareTo((other.Major, other.Minor));

    public override string ToString() => $"{Major}.{Minor}";

    /// <summary>Finds the version in a text such as "OpenCL C 1.2 vendor" or "OpenCL 3.0 vendor".</summary>
    internal static CLCVersion Parse(string text)
    {
        foreach (string word in text.Split(' '))
        {
            string[] parts = word.Split('.');
            if (parts.Length == 2 && int.TryParse(parts[0], out int major) && int.TryParse(parts[1], out int minor))
                return new(major, minor);
        }
        return default;
    }
}
