using GpuVae.Ilgpu.Compiler.Ir;
using Barrier = GpuVae.Ilgpu.Compiler.Ir.Barrier;

namespace GpuVae.Ilgpu.Compiler.Analyses;

/// <summary>
/// Finds loads and stores of a block that touch neighbouring addresses and can be one access of two or four elements. Loads are done
/// together at the first of them, stores at the last, so nothing between may touch the same memory in a way that order matters.
/// </summary>
internal sealed class VectorAccess
{
    /// <summary>An address as a root, an index that is not constant, and bytes from there.</summary>
    private readonly record struct Address(Value Root, Value? Index, int ElementSize, long Offset)
    {
        public bool SharesBaseWith(Address other) => Root == other.Root && Index == other.Index && ElementSize == other.ElementSize;
    }

    private sealed class Run(Address first, IrType type, AddressSpace space, bool isLoad)
    {
        public Address First { get; } = first;

        public IrType Type { get; } = type;

        public AddressSpace Space { get; } = space;

        public bool IsLoad { get; } = isLoad;

        public List<(long Offset, Instruction Access, int Alignment)> Members { get; } = [];

        public bool IsReadOnly => Members.TrueForAll(m => m.Access is Load { IsReadOnly: true });
    }

    private readonly List<Run> open = [];
    private readonly Dictionary<Instruction, VectorAccess.Group> groups = [];

    /// <summary>One vector access.</summary>
    /// <param name="Members">The scalar accesses by ascending address.</param>
    /// <param name="EmitAt">The member in whose place the access is done; the others vanish.</param>
    /// <param name="EmitAtIndex">Its index among the members.</param>
    internal sealed record Group(IReadOnlyList<Instruction> Members, Instruction EmitAt, int EmitAtIndex);

    public static IReadOnlyDictionary<Instruction, Group> Find(BasicBlock block)
    {
        var finder = new VectorAccess();
        foreach (var instruction in block.Body)
            finder.Visit(instruction);
        finder.Close(_ => true);
        return finder.groups;
    }

    private void Visit(Instruction instruction)
    {
        switch (instruction)
        {
            case Load load:
                if (!load.IsReadOnly)
                    Close(run => !run.IsLoad && run.Space == load.Pointer.Space);
                if (load.Users.Count > 0)
                    Add(load, load.Pointer, load.Type, load.Alignment);
                break;
            case Store store:
                var address = AddressOf(store.Pointer);
                Close(run => run.Space == store.Pointer.Space &&
                    (run.IsLoad ? !run.IsReadOnly : !run.First.SharesBaseWith(address)));
                Add(store, store.Pointer, store.StoredValue.Type, store.Alignment);
                break;
            case Atomic or AtomicCompareExchange or Barrier or Fence or GroupBroadcast or InlineAsm or Print or Assert:
                Close(run => !run.IsReadOnly);
                break;
        }
    }

    private void Add(Instruction access, Value pointer, IrType type, int alignment)
    {
        if (type is IrType.Bool or IrType.I8 or IrType.I16 or IrType.Pointer)
            return;
        var address = AddressOf(pointer);
        bool isLoad = access is Load;
        var run = open.Find(r => r.IsLoad == isLoad && r.Type == type && r.Space == pointer.Space && r.First.SharesBaseWith(address));
        if (run is not null && run.Members.Exists(m => Math.Abs(m.Offset - address.Offset) < type.SizeOf()))
        {
            Close(r => r == run);
            run = null;
        }
        if (run is null)
            open.Add(run = new Run(address, type, pointer.Space, isLoad));
        run.Members.Add((address.Offset, access, alignment));
    }

    private void Close(Predicate<Run> which)
    {
        foreach (var run in open.Where(r => which(r)))
            FormGroups(run);
        open.RemoveAll(which);
    }

    private void FormGroups(Run run)
    {
        int size = run.Type.SizeOf();
        var members = run.Members.OrderBy(m => m.Offset).ToList();
        for (int start = 0; start < members.Count;)
        {
            int count = 4;
            while (count > 1 && !Fits(start, count))
                count /= 2;
            if (count > 1)
            {
                var chosen = members.GetRange(start, count).ConvertAll(m => m.Access);
                var byTime = run.Members.Select(m => m.Access).Where(chosen.Contains);
                var emitAt = run.IsLoad ? byTime.First() : byTime.Last();
                var group = new Group(chosen, emitAt, chosen.IndexOf(emitAt));
                foreach (var member in chosen)
                    groups[member] = group;
            }
            start += count;
        }

        bool Fits(int start, int count)
        {
            if (size * count > 16 || start + count > members.Count || members[start].Alignment < size * count)
                return false;
            for (int i = 1; i < count; i++)
            {
                if (members[start + i].Offset != members[start].Offset + i * size)
                    return false;
            }
            return true;
        }
    }

    private static Address AddressOf(Value pointer)
    {
        if (pointer is not ElementAddress element)
            return new Address(pointer, null, 0, 0);
        var inner = AddressOf(element.Pointer);
        if (element.Index is Constant constant)
            return inner with { Offset = inner.Offset + constant.SignedValue * element.ElementSize + element.Offset };

        // An index is taken not to overflow, so i and i + 1 are neighbours.
        var index = element.Index;
        long offset = element.Offset;
        if (index is Binary { Op: BinaryOp.Add, Right: Constant step } sum)
        {
            index = sum.Left;
            offset += step.SignedValue * element.ElementSize;
        }
        return inner.Index is null
            ? new Address(inner.Root, index, element.ElementSize, inner.Offset + offset)
            : new Address(element.Pointer, index, element.ElementSize, offset);
    }
}
