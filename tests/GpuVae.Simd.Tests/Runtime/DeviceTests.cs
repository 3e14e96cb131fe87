using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;

namespace GpuVae.Simd.Tests.Runtime;

/// <summary>What the device and the accelerator say of themselves.</summary>
public sealed class DeviceTests
{
    [Fact]
    public void A_context_lists_the_device_and_opens_it()
    {
        using var context = Context.Create(builder => builder.Simd(new() { VectorBits = 128, Workers = 3 }).CPU());
        var device = Assert.Single(context.Devices.OfType<SimdDevice>());
        Assert.Equal((4, 3, 1024), (device.WarpSize, device.NumMultiprocessors, device.MaxNumThreadsPerGroup));
        using var accelerator = device.CreateAccelerator(context);
        Assert.IsType<SimdAccelerator>(accelerator);
        Assert.Equal(AcceleratorType.CPU, accelerator.AcceleratorType);
        Assert.Same(device, accelerator.Device);
        Assert.Contains(context.Devices, d => d is CPUDevice);
    }

    [Fact]
    public void An_accelerator_repeats_its_device()
    {
        var accelerator = TestAccelerators.Widest;
        Assert.Equal(accelerator.Device.WarpSize, accelerator.WarpSize);
        Assert.Equal(accelerator.Device.Name, accelerator.Name);
        Assert.Equal(accelerator.NumMultiprocessors * accelerator.MaxNumThreadsPerMultiprocessor, accelerator.MaxNumThreads);
        var text = new StringWriter();
        accelerator.PrintInformation(text);
        Assert.Contains(accelerator.Name, text.ToString());
        accelerator.Bind();
        Assert.Equal(AcceleratorType.CPU, Accelerator.CurrentType);
    }

    [Theory]
    [InlineData(64, null, "VectorBits")]
    [InlineData(-128, null, "VectorBits")]
    [InlineData(null, 0, "Workers")]
    [InlineData(null, -3, "Workers")]
    public void Options_out_of_range_are_refused_by_name(int? bits, int? workers, string option)
    {
        var options = new SimdOptions { VectorBits = bits, Workers = workers };
        var exception = Assert.Throws<ArgumentOutOfRangeException>(() => TestAccelerators.Context.CreateSimdAccelerator(options));
        Assert.Contains($"SimdOptions.{option}", exception.Message);
    }

    [Fact]
    public void Accelerators_are_announced_and_go_with_their_context()
    {
        var context = Context.Create(_ => { });
        Accelerator? announced = null;
        context.AcceleratorCreated += (_, accelerator) => announced = accelerator;
        var created = context.CreateSimdAccelerator();
        Assert.Same(created, announced);
        bool disposed = false;
        created.Disposed += (_, _) => disposed = true;
        created.Dispose();
        Assert.True(disposed);
        context.Dispose();
    }

    [Fact]
    public void Group_size_estimates_stay_within_the_device()
    {
        var accelerator = TestAccelerators.Widest;
        var kernel = accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<int>>(static (i, view) => view[i] = 1).GetKernel();
        int size = accelerator.EstimateGroupSize(kernel, 0, 200, out int minGridSize);
        Assert.InRange(size, 1, 200);
        Assert.True(minGridSize >= 1);
        Assert.InRange(accelerator.EstimateGroupSize(kernel), 1, accelerator.MaxNumThreadsPerGroup);
        // 1 KiB per thread: no more threads than fit.
        int limited = accelerator.EstimateGroupSize(kernel, threads => threads << 10, 0, out _);
        Assert.InRange(limited << 10, 1, accelerator.MaxSharedMemoryPerGroup);
        Assert.InRange(accelerator.EstimateOccupancyPerMultiprocessor(kernel, 64), 0.01f, 1f);
        Assert.Equal(accelerator.MaxNumThreadsPerMultiprocessor / 64, accelerator.EstimateMaxActiveGroupsPerMultiprocessor(kernel, 64));
    }

    [Fact]
    public void Peers_share_the_memory_of_the_machine()
    {
        var accelerator = TestAccelerators.Widest;
        using var other = TestAccelerators.Context.CreateSimdAccelerator(new() { Workers = 1 });
        Assert.True(accelerator.CanAccessPeer(other));
        Assert.True(accelerator.CanAccessPeer(TestAccelerators.Reference()));
        Assert.False(accelerator.HasPeerAccess(other));
        Assert.True(accelerator.EnablePeerAccess(other));
        Assert.True(accelerator.HasPeerAccess(other));
        using var buffer = other.Allocate1D([1, 2, 3]);
        var kernel = accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<int>>(static (i, view) => view[i] *= 2);
        kernel(3, buffer.View);
        Assert.Equal([2, 4, 6], buffer.GetAsArray1D());
        Assert.True(accelerator.DisablePeerAccess(other));
        Assert.False(accelerator.HasPeerAccess(other));
        Assert.Throws<ArgumentException>(() => kernel(3, buffer.View));
    }

    [Fact]
    public void Markers_measure_forward_in_time()
    {
        var accelerator = TestAccelerators.Widest;
        using var stream = accelerator.CreateStream();
        using var start = stream.AddProfilingMarker();
        Thread.Sleep(2);
        using var end = stream.AddProfilingMarker();
        end.Synchronize();
        Assert.True(end - start >= TimeSpan.FromMilliseconds(1));
        Assert.Equal(-(end - start), start - end);
        using var ofDefault = accelerator.AddProfilingMarker();
        Assert.True(ofDefault.MeasureFrom(start) >= end.MeasureFrom(start));
        using var context = Context.Create(_ => { });
        using var other = context.CreateSimdAccelerator();
        Assert.ThrowsAny<Exception>(() => other.DefaultStream.AddProfilingMarker());
    }

    [Fact]
    public void Extensions_that_know_only_ILGPUs_accelerators_are_refused_in_one_line()
    {
        using var context = Context.Create(builder => builder.EnableAlgorithms());
        using var accelerator = context.CreateSimdAccelerator();
        Assert.Contains(accelerator.Name, Assert.Throws<NotSupportedException>(
            () => accelerator.CreateExtension<TestExtension, TestProvider>(default)).Message);
    }

    private sealed class TestExtension : AcceleratorExtension;

    private readonly struct TestProvider : IAcceleratorExtensionProvider<TestExtension>
    {
        public TestExtension CreateCPUExtension(CPUAccelerator accelerator) => new();

        public TestExtension CreateCudaExtension(ILGPU.Runtime.Cuda.CudaAccelerator accelerator) => new();

        public TestExtension CreateOpenCLExtension(ILGPU.Runtime.OpenCL.CLAccelerator accelerator) => new();
    }
}
