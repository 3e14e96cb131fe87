using System.Runtime.InteropServices;

namespace GpuVae.Ilgpu.Backends.Cuda;

/// <summary>
/// The entry points of the CUDA driver, found at run time: a machine without an NVIDIA driver has no library, and then no CUDA devices.
/// No toolkit is needed.
/// </summary>
internal sealed unsafe class CudaApi
{
    public const int Success = 0;
    public const int OutOfMemory = 2;

    public const uint StreamNonBlocking = 1;
    public const uint EventDefault = 0;
    public const uint HostAllocPortable = 1;

    /// <summary>Only this thread's unsafe calls are forbidden during a capture, so that other threads go on working.</summary>
    public const int CaptureModeThreadLocal = 1;

    public const int FunctionMaxThreadsPerBlock = 0;
    public const int FunctionMaxDynamicSharedBytes = 8;

    public const int DeviceMaxThreadsPerBlock = 1;
    public const int DeviceMaxBlockDimX = 2;
    public const int DeviceMaxGridDimX = 5;
    public const int DeviceMaxSharedPerBlock = 8;
    public const int DeviceTotalConstantMemory = 9;
    public const int DeviceWarpSize = 10;
    public const int DeviceClockRate = 13;
    public const int DeviceMultiprocessorCount = 16;
    public const int DeviceEccEnabled = 32;
    public const int DevicePciBusId = 33;
    public const int DevicePciDeviceId = 34;
    public const int DeviceMemoryClockRate = 36;
    public const int DeviceMemoryBusWidth = 37;
    public const int DeviceL2CacheSize = 38;
    public const int DeviceMaxThreadsPerMultiprocessor = 39;
    public const int DevicePciDomainId = 50;
    public const int DeviceCapabilityMajor = 75;
    public const int DeviceCapabilityMinor = 76;
    public const int DeviceMaxSharedPerMultiprocessor = 81;
    public const int DeviceMaxRegistersPerMultiprocessor = 82;
    public const int DeviceMaxSharedPerBlockOptIn = 97;

    public const int JitErrorLogBuffer = 5;
    public const int JitErrorLogBufferSize = 6;

    private static readonly Lazy<(CudaApi? Api, string Obstacle)> Loaded = new(TryLoad);

