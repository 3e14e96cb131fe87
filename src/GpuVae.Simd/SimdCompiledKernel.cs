using GpuVae.Simd.Frontend;
using ILGPU;
using ILGPU.Backends;
using ILGPU.Backends.EntryPoints;

namespace GpuVae.Simd;

/// <summary>
/// A kernel that has been found fit. Code is made at the first launch with a group shape, which is a constant in it.
/// </summary>
public sealed class SimdCompiledKernel : CompiledKernel
{
    internal SimdCompiledKernel(Context context, EntryPoint entryPoint, KernelEntry entry) : base(context, entryPoint, null) => Entry = entry;

    internal KernelEntry Entry { get; }
}
