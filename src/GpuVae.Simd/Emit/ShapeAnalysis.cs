using GpuVae.Simd.Ir;
using Barrier = GpuVae.Simd.Ir.Barrier;
using Convert = GpuVae.Simd.Ir.Convert;

namespace GpuVae.Simd.Emit;

/// <summary>
/// The shape of every value over the lanes (cf. Coutinho et al. 2011, "Divergence Analysis and Optimizations"; Karrenberg and Hack 2011,
/// "Whole-Function Vectorization"): an optimistic fixed point over the operations, with phis widened where lanes or warps come together
/// from different ways or leave a loop in different turns.
/// </summary>
internal sealed class ShapeAnalysis
{
    private readonly IrKernel kernel;
    private readonly ControlIndex index;
    private readonly SimdConfiguration configuration;
    private readonly GroupShape group;
    private readonly LocalMemoryLayout localMemory;
    private readonly Dictionary<Value, ValueShape> shapes = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<Value> forcedVarying = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<(EdgeCopies, Phi)> blends = [];

    public ShapeAnalysis(
        IrKernel kernel, ControlIndex index, SimdConfiguration configuration, GroupShape group, LocalMemoryLayout localMemory)
    {
        this.kernel = kernel;
        this.index = index;
        this.configuration = configuration;
        this.group = group;
        this.localMemory = localMemory;
        do
        {
            shapes.Clear();
            Solve();
        }
        while (DemoteWrappingIndices());
        LaneWalk = Walk(ShapeKind.Strided);
        WarpWalk = Walk(ShapeKind.WarpUniform);
        FindBlends();
    }

    /// <summary>Where the lanes of a warp part.</summary>
    public DivergenceWalk LaneWalk { get; private set; }

    /// <summary>Where the warps of a group part.</summary>
    public DivergenceWalk WarpWalk { get; private set; }

    public ValueShape this[Value value] => value switch
    {
        Constant or Parameter => ValueShape.GroupUniform,
        Allocation { Space: AddressSpace.Local } allocation => Clamp(ValueShape.Strided(localMemory.LaneStride(allocation))),
        Allocation => ValueShape.GroupUniform,
        _ => shapes.TryGetValue(value, out ValueShape shape) ? shape : ValueShape.GroupUniform,
    };

    /// <summary>The copy to the phi along this edge must leave the phi alone in lanes that are not on the edge.</summary>
    public bool NeedsBlend(EdgeCopies copies, Phi phi) => blends.Contains((copies, phi));

    private DivergenceWalk Walk(ShapeKind least) => new(index.Root, branch => this[branch.Condition].Kind >= least);

    private void Solve()
    {
        bool changed = true;
        while (changed)
        {
            LaneWalk = Walk(ShapeKind.Strided);
            WarpWalk = Walk(ShapeKind.WarpUniform);
            changed = false;
            foreach (BasicBlock block in kernel.Blocks)
            {
                foreach (Phi phi in block.Phis)
                    changed |= Update(phi, PhiShape(phi));
                foreach (Instruction instruction in block.Body)
                    changed |= Update(instruction, Transfer(instruction));
            }
        }
    }

    private bool Update(Instruction value, ValueShape? found)
    {
        if (found is not { } shape)
            return false;
        shape = Clamp(shape);
        if (forcedVarying.Contains(value))
            shape = ValueShape.Varying;
        if (shapes.TryGetValue(value, out ValueShape old))
        {
            // Shapes only ever get worse, so that the iteration ends.
            if (shape.Kind < old.Kind)
                shape = old;
            else if (shape.IsStrided && old.IsStrided && shape != old)
                shape = ValueShape.Varying;
            if (shape == old)
                return false;
        }
        shapes[value] = shape;
        return true;
    }

    private ValueShape Clamp(ValueShape shape) =>
        configuration.IsScalar && !shape.IsUniform ? ValueShape.WarpUniform : shape;

    private bool IsKnown(Value value) => value is not Instruction || shapes.ContainsKey(value);

