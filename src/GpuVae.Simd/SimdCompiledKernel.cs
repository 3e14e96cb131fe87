using GpuVae.Simd.Frontend;
using GpuVae.Simd.Ir;
using ILGPU;
using ILGPU.Backends;
using ILGPU.Backends.EntryPoints;

namespace GpuVae.Simd;

/// <summary>
/// A kernel that has been found fit. Code is made at the first launch with a group shape, which is a constant in it.
/// </summary>
public sealed class SimdCompiledKernel : CompiledKernel
{
    private IrKernel? built;

    internal SimdCompiledKernel(Context context, EntryPoint entryPoint, KernelEntry entry, IrKernel? built)
        : base(context, entryPoint, null) =>
        (Entry, this.built) = (entry, built);

    internal KernelEntry Entry { get; }

    /// <summary>The IR that the check has built, for the first who asks: compiling uses it up.</summary>
    internal IrKernel? TakeBuilt() => Interlocked.Exchange(ref built, null);
}
