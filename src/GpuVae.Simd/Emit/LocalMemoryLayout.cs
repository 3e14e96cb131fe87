using GpuVae.Simd.Ir;

namespace GpuVae.Simd.Emit;

/// <summary>
/// Where the lanes' local memory lies. An allocation that is only ever accessed in elements of one size is interleaved: element i of all
/// lanes, then element i + 1, so that an index that is the same in all lanes gives a vector access. Others are one block per lane.
/// </summary>
internal sealed class LocalMemoryLayout
{
    private readonly Dictionary<Value, Allocation> origins = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<Allocation, int> granules = [];
    private readonly Dictionary<Allocation, int> offsets = [];
    private readonly int lanes;

    public LocalMemoryLayout(IrKernel kernel, int lanes)
    {
        this.lanes = lanes;
        foreach (Allocation allocation in kernel.Allocations.Where(a => a.Space == AddressSpace.Local))
        {
            granules[allocation] = lanes == 1 ? 0 : GranuleOf(allocation);
            offsets[allocation] = BytesPerWarp;
            BytesPerWarp += (allocation.SizeInBytes * lanes + 63) & ~63;
        }
    }

    /// <summary>All local memory of one warp, a multiple of 64.</summary>
    public int BytesPerWarp { get; }

    public int OffsetOf(Allocation allocation) => offsets[allocation];

    /// <summary>Bytes between the first elements of two neighbouring lanes.</summary>
    public int LaneStride(Allocation allocation) => granules[allocation] is > 0 and var granule ? granule : allocation.SizeInBytes;

    /// <summary>Bytes per index step of the address.</summary>
    public int ScaleOf(ElementAddress address) => address.ElementSize * Spread(address);

    public int OffsetOf(ElementAddress address) => address.Offset * Spread(address);

    private int Spread(ElementAddress address) =>
        origins.TryGetValue(address, out Allocation? allocation) && granules[allocation] > 0 ? lanes : 1;

    /// <summary>
    /// The one access size, or 0. Follows the addresses that are made from the allocation and notes where they come from.
    /// </summary>
    private int GranuleOf(Allocation allocation)
    {
        int granule = 0;
        bool regular = true;
        var steps = new List<int>();
        var work = new Stack<Value>([allocation]);
        var seen = new HashSet<Value>(ReferenceEqualityComparer.Instance) { allocation };
        while (work.TryPop(out Value? pointer))
        {
            foreach (Instruction user in pointer.Users)
            {
                switch (user)
                {
                    case ElementAddress address:
                        steps.Add(address.ElementSize);
                        steps.Add(address.Offset);
                        if (!seen.Add(address))
                            break;
                        origins[address] = allocation;
                        work.Push(address);
                        break;
                    case Load load:
                        Access(load.Type.SizeOf());
                        break;
                    case Store store when ReferenceEquals(store.Pointer, pointer):
                        Access(store.StoredValue.Type.SizeOf());
                        break;
                    default:
                        // A phi or select of pointers could mix allocations; an atomic wants plain addresses.
                        regular = false;
                        break;
                }
            }
        }
        return regular && granule > 0 && steps.TrueForAll(s => s % granule == 0) ? granule : 0;

        void Access(int size)
        {
            regular &= granule == 0 || granule == size;
            granule = size;
        }
    }
}
