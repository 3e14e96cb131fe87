// Cache sizes of a CPU, in elements of float32, by which products are blocked as BLIS does it (Van Zee & van de Geijn 2015): a slice of a
// panel of B in the first level, a block of A in the second.

using System.Globalization;

namespace GpuVae.Kernels.Gemm.Simd;

/// <summary>Float32 elements that the caches of one core hold.</summary>
internal sealed record CacheSizes(int FirstLevelElements, int SecondLevelElements)
{
    private const string Folder = "/sys/devices/system/cpu/cpu0/cache";

    // What current cores have, where the machine does not say.
    private const int FirstLevelBytes = 48 << 10, SecondLevelBytes = 1 << 20;

    public static CacheSizes OfThisMachine { get; } = Read(Folder);

    /// <summary>An A that is not larger is gone through whole for each panel: it takes half of the second level at most.</summary>
    public int WholeElements => SecondLevelElements / 2;

    /// <summary>
    /// A larger one is cut into blocks of this size, each used for many panels (measured on a busy two-core machine with 1 MiB: 1024³ and
    /// 2048³ run twice as fast as with blocks that fill half of the cache).
    /// </summary>
    public int BlockElements => SecondLevelElements * 3 / 16;

    /// <summary>As Linux lists them; the defaults for what is not listed there, or not plausible.</summary>
    public static CacheSizes Read(string folder)
    {
        int first = FirstLevelBytes, second = SecondLevelBytes;
        for (int i = 0; Directory.Exists(Path.Combine(folder, $"index{i}")); i++)
        {
            string index = Path.Combine(folder, $"index{i}");
            int bytes = Bytes(Text(index, "size"));
            if (Text(index, "type") == "Instruction")
                continue;
            if (Text(index, "level") == "1" && bytes >= 16 << 10)
                first = bytes;
            else if (Text(index, "level") == "2" && bytes >= 128 << 10)
                second = Math.Min(bytes, 1 << 26);
        }
        return new CacheSizes(first / sizeof(float), second / sizeof(float));
    }

    private static string Text(string index, string name)
    {
        try
        {
            return File.ReadAllText(Path.Combine(index, name)).Trim();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    /// <summary>"48K" or "2M".</summary>
    private static int Bytes(string size)
    {
        int shift = size.EndsWith('K') ? 10 : size.EndsWith('M') ? 20 : 0;
        return int.TryParse(size.AsSpan().TrimEnd("KM"), NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number < 4096
            ? number << shift
            : 0;
    }
}
