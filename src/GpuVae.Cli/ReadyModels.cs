namespace GpuVae.Cli;

/// <summary>The trained models of samples/models, which lie beside the program.</summary>
internal static class ReadyModels
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "models");

    public static IReadOnlyList<string> Names { get; } = ["digits", "faces", "conditional-digits"];

    /// <summary>A path as it is; the file of a model where it is the name of one and there is nothing else of that name.</summary>
    public static string PathOf(string pathOrName) => !Path.Exists(pathOrName) && Names.Contains(pathOrName)
        ? Path.Combine(Folder, $"{pathOrName}.safetensors")
        : pathOrName;
}
