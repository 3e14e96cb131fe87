using System.Text;
using GpuVae.Ilgpu.Compiler;
using ILGPU.Runtime.Cuda;

namespace GpuVae.Ilgpu.Backends.Cuda;

/// <summary>A module that the driver has assembled from PTX, with its one kernel.</summary>
internal sealed unsafe class CudaModule
{
    private const int LogSize = 16 << 10;

    private readonly CudaAccelerator accelerator;
    private int sharedLimit;

    /// <exception cref="KernelCompilationException">The driver's assembler refused the PTX; the message holds its log.</exception>
    public CudaModule(CudaAccelerator accelerator, string kernelName, PtxSource source)
    {
        this.accelerator = accelerator;
        Source = source;
        var api = accelerator.Api;
        accelerator.Enter();
        Module = Load(api, accelerator.Name, kernelName, source.Text);
        nint function;
        int code;
        fixed (byte* name = Encoding.ASCII.GetBytes(source.EntryPoint + '\0'))
            code = api.ModuleGetFunction(&function, Module, name);
        if (code != CudaApi.Success)
        {
            Release();
            api.Check(code, $"cuModuleGetFunction of kernel {kernelName}");
        }
        Function = function;
        int threads;
        api.Check(api.FuncGetAttribute(&threads, CudaApi.FunctionMaxThreadsPerBlock, function), "cuFuncGetAttribute");
        MaxGroupSize = threads;

        // The driver accepts this much without the opt-in.
        sharedLimit = 48 * 1024 - source.StaticSharedBytes;
    }

    public PtxSource Source { get; }

    /// <summary>The CUmodule.</summary>
    public nint Module { get; }

    /// <summary>The CUfunction.</summary>
    public nint Function { get; }

    /// <summary>Threads of the largest group that the registers suffice for.</summary>
    public int MaxGroupSize { get; }

    /// <summary>Lets launches use so many bytes of dynamic shared memory.</summary>
    public void AllowShared(int bytes)
    {
        if (bytes <= Volatile.Read(ref sharedLimit))
            return;
        lock (this)
        {
            if (bytes <= sharedLimit)
                return;
            accelerator.Api.Check(
                accelerator.Api.FuncSetAttribute(Function, CudaApi.FunctionMaxDynamicSharedBytes, bytes),
                $"cuFuncSetAttribute(MAX_DYNAMIC_SHARED_SIZE_BYTES, {bytes})");
            Volatile.Write(ref sharedLimit, bytes);
        }
    }

    public void Release()
    {
        if (accelerator.Api.ContextSetCurrent(accelerator.ContextPtr) == CudaApi.Success)
            _ = accelerator.Api.ModuleUnload(Module);
    }

    private static nint Load(CudaApi api, string deviceName, string kernelName, string text)
    {
        byte[] log = new byte[LogSize];
        nint module;
        int code;
        fixed (byte* ptx = Encoding.ASCII.GetBytes(text + '\0'))
        fixed (byte* logStart = log)
        {
            int* options = stackalloc int[] { CudaApi.JitErrorLogBuffer, CudaApi.JitErrorLogBufferSize };
            void** values = stackalloc void*[] { logStart, (void*)(nint)LogSize };
            code = api.ModuleLoadDataEx(&module, ptx, 2, options, values);
        }
        if (code == CudaApi.Success)
            return module;
        string message = Encoding.UTF8.GetString(log).TrimEnd('\0', '\n');
        throw new KernelCompilationException(
            $"Kernel {kernelName}: the CUDA driver refused it for {deviceName}: cuModuleLoadDataEx, {api.Describe(code)}. Its log:\n" +
            (message.Length > 0 ? message : "(the driver gave no log)"));
    }
}
