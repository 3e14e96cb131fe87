using GpuVae.Devices;
using GpuVae.Models;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace GpuVae.Applications;

/// <summary>A trained model for a program whose threads share it: it is opened at the first use, and uses take turns.</summary>
/// <param name="model">A folder or file, as <see cref="Vae.Load(ComputeDevice, string, ILogger?)"/> takes it.</param>
/// <param name="device">As <see cref="ComputeDevice.Open"/> takes it.</param>
/// <param name="logger">Told what is odd about the files.</param>
public sealed class VaeService(string model, string device = "auto", ILogger? logger = null) : IDisposable
{
    private readonly Lock turn = new();
    private ComputeDevice? opened;
    private Vae? loaded;
    private bool isDisposed;

    /// <summary>Waits for its turn and gives what <paramref name="use"/> makes of the model, which must not be kept.</summary>
    /// <exception cref="BadInputException">There is no such device, or a file of the model is missing or broken.</exception>
    /// <exception cref="ObjectDisposedException">The service is disposed.</exception>
    public T Use<T>(Func<Vae, T> use)
    {
        ArgumentNullException.ThrowIfNull(use);
        lock (turn)
        {
            ObjectDisposedException.ThrowIf(isDisposed, this);
            opened ??= ComputeDevice.Open(device);
            return use(loaded ??= Vae.Load(opened, model, logger));
        }
    }

    /// <summary>Waits for the use under way and closes model and device.</summary>
    public void Dispose()
    {
        lock (turn)
        {
            if (isDisposed)
                return;
            isDisposed = true;
            loaded?.Dispose();
            opened?.Dispose();
        }
    }
}

/// <summary>Registers models in a container of services.</summary>
public static class VaeServices
{
    /// <summary>Adds a <see cref="VaeService"/>, one for the container, which disposes it; a second call changes nothing.</summary>
    /// <param name="services">The container.</param>
    /// <param name="model">A folder or file, as <see cref="Vae.Load(ComputeDevice, string, ILogger?)"/> takes it.</param>
    /// <param name="device">As <see cref="ComputeDevice.Open"/> takes it.</param>
    public static IServiceCollection AddGpuVae(this IServiceCollection services, string model, string device = "auto")
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentException.ThrowIfNullOrEmpty(model);
        services.TryAddSingleton(provider => new VaeService(
            model, device, ((ILoggerFactory?)provider.GetService(typeof(ILoggerFactory)))?.CreateLogger<VaeService>()));
        return services;
    }
}
