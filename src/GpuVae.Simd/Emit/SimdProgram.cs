namespace GpuVae.Simd.Emit;

/// <summary>A kernel compiled for one group shape.</summary>
internal sealed record SimdProgram(string Name, GroupShape Group, SimdBody Body, ScratchLayout Scratch, ViewOverlap Overlap)
{
    public int ScratchBytes(int dynamicSharedBytes) => Scratch.DynamicSharedOffset + dynamicSharedBytes;
}