    private CudaApi(nint library)
    {
        Init = (delegate* unmanaged<uint, int>)Find("cuInit");
        DriverGetVersion = (delegate* unmanaged<int*, int>)Find("cuDriverGetVersion");
        DeviceGetCount = (delegate* unmanaged<int*, int>)Find("cuDeviceGetCount");
        DeviceGet = (delegate* unmanaged<int*, int, int>)Find("cuDeviceGet");
        DeviceGetName = (delegate* unmanaged<byte*, int, int, int>)Find("cuDeviceGetName");
        DeviceTotalMem = (delegate* unmanaged<nuint*, int, int>)Find("cuDeviceTotalMem_v2");
        DeviceGetAttribute = (delegate* unmanaged<int*, int, int, int>)Find("cuDeviceGetAttribute");
        ContextCreate = (delegate* unmanaged<nint*, uint, int, int>)Find("cuCtxCreate_v2");
        ContextDestroy = (delegate* unmanaged<nint, int>)Find("cuCtxDestroy_v2");
        ContextSetCurrent = (delegate* unmanaged<nint, int>)Find("cuCtxSetCurrent");
        ContextSynchronize = (delegate* unmanaged<int>)Find("cuCtxSynchronize");
        MemGetInfo = (delegate* unmanaged<nuint*, nuint*, int>)Find("cuMemGetInfo_v2");
        MemAlloc = (delegate* unmanaged<ulong*, nuint, int>)Find("cuMemAlloc_v2");
        MemFree = (delegate* unmanaged<ulong, int>)Find("cuMemFree_v2");
        MemHostAlloc = (delegate* unmanaged<void**, nuint, uint, int>)Find("cuMemHostAlloc");
        MemFreeHost = (delegate* unmanaged<void*, int>)Find("cuMemFreeHost");
        MemcpyHtoDAsync = (delegate* unmanaged<ulong, void*, nuint, nint, int>)Find("cuMemcpyHtoDAsync_v2");
        MemcpyDtoHAsync = (delegate* unmanaged<void*, ulong, nuint, nint, int>)Find("cuMemcpyDtoHAsync_v2");
        MemcpyDtoDAsync = (delegate* unmanaged<ulong, ulong, nuint, nint, int>)Find("cuMemcpyDtoDAsync_v2");
        MemsetD8Async = (delegate* unmanaged<ulong, byte, nuint, nint, int>)Find("cuMemsetD8Async");
        ModuleLoadDataEx = (delegate* unmanaged<nint*, byte*, uint, int*, void**, int>)Find("cuModuleLoadDataEx");
        ModuleUnload = (delegate* unmanaged<nint, int>)Find("cuModuleUnload");
        ModuleGetFunction = (delegate* unmanaged<nint*, nint, byte*, int>)Find("cuModuleGetFunction");
        FuncGetAttribute = (delegate* unmanaged<int*, int, nint, int>)Find("cuFuncGetAttribute");
        FuncSetAttribute = (delegate* unmanaged<nint, int, int, int>)Find("cuFuncSetAttribute");
        OccupancyMaxActiveBlocks =
            (delegate* unmanaged<int*, nint, int, nuint, int>)Find("cuOccupancyMaxActiveBlocksPerMultiprocessor");
        LaunchKernel =
            (delegate* unmanaged<nint, uint, uint, uint, uint, uint, uint, uint, nint, void**, void**, int>)Find("cuLaunchKernel");
        StreamCreate = (delegate* unmanaged<nint*, uint, int>)Find("cuStreamCreate");
        StreamDestroy = (delegate* unmanaged<nint, int>)Find("cuStreamDestroy_v2");
        StreamSynchronize = (delegate* unmanaged<nint, int>)Find("cuStreamSynchronize");
        StreamWaitEvent = (delegate* unmanaged<nint, nint, uint, int>)Find("cuStreamWaitEvent");
        EventCreate = (delegate* unmanaged<nint*, uint, int>)Find("cuEventCreate");
        EventDestroy = (delegate* unmanaged<nint, int>)Find("cuEventDestroy_v2");
        EventRecord = (delegate* unmanaged<nint, nint, int>)Find("cuEventRecord");
        EventSynchronize = (delegate* unmanaged<nint, int>)Find("cuEventSynchronize");
        EventElapsedTime = (delegate* unmanaged<float*, nint, nint, int>)Find("cuEventElapsedTime");
        StreamBeginCapture = (delegate* unmanaged<nint, int, int>)Find("cuStreamBeginCapture_v2");
        StreamEndCapture = (delegate* unmanaged<nint, nint*, int>)Find("cuStreamEndCapture");
        GraphDestroy = (delegate* unmanaged<nint, int>)Find("cuGraphDestroy");
        GraphExecDestroy = (delegate* unmanaged<nint, int>)Find("cuGraphExecDestroy");
        GraphLaunch = (delegate* unmanaged<nint, nint, int>)Find("cuGraphLaunch");
        GetErrorName = (delegate* unmanaged<int, byte**, int>)Find("cuGetErrorName");
        GetErrorString = (delegate* unmanaged<int, byte**, int>)Find("cuGetErrorString");

        // Since 11.4. Without it there are no graphs, everything else works.
        GraphInstantiate = NativeLibrary.TryGetExport(library, "cuGraphInstantiateWithFlags", out nint instantiate)
            ? (delegate* unmanaged<nint*, nint, ulong, int>)instantiate
            : null;

        void* Find(string name) => (void*)NativeLibrary.GetExport(library, name);
    }

    /// <summary>The driver, or null on a machine without one (or with one older than CUDA 10.1).</summary>
    public static CudaApi? Instance => Loaded.Value.Api;

    /// <summary>Why there is no <see cref="Instance"/>, and what to do.</summary>
    public static string Obstacle => Loaded.Value.Obstacle;

    public delegate* unmanaged<uint, int> Init { get; }

    public delegate* unmanaged<int*, int> DriverGetVersion { get; }

    public delegate* unmanaged<int*, int> DeviceGetCount { get; }

    public delegate* unmanaged<int*, int, int> DeviceGet { get; }

    public delegate* unmanaged<byte*, int, int, int> DeviceGetName { get; }

    public delegate* unmanaged<nuint*, int, int> DeviceTotalMem { get; }

    public delegate* unmanaged<int*, int, int, int> DeviceGetAttribute { get; }

    public delegate* unmanaged<nint*, uint, int, int> ContextCreate { get; }

    public delegate* unmanaged<nint, int> ContextDestroy { get; }

    public delegate* unmanaged<nint, int> ContextSetCurrent { get; }

    public delegate* unmanaged<int> ContextSynchronize { get; }

    public delegate* unmanaged<nuint*, nuint*, int> MemGetInfo { get; }

    public delegate* unmanaged<ulong*, nuint, int> MemAlloc { get; }

