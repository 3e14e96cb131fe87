using System.Collections.Concurrent;
using GpuVae.Ilgpu.Compiler;

namespace ILGPU.Runtime;

/// <summary>
/// An open device: allocates memory, loads kernels and runs them. Disposing it disposes its buffers, streams and kernels.
/// </summary>
public abstract partial class Accelerator : IDevice, IDisposable
{
    [ThreadStatic]
    private static Accelerator? current;

    private readonly HashSet<AcceleratorObject> children = [];
    private readonly Lock childrenSync = new();
    private readonly ConcurrentDictionary<Type, object> extensions = new();
    private AcceleratorStream? defaultStream;
    private bool isDisposed;

    private protected Accelerator(Context context, Device device)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(device);
        Context = context;
        Device = device;
        context.Add(this);
    }

    /// <summary>Raised when the accelerator is disposed, before its children are.</summary>
    public event EventHandler? Disposed;

    /// <summary>The accelerator that is bound to this thread.</summary>
    public static Accelerator? Current => current;

    /// <summary>The kind of the current accelerator; a constant inside kernels.</summary>
    public static AcceleratorType CurrentType => current?.AcceleratorType ?? AcceleratorType.CPU;

    public Context Context { get; }

    public Device Device { get; }

    /// <summary>The stream that operations without a stream use.</summary>
    public AcceleratorStream DefaultStream
    {
        get
        {
            ThrowIfDisposed();
            return defaultStream ?? throw new InvalidOperationException("The accelerator is not initialised.");
        }
        private protected set => defaultStream = value;
    }

    public AcceleratorType AcceleratorType => Device.AcceleratorType;

    public string Name => Device.Name;

    public long MemorySize => Device.MemorySize;

    public Index3D MaxGridSize => Device.MaxGridSize;

    public Index3D MaxGroupSize => Device.MaxGroupSize;

    public int MaxNumThreadsPerGroup => Device.MaxNumThreadsPerGroup;

    public int MaxSharedMemoryPerGroup => Device.MaxSharedMemoryPerGroup;

    public int MaxConstantMemory => Device.MaxConstantMemory;

    public int WarpSize => Device.WarpSize;

    public int NumMultiprocessors => Device.NumMultiprocessors;

    public int MaxNumThreadsPerMultiprocessor => Device.MaxNumThreadsPerMultiprocessor;

    public int MaxNumThreads => Device.MaxNumThreads;

    public CapabilityContext Capabilities => Device.Capabilities;

    /// <summary>Streams can be captured into graphs; see <see cref="AcceleratorStream.Capture"/>.</summary>
    public virtual bool SupportsGraphs => false;

    public bool IsDisposed => Volatile.Read(ref isDisposed);

    /// <summary>The grid and group size that fill the device once.</summary>
    public (Index1D, Index1D) MaxNumGroupsExtent =>
        (NumMultiprocessors * Math.Max(1, MaxNumThreadsPerMultiprocessor / MaxNumThreadsPerGroup), MaxNumThreadsPerGroup);

    public void PrintInformation(TextWriter writer) => Device.PrintInformation(writer);

    public AcceleratorStream CreateStream()
    {
        ThrowIfDisposed();
        return CreateStreamInternal();
    }

    /// <summary>Waits until every stream is done.</summary>
    public void Synchronize()
    {
        ThrowIfDisposed();
        SynchronizeInternal();
    }

    /// <summary>Drops compiled kernels that are only cached; launchers stay valid.</summary>
    public void ClearCache(ClearCacheMode mode)
    {
        lock (kernelSync)
        {
            kernels.Clear();
            launchers.Clear();
        }
    }

    /// <summary>Makes this the current accelerator of the calling thread.</summary>
    public void Bind()
    {
        ThrowIfDisposed();
        if (current == this)
            return;
        OnBind();
        current = this;
    }

    public ScopedAcceleratorBinding BindScoped() => new(this);

    /// <summary>Allocates memory that is not initialised.</summary>
    /// <param name="length">Number of elements, not negative.</param>
    /// <param name="elementSize">Bytes per element, at least 1.</param>
    public MemoryBuffer AllocateRaw(long length, int elementSize)
    {
        ThrowIfDisposed();
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(elementSize);
        if (length > long.MaxValue / elementSize)
            throw new ArgumentOutOfRangeException(
                nameof(length), length, $"{length} elements of {elementSize} bytes are more than any memory holds.");
        return AllocateRawInternal(length, elementSize);
    }

    public bool CanAccessPeer(Accelerator other) => other == this || CanAccessPeerInternal(other);

    public virtual bool HasPeerAccess(Accelerator other) => other == this;

    /// <exception cref="NotSupportedException">The two devices cannot reach each other's memory.</exception>
    public virtual void EnablePeerAccess(Accelerator other)
    {
        if (other != this)
            throw new NotSupportedException($"{Name} cannot access the memory of {other.Name}; copy through the host instead.");
    }

    public virtual void DisablePeerAccess(Accelerator other)
    {
    }

    public void EnableBidirectionalPeerAccess(Accelerator other)
    {
        EnablePeerAccess(other);
        other.EnablePeerAccess(this);
    }

    /// <summary>Makes an extension object for this accelerator.</summary>
    public abstract TExtension CreateExtension<TExtension, TProvider>(TProvider provider)
        where TProvider : IAcceleratorExtensionProvider<TExtension>;

    /// <summary>Attaches an object, one per type.</summary>
    public void RegisterExtension<TExtension>(TExtension extension) where TExtension : notnull =>
        extensions[typeof(TExtension)] = extension;

    /// <summary>The attached object of a type.</summary>
    /// <exception cref="KeyNotFoundException">None was registered.</exception>
    public TExtension GetExtension<TExtension>() => extensions.TryGetValue(typeof(TExtension), out object? extension)
        ? (TExtension)extension
        : throw new KeyNotFoundException($"No {typeof(TExtension).Name} is attached to this accelerator; call RegisterExtension first.");

    /// <summary>Disposes the accelerator and everything that was made from it; a second call does nothing.</summary>
    public void Dispose()
    {
        AcceleratorObject[] remaining;
        lock (childrenSync)
        {
            if (isDisposed)
                return;
            Volatile.Write(ref isDisposed, true);
            remaining = [.. children];
            children.Clear();
        }
        Disposed?.Invoke(this, EventArgs.Empty);
        OnBind();
        foreach (var child in remaining)
            child.Dispose();
        DisposeAccelerator();
        Context.Remove(this);
        if (current == this)
            current = null;
        GC.SuppressFinalize(this);
    }

    public override string ToString() => Device.ToString();

    internal static void Restore(Accelerator? accelerator)
    {
        if (accelerator is { IsDisposed: false })
            accelerator.Bind();
        else
            current = null;
    }

    internal void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(IsDisposed, this);

    internal void AddChild(AcceleratorObject child)
    {
        lock (childrenSync)
        {
            ObjectDisposedException.ThrowIf(isDisposed, this);
            children.Add(child);
        }
    }

    internal void RemoveChild(AcceleratorObject child)
    {
        lock (childrenSync)
            children.Remove(child);
    }

    /// <summary>Compiles a kernel for this device.</summary>
    internal abstract Kernel CompileKernel(KernelEntry entry, KernelSpecialization specialization);

    /// <summary>Allocates host memory that the device can reach directly, or any host memory if there is none.</summary>
    internal virtual unsafe IntPtr AllocatePageLockedMemory(long bytes) => (IntPtr)HostMemory.Allocate(bytes);

    internal virtual unsafe void FreePageLockedMemory(IntPtr memory) => HostMemory.Free((void*)memory);

    /// <summary>Lets the device reach memory that the caller has pinned.</summary>
    internal virtual void LockPages(IntPtr memory, long bytes)
    {
    }

    internal virtual void UnlockPages(IntPtr memory)
    {
    }

    private protected abstract AcceleratorStream CreateStreamInternal();

    private protected abstract void SynchronizeInternal();

    private protected abstract MemoryBuffer AllocateRawInternal(long length, int elementSize);

    private protected virtual bool CanAccessPeerInternal(Accelerator other) => false;

    /// <summary>Makes the driver's context current for this thread.</summary>
    private protected virtual void OnBind()
    {
    }

    /// <summary>Frees the device after all children are gone.</summary>
    private protected abstract void DisposeAccelerator();
}
