using GpuVae.Simd.Ir;

namespace GpuVae.Simd.Analyses;

/// <summary>
/// Marks the loads from view parameters that the kernel never writes through. Such loads may be cached, repeated, or moved over stores and
/// barriers, as long as no other view that is written overlaps: every launch is asked for that, and where one does, a variant of the
/// code without such loads runs.
/// </summary>
internal static class ReadOnlyMemory
{
    public static void Run(IrKernel kernel)
    {
        foreach (Load load in kernel.Instructions.OfType<Load>().Where(l => PointerOrigins.Of(l.Pointer) is Constant))
            load.IsReadOnly = true;
        var written = new HashSet<Value>();
        bool anythingWritten = kernel.Instructions.Any(i => i is Ir.Convert { Type: IrType.Pointer });
        foreach (MemoryAccess access in kernel.Instructions.OfType<MemoryAccess>())
        {
            if (access is Load || access.Pointer.Space != AddressSpace.Global)
                continue;
            if (PointerOrigins.Of(access.Pointer) is Parameter { Kind: ParameterKind.ViewPointer } origin)
                written.Add(origin);
            else
                anythingWritten = true;
        }
        if (anythingWritten)
            return;
        var readOnly = new HashSet<Parameter>();
        foreach (Load load in kernel.Instructions.OfType<Load>())
        {
            if (load.Pointer.Space == AddressSpace.Global
                && PointerOrigins.Of(load.Pointer) is Parameter { Kind: ParameterKind.ViewPointer } origin && !written.Contains(origin))
            {
                load.IsReadOnly = true;
                readOnly.Add(origin);
            }
        }
        if (readOnly.Count > 0 && written.Count > 0)
            kernel.DisjointViews = ([.. readOnly], [.. written.Cast<Parameter>()]);
    }
}
