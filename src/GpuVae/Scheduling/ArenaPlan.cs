namespace GpuVae.Scheduling;

/// <summary>
/// Places tensors with known lifetimes in one block of memory so that no two that are alive at the same time overlap. Big tensors first,
/// each at the lowest offset where it fits between those already placed (the greedy-by-size rule of Pisarchyk and Lee, "Efficient Memory
/// Management for Deep Neural Net Inference", 2020), which stays within a few per cent of the lower bound on chains like ours.
/// </summary>
internal sealed class ArenaPlan
{
    /// <summary>
    /// Offsets are multiples of this many elements: 256 bytes of float32, the widest alignment that any of the devices asks for.
    /// </summary>
    public const int Alignment = 64;

    private readonly List<Entry> entries = [];

    private sealed record Entry(int Id, long Length, int First, int Last)
    {
        public long Offset { get; set; }
    }

    /// <summary>Elements the block must have; 0 before <see cref="Place"/>.</summary>
    public long Length { get; private set; }

    /// <summary>The most elements alive at any one step: no plan can need less.</summary>
    public long LowerBound { get; private set; }

    /// <summary>The next multiple of <see cref="Alignment"/>.</summary>
    public static long Align(long length) => (length + Alignment - 1) / Alignment * Alignment;

    /// <summary>
    /// Registers a tensor of <paramref name="length"/> elements that is used from step <paramref name="first"/> to <paramref name="last"/>,
    /// both inclusive.
    /// </summary>
    /// <returns>The number under which <see cref="OffsetOf"/> knows it.</returns>
    public int Add(long length, int first, int last)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfLessThan(last, first);
        entries.Add(new Entry(entries.Count, Align(length), first, last));
        return entries.Count - 1;
    }

    public void Place()
    {
        var placed = new List<Entry>(entries.Count);
        foreach (Entry entry in entries.OrderByDescending(e => e.Length).ThenBy(e => e.Id))
        {
            long offset = 0;
            foreach (Entry other in placed)
            {
                if (other.First > entry.Last || entry.First > other.Last)
                    continue;
                if (offset + entry.Length <= other.Offset)
                    break;
                offset = Math.Max(offset, other.Offset + other.Length);
            }
            entry.Offset = offset;
            int at = placed.FindIndex(e => e.Offset > offset);
            placed.Insert(at < 0 ? placed.Count : at, entry);
            Length = Math.Max(Length, offset + entry.Length);
        }
        LowerBound = entries.Count == 0 ? 0 : entries.Max(
            step => entries.Where(e => e.First <= step.First && step.First <= e.Last).Sum(e => e.Length));
    }

    /// <summary>Where the tensor starts, in elements.</summary>
    public long OffsetOf(int id) => entries[id].Offset;
}