    private ValueShape? PhiShape(Phi phi)
    {
        ValueShape? joined = null;
        foreach (Value operand in phi.Operands)
        {
            if (ReferenceEquals(operand, phi) || !IsKnown(operand))
                continue;
            joined = joined is { } shape ? ValueShape.Join(shape, this[operand]) : this[operand];
        }
        if (joined is not { } result || !index.EdgesInto.TryGetValue(phi.Block!, out List<ControlEdge>? edges))
            return joined;
        if (MeetsPartedLanes(LaneWalk, edges) || IsReadAfterDivergentBackEdge(phi, edges))
            return ValueShape.Varying;
        return MeetsPartedLanes(WarpWalk, edges) ? result.AtLeast(ShapeKind.WarpUniform) : result;
    }

    private bool MeetsPartedLanes(DivergenceWalk walk, List<ControlEdge> edges) => edges.Exists(edge =>
        LeavesDivergentLoop(walk, edge)
        || (edges.Count(other => other.IsBackEdge == edge.IsBackEdge) > 1 && PartsLanes(walk, edge)));

    private static bool LeavesDivergentLoop(DivergenceWalk walk, ControlEdge edge) =>
        edge.Exited.Any(node => node is LoopNode loop && walk.IsDivergent(loop));

    private static bool LeavesDivergentIf(DivergenceWalk walk, ControlEdge edge) =>
        edge.Exited.Any(node => node is IfNode branch && walk.IsDivergent(branch));

    private bool PartsLanes(DivergenceWalk walk, ControlEdge edge) =>
        LeavesDivergentIf(walk, edge) || walk.IsPartial(edge, edge.IsBackEdge ? index.LoopOf(edge.Node.To) : null);

    /// <summary>Lanes that are still in this turn read the phi after others have set it for the next.</summary>
    private bool IsReadAfterDivergentBackEdge(Phi phi, List<ControlEdge> edges) => edges.Exists(edge =>
        edge.IsBackEdge && PartsLanes(LaneWalk, edge) && IsReadAfter(phi, index.PositionOf(edge.Node), edge.Node));

    /// <summary>Some use of the value stands behind the position, in the order in which SIMD code runs.</summary>
    public bool IsReadAfter(Value value, int position, EdgeCopies? except = null)
    {
        return value.Users.Any(user => user is Phi phi
            ? index.EdgesInto.GetValueOrDefault(phi.Block!)?.Exists(edge => IsReadOn(edge, phi)) == true
            : index.IsPlaced(user) && index.PositionOf(user) > position);

        bool IsReadOn(ControlEdge edge, Phi phi) => edge.Node != except
            && ReferenceEquals(phi.ValueFrom(edge.Node.From), value) && index.PositionOf(edge.Node) >= position;
    }

    private void FindBlends()
    {
        foreach ((BasicBlock block, List<ControlEdge> edges) in index.EdgesInto)
        {
            foreach (bool back in (ReadOnlySpan<bool>)[false, true])
            {
                var group = edges.Where(e => e.IsBackEdge == back).OrderBy(e => index.PositionOf(e.Node)).ToList();
                bool parted = group.Any(e => LeavesDivergentLoop(LaneWalk, e) || PartsLanes(LaneWalk, e));
                if (!parted)
                    continue;
                for (int i = 0; i < group.Count; i++)
                {
                    ControlEdge edge = group[i];
                    foreach (Phi phi in block.Phis)
                    {
                        bool blend = LeavesDivergentLoop(LaneWalk, edge) ||
                            (back ? group.Count > 1 || IsReadAfter(phi, index.PositionOf(edge.Node), edge.Node) : i > 0);
                        if (blend)
                            blends.Add((edge.Node, phi));
                    }
                }
            }
        }
    }

    private ValueShape? Transfer(Instruction instruction)
    {
        ShapeKind worst = ShapeKind.GroupUniform;
        foreach (Value operand in instruction.Operands)
        {
            if (!IsKnown(operand))
                return null;
            worst = (ShapeKind)Math.Max((byte)worst, (byte)this[operand].Kind);
        }
        switch (instruction)
        {
            case Geometry geometry:
                return group.ShapeOf(geometry.Kind, configuration);
            case Atomic or AtomicCompareExchange:
                return ValueShape.Varying;
            case Barrier or GroupBroadcast:
                return ValueShape.GroupUniform;
            case Shuffle shuffle:
                return Shuffled(shuffle);
        }
        if (worst <= ShapeKind.WarpUniform)
            return new ValueShape(worst);
        return StridedTransfer(instruction) ?? ValueShape.Varying;
    }

