using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.FileProviders;

namespace GpuVae.Studio.Benchmarks;

/// <summary>Serves a folder as any web server would.</summary>
internal sealed class FileServer : IAsyncDisposable
{
    private readonly WebApplication application;

    private FileServer(WebApplication application) => this.application = application;

    public Uri Address => new(application.Urls.Single());

    public static async Task<FileServer> Start(string folder)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        WebApplication application = builder.Build();
        var content = new FileServerOptions { FileProvider = new PhysicalFileProvider(folder) };
        content.StaticFileOptions.ServeUnknownFileTypes = true;
        application.UseFileServer(content);
        await application.StartAsync();
        return new FileServer(application);
    }

    public ValueTask DisposeAsync() => application.DisposeAsync();
}
