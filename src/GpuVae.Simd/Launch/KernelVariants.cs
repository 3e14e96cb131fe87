using GpuVae.Simd.Frontend;
using ILGPU;

namespace GpuVae.Simd.Launch;

/// <summary>
/// The compiled variants of one kernel, one per group shape and values of the specialised slots. Looking one up does not allocate.
/// </summary>
/// <param name="entry">The kernel.</param>
/// <param name="compile">Compiles a variant from the entry with its specialised slots filled in and the group's shape.</param>
internal sealed class KernelVariants<TVariant>(KernelEntry entry, Func<KernelEntry, Index3D, TVariant> compile) where TVariant : class
{
    private readonly int[] specializedSlots = [.. entry.Layout.Leaves.Where(l => l.IsSpecialized)
        .SelectMany(l => Enumerable.Range(l.Slot, l.SlotCount))];

    private readonly Lock sync = new();
    private volatile Variant[] variants = [];

    /// <summary>All variants so far.</summary>
    public IEnumerable<TVariant> All => variants.Select(v => v.Value);

    /// <param name="group">The group's shape; pass <c>default</c> where the code does not depend on it.</param>
    /// <param name="slots">The arguments.</param>
    public TVariant Get(Index3D group, ReadOnlySpan<ulong> slots) => Find(group, slots) ?? Add(group, slots);

    /// <summary>As <see cref="Get"/>, but null where another thread is compiling a variant just now, which may well be this one.</summary>
    public TVariant? TryGet(Index3D group, ReadOnlySpan<ulong> slots)
    {
        if (Find(group, slots) is { } known)
            return known;
        if (!sync.TryEnter())
            return null;
        try
        {
            return Add(group, slots);
        }
        finally
        {
            sync.Exit();
        }
    }

    private TVariant? Find(Index3D group, ReadOnlySpan<ulong> slots)
    {
        foreach (Variant variant in variants)
        {
            if (variant.Group == group && Matches(variant.Values, slots))
                return variant.Value;
        }
        return null;
    }

    private bool Matches(ulong[] values, ReadOnlySpan<ulong> slots)
    {
        for (int i = 0; i < values.Length; i++)
        {
            if (slots[specializedSlots[i]] != values[i])
                return false;
        }
        return true;
    }

    private TVariant Add(Index3D group, ReadOnlySpan<ulong> slots)
    {
        lock (sync)
        {
            if (Find(group, slots) is { } existing)
                return existing;
            ulong[] values = new ulong[specializedSlots.Length];
            for (int i = 0; i < values.Length; i++)
                values[i] = slots[specializedSlots[i]];
            var bits = specializedSlots.Zip(values).ToDictionary(p => p.First, p => p.Second);
            TVariant value = compile(entry with { SpecializedSlots = bits }, group);
            variants = [.. variants, new Variant(group, values, value)];
            return value;
        }
    }

    private sealed record Variant(Index3D Group, ulong[] Values, TVariant Value);
}
