using System.Runtime.InteropServices;

namespace GpuVae.Ilgpu.Backends.OpenCL;

/// <summary>
/// The entry points of the OpenCL ICD loader, found at run time: a machine without OpenCL has no loader, and then no OpenCL devices.
/// </summary>
internal sealed unsafe class OpenCLApi
{
    public const int Success = 0;
    public const int InvalidBufferSize = -61;

    public const ulong DeviceTypeAll = 0xFFFFFFFF;
    public const ulong QueueProfilingEnable = 2;
    public const ulong MemReadWrite = 1;

    public const uint PlatformVersion = 0x0901;
    public const uint PlatformName = 0x0902;
    public const uint DeviceType = 0x1000;
    public const uint DeviceMaxComputeUnits = 0x1002;
    public const uint DeviceMaxWorkItemDimensions = 0x1003;
    public const uint DeviceMaxWorkGroupSize = 0x1004;
    public const uint DeviceMaxWorkItemSizes = 0x1005;
    public const uint DeviceMaxClockFrequency = 0x100C;
    public const uint DeviceMaxMemAllocSize = 0x1010;
    public const uint DeviceSingleFpConfig = 0x101B;
    public const uint DeviceGlobalMemSize = 0x101F;
    public const uint DeviceMaxConstantBufferSize = 0x1020;
    public const uint DeviceLocalMemSize = 0x1023;
    public const uint DeviceAvailable = 0x1027;
    public const uint DeviceCompilerAvailable = 0x1028;
    public const uint DeviceName = 0x102B;
    public const uint DeviceVendor = 0x102C;
    public const uint DriverVersion = 0x102D;
    public const uint DeviceVersion = 0x102F;
    public const uint DeviceExtensions = 0x1030;
    public const uint DeviceDoubleFpConfig = 0x1032;
    public const uint DeviceOpenCLCVersion = 0x103D;
    public const uint DeviceSubGroupSizesIntel = 0x4108;

    public const ulong FpFma = 1 << 5;
    public const ulong FpCorrectlyRoundedDivideSqrt = 1 << 7;

    public const uint ProgramBinarySizes = 0x1165;
    public const uint ProgramBinaries = 0x1166;
    public const uint ProgramBuildLog = 0x1183;
    public const uint KernelWorkGroupSize = 0x11B0;
    public const uint ProfilingCommandEnd = 0x1283;

    private static readonly Lazy<OpenCLApi?> Loaded = new(TryLoad);

