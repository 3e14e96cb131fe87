using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;
using System.Text.RegularExpressions;
using GpuVae.Models;

namespace GpuVae.Tests.Cli;

/// <summary>The library speaks of the properties of its options, the command line of its flags.</summary>
public sealed partial class OptionNameTests
{
    [Fact]
    public void NoTextOfTheLibraryNamesAFlag() =>
        Assert.DoesNotContain(Texts(typeof(Vae).Assembly.Location), text => Flag().IsMatch(text));

    [Fact]
    public void EveryOptionThatTheLibraryNamesExistsAndHasAFlag()
    {
        IEnumerable<Match> named = Texts(typeof(Vae).Assembly.Location).SelectMany(text => Property().Matches(text));
        string[] options = [.. named.Select(match => match.Value).Distinct()];
        Assert.InRange(options.Length, 15, 100);
        HashSet<string> known = [.. Texts(BuildFacts.CommandLine)];
        foreach (string option in options)
        {
            string[] parts = option.Split('.');
            Assert.NotNull(typeof(Vae).Assembly.GetTypes().Single(type => type.Name == parts[0] && type.IsPublic).GetProperty(parts[1]));
            Assert.True(known.Contains(option), $"The command line does not say what {option} is called there.");
        }
    }

    /// <summary>All string literals of an assembly.</summary>
    private static IEnumerable<string> Texts(string assembly)
    {
        using var file = new PEReader(File.OpenRead(assembly));
        MetadataReader metadata = file.GetMetadataReader();
        // Offset 0 holds the empty string.
        for (UserStringHandle at = MetadataTokens.UserStringHandle(1); !at.IsNil; at = metadata.GetNextHandle(at))
            yield return metadata.GetUserString(at);
    }

    [GeneratedRegex(@"(?<![\w-])--[a-z]")]
    private static partial Regex Flag();

    [GeneratedRegex(@"\b\w+Options\.[A-Z]\w*")]
    private static partial Regex Property();
}
