using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;

namespace GpuVae.Ilgpu.Tests.Api;

public sealed class ContextTests(EmulatedCpu cpu) : IClassFixture<EmulatedCpu>
{
    [Fact]
    public void BuildersCollectDevicesAndSettings()
    {
        var builder = Context.Create().CPU(CPUDeviceKind.Nvidia).CPU(new CPUDevice(4, 2, 3)).Math(MathMode.Fast).Assertions();
        using var context = builder.ToContext();
        Assert.Equal([32, 4], context.Devices.Select(device => device.WarpSize));
        Assert.Equal(MathMode.Fast, context.Properties.MathMode);
        Assert.True(context.Properties.EnableAssertions);
        int count = 0;
        foreach (var device in context)
            count += device.NumMultiprocessors;
        Assert.Equal(4, count);
        Assert.Equal(2, context.GetCPUDevices().Count);
        Assert.Same(context.Devices[1], context.GetCPUDevice(1));
        Assert.Throws<ArgumentOutOfRangeException>(() => context.GetCPUDevice(2));
        Assert.Equal(AcceleratorType.CPU, context.GetPreferredDevice(preferCPU: true).AcceleratorType);
    }

    [Fact]
    public void AContextWithoutDevicesSaysHowToGetSome()
    {
        using var context = Context.Create().ToContext();
        Assert.Contains("Default()", Assert.Throws<NotSupportedException>(() => context.GetPreferredDevice(false)).Message);
    }

    [Fact]
    public void TheDefaultContextHasTheCpu()
    {
        using var context = Context.CreateDefault();
        Assert.Contains(context.Devices, device => device.AcceleratorType == AcceleratorType.CPU);
    }

    [Theory]
    [InlineData(3, 1, 1)]
    [InlineData(128, 1, 1)]
    [InlineData(32, 64, 1)]
    [InlineData(32, 3, 1)]
    [InlineData(32, 1, 0)]
    public void ImpossibleCpuDevicesAreRefused(int lanes, int warps, int processors) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new CPUDevice(lanes, warps, processors));

    [Fact]
    public void AcceleratorsRepeatTheirDevice()
    {
        var accelerator = cpu.Accelerator;
        Assert.Equal(1024, accelerator.MaxNumThreadsPerGroup);
        Assert.Equal(accelerator.Device.WarpSize, accelerator.WarpSize);
        var (groups, threads) = accelerator.MaxNumGroupsExtent;
        Assert.Equal((accelerator.NumMultiprocessors, 1024), (groups.X, threads.X));
        var text = new StringWriter();
        accelerator.PrintInformation(text);
        Assert.Contains(accelerator.Name, text.ToString());
        using (accelerator.BindScoped())
            Assert.Same(accelerator, Accelerator.Current);
        Assert.Equal(AcceleratorType.CPU, Accelerator.CurrentType);
    }

    [Fact]
    public void NewAcceleratorsAreAnnounced()
    {
        using var context = Context.Create(builder => builder.CPU());
        Accelerator? announced = null;
        context.AcceleratorCreated += (_, accelerator) => announced = accelerator;
        var created = context.GetPreferredDevice(true).CreateAccelerator(context);
        Assert.Same(created, announced);
        context.Dispose();
        Assert.True(created.IsDisposed);
    }

    [Fact]
    public void MarkersMeasureForwardInTime()
    {
        using var stream = cpu.Accelerator.CreateStream();
        using var start = stream.AddProfilingMarker();
        Thread.Sleep(2);
        using var end = stream.AddProfilingMarker();
        end.Synchronize();
        Assert.True(end - start >= TimeSpan.FromMilliseconds(1));
        Assert.Equal(-(end - start), start - end);
        using var context = Context.Create(builder => builder.CPU());
        using var accelerator = context.CreateCPUAccelerator(0, CPUAcceleratorMode.Emulated);
        Assert.Contains("Profiling()", Assert.Throws<NotSupportedException>(() => accelerator.DefaultStream.AddProfilingMarker()).Message);
    }

    [Fact]
    public void GroupSizeEstimatesStayWithinTheDevice()
    {
        var kernel = cpu.Accelerator.LoadStreamKernel<ArrayView<int>>(view => view[0] = 1).GetKernel();
        int size = cpu.Accelerator.EstimateGroupSize(kernel, 0, 200, out int minGridSize);
        Assert.InRange(size, 1, 200);
        Assert.True(minGridSize >= 1);
        Assert.InRange(cpu.Accelerator.EstimateOccupancyPerMultiprocessor(kernel, 64), 0.01f, 1f);
    }
}
