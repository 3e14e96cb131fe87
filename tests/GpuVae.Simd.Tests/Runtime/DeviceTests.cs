using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;

namespace GpuVae.Simd.Tests.Runtime;

/// <summary>What the device and the accelerator say of themselves.</summary>
public sealed class DeviceTests
{
    [Fact]
    public void AContextListsTheDeviceAndOpensIt()
    {
        using var context = Context.Create(builder => builder.Simd(new() { VectorBits = 128, Workers = 3 }).CPU());
        SimdDevice device = Assert.Single(context.Devices.OfType<SimdDevice>());
        Assert.Equal((4, 3, 1024), (device.WarpSize, device.NumMultiprocessors, device.MaxNumThreadsPerGroup));
        using Accelerator accelerator = device.CreateAccelerator(context);
        Assert.IsType<SimdAccelerator>(accelerator);
        Assert.Equal(AcceleratorType.CPU, accelerator.AcceleratorType);
        Assert.Same(device, accelerator.Device);
        Assert.Contains(context.Devices, d => d is CPUDevice);
    }

    [Fact]
    public void AnAcceleratorRepeatsItsDevice()
    {
        SimdAccelerator accelerator = TestAccelerators.Widest;
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
    public void OptionsOutOfRangeAreRefusedByName(int? bits, int? workers, string option)
    {
        var options = new SimdOptions { VectorBits = bits, Workers = workers };
        ArgumentOutOfRangeException exception =
            Assert.Throws<ArgumentOutOfRangeException>(() => TestAccelerators.Context.CreateSimdAccelerator(options));
        Assert.Contains($"SimdOptions.{option}", exception.Message);
    }

    [Fact]
    public void AcceleratorsAreAnnouncedAndGoWithTheirContext()
    {
        var context = Context.Create(_ => { });
        Accelerator? announced = null;
        context.AcceleratorCreated += (_, accelerator) => announced = accelerator;
        SimdAccelerator created = context.CreateSimdAccelerator();
        Assert.Same(created, announced);
        bool disposed = false;
        created.Disposed += (_, _) => disposed = true;
        created.Dispose();
        Assert.True(disposed);
        context.Dispose();
    }

    [Fact]
    public void GroupSizeEstimatesStayWithinTheDevice()
    {
        SimdAccelerator accelerator = TestAccelerators.Widest;
        Kernel kernel = accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<int>>(static (i, view) => view[i] = 1).GetKernel();
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
    public void PeersShareTheMemoryOfTheMachine()
    {
        SimdAccelerator accelerator = TestAccelerators.Widest;
        using SimdAccelerator other = TestAccelerators.Context.CreateSimdAccelerator(new() { Workers = 1 });
        Assert.True(accelerator.CanAccessPeer(other));
        Assert.True(accelerator.CanAccessPeer(TestAccelerators.Reference()));
        Assert.False(accelerator.HasPeerAccess(other));
        Assert.True(accelerator.EnablePeerAccess(other));
        Assert.True(accelerator.HasPeerAccess(other));
        using MemoryBuffer1D<int, Stride1D.Dense> buffer = other.Allocate1D([1, 2, 3]);
        Action<Index1D, ArrayView<int>> kernel =
            accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<int>>(static (i, view) => view[i] *= 2);
        kernel(3, buffer.View);
        Assert.Equal([2, 4, 6], buffer.GetAsArray1D());
        Assert.True(accelerator.DisablePeerAccess(other));
        Assert.False(accelerator.HasPeerAccess(other));
        Assert.Throws<ArgumentException>(() => kernel(3, buffer.View));
    }

    [Fact]
    public void MarkersMeasureForwardInTime()
    {
        SimdAccelerator accelerator = TestAccelerators.Widest;
        using AcceleratorStream stream = accelerator.CreateStream();
        using ProfilingMarker start = stream.AddProfilingMarker();
        Thread.Sleep(2);
        using ProfilingMarker end = stream.AddProfilingMarker();
        end.Synchronize();
        Assert.True(end - start >= TimeSpan.FromMilliseconds(1));
        Assert.Equal(-(end - start), start - end);
        using ProfilingMarker ofDefault = accelerator.AddProfilingMarker();
        Assert.True(ofDefault.MeasureFrom(start) >= end.MeasureFrom(start));
        using var context = Context.Create(_ => { });
        using SimdAccelerator other = context.CreateSimdAccelerator();
        Assert.ThrowsAny<Exception>(() => other.DefaultStream.AddProfilingMarker());
    }

    [Fact]
    public void ExtensionsThatKnowOnlyILGPUsAcceleratorsAreRefusedInOneLine()
    {
        using var context = Context.Create(builder => builder.EnableAlgorithms());
        using SimdAccelerator accelerator = context.CreateSimdAccelerator();
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
