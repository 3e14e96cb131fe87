using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using GpuVae.Devices;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace GpuVae.Studio;

/// <summary>Trained models as a live page in a browser, and over HTTP.</summary>
public sealed class StudioServer : IAsyncDisposable
{
    private const int MostConnections = 1000, MostSockets = 256;

    private readonly WebApplication application;
    private readonly Workshop workshop;
    private readonly Trainings trainings;

    private StudioServer(WebApplication application, Workshop workshop, Trainings trainings, Uri address) =>
        (this.application, this.workshop, this.trainings, Address) = (application, workshop, trainings, address);

    /// <summary>What a browser is to open; with the token, where one is needed.</summary>
    public Uri Address { get; }

    /// <summary>Starts to listen; the run's model is loaded before.</summary>
    /// <param name="options">What to serve, and to whom.</param>
    /// <param name="device">Computes until the server is disposed, and belongs to the caller; nobody else may use it meanwhile.</param>
    /// <exception cref="BadInputException">The run has no model, the host is no address of this machine, or the port is taken.</exception>
    public static async Task<StudioServer> StartAsync(StudioOptions options, ComputeDevice device)
    {
        IPAddress[] addresses = Resolve(options.Host);
        string? token = addresses.All(IPAddress.IsLoopback) ? null : RandomNumberGenerator.GetHexString(32, lowercase: true);
        var workshop = new Workshop(options, device);
        var trainings = new Trainings(options);
        WebApplication? application = null;
        try
        {
            await workshop.Use(null, (_, _) => true, CancellationToken.None);
            application = Build(options, addresses, token, workshop, trainings);
            await application.StartAsync();
        }
        catch (Exception error)
        {
            if (application is not null)
                await application.DisposeAsync();
            workshop.Dispose();
            trainings.Dispose();
            if (error is IOException or SocketException && SocketErrorOf(error) is { } cause)
                throw new BadInputException(cause == SocketError.AddressNotAvailable
                    ? $"StudioOptions.Host = {options.Host} is no address of this machine. Choose one that it has, or 0.0.0.0 for all."
                    : $"StudioOptions.Port = {options.Port} of {options.Host} cannot be listened on: {error.Message} Choose another, or 0 "
                        + "for a free one.", error);
            throw;
        }
        string bound = application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        var address = new UriBuilder(bound) { Query = token is null ? "" : $"token={token}" };
        if (addresses.Any(listened => listened.Equals(IPAddress.Any) || listened.Equals(IPAddress.IPv6Any)))
            address.Host = Dns.GetHostName();
        return new StudioServer(application, workshop, trainings, address.Uri);
    }

    /// <summary>Stops listening, ends what is under way, and frees the models.</summary>
    public async ValueTask DisposeAsync()
    {
        await application.StopAsync(new CancellationToken(canceled: true));
        await application.DisposeAsync();
        workshop.Dispose();
        trainings.Dispose();
    }

    private static WebApplication Build(
        StudioOptions options, IPAddress[] addresses, string? token, Workshop workshop, Trainings trainings)
    {
        // Empty: no file or variable of where it is started changes to whom it listens.
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = Guard.MostBodyBytes;
            kestrel.Limits.MaxConcurrentConnections = MostConnections;
            kestrel.Limits.MaxConcurrentUpgradedConnections = MostSockets;
            foreach (IPAddress address in addresses)
                kestrel.Listen(address, options.Port);
        });
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton<IHostLifetime, CallersLifetime>();
        builder.Services.Configure<RouteHandlerOptions>(route => route.ThrowOnBadRequest = true);
        builder.Services.ConfigureHttpJsonOptions(json => StudioJson.Strict(json.SerializerOptions));
        builder.Services.AddOpenApi(api => api.AddDocumentTransformer((document, _, _) =>
        {
            document.Info.Title = "GpuVae";
            document.Info.Description = "Models of GpuVae: what they are, and what they make of codes and pictures.";
            return Task.CompletedTask;
        }));
        WebApplication application = builder.Build();
        var failures = new Failures(options);
        application.Use(failures.Invoke);
        application.Use(new Guard(options, token).Invoke);
        application.UseWebSockets();
        application.UseRouting();
        application.MapOpenApi();
        PageFiles.Map(application);
        RunsApi.Map(application, workshop, options);
        ModelApi.Map(application, workshop);
        CodesApi.Map(application, workshop);
        PicturesApi.Map(application, workshop);
        TrainingApi.Map(application, workshop, trainings);
        LiveSocket.Map(application, workshop, failures);
        return application;
    }

    private static IPAddress[] Resolve(string host)
    {
        if (IPAddress.TryParse(host, out IPAddress? address))
            return [address];
        try
        {
            return [.. Dns.GetHostAddresses(host).Distinct()];
        }
        catch (Exception error) when (error is SocketException or ArgumentException)
        {
            throw new BadInputException($"StudioOptions.Host = {host} is no address: {error.Message}. Choose one of this machine.", error);
        }
    }

    private static SocketError? SocketErrorOf(Exception? error) => error switch
    {
        null => null,
        SocketException socket => socket.SocketErrorCode,
        _ => SocketErrorOf(error.InnerException),
    };

    /// <summary>Signals are for whoever started the server.</summary>
    private sealed class CallersLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
