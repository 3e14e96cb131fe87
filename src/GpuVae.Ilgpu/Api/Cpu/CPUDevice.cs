using System.Globalization;
using System.Numerics;
using System.Runtime.Intrinsics;

namespace ILGPU.Runtime.CPU;

/// <summary>The processors of this machine as a device: a warp is a vector, a multiprocessor a worker thread.</summary>
public sealed class CPUDevice : Device
{
    private const int MaxThreads = 1024;

    /// <summary>A device of any shape.</summary>
    /// <param name="numThreadsPerWarp">A power of two from 1 to 64.</param>
    /// <param name="numWarpsPerMultiprocessor">A power of two; with the lanes at most 1024 threads, the largest group.</param>
    /// <param name="numMultiprocessors">The number of workers, at least 1.</param>
    public CPUDevice(int numThreadsPerWarp, int numWarpsPerMultiprocessor, int numMultiprocessors)
        : this(numThreadsPerWarp, numWarpsPerMultiprocessor, numMultiprocessors, NativeVectorBits)
    {
    }

    /// <summary>A device of any shape whose vectors are limited, to test the code for other machines.</summary>
    /// <param name="numThreadsPerWarp">A power of two from 1 to 64.</param>
    /// <param name="numWarpsPerMultiprocessor">A power of two; with the lanes at most 1024 threads, the largest group.</param>
    /// <param name="numMultiprocessors">The number of workers, at least 1.</param>
    /// <param name="vectorBits">512, 256, 128 or 0 for scalar code.</param>
    public CPUDevice(int numThreadsPerWarp, int numWarpsPerMultiprocessor, int numMultiprocessors, int vectorBits)
    {
        if (numThreadsPerWarp is < 1 or > 64 || !BitOperations.IsPow2(numThreadsPerWarp))
            throw new ArgumentOutOfRangeException(
                nameof(numThreadsPerWarp), numThreadsPerWarp, "A warp has 1, 2, 4, 8, 16, 32 or 64 threads.");
        if (numWarpsPerMultiprocessor < 1 || !BitOperations.IsPow2(numWarpsPerMultiprocessor)
            || numThreadsPerWarp * (long)numWarpsPerMultiprocessor > MaxThreads)
        {
            throw new ArgumentOutOfRangeException(
                nameof(numWarpsPerMultiprocessor), numWarpsPerMultiprocessor,
                $"The number of warps is a power of two, and warps times their {numThreadsPerWarp} threads at most {MaxThreads}.");
        }
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(numMultiprocessors);
        if (vectorBits is not (0 or 128 or 256 or 512))
            throw new ArgumentOutOfRangeException(
                nameof(vectorBits), vectorBits, "Vectors have 512, 256 or 128 bits, or 0 for scalar code.");
        VectorBits = vectorBits;
        Name = $"CPU ({numMultiprocessors} × {(vectorBits == 0 ? "scalar" : vectorBits + "-bit vectors")})";
        WarpSize = numThreadsPerWarp;
        NumMultiprocessors = numMultiprocessors;
        MaxNumThreadsPerGroup = numThreadsPerWarp * numWarpsPerMultiprocessor;
        MaxNumThreadsPerMultiprocessor = MaxNumThreadsPerGroup;
        MaxGroupSize = new(MaxNumThreadsPerGroup);
        MaxGridSize = new(int.MaxValue);
        MemorySize = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        // Shared memory is ordinary memory here; this much stays in a worker's second-level cache.
        MaxSharedMemoryPerGroup = 256 << 10;
        MaxConstantMemory = 64 << 10;
    }

    /// <summary>
    /// The vectors and processors of this machine. The environment variable GPUVAE_CPU_WORKERS gives another number of workers, and
    /// GPUVAE_CPU_PIN=1 pins them, where no code can call <see cref="WithWorkers"/>.
    /// </summary>
    /// <exception cref="InvalidOperationException">One of the variables holds something else.</exception>
    public static CPUDevice Default => field ??= Configured(
        Environment.GetEnvironmentVariable("GPUVAE_CPU_WORKERS"), Environment.GetEnvironmentVariable("GPUVAE_CPU_PIN"));

