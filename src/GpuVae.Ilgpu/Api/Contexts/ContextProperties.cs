namespace ILGPU;

/// <summary>The settings of a context, made by <see cref="Context.Builder"/>.</summary>
public sealed class ContextProperties
{
    internal ContextProperties()
    {
    }

    public OptimizationLevel OptimizationLevel { get; internal set; } = OptimizationLevel.Release;

    public MathMode MathMode { get; internal set; }

    public InliningMode InliningMode { get; internal set; }

    public StaticFieldMode StaticFieldMode { get; internal set; }

    public ArrayMode ArrayMode { get; internal set; }

    public CachingMode CachingMode { get; internal set; }

    public PageLockingMode PageLockingMode { get; internal set; }

    public DebugSymbolsMode DebugSymbolsMode { get; internal set; }

    /// <summary>Debug.Assert inside kernels is active.</summary>
    public bool EnableAssertions { get; internal set; }

    /// <summary>Interop.Write inside kernels is active.</summary>
    public bool EnableIOOperations { get; internal set; }

    /// <summary>Streams can take <see cref="Runtime.ProfilingMarker"/>s.</summary>
    public bool EnableProfiling { get; internal set; }

    /// <summary>The compiler verifies its own intermediate results.</summary>
    public bool EnableVerifier { get; internal set; }

    /// <summary>Kernels may use the precise functions of CUDA's device library.</summary>
    public bool EnableLibDevice { get; internal set; }

    public string? LibNvvmPath { get; internal set; }

    public string? LibDevicePath { get; internal set; }

    internal ContextProperties Clone() => (ContextProperties)MemberwiseClone();
}
