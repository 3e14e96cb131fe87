using GpuVae.Ilgpu.Backends.Cuda;
using GpuVae.Ilgpu.Compiler;

namespace ILGPU.Runtime.Cuda;

/// <summary>An open NVIDIA GPU. Launches and copies are asynchronous.</summary>
public sealed unsafe class CudaAccelerator : Accelerator
{
    private readonly nint context;

    internal CudaAccelerator(Context context, CudaDevice device, CudaAcceleratorFlags flags) : base(context, device)
    {
        Device = device;
        Api = CudaApi.Instance!;
        nint handle;
        int code = Api.ContextCreate(&handle, (uint)flags, device.Handle);
        if (code != CudaApi.Success)
        {
            Dispose();
            Api.Check(code, $"cuCtxCreate on {device.Name}");
        }
        this.context = handle;
        Target = PtxCompiler.TargetOf(context.Properties.MathMode != MathMode.Default, context.Properties.EnableAssertions);

        // The NULL stream: it waits for the other streams' work and cannot be captured.
        DefaultStream = new CudaStream(this, 0);
        Bind();
    }

    public new CudaDevice Device { get; }

    /// <summary>The CUcontext.</summary>
    public IntPtr ContextPtr => context;

    /// <summary>The driver can replay captured launches (CUDA 11.4 and newer).</summary>
    public override bool SupportsGraphs => Api.GraphInstantiate != null;

    internal CudaApi Api { get; }

    internal KernelTarget Target { get; }

    /// <summary>Bytes of device memory that are free now.</summary>
    public long GetFreeMemory()
    {
        ThrowIfDisposed();
        return MemoryInfo().Free;
    }

    public override TExtension CreateExtension<TExtension, TProvider>(TProvider provider) => provider.CreateCudaExtension(this);

    internal override Kernel CompileKernel(KernelEntry entry, KernelSpecialization specialization) =>
        new CudaKernel(this, entry, specialization);

    /// <summary>Makes the context current for the calling thread: every driver call needs that.</summary>
    internal void Enter()
    {
        if (context != 0)
            Api.Check(Api.ContextSetCurrent(context), "cuCtxSetCurrent");
    }

    /// <exception cref="CudaException">The device has not enough memory; the message says how much was asked and how much is
    /// free.</exception>
    internal nint Allocate(long bytes)
    {
        if (bytes == 0)
            return 0;
        Enter();
        ulong address;
        int code = Api.MemAlloc(&address, (nuint)bytes);
        if (code == CudaApi.OutOfMemory)
        {
            var (free, total) = MemoryInfo();
            throw new CudaException(
                code,
                $"Out of device memory: {bytes:N0} bytes were asked for, {free:N0} of {total:N0} are free on {Name} " +
                $"(cuMemAlloc: {Api.Describe(code)}). Use smaller batches or free buffers.");
        }
        Api.Check(code, "cuMemAlloc");
        return (nint)address;
    }

    internal void Free(nint address)
    {
        if (address == 0)
            return;

        // A lost device answers with errors here; there is nothing left to free then.
        if (Api.ContextSetCurrent(context) == CudaApi.Success)
            _ = Api.MemFree((ulong)address);
    }

    internal override IntPtr AllocatePageLockedMemory(long bytes)
    {
        Enter();
        void* memory;
        Api.Check(Api.MemHostAlloc(&memory, (nuint)Math.Max(bytes, 1), CudaApi.HostAllocPortable), $"cuMemHostAlloc of {bytes:N0} bytes");
        return (IntPtr)memory;
    }

    internal override void FreePageLockedMemory(IntPtr memory)
    {
        if (Api.ContextSetCurrent(context) == CudaApi.Success)
            _ = Api.MemFreeHost((void*)memory);
    }

    private protected override AcceleratorStream CreateStreamInternal()
    {
        Enter();
        nint stream;
        Api.Check(Api.StreamCreate(&stream, CudaApi.StreamNonBlocking), "cuStreamCreate");
        return new CudaStream(this, stream);
    }

    private protected override void SynchronizeInternal()
    {
        Enter();
        Api.Check(Api.ContextSynchronize(), "cuCtxSynchronize");
    }

    private protected override MemoryBuffer AllocateRawInternal(long length, int elementSize) =>
        new CudaMemoryBuffer(this, length, elementSize);

    private protected override int EstimateGroupSizeInternal(Kernel kernel, int dynamicSharedBytes, int maxGroupSize, out int minGridSize)
    {
        var cuda = (CudaKernel)kernel;
        int best = WarpSize;
        int bestThreads = 0;
        int bestGroups = 1;
        for (int size = WarpSize; size <= Math.Min(maxGroupSize, cuda.MaxGroupSize); size += WarpSize)
        {
            int groups = cuda.MaxActiveGroups(size, dynamicSharedBytes);
            if (groups * size >= bestThreads)
                (best, bestThreads, bestGroups) = (size, groups * size, groups);
        }
        minGridSize = NumMultiprocessors * Math.Max(1, bestGroups);
        return Math.Min(best, maxGroupSize);
    }

    private protected override int EstimateMaxActiveGroupsInternal(Kernel kernel, int groupSize, int dynamicSharedBytes) =>
        ((CudaKernel)kernel).MaxActiveGroups(groupSize, dynamicSharedBytes);

    private protected override void OnBind()
    {
        if (context != 0)
            _ = Api.ContextSetCurrent(context);
    }

    private protected override void DisposeAccelerator()
    {
        if (context != 0)
            _ = Api.ContextDestroy(context);
    }

    private (long Free, long Total) MemoryInfo()
    {
        Enter();
        nuint free;
        nuint total;
        Api.Check(Api.MemGetInfo(&free, &total), "cuMemGetInfo");
        return ((long)free, (long)total);
    }
}
