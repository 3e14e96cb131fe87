using GpuVae.Applications;
using GpuVae.Models;
using GpuVae.Options;
using Microsoft.Extensions.DependencyInjection;

namespace GpuVae.Tests.Applications;

public sealed class VaeServiceTests(CpuDevice cpu) : IClassFixture<CpuDevice>
{
    [Fact]
    public async Task ThreadsShareAModelFromAContainer()
    {
        using var folder = new TemporaryFolder();
        string file = Path.Combine(folder.FullPath, "model.safetensors");
        float[] expected;
        using (var model = new Vae(cpu.Device, new VaeOptions { Shape = new(4, 4), Hidden = [6], Latent = 2 }))
        {
            expected = model.Generate(3, seed: 5);
            model.SaveWeights(file);
        }
        var services = new ServiceCollection();
        services.AddGpuVae(file, "cpu").AddGpuVae("another, which changes nothing");
        ServiceDescriptor registered = Assert.Single(services);
        Assert.Equal(ServiceLifetime.Singleton, registered.Lifetime);
        var service = (VaeService)registered.ImplementationFactory!(new Empty());
        float[][] drawn = await Task.WhenAll(Enumerable.Range(0, 4).Select(
            _ => Task.Run(() => service.Use(model => model.Generate(3, seed: 5)))));
        Assert.All(drawn, images => Assert.Equal(expected, images));
        service.Dispose();
        Assert.Throws<ObjectDisposedException>(() => service.Use(model => model.Options));
    }

    [Fact]
    public void WhatIsNoModelIsSaidAtTheFirstUse()
    {
        using var service = new VaeService("nowhere", "cpu");
        Assert.Throws<BadInputException>(() => service.Use(model => model.Options));
    }

    private sealed class Empty : IServiceProvider
    {
        public object? GetService(Type serviceType) => null;
    }
}