    private OpenCLApi(nint library)
    {
        GetPlatformIDs = (delegate* unmanaged<uint, nint*, uint*, int>)Find("clGetPlatformIDs");
        GetPlatformInfo = (delegate* unmanaged<nint, uint, nuint, void*, nuint*, int>)Find("clGetPlatformInfo");
        GetDeviceIDs = (delegate* unmanaged<nint, ulong, uint, nint*, uint*, int>)Find("clGetDeviceIDs");
        GetDeviceInfo = (delegate* unmanaged<nint, uint, nuint, void*, nuint*, int>)Find("clGetDeviceInfo");
        CreateContext = (delegate* unmanaged<nint*, uint, nint*, void*, void*, int*, nint>)Find("clCreateContext");
        ReleaseContext = (delegate* unmanaged<nint, int>)Find("clReleaseContext");
        CreateCommandQueue = (delegate* unmanaged<nint, nint, ulong, int*, nint>)Find("clCreateCommandQueue");
        ReleaseCommandQueue = (delegate* unmanaged<nint, int>)Find("clReleaseCommandQueue");
        Flush = (delegate* unmanaged<nint, int>)Find("clFlush");
        Finish = (delegate* unmanaged<nint, int>)Find("clFinish");
        CreateBuffer = (delegate* unmanaged<nint, ulong, nuint, void*, int*, nint>)Find("clCreateBuffer");
        ReleaseMemObject = (delegate* unmanaged<nint, int>)Find("clReleaseMemObject");
        EnqueueReadBuffer =
            (delegate* unmanaged<nint, nint, uint, nuint, nuint, void*, uint, nint*, nint*, int>)Find("clEnqueueReadBuffer");
        EnqueueWriteBuffer =
            (delegate* unmanaged<nint, nint, uint, nuint, nuint, void*, uint, nint*, nint*, int>)Find("clEnqueueWriteBuffer");
        EnqueueCopyBuffer =
            (delegate* unmanaged<nint, nint, nint, nuint, nuint, nuint, uint, nint*, nint*, int>)Find("clEnqueueCopyBuffer");
        EnqueueFillBuffer =
            (delegate* unmanaged<nint, nint, void*, nuint, nuint, nuint, uint, nint*, nint*, int>)Find("clEnqueueFillBuffer");
        CreateProgramWithSource = (delegate* unmanaged<nint, uint, byte**, nuint*, int*, nint>)Find("clCreateProgramWithSource");
        CreateProgramWithBinary =
            (delegate* unmanaged<nint, uint, nint*, nuint*, byte**, int*, int*, nint>)Find("clCreateProgramWithBinary");
        BuildProgram = (delegate* unmanaged<nint, uint, nint*, byte*, void*, void*, int>)Find("clBuildProgram");
        ReleaseProgram = (delegate* unmanaged<nint, int>)Find("clReleaseProgram");
        GetProgramInfo = (delegate* unmanaged<nint, uint, nuint, void*, nuint*, int>)Find("clGetProgramInfo");
        GetProgramBuildInfo = (delegate* unmanaged<nint, nint, uint, nuint, void*, nuint*, int>)Find("clGetProgramBuildInfo");
        CreateKernel = (delegate* unmanaged<nint, byte*, int*, nint>)Find("clCreateKernel");
        ReleaseKernel = (delegate* unmanaged<nint, int>)Find("clReleaseKernel");
        SetKernelArg = (delegate* unmanaged<nint, uint, nuint, void*, int>)Find("clSetKernelArg");
        GetKernelWorkGroupInfo = (delegate* unmanaged<nint, nint, uint, nuint, void*, nuint*, int>)Find("clGetKernelWorkGroupInfo");
        EnqueueNDRangeKernel =
            (delegate* unmanaged<nint, nint, uint, nuint*, nuint*, nuint*, uint, nint*, nint*, int>)Find("clEnqueueNDRangeKernel");
        EnqueueMarkerWithWaitList = (delegate* unmanaged<nint, uint, nint*, nint*, int>)Find("clEnqueueMarkerWithWaitList");
        WaitForEvents = (delegate* unmanaged<uint, nint*, int>)Find("clWaitForEvents");
        GetEventProfilingInfo = (delegate* unmanaged<nint, uint, nuint, void*, nuint*, int>)Find("clGetEventProfilingInfo");
        ReleaseEvent = (delegate* unmanaged<nint, int>)Find("clReleaseEvent");

        // Newer than 1.2: absent from old loaders, and asked for only where the device has sub-groups.
        GetKernelSubGroupInfo = NativeLibrary.TryGetExport(library, "clGetKernelSubGroupInfo", out nint address)
            ? (delegate* unmanaged<nint, nint, uint, nuint, void*, nuint, void*, nuint*, int>)address
            : null;

        void* Find(string name) => (void*)NativeLibrary.GetExport(library, name);
    }

    /// <summary>The loader's entry points, or null on a machine without OpenCL 1.2 or newer.</summary>
    public static OpenCLApi? Instance => Loaded.Value;

    public delegate* unmanaged<uint, nint*, uint*, int> GetPlatformIDs { get; }

    public delegate* unmanaged<nint, uint, nuint, void*, nuint*, int> GetPlatformInfo { get; }

    public delegate* unmanaged<nint, ulong, uint, nint*, uint*, int> GetDeviceIDs { get; }

    public delegate* unmanaged<nint, uint, nuint, void*, nuint*, int> GetDeviceInfo { get; }

    public delegate* unmanaged<nint*, uint, nint*, void*, void*, int*, nint> CreateContext { get; }

    public delegate* unmanaged<nint, int> ReleaseContext { get; }

    public delegate* unmanaged<nint, nint, ulong, int*, nint> CreateCommandQueue { get; }

    public delegate* unmanaged<nint, int> ReleaseCommandQueue { get; }

    public delegate* unmanaged<nint, int> Flush { get; }

    public delegate* unmanaged<nint, int> Finish { get; set; }

    public delegate* unmanaged<nint, ulong, nuint, void*, int*, nint> CreateBuffer { get; }

