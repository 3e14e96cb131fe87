namespace GpuVae.Data;

/// <summary>The classes that folders make: where all files lie in subfolders, those of the first level, in ordinal order.</summary>
internal static class FolderClasses
{
    /// <param name="names">Paths below the set's folder, with slashes.</param>
    public static (int[]? Labels, string[]? Names) Of(IReadOnlyList<string> names)
    {
        string[] classOf = [.. names.Select(name => name.Contains('/') ? name[..name.IndexOf('/')] : "")];
        if (classOf.Contains(""))
            return (null, null); // images beside the subfolders have no class, so there are no classes
        string[] classes = [.. classOf.Distinct().Order(StringComparer.Ordinal)];
        return ([.. classOf.Select(name => Array.BinarySearch(classes, name, StringComparer.Ordinal))], classes);
    }
}
