using GpuVae.Simd.Ir;
using Barrier = GpuVae.Simd.Ir.Barrier;

namespace GpuVae.Simd.Emit;

/// <summary>
/// Which values stay on the evaluation stack, as part of the expression that uses them, and which share the variable of a phi.
/// Fewer variables leave the JIT's register allocator more room; an operand in place becomes a memory or broadcast operand.
/// </summary>
internal sealed class InlinePlan
{
    private readonly SimdConfiguration configuration;
    private readonly ControlIndex index;
    private readonly ShapeAnalysis shapes;
    private readonly Func<Instruction, bool> isStatement;
    private readonly HashSet<Value> inlined = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<Value> pinned = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<Value, int> evaluated = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<Value, Phi> coalesced = new(ReferenceEqualityComparer.Instance);

    public InlinePlan(
        IrKernel kernel, SimdConfiguration configuration, ControlIndex index, ShapeAnalysis shapes, RegionPlan? regions,
        Func<Instruction, bool> isStatement)
    {
        this.configuration = configuration;
        this.index = index;
        this.shapes = shapes;
        this.isStatement = isStatement;
        var groupConditions = new HashSet<Value>(regions?.GroupBranches.Select(b => b.Condition) ?? [], ReferenceEqualityComparer.Instance);
        foreach (BasicBlock block in kernel.Blocks)
            PlanBlock(block, groupConditions);
        foreach (BasicBlock block in kernel.Blocks)
        {
            foreach (Phi phi in block.Phis)
            {
                if (regions?.IsGroupVariable(phi) != true)
                    Coalesce(phi);
            }
        }
    }

    public bool IsInlined(Value value) => inlined.Contains(value);

    /// <summary>The phi whose variable holds the value, or the value itself.</summary>
    public Value VariableOf(Value value) => coalesced.TryGetValue(value, out Phi? phi) ? phi : value;

    private void PlanBlock(BasicBlock block, HashSet<Value> groupConditions)
    {
        List<Instruction> body = block.Body;
        // Where each instruction is evaluated: its own place, or that of the statement that it ends up in.
        var place = new Dictionary<Instruction, int>(ReferenceEqualityComparer.Instance);
        var effects = new List<int>();
        for (int i = body.Count - 1; i >= 0; i--)
        {
            Instruction instruction = body[i];
            int at = i;
            if (instruction.HasSideEffects)
                effects.Add(i);
            if (instruction is ElementAddress address && (IsRecomputed(address, place) || IsInScratch(address)))
            {
                inlined.Add(instruction);
                at = address.Users.Max(u => place.GetValueOrDefault(u, i));
            }
            else if (instruction.Users.Count == 1 && !groupConditions.Contains(instruction) && UserPlace(instruction) is { } userPlace &&
                CanInline(instruction, instruction.Users[0]))
            {
                // Nothing with an effect may come between a load and its use; nothing at all crosses a barrier.
                bool ordered = instruction is Load { IsReadOnly: false };
                bool blocked = effects.Exists(e => e < userPlace && (ordered || ControlIndex.IsBarrier(body[e])));
                if (!blocked)
                {
                    inlined.Add(instruction);
                    at = userPlace;
                }
            }
            place[instruction] = at;
            evaluated[instruction] = at < body.Count ? index.PositionOf(body[at])
                : index.IsPlaced(block.Terminator!) ? index.PositionOf(block.Terminator!) : index.PositionOf(body[^1]) + 1;
        }

        int? UserPlace(Instruction instruction)
        {
            Instruction user = instruction.Users[0];
            if (ReferenceEquals(user.Block, block) && place.TryGetValue(user, out int at))
                return at;
            return ReferenceEquals(user, block.Terminator) && user is ConditionalBranch ? body.Count : null;
        }
    }

    /// <summary>
    /// Lane addresses are made where they are used, since a gather wants pointer and index, not 64-bit addresses. The operands must still
    /// be there then: a phi's variable only is within the block.
    /// </summary>
    private bool IsRecomputed(ElementAddress address, Dictionary<Instruction, int> place)
    {
        if (!shapes[address].IsVarying || !shapes[address.Pointer].IsScalar || address.Users.Count == 0)
            return false;
        bool local = address.Users.All(place.ContainsKey);
        if (!local && (address.Users.Any(u => u is Phi) || address.Operands.Any(o => o is Phi)))
            return false;
        foreach (Value operand in address.Operands)
            pinned.Add(operand);
        return true;
    }

