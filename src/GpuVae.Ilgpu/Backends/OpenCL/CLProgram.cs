using System.Text;
using GpuVae.Ilgpu.Compiler;
using ILGPU.Runtime.OpenCL;

namespace GpuVae.Ilgpu.Backends.OpenCL;

/// <summary>A built program with its one kernel.</summary>
internal sealed unsafe class CLProgram
{
    private readonly CLAccelerator accelerator;
    private readonly nint program;

    private CLProgram(CLAccelerator accelerator, nint program, nint kernel, OpenCLSource source)
    {
        this.accelerator = accelerator;
        this.program = program;
        Kernel = kernel;
        Source = source;
        nuint limit;
        int code = accelerator.Api.GetKernelWorkGroupInfo(
            kernel, accelerator.Device.DeviceId, OpenCLApi.KernelWorkGroupSize, (nuint)sizeof(nuint), &limit, null);
        MaxGroupSize = code == OpenCLApi.Success
            ? (int)Math.Min(limit, (nuint)accelerator.MaxNumThreadsPerGroup)
            : accelerator.MaxNumThreadsPerGroup;
    }

    /// <summary>The cl_kernel. Its arguments are state: setting them and enqueueing happens under a lock on this object.</summary>
    public nint Kernel { get; }

    public OpenCLSource Source { get; }

    /// <summary>Threads of the largest group that the driver runs this kernel with.</summary>
    public int MaxGroupSize { get; }

    /// <summary>Takes the binary from the cache or compiles the source.</summary>
    /// <exception cref="KernelCompilationException">The driver refused the source; the message holds its log.</exception>
    public static CLProgram Build(CLAccelerator accelerator, string kernelName, OpenCLSource source)
    {
        var device = accelerator.Device;
        string options = device.RoundsDivision && !accelerator.Target.FastMath
            ? "-cl-std=CL1.2 -cl-mad-enable -cl-fp32-correctly-rounded-divide-sqrt"
            : "-cl-std=CL1.2 -cl-mad-enable";
        if (device.Features.SubGroups == SubGroupSupport.Khronos)
            options = options.Replace("CL1.2", device.CLStdVersion.Major >= 3 ? "CL3.0" : "CL2.0", StringComparison.Ordinal);
        string key = ProgramCache.KeyOf(source.Text, options, device.Name, device.DriverVersion, device.PlatformVersion);
        if (accelerator.Programs.TryRead(key) is { } binary && TryFromBinary(accelerator, binary, options, source) is { } cached)
            return cached;

        nint program = FromSource(accelerator, kernelName, source, options);
        var built = TryOpen(accelerator, program, source, out int code);
        if (built is null)
        {
            accelerator.Api.ReleaseProgram(program);
            accelerator.Check(code, $"clCreateKernel of {kernelName}");
        }
        if (BinaryOf(accelerator, program) is { } fresh)
            accelerator.Programs.Write(key, fresh);
        return built!;
    }

    public void Release()
    {
        accelerator.Api.ReleaseKernel(Kernel);
        accelerator.Api.ReleaseProgram(program);
    }

    private static nint FromSource(CLAccelerator accelerator, string kernelName, OpenCLSource source, string options)
    {
        var api = accelerator.Api;
        byte[] text = Encoding.ASCII.GetBytes(source.Text);
        nint program;
        int code;
        fixed (byte* first = text)
        {
            byte* start = first;
            nuint length = (nuint)text.Length;
            program = api.CreateProgramWithSource(accelerator.ContextPtr, 1, &start, &length, &code);
        }
        accelerator.Check(code, $"clCreateProgramWithSource of {kernelName}");
        code = BuildProgram(accelerator, program, options);
        if (code == OpenCLApi.Success)
            return program;
        string log = BuildLog(accelerator, program);
        api.ReleaseProgram(program);
        throw new KernelCompilationException(
            $"Kernel {kernelName}: the OpenCL driver of {accelerator.Name} " +
            $"({accelerator.Device.PlatformName}, {accelerator.Device.DriverVersion}) " +
            $"refused it with error {code}, {OpenCLErrors.Describe(code)}. Its log:\n{log}");
    }

    private static CLProgram? TryFromBinary(CLAccelerator accelerator, byte[] binary, string options, OpenCLSource source)
    {
        nint program;
        int code;
        int status;
        fixed (byte* first = binary)
        {
            byte* start = first;
            nuint length = (nuint)binary.Length;
            nint device = accelerator.Device.DeviceId;
            program = accelerator.Api.CreateProgramWithBinary(accelerator.ContextPtr, 1, &device, &length, &start, &status, &code);
        }
        if (code != OpenCLApi.Success)
            return null;
        if (BuildProgram(accelerator, program, options) == OpenCLApi.Success && TryOpen(accelerator, program, source, out _) is { } opened)
            return opened;
        accelerator.Api.ReleaseProgram(program);
        return null;
    }

    private static int BuildProgram(CLAccelerator accelerator, nint program, string options)
    {
        nint device = accelerator.Device.DeviceId;
        fixed (byte* text = Encoding.ASCII.GetBytes(options + '\0'))
            return accelerator.Api.BuildProgram(program, 1, &device, text, null, null);
    }

    private static CLProgram? TryOpen(CLAccelerator accelerator, nint program, OpenCLSource source, out int code)
    {
        nint kernel;
        int result;
        fixed (byte* name = Encoding.ASCII.GetBytes(source.EntryPoint + '\0'))
            kernel = accelerator.Api.CreateKernel(program, name, &result);
        code = result;
        return code == OpenCLApi.Success ? new CLProgram(accelerator, program, kernel, source) : null;
    }

    private static string BuildLog(CLAccelerator accelerator, nint program)
    {
        nuint size;
        nint device = accelerator.Device.DeviceId;
        int code = accelerator.Api.GetProgramBuildInfo(program, device, OpenCLApi.ProgramBuildLog, 0, null, &size);
        if (code != OpenCLApi.Success || size <= 1)
            return "(the driver gave no log)";
        byte[] log = new byte[size];
        fixed (byte* first = log)
            accelerator.Api.GetProgramBuildInfo(program, device, OpenCLApi.ProgramBuildLog, size, first, null);
        return Encoding.UTF8.GetString(log).TrimEnd('\0', '\n');
    }

    private static byte[]? BinaryOf(CLAccelerator accelerator, nint program)
    {
        nuint size;
        int result = accelerator.Api.GetProgramInfo(program, OpenCLApi.ProgramBinarySizes, (nuint)sizeof(nuint), &size, null);
        if (result != OpenCLApi.Success || size == 0)
            return null;
        byte[] binary = new byte[size];
        fixed (byte* first = binary)
        {
            byte* start = first;
            int code = accelerator.Api.GetProgramInfo(program, OpenCLApi.ProgramBinaries, (nuint)sizeof(byte*), &start, null);
            return code == OpenCLApi.Success ? binary : null;
        }
    }
}