    private ValueShape Shuffled(Shuffle shuffle)
    {
        ValueShape value = this[shuffle.ShuffledValue];
        if (value.IsUniform)
            return value;
        bool wholeWarp = shuffle.Width == 0 || shuffle.Width >= configuration.Lanes;
        bool one = shuffle.Kind == ShuffleKind.Broadcast || (shuffle.Kind == ShuffleKind.Index && wholeWarp);
        return one && this[shuffle.Lane].IsUniform ? ValueShape.WarpUniform : ValueShape.Varying;
    }

    /// <summary>At least one operand is strided or varying.</summary>
    private ValueShape? StridedTransfer(Instruction instruction)
    {
        switch (instruction)
        {
            case ElementAddress address:
                ValueShape pointer = this[address.Pointer];
                ValueShape position = this[address.Index];
                if (pointer.IsVarying || position.IsVarying)
                    return null;
                return ValueShape.Strided(pointer.Stride + position.Stride * localMemory.ScaleOf(address));
            case Binary { Type: IrType.I32 or IrType.I64 } binary:
                ValueShape left = this[binary.Left];
                ValueShape right = this[binary.Right];
                if (left.IsVarying || right.IsVarying)
                    return null;
                long? stride = binary.Op switch
                {
                    BinaryOp.Add => left.Stride + right.Stride,
                    BinaryOp.Sub => left.Stride - right.Stride,
                    BinaryOp.Mul when binary.Right is Constant c => left.Stride * c.SignedValue,
                    BinaryOp.Mul when binary.Left is Constant c => right.Stride * c.SignedValue,
                    BinaryOp.Shl when binary.Right is Constant c =>
                        left.Stride << ((int)c.Bits & (SimdConfiguration.LaneBytes(binary.Type) * 8 - 1)),
                    _ => null,
                };
                return Strided(stride, binary.Type);
            case Unary { Op: UnaryOp.Neg, Type: IrType.I32 or IrType.I64 } unary when this[unary.Operand].IsStrided:
                return Strided(-this[unary.Operand].Stride, unary.Type);
            case Convert { Op: ConvertOp.SignExtend, Operand.Type: IrType.I32, Type: IrType.I64 } convert:
                return this[convert.Operand];
            case Convert { Op: ConvertOp.Truncate, Operand.Type: IrType.I64, Type: IrType.I32 } convert
                when this[convert.Operand].IsStrided:
                return Strided(this[convert.Operand].Stride, IrType.I32);
            case Select select when this[select.Condition].IsUniform && this[select.WhenTrue] == this[select.WhenFalse]:
                return this[select.WhenTrue];
            default:
                return null;
        }
    }

    private static ValueShape? Strided(long? stride, IrType type) =>
        stride is not { } s ? null : ValueShape.Strided(type == IrType.I32 ? (int)s : s);

    /// <summary>
    /// An I32 that wraps between two lanes is not strided any more once it is widened. Addresses may ignore that (an index does not
    /// overflow when scaled), values may not.
    /// </summary>
    private bool DemoteWrappingIndices()
    {
        bool changed = false;
        foreach (Instruction instruction in kernel.Instructions)
        {
            if (instruction is Convert { Op: ConvertOp.SignExtend } && this[instruction].IsStrided && !OnlyAddresses(instruction, []))
                changed |= forcedVarying.Add(instruction);
        }
        return changed;
    }

    private bool OnlyAddresses(Value value, HashSet<Value> seen) => !seen.Add(value) || value.Users.All(user => user switch
    {
        ElementAddress => true,
        Convert { Op: ConvertOp.Truncate } => true,
        Binary or Phi => this[user].IsStrided && OnlyAddresses(user, seen),
        _ => false,
    });
}
