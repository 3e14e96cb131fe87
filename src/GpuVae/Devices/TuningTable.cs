using System.Text.Json;
using System.Text.Json.Serialization;
using GpuVae.Formats;
using GpuVae.Kernels.Gemm.Planning;

namespace GpuVae.Devices;

/// <summary>One measured choice.</summary>
/// <param name="Problem">The product.</param>
/// <param name="Choice">How it is computed.</param>
public sealed record TunedProduct(GemmProblem Problem, GemmChoice Choice);

/// <summary>Choices of kernels that were measured on one device.</summary>
/// <param name="Version">Of the kernels: choices for others are worth nothing.</param>
/// <param name="Device">The device's name.</param>
/// <param name="Multiprocessors">Its multiprocessors, or the threads that a CPU computes with.</param>
/// <param name="Precision">What products were computed in.</param>
/// <param name="Products">The choices.</param>
public sealed partial record TuningTable(
    int Version, string Device, int Multiprocessors, MatrixPrecision Precision, IReadOnlyList<TunedProduct> Products)
{
    /// <summary>Names another folder for the tables; "off" turns them off.</summary>
    public const string FolderVariable = "GPUVAE_TUNING";

    // 2: slices say how products are cut on CPUs, too.
    private const int CurrentVersion = 2;

    /// <summary>An empty table for a device.</summary>
    public static TuningTable For(Accelerator accelerator, MatrixPrecision precision)
    {
        ArgumentNullException.ThrowIfNull(accelerator);
        return new(CurrentVersion, accelerator.Name, accelerator.NumMultiprocessors, precision, []);
    }

    /// <summary>Where the user's table for a device lies; null where there is no such place or it was turned off.</summary>
    public static string? PathFor(Accelerator accelerator, MatrixPrecision precision)
    {
        ArgumentNullException.ThrowIfNull(accelerator);
        string? folder = Environment.GetEnvironmentVariable(FolderVariable);
        if (string.Equals(folder, "off", StringComparison.OrdinalIgnoreCase))
            return null;
        if (string.IsNullOrEmpty(folder))
        {
            string caches = Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } named
                ? named
                : Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData);
            if (caches.Length == 0)
                return null;
            folder = Path.Combine(caches, "gpuvae", "tuning");
        }
        string name = $"{accelerator.AcceleratorType} {accelerator.Name} {accelerator.NumMultiprocessors} {precision}".ToLowerInvariant();
        return Path.Combine(folder, string.Concat(name.Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-')) + ".json");
    }

    /// <summary>The user's table for a device; null where there is none, or one that is damaged or of other kernels.</summary>
    public static TuningTable? Find(Accelerator accelerator, MatrixPrecision precision)
    {
        if (PathFor(accelerator, precision) is not { } path)
            return null;
        try
        {
            TuningTable? table = FromJson(InputFile.ReadAllText(path));
            return table is not null && table.Fits(accelerator, precision) ? table : null;
        }
        catch (BadInputException)
        {
            return null;
        }
    }

    /// <summary>Whether the choices are for this device and these kernels.</summary>
    public bool Fits(Accelerator accelerator, MatrixPrecision precision)
    {
        TuningTable wanted = For(accelerator, precision);
        return Version == wanted.Version && Device == wanted.Device && Multiprocessors == wanted.Multiprocessors && Precision == precision;
    }

    /// <summary>With more choices, which take the place of older ones.</summary>
    public TuningTable With(IEnumerable<TunedProduct> products)
    {
        TunedProduct[] added = [.. products];
        HashSet<GemmProblem> replaced = [.. added.Select(product => product.Problem)];
        return this with { Products = [.. Products.Where(product => !replaced.Contains(product.Problem)), .. added] };
    }

    /// <summary>Writes the user's table; false where there is no place for it.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public bool Save(Accelerator accelerator)
    {
        if (PathFor(accelerator, Precision) is not { } path)
            return false;
        AtomicFile.Write(path, stream => JsonSerializer.Serialize(stream, this, TuningJson.Default.TuningTable));
        return true;
    }

    internal Dictionary<GemmProblem, GemmChoice> ToDictionary()
    {
        var choices = new Dictionary<GemmProblem, GemmChoice>();
        foreach (TunedProduct product in Products)
            choices[product.Problem] = product.Choice;
        return choices;
    }

    /// <summary>A table; null where the text is none.</summary>
    internal static TuningTable? FromJson(string text)
    {
        try
        {
            TuningTable? table = JsonSerializer.Deserialize(text, TuningJson.Default.TuningTable);
            return table?.Products is null || table.Products.Any(product => product is null) ? null : table;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    [JsonSourceGenerationOptions(
        PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true, RespectNullableAnnotations = true)]
    [JsonSerializable(typeof(TuningTable))]
    private sealed partial class TuningJson : JsonSerializerContext;
}
