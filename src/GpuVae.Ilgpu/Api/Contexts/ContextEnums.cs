namespace ILGPU;

/// <summary>How much the compiler optimises.</summary>
public enum OptimizationLevel
{
    Debug = 0,
    Release = 1,
    O0 = Debug,
    O1 = Release,
    O2 = 2,
}

/// <summary>Whether floating-point operations may be approximated.</summary>
public enum MathMode
{
    Default,
    Fast,
    Fast32BitOnly,
}

/// <summary>How eagerly calls are inlined. This runtime inlines everything in every mode.</summary>
public enum InliningMode
{
    Aggressive,
    Default = Aggressive,
    Conservative,
    Disabled,
}

/// <summary>What kernels may do with static fields.</summary>
public enum StaticFieldMode
{
    Default,
    MutableStaticFields,
    IgnoreStaticFieldStores,
}

/// <summary>What kernels may do with static arrays.</summary>
public enum ArrayMode
{
    Default,
    InlineMutableStaticArrays,
}

/// <summary>What the runtime keeps for reuse.</summary>
public enum CachingMode
{
    Default,
    NoKernelCaching,
    NoLaunchCaching,
    Disabled,
}

/// <summary>When host memory is page-locked for copies.</summary>
public enum PageLockingMode
{
    Default,
    Auto,
    Aggressive,
}

/// <summary>How much debug information kernels carry.</summary>
public enum DebugSymbolsMode
{
    Auto,
    Disabled,
    Basic,
    Kernel,
    KernelSourceAnnotations,
}

/// <summary>What <see cref="Context.ClearCache"/> removes.</summary>
public enum ClearCacheMode
{
    Default,
    Everything,
}
