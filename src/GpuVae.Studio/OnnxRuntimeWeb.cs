using System.ComponentModel;
using System.Diagnostics;
using System.Formats.Tar;
using System.IO.Compression;
using static System.StringSplitOptions;

namespace GpuVae.Studio;

/// <summary>
/// ONNX Runtime for browsers: of the npm package onnxruntime-web the two files that a page needs to compute on the processor.
/// </summary>
internal static class OnnxRuntimeWeb
{
    public const string Package = "onnxruntime-web@1.30.0";

    private static readonly string[] Files = ["ort.wasm.bundle.min.mjs", "ort-wasm-simd-threaded.wasm"];

    /// <summary>The files by name.</summary>
    /// <param name="folder">Where the package lies unpacked; null lets npm fetch it.</param>
    /// <exception cref="BadInputException">They are not to be had.</exception>
    public static Dictionary<string, byte[]> Read(string? folder) => folder is null ? Fetch() : ReadFolder(folder);

    private static Dictionary<string, byte[]> ReadFolder(string folder)
    {
        // What 'npm install' made, the package itself, or its part that holds the files.
        string[] places = [Path.Combine(folder, "node_modules", "onnxruntime-web", "dist"), Path.Combine(folder, "dist"), folder];
        string place = places.FirstOrDefault(place => Files.All(name => File.Exists(Path.Combine(place, name))))
            ?? throw new BadInputException(
                $"{folder} is no onnxruntime-web: {string.Join(" and ", Files)} are not in it. Unpack what 'npm pack {Package}' fetches, "
                    + "and name that folder.");
        return Files.ToDictionary(name => name, name => File.ReadAllBytes(Path.Combine(place, name)));
    }

    private static Dictionary<string, byte[]> Fetch()
    {
        DirectoryInfo temporary = Directory.CreateTempSubdirectory("gpuvae-npm-");
        try
        {
            // Fetches and checks the package, and runs nothing of it.
            RunNpm(temporary.FullName, "pack", Package, "--silent");
            return Unpack(temporary.GetFiles("*.tgz").Single().FullName);
        }
        finally
        {
            temporary.Delete(recursive: true);
        }
    }

    private static Dictionary<string, byte[]> Unpack(string archive)
    {
        using var compressed = new GZipStream(File.OpenRead(archive), CompressionMode.Decompress);
        using var entries = new TarReader(compressed);
        Dictionary<string, byte[]> found = [];
        while (found.Count < Files.Length && entries.GetNextEntry() is { } entry)
        {
            if (Path.GetFileName(entry.Name) is var name && Files.Contains(name) && entry.DataStream is { } content)
            {
                var copy = new MemoryStream();
                content.CopyTo(copy);
                found[name] = copy.ToArray();
            }
        }
        return found.Count == Files.Length ? found : throw new BadInputException($"{Package} holds no {string.Join(" and ", Files)}.");
    }

    private static void RunNpm(string folder, params string[] arguments)
    {
        var start = new ProcessStartInfo(OperatingSystem.IsWindows() ? "npm.cmd" : "npm", arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            using Process npm = Process.Start(start)!;
            Task<string> output = npm.StandardOutput.ReadToEndAsync(), errors = npm.StandardError.ReadToEndAsync();
            npm.WaitForExit();
            if (npm.ExitCode != 0)
            {
                string[] words = $"{output.Result} {errors.Result}".Split((char[]?)null, RemoveEmptyEntries);
                throw Missing($"npm failed: {string.Join(' ', words)}.");
            }
        }
        catch (Win32Exception error)
        {
            throw Missing($"npm cannot be run: {error.Message}.");
        }
    }

    private static BadInputException Missing(string why) => new(
        $"The page needs onnxruntime-web, and {why} Install Node.js with npm, or name a folder that holds the package: "
            + "WebExportOptions.OnnxRuntimeWeb.");
}
