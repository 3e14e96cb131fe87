using System.Security.Cryptography;
using System.Text;

namespace GpuVae.Ilgpu.Backends.OpenCL;

/// <summary>
/// Program binaries on disk, so that a driver compiles a kernel once per machine. An entry's name is a hash of everything that decides
/// about the binary; it holds a checksum, since a driver given a damaged binary may do anything. Nothing here ever fails a program:
/// what cannot be read or written is compiled.
/// </summary>
/// <param name="folder">Where the entries lie, or null for no cache.</param>
internal sealed class ProgramCache(string? folder)
{
    /// <summary>Names another folder for the cache; "off" turns it off.</summary>
    public const string FolderVariable = "GPUVAE_KERNEL_CACHE";

    private static readonly byte[] Magic = "GVCL0001"u8.ToArray();

    /// <summary>The user's cache folder, unless the environment says otherwise.</summary>
    public static string? DefaultFolder()
    {
        string? named = Environment.GetEnvironmentVariable(FolderVariable);
        if (string.Equals(named, "off", StringComparison.OrdinalIgnoreCase))
            return null;
        if (!string.IsNullOrEmpty(named))
            return named;
        string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        string? caches = OperatingSystem.IsWindows() ? Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData)
            : OperatingSystem.IsMacOS() ? Path.Combine(home, "Library", "Caches")
            : Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } xdg ? xdg
            : home.Length > 0 ? Path.Combine(home, ".cache")
            : null;
        return string.IsNullOrEmpty(caches) ? null : Path.Combine(caches, "gpuvae", "opencl");
    }

    /// <summary>The name of the entry for a program.</summary>
    /// <param name="parts">Source, build options, device, driver version and whatever else decides.</param>
    public static string KeyOf(params ReadOnlySpan<string> parts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (string part in parts)
        {
            hash.AppendData(Encoding.UTF8.GetBytes(part));
            hash.AppendData([0]);
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>The binary, or null where there is none or it is damaged.</summary>
    public byte[]? TryRead(string key)
    {
        if (folder is null)
            return null;
        try
        {
            byte[] bytes = File.ReadAllBytes(PathOf(key));
            int header = Magic.Length + SHA256.HashSizeInBytes;
            if (bytes.Length <= header || !bytes.AsSpan(0, Magic.Length).SequenceEqual(Magic))
                return null;
            byte[] binary = bytes[header..];
            return SHA256.HashData(binary).AsSpan().SequenceEqual(bytes.AsSpan(Magic.Length, SHA256.HashSizeInBytes)) ? binary : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Keeps a binary; other processes see the whole entry or none.</summary>
    public void Write(string key, byte[] binary)
    {
        if (folder is null)
            return;
        string temporary = PathOf($"{key}.{Environment.ProcessId}.{Environment.CurrentManagedThreadId}");
        try
        {
            Directory.CreateDirectory(folder);
            File.WriteAllBytes(temporary, [.. Magic, .. SHA256.HashData(binary), .. binary]);
            File.Move(temporary, PathOf(key), overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            TryDelete(temporary);
        }
    }

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A stray temporary file in a cache folder does no harm.
        }
    }

    private string PathOf(string name) => Path.Combine(folder!, name + ".bin");
}
