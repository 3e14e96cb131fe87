using System.Reflection;

namespace GpuVae.Simd.Tests.Fuzz;

/// <summary>Programs that were emitted, with their inputs and the results known so far.</summary>
internal sealed class FuzzBatch
{
    public const int Size = 25;

    public FuzzBatch(params Program[] programs)
    {
        Programs = programs;
        Kernels = KernelEmitter.Emit(FuzzApi.Ilgpu, programs);
        Direct = KernelEmitter.Emit(FuzzApi.Direct, programs);
        Inputs = [.. programs.Select(FuzzMemory.For)];
    }

    public Program[] Programs { get; }

    public MethodInfo[] Kernels { get; }

    /// <summary>The same kernels for .NET.</summary>
    public MethodInfo[] Direct { get; }

    public FuzzMemory[] Inputs { get; }

    /// <summary>By index and warp size, which is 0 where the program does not see it.</summary>
    public Dictionary<(int Index, int WarpSize), FuzzMemory> Results { get; } = [];
}
