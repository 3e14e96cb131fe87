using GpuVae.Ilgpu.Backends.OpenCL;
using GpuVae.Ilgpu.Compiler;

namespace ILGPU.Runtime.OpenCL;

/// <summary>An open OpenCL device. Launches and copies are asynchronous; a stream is an in-order command queue.</summary>
public sealed unsafe class CLAccelerator : Accelerator
{
    private readonly nint context;
    private readonly HashSet<CLStream> openStreams = [];
    private long allocatedBytes;

    internal CLAccelerator(Context context, CLDevice device) : base(context, device)
    {
        Device = device;
        Api = OpenCLApi.Instance!;
        nint id = device.DeviceId;
        nint* properties = stackalloc nint[] { 0x1084 /* CL_CONTEXT_PLATFORM */, device.PlatformId, 0 };
        int code;
        this.context = Api.CreateContext(properties, 1, &id, null, null, &code);
        if (code != OpenCLApi.Success)
        {
            Dispose();
            Check(code, "clCreateContext");
        }
        Target = new KernelTarget(TargetKind.OpenCL)
        {
            WarpSize = device.WarpSize,
            FastMath = context.Properties.MathMode != MathMode.Default,
            Assertions = context.Properties.EnableAssertions,
        };
        Programs = new ProgramCache(
            context.Properties.CachingMode is CachingMode.Default or CachingMode.NoLaunchCaching ? ProgramCache.DefaultFolder() : null);
        DefaultStream = new CLStream(this);
        Bind();
    }

    public new CLDevice Device { get; }

    /// <summary>The cl_context.</summary>
    public IntPtr ContextPtr => context;

    /// <summary>The driver; only tests replace it.</summary>
    internal OpenCLApi Api { get; set; }

    internal KernelTarget Target { get; }

    /// <summary>Where built programs are kept.</summary>
    internal ProgramCache Programs { get; set; }

    public override TExtension CreateExtension<TExtension, TProvider>(TProvider provider) => provider.CreateOpenCLExtension(this);

    internal override Kernel CompileKernel(KernelEntry entry, KernelSpecialization specialization) =>
        new CLKernel(this, entry, specialization);

    /// <exception cref="CLException">The call failed.</exception>
    internal void Check(int code, string call)
    {
        if (code != OpenCLApi.Success)
            throw new CLException(code, $"{call} on {Name}: error {code}, {OpenCLErrors.Describe(code)}");
    }

    /// <summary>Allocates a memory object; 0 for no bytes.</summary>
    /// <exception cref="CLException">The device has not enough memory; the message says how much was asked and how much there
    /// is.</exception>
    internal nint Allocate(long bytes)
    {
        if (bytes == 0)
            return 0;
        int code = OpenCLApi.InvalidBufferSize;
        nint buffer = 0;
        if (bytes <= Device.MaxAllocationSize)
            buffer = Api.CreateBuffer(context, OpenCLApi.MemReadWrite, (nuint)bytes, null, &code);
        if (code != OpenCLApi.Success)
        {
            throw new CLException(
                code,
                $"Out of device memory: {bytes:N0} bytes were asked for; {Name} has {MemorySize:N0}, of which this program holds " +
                $"{Volatile.Read(ref allocatedBytes):N0}, and gives at most {Device.MaxAllocationSize:N0} at once " +
                $"(clCreateBuffer: {OpenCLErrors.Describe(code)}). Use smaller batches or free buffers.");
        }
        Interlocked.Add(ref allocatedBytes, bytes);
        return buffer;
    }

    internal void Free(nint buffer, long bytes)
    {
        if (buffer == 0)
            return;
        Api.ReleaseMemObject(buffer);
        Interlocked.Add(ref allocatedBytes, -bytes);
    }

    internal void Opened(CLStream stream)
    {
        lock (openStreams)
            openStreams.Add(stream);
    }

    internal void Closed(CLStream stream)
    {
        lock (openStreams)
            openStreams.Remove(stream);
    }

    private protected override AcceleratorStream CreateStreamInternal() => new CLStream(this);

    private protected override void SynchronizeInternal()
    {
        CLStream[] streams;
        lock (openStreams)
            streams = [.. openStreams];
        foreach (var stream in streams)
            stream.Synchronize();
    }

    private protected override MemoryBuffer AllocateRawInternal(long length, int elementSize) =>
        new CLMemoryBuffer(this, length, elementSize);

    private protected override int EstimateGroupSizeInternal(Kernel kernel, int dynamicSharedBytes, int maxGroupSize, out int minGridSize)
    {
        int size = Math.Min(maxGroupSize, ((CLKernel)kernel).MaxGroupSize);
        minGridSize = NumMultiprocessors;
        return size >= WarpSize ? size / WarpSize * WarpSize : size;
    }

    private protected override void DisposeAccelerator()
    {
        if (context != 0)
            Api.ReleaseContext(context);
    }
}
