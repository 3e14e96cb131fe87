using GpuVae.Simd.Ir;

namespace GpuVae.Simd.Frontend;

/// <summary>
/// SSA construction on the fly after Braun et al., "Simple and Efficient Construction of Static Single Assignment Form" (2013), with
/// one difference: the IL says which variables a loop stores, so only those get a phi at the loop's head before its body is known.
/// That keeps constants constant inside loops, where they decide branches and place references.
/// </summary>
internal sealed class SsaBuilder(
    IrKernel kernel, IReadOnlyDictionary<int, AddressSpace> knownSpaces, Func<string, string, Exception> refuse)
{
    private readonly Dictionary<Phi, int> spacelessPhis = [];
    private readonly Dictionary<BasicBlock, BlockState> states = [];
    private readonly Dictionary<Value, Value> replaced = [];

    public BasicBlock Current { get; set; } = null!;
    public SourceLocation? Location { get; set; }

    public BasicBlock CreateBlock(bool isSealed, Func<Variable, bool>? mayStore = null)
    {
        var block = new BasicBlock();
        kernel.Blocks.Add(block);
        states[block] = new BlockState { IsSealed = isSealed, MayStore = mayStore };
        return block;
    }

    /// <summary>A block's place in the list is where it was first filled, not where it was first named.</summary>
    public void MoveToEnd(BasicBlock block)
    {
        kernel.Blocks.Remove(block);
        kernel.Blocks.Add(block);
    }

    public void WriteVariable(Variable variable, Value value) => states[Current].Definitions[variable] = value;

    public Value ReadVariable(Variable variable) => Read(variable, Current);

    /// <summary>What a value has become: trivial phis vanish while values that name them are still on some stack.</summary>
    public Value Resolve(Value value)
    {
        while (replaced.TryGetValue(value, out Value? replacement))
            value = replacement;
        return value;
    }

    /// <summary>All predecessors are known: complete the phis that waited for them.</summary>
    public void Seal(BasicBlock block)
    {
        BlockState state = states[block];
        if (state.IsSealed)
            return;
        state.IsSealed = true;
        foreach ((Variable variable, Phi phi) in state.IncompletePhis)
            Complete(variable, phi);
        foreach ((Variable variable, Value assumed) in state.Assumptions)
        {
            foreach (BasicBlock predecessor in block.Predecessors)
                RequireSame(variable, assumed, Read(variable, predecessor));
        }
    }

    public void Branch(BasicBlock target) => Current.Terminator = new Branch(target) { Location = Location };

    public void Branch(Value condition, BasicBlock whenTrue, BasicBlock whenFalse)
    {
        if (ReferenceEquals(whenTrue, whenFalse))
            Branch(whenTrue);
        else
            Current.Terminator = new ConditionalBranch(condition, whenTrue, whenFalse) { Location = Location };
    }

    public T Emit<T>(T instruction) where T : Instruction
    {
        instruction.Location = Location;
        return Current.Append(instruction);
    }

    private Value Read(Variable variable, BasicBlock block)
    {
        // Long chains of single-predecessor blocks are walked in a loop, so that big kernels need no deep recursion.
        var path = new List<BasicBlock>();
        Value value;
        while (true)
        {
            BlockState state = states[block];
            if (state.Definitions.TryGetValue(variable, out Value? known))
            {
                value = Resolve(known);
                break;
            }
            path.Add(block);
            if (block.Predecessors.Count == 0)
            {
                value = variable.Space == AddressSpace.None ? DefaultOf(variable.Type) : Constant.Null(variable.Space);
                break;
            }
            bool passesThrough = state.ForwardPredecessors == 1 && !(state.MayStore?.Invoke(variable) ?? false);
            if (!passesThrough && (block.Predecessors.Count > 1 || !state.IsSealed))
            {
                value = ReadJoin(variable, block, state);
                break;
            }
            block = block.Predecessors[0];
        }
        foreach (BasicBlock passed in path)
            states[passed].Definitions[variable] = value;
        return value;
    }

    /// <summary>Marks a loop head as entered: the predecessors so far are the forward ones.</summary>
    public void EnterLoopHead(BasicBlock block) => states[block].ForwardPredecessors = block.Predecessors.Count;

    private Value ReadJoin(Variable variable, BasicBlock block, BlockState state)
    {
        // The first predecessor is a forward one; its value tells the type and address space of the phi.
        Value model = Read(variable, block.Predecessors[0]);
        if (state.Definitions.TryGetValue(variable, out Value? meanwhile))
            return Resolve(meanwhile);
        if (model is CompileTimeValue)
        {
            state.Definitions[variable] = model;
            if (state.IsSealed)
            {
                for (int i = 1; i < block.Predecessors.Count; i++)
                    RequireSame(variable, model, Read(variable, block.Predecessors[i]));
            }
            else
            {
                state.Assumptions.Add((variable, model));
            }
            return model;
        }
        AddressSpace space = model.Space;
        if (model is Constant { Type: IrType.Pointer, Space: AddressSpace.None } && state.IsSealed)
            space = block.Predecessors.Select(p => Read(variable, p).Space).FirstOrDefault(s => s != AddressSpace.None);
        if (state.Definitions.TryGetValue(variable, out meanwhile))
            return Resolve(meanwhile);
        bool isSpaceless = model.Type == IrType.Pointer && space == AddressSpace.None;
        if (isSpaceless)
            space = knownSpaces.GetValueOrDefault(spacelessPhis.Count);
        Phi phi = block.AppendPhi(new Phi(model.Type, space));
        if (isSpaceless)
            spacelessPhis[phi] = spacelessPhis.Count;
        state.Definitions[variable] = phi;
        if (!state.IsSealed)
        {
            state.IncompletePhis.Add((variable, phi));
            return phi;
        }
        return Complete(variable, phi);
    }

    private Value Complete(Variable variable, Phi phi)
    {
        BasicBlock block = phi.Block!;
        foreach (BasicBlock predecessor in block.Predecessors)
        {
            Value value = Read(variable, predecessor);
            if (value is Constant { Type: IrType.Pointer, Space: AddressSpace.None } && phi.Space != AddressSpace.None)
                value = Constant.Null(phi.Space);
            if (value is CompileTimeValue || value.Type != phi.Type)
                RequireSame(variable, phi, value);
            if (phi.Space == AddressSpace.None && value.Space != AddressSpace.None && spacelessPhis.TryGetValue(phi, out int number))
                throw new UnknownSpaceException(number, value.Space);
            if (value is Phi { Space: AddressSpace.None } early && phi.Space != AddressSpace.None
                && spacelessPhis.TryGetValue(early, out number))
                throw new UnknownSpaceException(number, phi.Space);
            if (value.Space != phi.Space)
            {
                throw refuse(
                    $"'{variable.Name}' points to {Describe(value.Space)} on one path and to {Describe(phi.Space)} memory on another",
                    "Use two variables, or branch around the whole use, so that every access has one address space.");
            }
            phi.AddIncoming(predecessor, value);
        }
        return RemoveIfTrivial(phi);
    }

    private Value RemoveIfTrivial(Phi phi)
    {
        Value? same = null;
        foreach (Value operand in phi.Operands)
        {
            if (ReferenceEquals(operand, phi) || same is not null && Constant.AreSame(operand, same))
                continue;
            if (same is not null)
                return phi;
            same = operand;
        }
        // Only itself: the block cannot be reached with a value, any will do.
        same ??= phi.Type == IrType.Pointer ? Constant.Null(phi.Space) : Constant.FromBits(phi.Type, 0);
        Phi[] users = phi.Users.OfType<Phi>().Where(u => !ReferenceEquals(u, phi)).Distinct().ToArray();
        phi.ReplaceAllUsesWith(same);
        replaced[phi] = same;
        phi.Block!.Remove(phi);
        foreach (Phi user in users)
        {
            if (user.Block is not null && user.Operands.Count == user.Block.Predecessors.Count && states[user.Block].IsSealed)
                RemoveIfTrivial(user);
        }
        return Resolve(same);
    }

    private void RequireSame(Variable variable, Value expected, Value actual)
    {
        if (ReferenceEquals(expected, actual)
            || expected is PlaceValue place && actual is PlaceValue other && place.IsSamePlace(other)
            || expected is HostValue host && actual is HostValue otherHost && Equals(host.Value, otherHost.Value))
        {
            return;
        }
        throw expected is HostValue || actual is HostValue
            ? refuse(
                $"'{variable.Name}' is a reference to an object that depends on control flow",
                "Kernels have no objects; select between values, not references.")
            : refuse(
                $"'{variable.Name}' is a ref to one local variable on one path and to something else on another",
                "Assign through an if/else instead, or keep the values in a LocalMemory array and choose the index.");
    }

    public static Value DefaultOf(IrType type) => type switch
    {
        IrType.Pointer => Constant.Null(AddressSpace.None),
        IrType.Void => new HostValue(null),
        _ => Constant.FromBits(type, 0),
    };

    private static string Describe(AddressSpace space) => space == AddressSpace.None ? "no" : space.ToString().ToLowerInvariant();

    /// <summary>
    /// A loop starts with an empty view and assigns a real one, so the address space is known only after what depends on it has been
    /// built: the kernel is built again, with the space known.
    /// </summary>
    internal sealed class UnknownSpaceException(int number, AddressSpace space) : Exception
    {
        /// <summary>Counts the phis without a space in the order of their creation, which is the same in every build.</summary>
        public int Number { get; } = number;
        public AddressSpace Space { get; } = space;
    }

    private sealed class BlockState
    {
        public Dictionary<Variable, Value> Definitions { get; } = [];
        public List<(Variable, Phi)> IncompletePhis { get; } = [];
        public List<(Variable, Value)> Assumptions { get; } = [];
        public bool IsSealed { get; set; }

        /// <summary>For a loop's head: whether the loop can store to a variable.</summary>
        public Func<Variable, bool>? MayStore { get; init; }

        /// <summary>For a loop's head: how many edges enter it from outside.</summary>
        public int ForwardPredecessors { get; set; }
    }
}
