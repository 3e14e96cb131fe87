using GpuVae.Ilgpu.Backends.OpenCL;
using GpuVae.Ilgpu.Compiler;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.OpenCL;

namespace GpuVae.Ilgpu.Tests.OpenCL;

/// <summary>Buffers, markers, the program cache and what happens when something fails.</summary>
public sealed class OpenCLRuntimeTests : IDisposable
{
    private readonly string folder = Path.Combine(Path.GetTempPath(), "gpuvae-cl-" + Guid.NewGuid().ToString("N"));

    public void Dispose()
    {
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void BuffersCopyFillAndSlice()
    {
        using var context = OpenCLDevices.Require();
        using var accelerator = context.CreateCLAccelerator(0);
        using var stream = accelerator.CreateStream();
        using var a = accelerator.Allocate1D<int>(100);
        using var b = accelerator.Allocate1D<int>(100);
        a.View.CopyFromCPU(stream, [.. Enumerable.Range(0, 100)]);
        b.MemSetToZero(stream);
        a.View.SubView(10, 20).CopyTo(stream, b.View.SubView(50, 20));
        stream.Synchronize();
        int[] copied = b.GetAsArray1D(stream);
        Assert.Equal(0, copied[49]);
        Assert.Equal(10, copied[50]);
        Assert.Equal(29, copied[69]);
        Assert.Equal(0, copied[70]);
        b.MemSet(stream, 0xFF);
        Assert.All(b.GetAsArray1D(stream), v => Assert.Equal(-1, v));
    }

    [Fact]
    public void MarkersMeasureTheQueue()
    {
        using var context = OpenCLDevices.Require(builder => builder.Profiling());
        using var accelerator = context.CreateCLAccelerator(0);
        using var buffer = accelerator.Allocate1D<float>(1 << 16);
        var kernel = accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<float>>(Halve);
        using var start = accelerator.DefaultStream.AddProfilingMarker();
        for (int i = 0; i < 10; i++)
            kernel(1 << 16, buffer.View);
        using var end = accelerator.DefaultStream.AddProfilingMarker();
        Assert.True(end - start > TimeSpan.Zero);
    }

    [Fact]
    public void BinariesComeBackFromTheCache()
    {
        var cache = new ProgramCache(folder);
        string key = ProgramCache.KeyOf("source", "options");
        Assert.Null(cache.TryRead(key));
        cache.Write(key, [1, 2, 3]);
        Assert.Equal([1, 2, 3], cache.TryRead(key));
        Assert.Equal(key + ".bin", Path.GetFileName(Assert.Single(Directory.GetFiles(folder))));
        Assert.NotEqual(key, ProgramCache.KeyOf("sourceoptions"));
        Assert.NotEqual(key, ProgramCache.KeyOf("source", "other options"));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(10)]
    [InlineData(43)]
    public void DamagedEntriesAreIgnored(int length)
    {
        var cache = new ProgramCache(folder);
        string key = ProgramCache.KeyOf("source");
        cache.Write(key, [1, 2, 3, 4, 5, 6, 7, 8]);
        string path = Assert.Single(Directory.GetFiles(folder));
        byte[] bytes = File.ReadAllBytes(path);
        File.WriteAllBytes(path, bytes[..length]);
        Assert.Null(cache.TryRead(key));
        bytes[^1] ^= 1;
        File.WriteAllBytes(path, bytes);
        Assert.Null(cache.TryRead(key));
    }

    [Fact]
    public void CacheThatCannotBeWrittenIsNoError()
    {
        Directory.CreateDirectory(folder);
        string file = Path.Combine(folder, "file");
        File.WriteAllText(file, "");
        var cache = new ProgramCache(Path.Combine(file, "below"));
        cache.Write("key", [1]);
        Assert.Null(cache.TryRead("key"));
    }

    [Fact]
    public void KernelRunsFromBinaryAndAfterTheBinaryWasDamaged()
    {
        using var context = OpenCLDevices.Require();
        Assert.Equal(2f, RunHalve(context));
        string entry = Assert.Single(Directory.GetFiles(folder));
        Assert.Equal(2f, RunHalve(context));
        Assert.Equal(entry, Assert.Single(Directory.GetFiles(folder)));

        // A whole entry whose content no driver understands: its checksum is right.
        new ProgramCache(folder).Write(Path.GetFileNameWithoutExtension(entry), [.. Enumerable.Repeat((byte)0x5A, 500)]);
        Assert.Equal(2f, RunHalve(context));
    }

    [Fact]
    public void RefusedSourceReportsTheDriversLogAndTheAcceleratorSurvives()
    {
        using var context = OpenCLDevices.Require();
        using var accelerator = context.CreateCLAccelerator(0);
        var source = new OpenCLSource("__kernel void broken(__global int* p) { p[0] = nonsense; }", "broken", []);
        var error = Assert.Throws<KernelCompilationException>(() => CLProgram.Build(accelerator, "Tests.Broken", source));
        Assert.Contains("Tests.Broken", error.Message);
        Assert.Contains(accelerator.Name, error.Message);
        Assert.Contains("nonsense", error.Message);
        using var buffer = accelerator.Allocate1D([4f]);
        accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<float>>(Halve)(1, buffer.View);
        Assert.Equal(2f, buffer.GetAsArray1D()[0]);
    }

    [Fact]
    public void OutOfMemorySaysWhatWasAskedAndWhatThereIs()
    {
        using var context = OpenCLDevices.Require();
        using var accelerator = context.CreateCLAccelerator(0);
        var error = Assert.Throws<CLException>(() => accelerator.Allocate1D<double>(1L << 40));
        Assert.Contains((8L << 40).ToString("N0"), error.Message);
        Assert.Contains(accelerator.MemorySize.ToString("N0"), error.Message);
        using var buffer = accelerator.Allocate1D([4f]);
        Assert.Equal(4f, buffer.GetAsArray1D()[0]);
    }

    /// <summary>PoCL's handler of arithmetic faults skipped the division, and the quotient was whatever the register held.</summary>
    [Fact]
    public void DivisionByZeroInCSharpStillThrowsOnceADriverIsLoaded()
    {
        using var context = OpenCLDevices.Require();
        using var accelerator = context.CreateCLAccelerator(0);
        using var quotients = accelerator.Allocate1D<int>(64);
        accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<int>>(DivideByZero)(64, quotients.View);
        Assert.All(quotients.GetAsArray1D(), quotient => Assert.Equal(0, quotient));
        int zero = context.GetCLDevices().Count - context.GetCLDevices().Count;
        Assert.Throws<DivideByZeroException>(() => 1 / zero);
    }

    [Fact]
    public void ShufflesInDivergentCodeAreRefusedWhereWarpsAreEmulated()
    {
        using var context = OpenCLDevices.Require();
        using var accelerator = context.CreateCLAccelerator(0);
        Assert.SkipWhen(accelerator.Device.Capabilities.SubGroups, "This device has sub-groups, which divergent shuffles suit.");
        var error = Assert.Throws<KernelCompilationException>(() => accelerator.LoadStreamKernel<ArrayView<int>>(DivergentShuffle));
        Assert.Contains("sub-groups", error.Message);
        Assert.Contains(nameof(DivergentShuffle), error.Message);
    }

    [Fact]
    public void LaunchesDoNotAllocate()
    {
        using var context = OpenCLDevices.Require();
        using var accelerator = context.CreateCLAccelerator(0);
        using var buffer = accelerator.Allocate1D<float>(64);
        var kernel = accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<float>>(Halve);
        for (int i = 0; i < 50; i++)
            kernel(64, buffer.View);
        accelerator.Synchronize();
        Assert.Equal(0, Allocations.Of(() =>
        {
            for (int i = 0; i < 50; i++)
                kernel(64, buffer.View);
        }));
        accelerator.Synchronize();
    }

    [Fact]
    public void DevicesOfAllPlatformsAreDescribed()
    {
        using var context = OpenCLDevices.Require();
        foreach (var device in context.GetCLDevices())
        {
            Assert.NotEmpty(device.Name);
            Assert.True(device.CLStdVersion >= new CLCVersion(1, 2), device.DeviceVersion);
            Assert.True(device.WarpSize > 1 && device.MaxNumThreadsPerGroup >= device.WarpSize);
            var text = new StringWriter();
            device.PrintInformation(text);
            Assert.Contains(device.PlatformName, text.ToString());
        }
    }

    private float RunHalve(Context context)
    {
        using var accelerator = context.CreateCLAccelerator(0);
        accelerator.Programs = new ProgramCache(folder);
        using var buffer = accelerator.Allocate1D([4f]);
        accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<float>>(Halve)(1, buffer.View);
        return buffer.GetAsArray1D()[0];
    }

    private static void DivideByZero(Index1D index, ArrayView<int> quotients) => quotients[index] = 5 / (index.X - index.X % 64);

    private static void Halve(Index1D i, ArrayView<float> a) => a[i] *= 0.5f;

    private static void DivergentShuffle(ArrayView<int> a)
    {
        int x = a[Group.IdxX];
        if ((x & 1) != 0)
            x += Warp.ShuffleDown(x, 1);
        a[Group.IdxX] = x;
    }
}
