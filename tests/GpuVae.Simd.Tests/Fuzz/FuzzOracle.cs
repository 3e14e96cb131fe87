namespace GpuVae.Simd.Tests.Fuzz;

/// <summary>Direct .NET execution. All backends run the same kernels, so what was emitted and computed for one serves the others.</summary>
internal sealed class FuzzOracle
{
    /// <summary>The batches of the default setting stay; those of a nightly run would fill the memory.</summary>
    private const int KeptBatches = 16;

    private readonly Dictionary<int, FuzzBackend> emulators = [];
    private readonly Dictionary<(int First, int Count), FuzzBatch> batches = [];

    public FuzzBatch Batch(int first, int count)
    {
        if (batches.TryGetValue((first, count), out var batch))
            return batch;
        batch = new FuzzBatch([.. Enumerable.Range(first, count).Select(ProgramGenerator.Make)]);
        if (batches.Count < KeptBatches)
            batches.Add((first, count), batch);
        return batch;
    }

    public FuzzMemory Result(FuzzBatch batch, int index, int warpSize)
    {
        var program = batch.Programs[index];
        var key = (index, program.UsesLanes ? warpSize : 0);
        if (batch.Results.TryGetValue(key, out var result))
            return result;
        if (!emulators.TryGetValue(warpSize, out var emulator))
            emulators[warpSize] = emulator = FuzzBackend.Oracle(warpSize);
        return batch.Results[key] = emulator.Run(batch.Kernels[index], program, batch.Inputs[index]).Memory;
    }
}
