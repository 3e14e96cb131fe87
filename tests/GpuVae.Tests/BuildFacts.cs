using System.Reflection;

namespace GpuVae.Tests;

/// <summary>What the build wrote into this assembly for tests that start programs.</summary>
internal static class BuildFacts
{
    /// <summary>The gpuvae command, an assembly for the <see cref="DotnetHost"/>.</summary>
    public static string CommandLine => Of(nameof(CommandLine));

    public static string Repository => Of(nameof(Repository));

    public static string Configuration => Of(nameof(Configuration));

    /// <summary>Where the packages are that the build used.</summary>
    public static string PackageCache => Of(nameof(PackageCache));


    /// <summary>The program that runs this process, which stands above its runtime: dotnet/shared/Microsoft.NETCore.App/10.0.0/.</summary>
    public static string DotnetHost => Path.GetFullPath(Path.Combine(
        System.Runtime.InteropServices.RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..",
        OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet"));

    private static string Of(string key) =>
        typeof(BuildFacts).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(attribute => attribute.Key == key).Value!;
}