    public delegate* unmanaged<nint, int> ReleaseMemObject { get; }

    public delegate* unmanaged<nint, nint, uint, nuint, nuint, void*, uint, nint*, nint*, int> EnqueueReadBuffer { get; set; }

    public delegate* unmanaged<nint, nint, uint, nuint, nuint, void*, uint, nint*, nint*, int> EnqueueWriteBuffer { get; set; }

    public delegate* unmanaged<nint, nint, nint, nuint, nuint, nuint, uint, nint*, nint*, int> EnqueueCopyBuffer { get; }

    public delegate* unmanaged<nint, nint, void*, nuint, nuint, nuint, uint, nint*, nint*, int> EnqueueFillBuffer { get; }

    public delegate* unmanaged<nint, uint, byte**, nuint*, int*, nint> CreateProgramWithSource { get; }

    public delegate* unmanaged<nint, uint, nint*, nuint*, byte**, int*, int*, nint> CreateProgramWithBinary { get; }

    public delegate* unmanaged<nint, uint, nint*, byte*, void*, void*, int> BuildProgram { get; }

    public delegate* unmanaged<nint, int> ReleaseProgram { get; }

    public delegate* unmanaged<nint, uint, nuint, void*, nuint*, int> GetProgramInfo { get; }

    public delegate* unmanaged<nint, nint, uint, nuint, void*, nuint*, int> GetProgramBuildInfo { get; }

    public delegate* unmanaged<nint, byte*, int*, nint> CreateKernel { get; }

    public delegate* unmanaged<nint, int> ReleaseKernel { get; }

    public delegate* unmanaged<nint, uint, nuint, void*, int> SetKernelArg { get; }

    public delegate* unmanaged<nint, nint, uint, nuint, void*, nuint*, int> GetKernelWorkGroupInfo { get; }

    public delegate* unmanaged<nint, nint, uint, nuint*, nuint*, nuint*, uint, nint*, nint*, int> EnqueueNDRangeKernel { get; set; }

    public delegate* unmanaged<nint, uint, nint*, nint*, int> EnqueueMarkerWithWaitList { get; }

    public delegate* unmanaged<uint, nint*, int> WaitForEvents { get; }

    public delegate* unmanaged<nint, uint, nuint, void*, nuint*, int> GetEventProfilingInfo { get; }

    public delegate* unmanaged<nint, int> ReleaseEvent { get; }

    /// <summary>Null where the loader is older than OpenCL 2.1.</summary>
    public delegate* unmanaged<nint, nint, uint, nuint, void*, nuint, void*, nuint*, int> GetKernelSubGroupInfo { get; }

    /// <summary>A copy in which tests replace entry points, as when a device is lost.</summary>
    public OpenCLApi Copy() => (OpenCLApi)MemberwiseClone();

    private static OpenCLApi? TryLoad()
    {
        string[] candidates = OperatingSystem.IsWindows() ? ["OpenCL.dll"]
            : OperatingSystem.IsMacOS() ? ["/System/Library/Frameworks/OpenCL.framework/OpenCL"]
            : ["libOpenCL.so.1", "libOpenCL.so"];
        if (!OperatingSystem.IsWindows())
            KeepArithmeticFaults();
        foreach (string candidate in candidates)
        {
            if (!NativeLibrary.TryLoad(candidate, out nint library))
                continue;
            try
            {
                return new OpenCLApi(library);
            }
            catch (EntryPointNotFoundException)
            {
                // A loader older than OpenCL 1.2 is as good as none.
            }
        }
        return null;
    }

    /// <summary>
    /// PoCL replaces the process's handler of arithmetic faults by one that skips the faulting instruction, after which an integer
    /// division by zero in C# gives an arbitrary number instead of an exception. It is asked not to; the kernels emitted here never fault.
    /// </summary>
    private static void KeepArithmeticFaults()
    {
        // Environment.SetEnvironmentVariable does not reach what native code reads.
        if (NativeLibrary.TryGetExport(NativeLibrary.GetMainProgramHandle(), "setenv", out nint setenv))
        {
            fixed (byte* name = "POCL_SIGFPE_HANDLER"u8, value = "0"u8)
                _ = ((delegate* unmanaged<byte*, byte*, int, int>)setenv)(name, value, 0);
        }
    }
}
