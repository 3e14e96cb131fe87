using System.Reflection;
using System.Text;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using static System.StringComparison;

namespace GpuVae.Studio;

/// <summary>The files of a page, which lie in this assembly: those that all pages have, and its own.</summary>
internal static class PageFiles
{
    public const string Start = "index.html", Live = "live", Web = "web";

    private const string Shared = "shared", Explore = "explore.html";

    private static readonly Dictionary<string, string> Types = new()
    {
        [".html"] = "text/html; charset=utf-8",
        [".css"] = "text/css; charset=utf-8",
        [".js"] = "text/javascript; charset=utf-8",
        [".svg"] = "image/svg+xml",
    };

    /// <summary>By name: <see cref="Live"/> of the server's page, <see cref="Web"/> of that without a server.</summary>
    public static IReadOnlyDictionary<string, byte[]> Of(string page)
    {
        Assembly own = typeof(PageFiles).Assembly;
        var files = own.GetManifestResourceNames().Where(name => name.StartsWith(Shared, Ordinal) || name.StartsWith(page, Ordinal))
            .ToDictionary(name => name.Split('/', '\\')[1], name => Read(own, name));
        // Both pages explore a model in the same way.
        string explore = Encoding.UTF8.GetString(files[Explore]), start = Encoding.UTF8.GetString(files[Start]);
        files[Start] = Encoding.UTF8.GetBytes(start.Replace($"<!-- {Explore} -->", explore, Ordinal));
        files.Remove(Explore);
        return files;
    }

    public static void Map(IEndpointRouteBuilder routes)
    {
        foreach ((string name, byte[] content) in Of(Live))
        {
            FileContentHttpResult file = TypedResults.Bytes(content, Types[Path.GetExtension(name)]);
            routes.MapGet(name == Start ? "/" : $"/{name}", () => file).ExcludeFromDescription();
        }
    }

    private static byte[] Read(Assembly own, string name)
    {
        using Stream stream = own.GetManifestResourceStream(name)!;
        byte[] content = new byte[stream.Length];
        stream.ReadExactly(content);
        return content;
    }
}
