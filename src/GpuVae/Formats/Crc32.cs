namespace GpuVae.Formats;

/// <summary>CRC-32 with the reflected polynomial 0xEDB88320, as PNG, gzip and zip use it.</summary>
internal static class Crc32
{
    private static readonly uint[] Table = MakeTable();

    /// <summary>The checksum of <paramref name="data"/>, or of earlier data followed by it, given the earlier checksum.</summary>
    public static uint Compute(ReadOnlySpan<byte> data, uint crc = 0)
    {
        crc = ~crc;
        foreach (byte b in data)
            crc = Table[(byte)(crc ^ b)] ^ (crc >> 8);
        return ~crc;
    }

    private static uint[] MakeTable()
    {
        uint[] table = new uint[256];
        for (uint i = 0; i < 256; i++)
        {
            uint c = i;
            for (int bit = 0; bit < 8; bit++)
                c = (c >> 1) ^ ((c & 1) * 0xEDB88320);
            table[i] = c;
        }
        return table;
    }
}
