using System.Reflection;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace GpuVae.Studio;

/// <summary>The page: its files lie in this assembly.</summary>
internal static class PageFiles
{
    public const string Start = "index.html";

    private static readonly Dictionary<string, string> Types = new()
    {
        [".html"] = "text/html; charset=utf-8",
        [".css"] = "text/css; charset=utf-8",
        [".js"] = "text/javascript; charset=utf-8",
        [".svg"] = "image/svg+xml",
    };

    public static void Map(IEndpointRouteBuilder routes)
    {
        Assembly own = typeof(PageFiles).Assembly;
        foreach (string name in own.GetManifestResourceNames())
        {
            using Stream stream = own.GetManifestResourceStream(name)!;
            byte[] content = new byte[stream.Length];
            stream.ReadExactly(content);
            FileContentHttpResult file = TypedResults.Bytes(content, Types[Path.GetExtension(name)]);
            routes.MapGet(name == Start ? "/" : $"/{name}", () => file).ExcludeFromDescription();
        }
    }
}
