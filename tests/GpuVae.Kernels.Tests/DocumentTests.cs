using System.Text.RegularExpressions;

namespace GpuVae.Kernels.Tests;

/// <summary>The page about adding a kernel shows code of the tree as it is.</summary>
public sealed partial class DocumentTests
{
    private static readonly string Root = Repository();

    public static TheoryData<string, string> Blocks =>
        [.. Fence().Matches(File.ReadAllText(Path.Combine(Root, "docs", "adding-a-kernel.md")))
            .Select(block => (block.Groups["file"].Value, block.Groups["code"].Value))];

    [Theory]
    [MemberData(nameof(Blocks))]
    public void EveryBlockIsInItsFile(string file, string code) =>
        Assert.Contains(code, File.ReadAllText(Path.Combine(Root, file)), StringComparison.Ordinal);

    private static string Repository()
    {
        DirectoryInfo folder = new(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "GpuVae.sln")))
            folder = folder.Parent ?? throw new InvalidOperationException("The tests were not built inside the repository.");
        return folder.FullName;
    }

    [GeneratedRegex(@"^```csharp (?<file>\S+)\n(?<code>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();
}
