using System.Runtime.InteropServices;

namespace GpuVae.Formats;

/// <summary>Arrays of numbers as the little-endian bytes of files, on the little-endian machines that GPUs are driven from.</summary>
internal static class LittleEndian
{
    public static ReadOnlySpan<byte> Bytes<T>(ReadOnlySpan<T> values) where T : unmanaged => MemoryMarshal.AsBytes(values);

    /// <summary>Fills <paramref name="values"/>.</summary>
    /// <exception cref="EndOfStreamException">The stream ends before.</exception>
    public static void Read<T>(Stream stream, Span<T> values) where T : unmanaged => stream.ReadExactly(MemoryMarshal.AsBytes(values));
}
