using System.Runtime.Intrinsics;
using GpuVae.Simd.Emit;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;

namespace GpuVae.Simd;

/// <summary>The processors of this machine as a device: a warp is a vector, a multiprocessor a worker thread.</summary>
[DeviceType(AcceleratorType.CPU)]
public sealed class SimdDevice : Device
{
    private const int MaxThreads = 1024;

    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range; the message says which.</exception>
    public SimdDevice(SimdOptions? options = null)
    {
        Options = options ?? new();
        if (Options.Workers is < 1 or > 4096)
        {
            throw new ArgumentOutOfRangeException(
                nameof(options), Options.Workers, "SimdOptions.Workers is 1 to 4096, or null for all processors.");
        }
        VectorBits = Options.VectorBits ?? NativeVectorBits;
        if (VectorBits is not (0 or 128 or 256 or 512))
        {
            throw new ArgumentOutOfRangeException(
                nameof(options), VectorBits, "SimdOptions.VectorBits is 512, 256, 128, 0 for scalar code, or null for the processor's.");
        }
        // A lane has 32 bits.
        WarpSize = Math.Max(1, VectorBits / 32);
        NumMultiprocessors = Options.Workers ?? Environment.ProcessorCount;
        string code = VectorBits == 0 ? "scalar" : $"{VectorBits}-bit vectors";
        Name = $"SIMD CPU ({NumMultiprocessors} × {code}{(Options.Checked ? ", checked" : "")})";
        MaxNumThreadsPerGroup = MaxThreads;
        MaxNumThreadsPerMultiprocessor = MaxThreads;
        MaxGroupSize = new(MaxThreads);
        MaxGridSize = new(int.MaxValue);
        MemorySize = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        // Shared memory is ordinary memory here; this much stays in a worker's second-level cache.
        MaxSharedMemoryPerGroup = 256 << 10;
        MaxConstantMemory = 64 << 10;
        // ILGPU lets nobody else set capabilities; those of its own CPU device are all of them.
        Capabilities = CPUDevice.Default.Capabilities;
    }

    /// <summary>What the device was made with.</summary>
    public SimdOptions Options { get; }

    /// <summary>The widest vectors that kernels are compiled to, in bits; 0 for scalar code.</summary>
    public int VectorBits { get; }
    internal SimdConfiguration Configuration => new(WarpSize, VectorBits);

    private static int NativeVectorBits =>
        Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : Vector128.IsHardwareAccelerated ? 128 : 0;

    /// <inheritdoc/>
    public override Accelerator CreateAccelerator(Context context) => new SimdAccelerator(context, this);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is SimdDevice device && device.Options == Options;

    /// <inheritdoc/>
    public override int GetHashCode() => Options.GetHashCode();
}