    /// <summary>Shaped like an NVIDIA device with one multiprocessor.</summary>
    public static CPUDevice Nvidia { get; } = new(32, 32, 1);

    /// <summary>Shaped like an AMD device with one multiprocessor.</summary>
    public static CPUDevice AMD { get; } = new(32, 8, 1);

    /// <summary>Shaped like an older AMD device with one multiprocessor.</summary>
    public static CPUDevice LegacyAMD { get; } = new(64, 4, 1);

    /// <summary>Shaped like an Intel device with one multiprocessor.</summary>
    public static CPUDevice Intel { get; } = new(16, 8, 1);

    public override AcceleratorType AcceleratorType => AcceleratorType.CPU;

    /// <summary>The widest vectors that kernels are compiled to; 0 for scalar code.</summary>
    public int VectorBits { get; }

    /// <summary>
    /// Each worker but the launching thread stays on a processor of its own; where the system cannot do that, it is ignored.
    /// </summary>
    public bool PinsWorkers { get; private init; }

    public override CapabilityContext Capabilities { get; } = new CPUCapabilityContext();

    private static int NativeVectorBits =>
        Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : Vector128.IsHardwareAccelerated ? 128 : 0;

    // Lanes of 32 bits; scalar machines still get warps, so that kernels with shuffles make sense there.
    private static int DefaultWarpSize => Math.Max(4, NativeVectorBits / 32);

    /// <summary>The same device with another number of workers, the launching thread counted.</summary>
    /// <param name="count">At least 1.</param>
    /// <param name="pinned">See <see cref="PinsWorkers"/>.</param>
    public CPUDevice WithWorkers(int count, bool pinned) =>
        new(WarpSize, MaxNumThreadsPerGroup / WarpSize, count, VectorBits) { PinsWorkers = pinned };

    /// <summary>One of the presets.</summary>
    public static CPUDevice GetDevice(CPUDeviceKind kind) => kind switch
    {
        CPUDeviceKind.Default => Default,
        CPUDeviceKind.Nvidia => Nvidia,
        CPUDeviceKind.AMD => AMD,
        CPUDeviceKind.LegacyAMD => LegacyAMD,
        CPUDeviceKind.Intel => Intel,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "There is no such kind of CPU device."),
    };

    public override Accelerator CreateAccelerator(Context context) => CreateAccelerator(context, CPUAcceleratorMode.Auto);

    public CPUAccelerator CreateAccelerator(Context context, CPUAcceleratorMode mode) =>
        CreateAccelerator(context, mode, ThreadPriority.Normal);

    /// <param name="context">The owner.</param>
    /// <param name="mode">How kernels are run.</param>
    /// <param name="threadPriority">The priority of the worker threads.</param>
    public CPUAccelerator CreateAccelerator(Context context, CPUAcceleratorMode mode, ThreadPriority threadPriority)
    {
        var accelerator = new CPUAccelerator(context, this, mode, threadPriority);
        context.OnAcceleratorCreated(accelerator);
        return accelerator;
    }

    /// <summary>The default device as the environment variables describe it; null for one that is not set.</summary>
    internal static CPUDevice Configured(string? workers, string? pin)
    {
        int count = Environment.ProcessorCount;
        if (!string.IsNullOrEmpty(workers) && (!int.TryParse(workers, CultureInfo.InvariantCulture, out count) || count < 1))
            throw new InvalidOperationException($"GPUVAE_CPU_WORKERS is '{workers}'. Set it to a whole number from 1 up, or remove it.");
        if (pin is not (null or "" or "0" or "1"))
            throw new InvalidOperationException(
                $"GPUVAE_CPU_PIN is '{pin}'. Set it to 1 to pin the workers, to 0 to leave them, or remove it.");
        return new(DefaultWarpSize, MaxThreads / DefaultWarpSize, count) { PinsWorkers = pin == "1" };
    }
}