    public delegate* unmanaged<ulong, int> MemFree { get; }

    public delegate* unmanaged<void**, nuint, uint, int> MemHostAlloc { get; }

    public delegate* unmanaged<void*, int> MemFreeHost { get; }

    public delegate* unmanaged<ulong, void*, nuint, nint, int> MemcpyHtoDAsync { get; }

    public delegate* unmanaged<void*, ulong, nuint, nint, int> MemcpyDtoHAsync { get; }

    public delegate* unmanaged<ulong, ulong, nuint, nint, int> MemcpyDtoDAsync { get; }

    public delegate* unmanaged<ulong, byte, nuint, nint, int> MemsetD8Async { get; }

    public delegate* unmanaged<nint*, byte*, uint, int*, void**, int> ModuleLoadDataEx { get; }

    public delegate* unmanaged<nint, int> ModuleUnload { get; }

    public delegate* unmanaged<nint*, nint, byte*, int> ModuleGetFunction { get; }

    public delegate* unmanaged<int*, int, nint, int> FuncGetAttribute { get; }

    public delegate* unmanaged<nint, int, int, int> FuncSetAttribute { get; }

    public delegate* unmanaged<int*, nint, int, nuint, int> OccupancyMaxActiveBlocks { get; }

    public delegate* unmanaged<nint, uint, uint, uint, uint, uint, uint, uint, nint, void**, void**, int> LaunchKernel { get; }

    public delegate* unmanaged<nint*, uint, int> StreamCreate { get; }

    public delegate* unmanaged<nint, int> StreamDestroy { get; }

    public delegate* unmanaged<nint, int> StreamSynchronize { get; }

    public delegate* unmanaged<nint, nint, uint, int> StreamWaitEvent { get; }

    public delegate* unmanaged<nint*, uint, int> EventCreate { get; }

    public delegate* unmanaged<nint, int> EventDestroy { get; }

    public delegate* unmanaged<nint, nint, int> EventRecord { get; }

    public delegate* unmanaged<nint, int> EventSynchronize { get; }

    public delegate* unmanaged<float*, nint, nint, int> EventElapsedTime { get; }

    public delegate* unmanaged<nint, int, int> StreamBeginCapture { get; }

    public delegate* unmanaged<nint, nint*, int> StreamEndCapture { get; }

    public delegate* unmanaged<nint, int> GraphDestroy { get; }

    public delegate* unmanaged<nint, int> GraphExecDestroy { get; }

    public delegate* unmanaged<nint, nint, int> GraphLaunch { get; }

    public delegate* unmanaged<int, byte**, int> GetErrorName { get; }

    public delegate* unmanaged<int, byte**, int> GetErrorString { get; }

    /// <summary>cuGraphInstantiateWithFlags; null before CUDA 11.4.</summary>
    public delegate* unmanaged<nint*, nint, ulong, int> GraphInstantiate { get; }

    /// <summary>Throws when a call failed.</summary>
    /// <param name="code">What the call returned.</param>
    /// <param name="call">The call, as the CUDA manual names it.</param>
    /// <exception cref="ILGPU.Runtime.Cuda.CudaException">With the call, the code's name and its meaning.</exception>
    public void Check(int code, string call)
    {
        if (code != Success)
            throw new ILGPU.Runtime.Cuda.CudaException(code, $"{call}: {Describe(code)}");
    }

    /// <summary>The code's name and meaning in the driver's words.</summary>
    public string Describe(int code)
    {
        byte* name;
        byte* meaning;
        if (GetErrorName(code, &name) != Success || GetErrorString(code, &meaning) != Success)
            return $"CUDA error {code}";
        return $"{Marshal.PtrToStringUTF8((nint)name)}: {Marshal.PtrToStringUTF8((nint)meaning)}";
    }

    private static (CudaApi?, string) TryLoad()
    {
        string[] candidates = OperatingSystem.IsWindows() ? ["nvcuda.dll"] : ["libcuda.so.1", "libcuda.so"];
        foreach (string candidate in candidates)
        {
            if (!NativeLibrary.TryLoad(candidate, out nint library))
                continue;
            try
            {
                var api = new CudaApi(library);
                int code = api.Init(0);
                return code == Success ? (api, "") : (null, $"{candidate} does not start: {api.Describe(code)}");
            }
            catch (EntryPointNotFoundException)
            {
                return (null, $"{candidate} is too old: it has no graphs; update NVIDIA's driver");
            }
        }
        return (null, $"{candidates[0]} not found; install NVIDIA's driver");
    }
}