    /// <summary>
    /// A place of the lanes' own in scratch: where it is used it is a constant distance from a base that is at hand, and no variable.
    /// </summary>
    private bool IsInScratch(ElementAddress address) =>
        shapes[address].IsScalar && address is { Pointer: Allocation, Index: Geometry or Constant, Users.Count: > 0 } &&
        address.Users.All(user => user is Load or Store && ReferenceEquals(((MemoryAccess)user).Pointer, address));

    private bool CanInline(Instruction value, Instruction user)
    {
        if (value is Phi || value.Type == IrType.Void || value.HasSideEffects || isStatement(value) || value is Shuffle)
            return false;
        bool userVaries = user switch
        {
            ConditionalBranch branch => !shapes[branch.Condition].IsUniform,
            Store store => !(shapes[store.Pointer].IsUniform && shapes[store.StoredValue].IsUniform),
            Atomic or AtomicCompareExchange => !configuration.IsScalar,
            _ => user.Type == IrType.Void || shapes[user].IsVarying,
        };
        if (user is ConditionalBranch)
            return !userVaries;
        if (!userVaries)
            return shapes[value].IsScalar;
        if (user is Barrier or GroupBroadcast or Shuffle or Print or Assert)
            return false;
        // A compare whose mask guards a branch is asked twice: for all lanes together, then lane by lane.
        if (user is Compare && user.Users.Any(u => u is ConditionalBranch))
            return false;
        if (isStatement(user) && user is not Store)
            return false;
        if (user is ElementAddress)
            return false;
        if (user is Store written && ReferenceEquals(written.Pointer, value) && !IsContiguous(written))
            return false;
        // A value of wider or narrower parts than its user is asked for the same part more than once, or in halves.
        return shapes[value].IsScalar ? Parts(user) == 1 : Parts(user) == configuration.PartsOf(value.Type);
    }

    private bool IsContiguous(MemoryAccess access) => shapes[access.Pointer] is { IsStrided: true, Stride: var stride }
        && stride == access.AccessType.SizeOf();

    private int Parts(Instruction user)
    {
        IrType type = user switch
        {
            MemoryAccess access => access.AccessType,
            Compare compare => compare.Left.Type,
            _ => user.Type,
        };
        IEnumerable<Value> operands = user.Operands.Where(o => o.Type != IrType.Pointer || user is not (Load or Store));
        return operands.Select(o => o.Type).Append(type).Max(configuration.PartsOf);
    }

    /// <summary>
    /// Lets the value that a loop's only back edge brings to its phi live in the phi's variable. In the order in which SIMD code runs
    /// nobody may read the old value behind the new one's definition.
    /// </summary>
    private void Coalesce(Phi phi)
    {
        if (!index.EdgesInto.TryGetValue(phi.Block!, out List<ControlEdge>? edges) || edges.Count(e => e.IsBackEdge) != 1)
            return;
        EdgeCopies back = edges.First(e => e.IsBackEdge).Node;
        if (phi.ValueFrom(back.From) is not Instruction { Block: { } block } value || value is Phi ||
            inlined.Contains(value) || pinned.Contains(value) ||
            !index.IsPlaced(value) || coalesced.ContainsKey(value) || shapes[value] != shapes[phi] || value.Type != phi.Type ||
            shapes.NeedsBlend(back, phi) || value is Geometry or Barrier or GroupBroadcast)
            return;
        if (index.LoopOf(block) is not { } loop || loop.Header != phi.Block)
            return;
        if (phi.Block!.Phis.Exists(other => ReferenceEquals(other.ValueFrom(back.From), phi)))
            return;
        int position = index.PositionOf(value);
        foreach (Instruction user in phi.Users)
        {
            if (user is not Phi && evaluated.TryGetValue(user, out int at) && at > position)
                return;
        }
        // The value itself may be read until its variable is set anew in the next turn.
        if (!shapes.IsReadAfter(phi, position, back))
            coalesced[value] = phi;
    }
}
