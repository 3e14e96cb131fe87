using GpuVae.Simd.Analyses;
using GpuVae.Simd.Ir;

namespace GpuVae.Simd.Passes;

/// <summary>
/// Turns local arrays into SSA values where every access has a constant index, which unrolling makes the usual case. Memory that was
/// never written reads as zero, as in .NET. Stores to local arrays that nothing reads go as well.
/// </summary>
internal static class LocalMemoryPromotion
{
    public static bool Run(IrKernel kernel)
    {
        bool changed = false;
        Dominators? dominators = null;
        foreach (Allocation allocation in kernel.Allocations)
        {
            if (allocation.Space != AddressSpace.Local || allocation.Users.Count == 0)
                continue;
            var accesses = new Dictionary<Instruction, long>();
            var types = new Dictionary<long, IrType>();
            bool constant = true, loaded = false;
            if (!Collect(allocation, 0, ref constant, ref loaded, accesses, types))
                continue;
            if (!loaded)
                accesses.Keys.ToList().ForEach(store => store.Block!.Remove(store));
            else if (constant && !Overlap(types, allocation.SizeInBytes))
                new Promoter(dominators ??= new Dominators(kernel), accesses, types).Run();
            else
                continue;
            changed = true;
        }
        return changed;
    }

    /// <summary>Gathers the loads and stores with their byte offsets; false where the address goes anywhere else.</summary>
    private static bool Collect(
        Value pointer,
        long offset,
        ref bool constant,
        ref bool loaded,
        Dictionary<Instruction, long> accesses,
        Dictionary<long, IrType> types)
    {
        foreach (Instruction user in pointer.Users)
        {
            IrType type;
            switch (user)
            {
                case ElementAddress address:
                    long inner = offset + address.Offset;
                    if (address.Index is Constant index)
                        inner += index.SignedValue * address.ElementSize;
                    else
                        constant = false;
                    if (!Collect(address, inner, ref constant, ref loaded, accesses, types))
                        return false;
                    continue;
                case Load load:
                    loaded = true;
                    type = load.Type;
                    break;
                case Store store when !ReferenceEquals(store.StoredValue, pointer):
                    type = store.StoredValue.Type;
                    break;
                default:
                    return false;
            }
            accesses[user] = offset;
            if (!types.TryAdd(offset, type) && types[offset] != type)
                constant = false;
        }
        return true;
    }

    private static bool Overlap(Dictionary<long, IrType> types, int size)
    {
        long end = 0;
        foreach ((long offset, IrType type) in types.OrderBy(t => t.Key))
        {
            if (offset < end || offset + type.SizeOf() > size)
                return true;
            end = offset + type.SizeOf();
        }
        return false;
    }

    /// <summary>SSA construction after Braun et al. 2013, on a complete graph.</summary>
    private sealed class Promoter(Dominators dominators, Dictionary<Instruction, long> accesses, Dictionary<long, IrType> types)
    {
        private readonly Dictionary<(BasicBlock, long), Value> atEnd = [];
        private readonly Dictionary<(BasicBlock, long), Value> atEntry = [];
        private readonly Dictionary<Value, Value> replaced = [];
        private readonly List<Phi> phis = [];

        public void Run()
        {
            BasicBlock[] blocks = accesses.Keys.Select(a => a.Block!).Distinct().ToArray();
            // First what each block leaves behind, so that reading across blocks finds it.
            foreach (BasicBlock block in blocks)
            {
                foreach (Instruction instruction in block.Body)
                {
                    if (instruction is Store store && accesses.TryGetValue(store, out long offset))
                        atEnd[(block, offset)] = store.StoredValue;
                }
            }
            var current = new Dictionary<long, Value>();
            foreach (BasicBlock block in blocks)
            {
                current.Clear();
                block.Body.RemoveAll(instruction =>
                {
                    if (!accesses.TryGetValue(instruction, out long offset))
                        return false;
                    if (instruction is Store store)
                        current[offset] = store.StoredValue;
                    else
                        replaced.Add(instruction, current.TryGetValue(offset, out Value? value) ? value : ReadAtEntry(block, offset));
                    return true;
                });
            }

            // A load may have given its value to a store that another load reads: follow the chain to its end.
            foreach (Phi phi in phis)
            {
                for (int i = 0; i < phi.Operands.Count; i++)
                    phi.SetOperand(i, Resolve(phi.Operands[i]));
            }
            foreach ((Value load, Value value) in replaced)
                load.ReplaceAllUsesWith(Resolve(value));
            foreach (Instruction access in accesses.Keys)
                access.Detach();
        }

        private Value Resolve(Value value)
        {
            while (replaced.TryGetValue(value, out Value? next))
                value = next;
            return value;
        }

        private Value ReadAtEnd(BasicBlock block, long offset) =>
            atEnd.TryGetValue((block, offset), out Value? value) ? value : ReadAtEntry(block, offset);

        private Value ReadAtEntry(BasicBlock block, long offset)
        {
            // Straight chains are walked, not recursed into: unrolled code makes them long.
            BasicBlock start = block;
            while (!atEntry.ContainsKey((block, offset)) && block.Predecessors.Count == 1)
            {
                block = block.Predecessors[0];
                if (atEnd.TryGetValue((block, offset), out Value? value))
                    return atEntry[(start, offset)] = value;
            }
            if (atEntry.TryGetValue((block, offset), out Value? known))
                return atEntry[(start, offset)] = known;
            if (block.Predecessors.Count == 0)
                return atEntry[(start, offset)] = Constant.FromBits(types[offset], 0);

            Phi phi = block.AppendPhi(new Phi(types[offset]));
            phis.Add(phi);
            atEntry[(block, offset)] = phi;
            atEntry[(start, offset)] = phi;
            foreach (BasicBlock predecessor in block.Predecessors)
            {
                if (dominators.IsReachable(predecessor))
                    phi.AddIncoming(predecessor, ReadAtEnd(predecessor, offset));
            }
            return phi;
        }
    }
}
