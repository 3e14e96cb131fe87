using System.Reflection;
using System.Runtime.InteropServices;
using GpuVae.Simd.Analyses;
using GpuVae.Simd.Frontend;
using GpuVae.Simd.Ir;
using GpuVae.Simd.Passes;
using GpuVae.Simd.Tests.Passes;

namespace GpuVae.Simd.Tests.Fuzz;

/// <summary>Evaluates the IR itself, before or after the passes, for a few threads: tells a wrong pass from a wrong backend.</summary>
internal sealed class IrBackend(bool optimise) : FuzzBackend(optimise ? "optimised IR" : "IR as built", 4)
{
    private static readonly ParameterLayout Layout = new(KernelEmitter.ParameterTypes(FuzzApi.Ilgpu, isImplicit: false));

    public override bool CanRun(Program program) => !program.Communicates && !program.ReadsAtomics && !program.IsImplicit;

    public override (FuzzMemory Memory, IReadOnlySet<int>? Threads) Run(MethodInfo kernel, Program program, FuzzMemory memory)
    {
        var target = new KernelTarget(TargetKind.Simd);
        IrKernel ir = KernelBuilder.Build(new KernelEntry(kernel, false, Layout, new Dictionary<int, ulong>()), target);
        IrVerifier.Verify(ir);
        if (optimise)
            Optimizer.Run(ir, target, _ => IrVerifier.Verify(ir));
        ControlNode? tree = optimise ? Structurizer.Build(ir) : null;
        FuzzMemory result = memory.Copy();
        var threads = new HashSet<int>(Enumerable.Range(0, 3).Select(i => (int)((program.Seed + (i * 7919L)) % program.Threads)));
        foreach (int thread in threads)
            RunThread(ir, tree, program, thread, memory, result);
        return (result, threads);
    }

    private static void RunThread(IrKernel ir, ControlNode? tree, Program program, int thread, FuzzMemory memory, FuzzMemory result)
    {
        int group = program.DimX * program.DimY * program.DimZ;
        var geometry = new Dictionary<GeometryKind, int>
        {
            [GeometryKind.GroupIdxX] = thread % group % program.DimX,
            [GeometryKind.GroupIdxY] = thread % group / program.DimX % program.DimY,
            [GeometryKind.GroupIdxZ] = thread % group / program.DimX / program.DimY,
            [GeometryKind.GroupDimX] = program.DimX,
            [GeometryKind.GroupDimY] = program.DimY,
            [GeometryKind.GroupDimZ] = program.DimZ,
            [GeometryKind.GridIdxX] = thread / group,
        };
        var views = ir.Parameters.Where(p => p.Kind == ParameterKind.ViewPointer).ToDictionary(p => p.Slot / 2);
        var evaluator = new IrEvaluator(new Dictionary<Parameter, long>(), geometry);
        foreach ((int index, Parameter view) in views)
        {
            if (FuzzMemory.IsOutputOnly(index))
                continue;
            int size = FuzzMemory.SizeOf(FuzzMemory.Types[index]);
            for (int k = 0; k < memory.Buffers[index].Length / size && k < FuzzMemory.Inputs; k++)
                evaluator.Memory[(view, k * size)] = ReadBits(memory.Buffers[index], k * size, size);
        }
        if (tree is null)
            evaluator.RunGraph(ir);
        else
            evaluator.RunTree(tree);
        foreach (((Value origin, long offset), ulong bits) in evaluator.Memory)
        {
            if (origin is not Parameter parameter)
                continue;
            int index = parameter.Slot / 2, size = FuzzMemory.SizeOf(FuzzMemory.Types[index]);
            MemoryMarshal.AsBytes([bits])[..size].CopyTo(result.Buffers[index].AsSpan((int)offset));
        }
    }

    private static ulong ReadBits(byte[] bytes, int offset, int size)
    {
        Span<byte> word = stackalloc byte[8];
        bytes.AsSpan(offset, size).CopyTo(word);
        return BitConverter.ToUInt64(word);
    }
}
