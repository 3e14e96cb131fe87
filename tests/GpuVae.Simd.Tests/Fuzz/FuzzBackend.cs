using System.Reflection;
using System.Runtime.InteropServices;
using GpuVae.Simd.Frontend;
using GpuVae.Simd.Analyses;
using GpuVae.Simd.Ir;
using GpuVae.Simd.Passes;
using GpuVae.Simd.Tests.Passes;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;

namespace GpuVae.Simd.Tests.Fuzz;

/// <summary>Something that runs kernels.</summary>
internal abstract class FuzzBackend(string name, int warpSize)
{
    public string Name { get; } = name;

    public int WarpSize { get; } = warpSize;

    /// <summary>How many kernels it runs by default, so that all backends together take about half a minute on two cores.</summary>
    public virtual int Kernels => 200;

    public virtual bool CanRun(Program program) => true;

    /// <summary>Runs the kernel on a copy of the memory; null for the threads means that all of them ran.</summary>
    public abstract (FuzzMemory Memory, IReadOnlySet<int>? Threads) Run(MethodInfo kernel, Program program, FuzzMemory memory);

    /// <summary>Every backend that this machine has.</summary>
    public static IReadOnlyList<FuzzBackend> All { get; } = Find();

    /// <summary>Direct .NET execution of the same IL, with warps of the given size.</summary>
    public static FuzzBackend Oracle(int warpSize)
    {
        var device = new CPUDevice(warpSize, 64 / Math.Min(64, warpSize) * 4, 1);
        return OnCpu("oracle", device, CPUAcceleratorMode.Emulated);
    }

    private static AcceleratorBackend OnCpu(string name, CPUDevice device, CPUAcceleratorMode mode) =>
        new(name, device.CreateAccelerator(Context.Create(_ => { }), mode));

    private static List<FuzzBackend> Find()
    {
        var found = new List<FuzzBackend> { new IrBackend(optimise: false), new IrBackend(optimise: true) };
        foreach (int bits in new[] { 0, 128, 256, 512 })
        {
            if (bits > CPUDevice.Default.VectorBits)
                continue;
            int lanes = bits == 0 ? 1 : bits / 32;
            var device = new CPUDevice(lanes, 128 / lanes, 2, bits);
            found.Add(OnCpu($"CPU {bits} bits", device, CPUAcceleratorMode.Auto));
        }
        found.Add(OnCpu("CPU checked", new CPUDevice(16, 8, 1), CPUAcceleratorMode.Checked));
        foreach (var device in Context.Create(builder => builder.AllAccelerators()).Devices)
        {
            if (device.AcceleratorType != AcceleratorType.CPU)
                found.Add(new AcceleratorBackend(device.Name, device.CreateAccelerator(Context.Create(_ => { }))));
        }
        return found;
    }
}

/// <summary>An accelerator of the API.</summary>
internal sealed class AcceleratorBackend(string name, Accelerator accelerator) : FuzzBackend(name, accelerator.WarpSize)
{
    // A driver's own compiler takes ten times as long as ours.
    public override int Kernels => accelerator.AcceleratorType == AcceleratorType.CPU ? base.Kernels : 40;

    public override (FuzzMemory Memory, IReadOnlySet<int>? Threads) Run(MethodInfo kernel, Program program, FuzzMemory memory)
    {
        var result = memory.Copy();
        var buffers = new List<IDisposable>();
        var arguments = new List<object>();
        var downloads = new List<Action>();
        for (int i = 0; i < result.Buffers.Length; i++)
        {
            byte[] bytes = result.Buffers[i];
            var (buffer, view, download) = FuzzMemory.Types[i] switch
            {
                FuzzType.Byte => Upload<byte>(bytes),
                FuzzType.Short => Upload<short>(bytes),
                FuzzType.Int => Upload<int>(bytes),
                FuzzType.UInt => Upload<uint>(bytes),
                FuzzType.Long => Upload<long>(bytes),
                FuzzType.Float => Upload<float>(bytes),
                FuzzType.Half => Upload<ILGPU.Half>(bytes),
                _ => Upload<double>(bytes),
            };
            buffers.Add(buffer);
            arguments.Add(view);
            downloads.Add(download);
        }
        try
        {
            var config = new KernelConfig(new Index3D(program.Groups, 1, 1), new Index3D(program.DimX, program.DimY, program.DimZ),
                SharedMemoryConfig.RequestDynamic<long>(64));
            accelerator.LoadKernel(kernel).Launch(accelerator.DefaultStream, config, [.. arguments]);
            accelerator.Synchronize();
            foreach (var download in downloads)
                download();
            return (result, null);
        }
        finally
        {
            buffers.ForEach(b => b.Dispose());
        }
    }

    private (IDisposable Buffer, object View, Action Download) Upload<T>(byte[] bytes) where T : unmanaged
    {
        var elements = MemoryMarshal.Cast<byte, T>(bytes).ToArray();
        var buffer = accelerator.Allocate1D(elements);
        return (buffer, (ArrayView<T>)buffer.View, () => MemoryMarshal.AsBytes(buffer.GetAsArray1D().AsSpan()).CopyTo(bytes));
    }
}

/// <summary>Evaluates the IR itself, before or after the passes, for a few threads: tells a wrong pass from a wrong backend.</summary>
internal sealed class IrBackend(bool optimise) : FuzzBackend(optimise ? "optimised IR" : "IR as built", 4)
{
    private static readonly ParameterLayout layout = new(KernelEmitter.ParameterTypes);

    public override bool CanRun(Program program) => !program.Communicates && !program.ReadsAtomics;

    public override (FuzzMemory Memory, IReadOnlySet<int>? Threads) Run(MethodInfo kernel, Program program, FuzzMemory memory)
    {
        var target = new KernelTarget(TargetKind.Simd);
        var ir = KernelBuilder.Build(new KernelEntry(kernel, false, layout, new Dictionary<int, ulong>()), target);
        IrVerifier.Verify(ir);
        if (optimise)
            Optimizer.Run(ir, target, _ => IrVerifier.Verify(ir));
        var tree = optimise ? Structurizer.Build(ir) : null;
        var result = memory.Copy();
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
        var views = ir.Parameters.Where(p => p.Kind == ParameterKind.ViewPointer).ToDictionary(p => p.Slot / 3);
        var evaluator = new IrEvaluator(new Dictionary<Parameter, long>(), geometry);
        foreach (var (index, view) in views)
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
        foreach (var ((origin, offset), bits) in evaluator.Memory)
        {
            if (origin is not Parameter parameter)
                continue;
            int index = parameter.Slot / 3, size = FuzzMemory.SizeOf(FuzzMemory.Types[index]);
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
