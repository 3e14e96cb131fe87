using System.Linq.Expressions;
using System.Reflection;
using System.Runtime.InteropServices;
using ILGPU;
using LinqExpression = System.Linq.Expressions.Expression;

namespace GpuVae.Simd.Tests.Fuzz;

/// <summary>Direct .NET execution. All backends run the same kernels, so what was emitted and computed for one serves the others.</summary>
internal sealed class FuzzOracle
{
    /// <summary>The batches of the default setting stay; those of a nightly run would fill the memory.</summary>
    private const int KeptBatches = 16;

    private readonly Dictionary<(int First, int Count, bool Halves), FuzzBatch> batches = [];

    public FuzzBatch Batch(int first, int count, bool halves)
    {
        if (batches.TryGetValue((first, count, halves), out FuzzBatch? batch))
            return batch;
        batch = new FuzzBatch([.. Enumerable.Range(first, count).Select(seed => ProgramGenerator.Make(seed, halves))]);
        if (batches.Count < KeptBatches)
            batches.Add((first, count, halves), batch);
        return batch;
    }

    public FuzzMemory Result(FuzzBatch batch, int index, int warpSize)
    {
        Program program = batch.Programs[index];
        (int index, int) key = (index, program.UsesLanes ? warpSize : 0);
        if (!batch.Results.TryGetValue(key, out FuzzMemory? result))
            batch.Results[key] = result = Run(batch, index, warpSize);
        return result;
    }

    private static FuzzMemory Run(FuzzBatch batch, int index, int warpSize)
    {
        Program program = batch.Programs[index];
        FuzzMemory memory = batch.Inputs[index].Copy();
        Array[] arrays = memory.Buffers.Select((bytes, i) => FuzzMemory.Types[i] switch
        {
            FuzzType.Byte => ElementsOf<byte>(bytes),
            FuzzType.Short => ElementsOf<short>(bytes),
            FuzzType.Int => ElementsOf<int>(bytes),
            FuzzType.UInt => ElementsOf<uint>(bytes),
            FuzzType.Long => ElementsOf<long>(bytes),
            FuzzType.Float => ElementsOf<float>(bytes),
            FuzzType.Half => ElementsOf<ILGPU.Half>(bytes),
            _ => (Array)ElementsOf<double>(bytes),
        }).ToArray();
        MethodInfo method = batch.Direct[index];
        ParameterExpression thread = LinqExpression.Parameter(typeof(Index1D));
        LinqExpression[] arguments =
        [
            .. program.IsImplicit ? [thread] : Array.Empty<LinqExpression>(),
            .. arrays.Select(a => LinqExpression.Constant(
                Activator.CreateInstance(typeof(DirectView<>).MakeGenericType(a.GetType().GetElementType()!), a))),
        ];
        Action<Index1D> kernel = LinqExpression.Lambda<Action<Index1D>>(LinqExpression.Call(method, arguments), thread).Compile();
        for (int i = 0; i < program.Groups; i++)
        {
            using var group = new DirectGroup(i, warpSize, (program.DimX, program.DimY, program.DimZ));
            if (program.Communicates)
                RunTogether(group, kernel);
            else
                RunInTurn(group, kernel);
        }
        for (int i = 0; i < arrays.Length; i++)
            Buffer.BlockCopy(Bytes(arrays[i]), 0, memory.Buffers[i], 0, memory.Buffers[i].Length);
        return memory;
    }

    private static void RunInTurn(DirectGroup group, Action<Index1D> kernel)
    {
        for (int thread = 0; thread < group.Size; thread++)
            DirectThread.Run(group, thread, () => kernel(group.Index * group.Size + thread));
    }

    private static void RunTogether(DirectGroup group, Action<Index1D> kernel)
    {
        Thread[] threads = Enumerable.Range(0, group.Size)
            .Select(i => new Thread(() => DirectThread.Run(group, i, () => kernel(default)), maxStackSize: 256 << 10)).ToArray();
        foreach (Thread? thread in threads)
            thread.Start();
        foreach (Thread? thread in threads)
            thread.Join();
    }

    private static T[] ElementsOf<T>(byte[] bytes) where T : unmanaged => MemoryMarshal.Cast<byte, T>(bytes).ToArray();

    private static byte[] Bytes(Array array) => array switch
    {
        ILGPU.Half[] halves => MemoryMarshal.AsBytes(halves.AsSpan()).ToArray(),
        _ => CopyOf(array),
    };

    private static byte[] CopyOf(Array array)
    {
        byte[] bytes = new byte[Buffer.ByteLength(array)];
        Buffer.BlockCopy(array, 0, bytes, 0, bytes.Length);
        return bytes;
    }
}
