using GpuVae.Devices;
using GpuVae.Scheduling;

namespace GpuVae.Data;

/// <summary>The schedules of an epoch's batches, the full ones and the smaller last one, in one block of memory.</summary>
internal sealed class BatchSchedules : IDisposable
{
    private readonly BatchFeed feed;
    private readonly ComputeDevice device;
    private readonly MemoryBuffer1D<float, Stride1D.Dense> arena;
    private readonly (Schedule? Full, Schedule? Last)[] phases;

    /// <param name="device">Where the feed is.</param>
    /// <param name="feed">Deals the batches out.</param>
    /// <param name="builds">
    /// Make the schedule of a batch of so many images; several where a training goes through phases whose steps differ.
    /// </param>
    public BatchSchedules(ComputeDevice device, BatchFeed feed, params Func<int, ScheduleBuilder>[] builds)
    {
        (this.device, this.feed) = (device, feed);
        phases = new (Schedule?, Schedule?)[builds.Length];
        (ScheduleBuilder? OfFull, ScheduleBuilder? OfLast)[] builders =
        [
            .. builds.Select(build => (
                feed.FullBatches > 0 ? build(feed.BatchSize) : null, feed.LastBatch > 0 ? build(feed.LastBatch) : null)),
        ];
        long length = builders.Max(phase => Math.Max(phase.OfFull?.Plan() ?? 0, phase.OfLast?.Plan() ?? 0));
        DeviceMemory.Require(device, length, $"activations of {feed.BatchSize} images");
        arena = device.Accelerator.Allocate1D<float>(length);
        try
        {
            for (int i = 0; i < phases.Length; i++)
            {
                phases[i].Full = builders[i].OfFull?.Bind(arena.View);
                phases[i].Last = builders[i].OfLast?.Bind(arena.View);
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Of the first batch in the last phase.</summary>
    public Schedule First => phases[^1].Full ?? phases[^1].Last!;

    /// <summary>Floats of the block.</summary>
    public long ArenaLength => arena.Length;

    /// <summary>Enqueues a step of an epoch, counted from 0; does not wait.</summary>
    /// <exception cref="BadInputException">The set is streamed, and an image cannot be read.</exception>
    public void Run(long step, int phase = 0)
    {
        feed.Require(step);
        (feed.SizeOf(step) == feed.LastBatch ? phases[phase].Last! : phases[phase].Full!).Run(device.Stream);
    }

    public void Dispose()
    {
        device.Drain();
        foreach ((Schedule? full, Schedule? last) in phases)
        {
            full?.Dispose();
            last?.Dispose();
        }
        arena.Dispose();
    }
}
