using GpuVae.Simd.Analyses;
using GpuVae.Simd.Ir;

namespace GpuVae.Simd.Passes;

/// <summary>
/// Replaces an operation by an earlier one with the same operands that dominates it, in one walk of the dominator tree with scoped
/// value numbers. Loads of read-only memory count as operations; other loads, and what a store has just written, are reused
/// within their block until something may have changed the memory.
/// </summary>
internal sealed class CommonSubexpressions
{
    private readonly Dictionary<Key, Value> available = [];
    private readonly Dictionary<(IrType, AddressSpace, ulong), Constant> constants = [];

    // Loads are valid for one block and one state of the memory they read.
    private readonly Dictionary<(Value Pointer, IrType Type), (Value Value, int Version)> loads = [];
    private readonly Dictionary<Value, int> versions = [];
    private int unknownVersion;
    private int clock;
    private bool changed;

    public static bool Run(IrKernel kernel)
    {
        var pass = new CommonSubexpressions();
        pass.Walk(new Dominators(kernel));
        return pass.changed;
    }

    private void Walk(Dominators dominators)
    {
        var scopes = new Stack<(BasicBlock Block, int Next, List<Key> Added)>();
        BasicBlock entry = dominators.Order[0];
        scopes.Push((entry, 0, Number(entry)));
        while (scopes.TryPop(out (BasicBlock Block, int Next, List<Key> Added) top))
        {
            IReadOnlyList<BasicBlock> children = dominators.ChildrenOf(top.Block);
            if (top.Next == children.Count)
            {
                foreach (Key key in top.Added)
                    available.Remove(key);
                continue;
            }
            scopes.Push((top.Block, top.Next + 1, top.Added));
            BasicBlock child = children[top.Next];
            scopes.Push((child, 0, Number(child)));
        }
    }

    /// <summary>Numbers one block and returns the keys it made available.</summary>
    private List<Key> Number(BasicBlock block)
    {
        var added = new List<Key>();
        loads.Clear();
        RemoveEqualPhis(block);
        changed |= block.Body.Sweep(instruction =>
        {
            UniteConstants(instruction);
            Value? known = instruction is Load { IsReadOnly: false } load ? KnownLoad(load) : KnownOperation(instruction, added);
            if (known is null)
                NoteMemory(instruction);
            else
                instruction.ReplaceAllUsesWith(known);
            return known is not null;
        });
        return added;
    }

    private void RemoveEqualPhis(BasicBlock block)
    {
        for (int i = block.Phis.Count - 1; i > 0; i--)
        {
            Phi phi = block.Phis[i];
            for (int j = 0; j < i; j++)
            {
                if (!AreEqual(phi, block.Phis[j]))
                    continue;
                phi.ReplaceAllUsesWith(block.Phis[j]);
                block.Remove(phi);
                changed = true;
                break;
            }
        }
    }

    private static bool AreEqual(Phi a, Phi b)
    {
        if (a.Type != b.Type || a.Space != b.Space)
            return false;
        for (int i = 0; i < a.Operands.Count; i++)
        {
            Value x = a.Operands[i], y = a.IncomingBlocks[i] == b.IncomingBlocks[i] ? b.Operands[i] : b.ValueFrom(a.IncomingBlocks[i]);
            if (!Constant.AreSame(x, y) && !(ReferenceEquals(x, a) && ReferenceEquals(y, b)))
                return false;
        }
        return true;
    }

    private void UniteConstants(Instruction instruction)
    {
        for (int i = 0; i < instruction.Operands.Count; i++)
        {
            if (instruction.Operands[i] is not Constant constant)
                continue;
            (IrType Type, AddressSpace Space, ulong Bits) key = (constant.Type, constant.Space, constant.Bits);
            if (!constants.TryGetValue(key, out Constant? first))
                constants.Add(key, constant);
            else if (!ReferenceEquals(first, constant))
                instruction.SetOperand(i, first);
        }
    }

    private Value? KnownOperation(Instruction instruction, List<Key> added)
    {
        if (KeyOf(instruction) is not { } key)
            return null;
        if (available.TryGetValue(key, out Value? known))
            return known;
        available.Add(key, instruction);
        added.Add(key);
        return null;
    }

    private static Key? KeyOf(Instruction instruction)
    {
        (int, int, int) kind = instruction switch
        {
            Unary unary => (1, (int)unary.Op, 0),
            Binary binary => (2, (int)binary.Op, 0),
            Fma => (3, 0, 0),
            Compare compare => (4, (int)compare.Op, 0),
            Ir.Convert convert => (5, (int)convert.Op, 0),
            Select => (6, 0, 0),
            ElementAddress address => (7, address.ElementSize, address.Offset),
            Geometry geometry => (8, (int)geometry.Kind, 0),
            AlignedPointer aligned => (9, aligned.Alignment, 0),
            Load { IsReadOnly: true } => (9, 0, 0),
            _ => (0, 0, 0),
        };
        if (kind.Item1 == 0)
            return null;
        return new Key(kind, instruction.Type, Operand(0), Operand(1), Operand(2));

        Value? Operand(int index) => index < instruction.Operands.Count ? instruction.Operands[index] : null;
    }

    private Value? KnownLoad(Load load)
    {
        int version = VersionOf(load.Pointer);
        if (loads.TryGetValue((load.Pointer, load.Type), out (Value Value, int Version) known) && known.Version == version)
            return known.Value;
        loads[(load.Pointer, load.Type)] = (load, version);
        return null;
    }

    private void NoteMemory(Instruction instruction)
    {
        switch (instruction)
        {
            case Store store:
                Invalidate(store.Pointer);
                loads[(store.Pointer, store.StoredValue.Type)] = (store.StoredValue, VersionOf(store.Pointer));
                break;
            // An atomic may be a lock: what was read before it may have changed by others.
            case Atomic or AtomicCompareExchange or Ir.Barrier or Fence or GroupBroadcast:
                loads.Clear();
                break;
        }
    }

    private int VersionOf(Value pointer) =>
        PointerOrigins.Of(pointer) is { } origin ? Math.Max(versions.GetValueOrDefault(origin), unknownVersion) : clock;

    private void Invalidate(Value pointer)
    {
        clock++;
        // Two view parameters may be the same buffer, so a store through one is a store through all.
        if (PointerOrigins.Of(pointer) is Allocation { Space: AddressSpace.Local } or Allocation { IsDynamic: false })
            versions[PointerOrigins.Of(pointer)!] = clock;
        else
            unknownVersion = clock;
    }

    private readonly record struct Key((int, int, int) Kind, IrType Type, Value? A, Value? B, Value? C);
}
