using GpuVae.Devices;
using GpuVae.Scheduling;

namespace GpuVae.Data;

/// <summary>The schedules of an epoch's batches, the full ones and the smaller last one, in one block of memory.</summary>
internal sealed class BatchSchedules : IDisposable
{
    private readonly BatchFeed feed;
    private readonly ComputeDevice device;
    private readonly MemoryBuffer1D<float, Stride1D.Dense> arena;
    private readonly Schedule? full, last;

    /// <param name="device">Where the feed is.</param>
    /// <param name="feed">Deals the batches out.</param>
    /// <param name="build">Makes the schedule of a batch of so many images.</param>
    public BatchSchedules(ComputeDevice device, BatchFeed feed, Func<int, ScheduleBuilder> build)
    {
        (this.device, this.feed) = (device, feed);
        ScheduleBuilder? ofFull = feed.FullBatches > 0 ? build(feed.BatchSize) : null;
        ScheduleBuilder? ofLast = feed.LastBatch > 0 ? build(feed.LastBatch) : null;
        long length = Math.Max(ofFull?.Plan() ?? 0, ofLast?.Plan() ?? 0);
        DeviceMemory.Require(device, length, $"activations of {feed.BatchSize} images");
        arena = device.Accelerator.Allocate1D<float>(length);
        try
        {
            full = ofFull?.Bind(arena.View);
            last = ofLast?.Bind(arena.View);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Of the first batch.</summary>
    public Schedule First => full ?? last!;

    /// <summary>Floats of the block.</summary>
    public long ArenaLength => arena.Length;

    /// <summary>Enqueues a step of an epoch, counted from 0; does not wait.</summary>
    /// <exception cref="BadInputException">The set is streamed, and an image cannot be read.</exception>
    public void Run(long step)
    {
        feed.Require(step);
        (feed.SizeOf(step) == feed.LastBatch ? last! : full!).Run(device.Stream);
    }

    public void Dispose()
    {
        device.Drain();
        full?.Dispose();
        last?.Dispose();
        arena.Dispose();
    }
}
