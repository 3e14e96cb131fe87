// The second-level cache of a CPU, in elements of float32, by which products are blocked: a block of A stays in it, as BLIS has it (Van Zee
// & van de Geijn 2015), and slices of panels of B pass by.

using System.Globalization;

namespace GpuVae.Kernels.Gemm.Simd;

/// <summary>Float32 elements that the caches of one core hold.</summary>
internal sealed record CacheSizes(int SecondLevelElements)
{
    private const string Folder = "/sys/devices/system/cpu/cpu0/cache";

    // What current cores have at least, where the machine does not say.
    private const int SecondLevelBytes = 1 << 20;

    public static CacheSizes OfThisMachine { get; } = Read(Folder);

    /// <summary>An A that is not larger is gone through whole for each panel: it takes half of the second level at most.</summary>
    public int WholeElements => SecondLevelElements / 2;

    /// <summary>A larger one is cut into blocks of this size, each used for many panels.</summary>
    public int BlockElements => SecondLevelElements * 3 / 8;

    /// <summary>As Linux lists them; the defaults for what is not listed there, or not plausible.</summary>
    public static CacheSizes Read(string folder)
    {
        int second = SecondLevelBytes;
        for (int i = 0; Directory.Exists(Path.Combine(folder, $"index{i}")); i++)
        {
            string index = Path.Combine(folder, $"index{i}");
            int bytes = Bytes(Text(index, "size"));
            if (Text(index, "type") != "Instruction" && Text(index, "level") == "2" && bytes >= 128 << 10)
                second = Math.Min(bytes, 1 << 26);
        }
        return new CacheSizes(second / sizeof(float));
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
