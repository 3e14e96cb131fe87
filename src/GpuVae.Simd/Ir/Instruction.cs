namespace GpuVae.Simd.Ir;

/// <summary>Where an instruction came from; the line is 0 where there is no PDB.</summary>
internal sealed record SourceLocation(string Method, string? File, int Line, int IlOffset)
{
    public override string ToString() => File is null ? $"{Method} (IL_{IlOffset:x4})" : $"{Method} ({Path.GetFileName(File)}:{Line})";
}

/// <summary>An operation in SSA form. Its result, if it has one, is the instruction itself.</summary>
internal abstract class Instruction : Value
{
    private List<Value> operands = [];

    protected Instruction(IrType type, AddressSpace space, params ReadOnlySpan<Value> operands) : base(type, space)
    {
        foreach (Value operand in operands)
            AppendOperand(operand);
    }

    public BasicBlock? Block { get; internal set; }

    public SourceLocation? Location { get; set; }

    public IReadOnlyList<Value> Operands => operands;

    /// <summary>True where removing the instruction would change what the kernel does, even if nobody uses its result.</summary>
    public virtual bool HasSideEffects => false;

    public void SetOperand(int index, Value value)
    {
        operands[index].RemoveUser(this);
        operands[index] = value;
        value.AddUser(this);
    }

    protected void AppendOperand(Value value)
    {
        operands.Add(value);
        value.AddUser(this);
    }

    protected void RemoveOperandAt(int index)
    {
        operands[index].RemoveUser(this);
        operands.RemoveAt(index);
    }

    /// <summary>Unlinks the operands; call it when the instruction leaves the kernel for good.</summary>
    public void DropOperands()
    {
        foreach (Value operand in operands)
            operand.RemoveUser(this);
        operands.Clear();
    }

    /// <summary>A copy with each operand mapped, attached to no block and without users.</summary>
    public Instruction Clone(Func<Value, Value> map)
    {
        Instruction copy = CloneDetached();
        copy.Location = Location;
        return copy;

        Instruction CloneDetached() => Recreate([.. operands.Select(map)]);
    }

    /// <summary>Makes the same instruction with other operands.</summary>
    protected abstract Instruction Recreate(Value[] operands);
}

internal enum UnaryOp : byte
{
    /// <summary>Negation of an integer or float.</summary>
    Neg,

    /// <summary>Bitwise complement; logical complement of Bool.</summary>
    Not,
    Abs,
    PopCount,
    LeadingZeroCount,
    TrailingZeroCount,
    Sqrt,
    Rsqrt,
    Rcp,
    Exp,
    Exp2,
    Log,
    Log2,
    Log10,
    Sin,
    Cos,
    Tan,
    Asin,
    Acos,
    Atan,
    Sinh,
    Cosh,
    Tanh,
    Floor,
    Ceiling,
    RoundToEven,
    Truncate,
    IsNaN,
    IsInfinity,
    IsFinite,
}

internal sealed class Unary(UnaryOp op, Value operand) : Instruction(ResultType(op, operand.Type), AddressSpace.None, operand)
{
    public UnaryOp Op { get; } = op;

    public Value Operand => Operands[0];

    protected override Instruction Recreate(Value[] operands) => new Unary(Op, operands[0]);

    private static IrType ResultType(UnaryOp op, IrType operand) => op switch
    {
        UnaryOp.IsNaN or UnaryOp.IsInfinity or UnaryOp.IsFinite => IrType.Bool,
        UnaryOp.PopCount or UnaryOp.LeadingZeroCount or UnaryOp.TrailingZeroCount => IrType.I32,
        _ => operand,
    };
}

/// <summary>Two operands of one type, the result of the same. The <c>…Unsigned</c> forms differ only for integers.</summary>
internal enum BinaryOp : byte
{
    Add,
    Sub,
    Mul,
    Div,
    DivUnsigned,
    Rem,
    RemUnsigned,
    And,
    Or,
    Xor,

    /// <summary>Shifts take an I32 count, which is masked to the operand's width as C# does.</summary>
    Shl,
    Shr,
    ShrUnsigned,

    /// <summary>For floats Min and Max follow IEEE 754-2019 minimum/maximum as Math.Min/Max do: a NaN operand gives NaN.</summary>
    Min,
    Max,
    MinUnsigned,
    MaxUnsigned,

    /// <summary>High half of the unsigned product of two I32 or I64.</summary>
    MulHighUnsigned,
    Pow,
    Atan2,
    CopySign,
}

internal sealed class Binary(BinaryOp op, Value left, Value right) : Instruction(left.Type, left.Space, left, right)
{
    public BinaryOp Op { get; } = op;

    public Value Left => Operands[0];

    public Value Right => Operands[1];

    protected override Instruction Recreate(Value[] operands) => new Binary(Op, operands[0], operands[1]);
}

/// <summary>a·b + c with one rounding (or two, where the device has no fused form).</summary>
internal sealed class Fma(Value a, Value b, Value c) : Instruction(a.Type, AddressSpace.None, a, b, c)
{
    public Value A => Operands[0];

    public Value B => Operands[1];

    public Value C => Operands[2];

    protected override Instruction Recreate(Value[] operands) => new Fma(operands[0], operands[1], operands[2]);
}

/// <summary>
/// Comparison to Bool. For floats the plain forms are ordered (false when an operand is NaN) except <see cref="Ne"/>, which is
/// true then; the <c>…OrUnordered</c> forms are true when an operand is NaN. For integers these are the unsigned forms instead.
/// </summary>
internal enum CompareOp : byte
{
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    LtUnsigned,
    LeUnsigned,
    GtUnsigned,
    GeUnsigned,
    LtOrUnordered,
    LeOrUnordered,
    GtOrUnordered,
    GeOrUnordered,
}

internal sealed class Compare(CompareOp op, Value left, Value right) : Instruction(IrType.Bool, AddressSpace.None, left, right)
{
    public CompareOp Op { get; } = op;

    public Value Left => Operands[0];

    public Value Right => Operands[1];

    /// <summary>The operation that holds exactly where this one does not, NaNs included.</summary>
    public CompareOp Inverse
    {
        get
        {
            bool isFloat = Left.Type.IsFloat();
            return Op switch
            {
                CompareOp.Eq => CompareOp.Ne,
                CompareOp.Ne => CompareOp.Eq,
                CompareOp.Lt => isFloat ? CompareOp.GeOrUnordered : CompareOp.Ge,
                CompareOp.Le => isFloat ? CompareOp.GtOrUnordered : CompareOp.Gt,
                CompareOp.Gt => isFloat ? CompareOp.LeOrUnordered : CompareOp.Le,
                CompareOp.Ge => isFloat ? CompareOp.LtOrUnordered : CompareOp.Lt,
                CompareOp.LtUnsigned => CompareOp.GeUnsigned,
                CompareOp.LeUnsigned => CompareOp.GtUnsigned,
                CompareOp.GtUnsigned => CompareOp.LeUnsigned,
                CompareOp.GeUnsigned => CompareOp.LtUnsigned,
                CompareOp.LtOrUnordered => CompareOp.Ge,
                CompareOp.LeOrUnordered => CompareOp.Gt,
                CompareOp.GtOrUnordered => CompareOp.Le,
                _ => CompareOp.Lt,
            };
        }
    }

    protected override Instruction Recreate(Value[] operands) => new Compare(Op, operands[0], operands[1]);
}

internal enum ConvertOp : byte
{
    SignExtend,

    /// <summary>Integer widening with zeros; also Bool → integer.</summary>
    ZeroExtend,
    Truncate,
    SignedToFloat,
    UnsignedToFloat,

    /// <summary>Towards zero; saturating, NaN gives 0 (what .NET 9 and later define for C# casts).</summary>
    FloatToSigned,
    FloatToUnsigned,

    /// <summary>Between F16, F32 and F64, rounding to nearest even.</summary>
    FloatToFloat,

    /// <summary>Same bits, other type of the same size.</summary>
    Bitcast,
}

internal sealed class Convert(ConvertOp op, Value operand, IrType type) : Instruction(type, operand.Space, operand)
{
    public ConvertOp Op { get; } = op;

    public Value Operand => Operands[0];

    protected override Instruction Recreate(Value[] operands) => new Convert(Op, operands[0], Type);
}

internal sealed class Select(Value condition, Value whenTrue, Value whenFalse)
    : Instruction(whenTrue.Type, whenTrue.Space, condition, whenTrue, whenFalse)
{
    public Value Condition => Operands[0];

    public Value WhenTrue => Operands[1];

    public Value WhenFalse => Operands[2];

    protected override Instruction Recreate(Value[] operands) => new Select(operands[0], operands[1], operands[2]);
}

/// <summary>One operand per predecessor of its block, in the order of <see cref="IncomingBlocks"/>.</summary>
internal sealed class Phi(IrType type, AddressSpace space = AddressSpace.None) : Instruction(type, space)
{
    private readonly List<BasicBlock> incomingBlocks = [];

    public IReadOnlyList<BasicBlock> IncomingBlocks => incomingBlocks;

    public void AddIncoming(BasicBlock from, Value value)
    {
        incomingBlocks.Add(from);
        AppendOperand(value);
    }

    public void RemoveIncoming(BasicBlock from)
    {
        int index = incomingBlocks.IndexOf(from);
        incomingBlocks.RemoveAt(index);
        RemoveOperandAt(index);
    }

    public void ReplaceIncomingBlock(BasicBlock from, BasicBlock replacement) => incomingBlocks[incomingBlocks.IndexOf(from)] = replacement;

    public Value ValueFrom(BasicBlock from) => Operands[incomingBlocks.IndexOf(from)];

    /// <summary>The copy has no incoming edges yet: the cloner knows the new blocks and adds them.</summary>
    protected override Instruction Recreate(Value[] operands) => new Phi(Type, Space);
}

/// <summary>
/// <c>pointer + index · ElementSize + Offset</c> in bytes. The index is I32 or I64, signed; an I32 index, and the additions that form
/// it, are taken not to overflow. This is the only arithmetic on pointers, so that bounds, strides and alignment stay visible to the analyses.
/// </summary>
internal sealed class ElementAddress(Value pointer, Value index, int elementSize, int offset = 0)
    : Instruction(IrType.Pointer, pointer.Space, pointer, index)
{
    public Value Pointer => Operands[0];

    public Value Index => Operands[1];

    public int ElementSize { get; } = elementSize;

    public int Offset { get; } = offset;

    protected override Instruction Recreate(Value[] operands) => new ElementAddress(operands[0], operands[1], ElementSize, Offset);
}

/// <summary>
/// The pointer itself, which the kernel promises to be a multiple of <see cref="Alignment"/> bytes. It ends as the alignment of the loads
/// and stores behind it; backends never see it.
/// </summary>
internal sealed class AlignedPointer(Value pointer, int alignment) : Instruction(IrType.Pointer, pointer.Space, pointer)
{
    public Value Pointer => Operands[0];

    public int Alignment { get; } = alignment;

    protected override Instruction Recreate(Value[] operands) => new AlignedPointer(operands[0], Alignment);
}

/// <summary>Loads one scalar of <see cref="Value.Type"/>. <see cref="Alignment"/> is what is known of the address, in bytes.</summary>
internal sealed class Load(Value pointer, IrType type, int alignment) : Instruction(type, AddressSpace.None, pointer)
{
    public Value Pointer => Operands[0];

    /// <summary>Raised by an analysis.</summary>
    public int Alignment { get; set; } = alignment;

    /// <summary>Set by an analysis: no store or atomic of this kernel can reach the memory that is read.</summary>
    public bool IsReadOnly { get; set; }

    protected override Instruction Recreate(Value[] operands) => new Load(operands[0], Type, Alignment) { IsReadOnly = IsReadOnly };
}

internal sealed class Store(Value pointer, Value value, int alignment) : Instruction(IrType.Void, AddressSpace.None, pointer, value)
{
    public Value Pointer => Operands[0];

    public Value StoredValue => Operands[1];

    /// <summary>Raised by an analysis.</summary>
    public int Alignment { get; set; } = alignment;

    public override bool HasSideEffects => true;

    protected override Instruction Recreate(Value[] operands) => new Store(operands[0], operands[1], Alignment);
}

internal enum AtomicOp : byte
{
    Add,
    Min,
    Max,
    MinUnsigned,
    MaxUnsigned,
    And,
    Or,
    Xor,
    Exchange,
}

/// <summary>Read-modify-write; the result is the old value.</summary>
internal sealed class Atomic(AtomicOp op, Value pointer, Value operand) : Instruction(operand.Type, AddressSpace.None, pointer, operand)
{
    public AtomicOp Op { get; } = op;

    public Value Pointer => Operands[0];

    public Value Operand => Operands[1];

    public override bool HasSideEffects => true;

    protected override Instruction Recreate(Value[] operands) => new Atomic(Op, operands[0], operands[1]);
}

/// <summary>Stores <see cref="Replacement"/> where memory holds <see cref="Comparand"/> (bitwise); the result is the old value.</summary>
internal sealed class AtomicCompareExchange(Value pointer, Value comparand, Value replacement)
    : Instruction(replacement.Type, AddressSpace.None, pointer, comparand, replacement)
{
    public Value Pointer => Operands[0];

    public Value Comparand => Operands[1];

    public Value Replacement => Operands[2];

    public override bool HasSideEffects => true;

    protected override Instruction Recreate(Value[] operands) => new AtomicCompareExchange(operands[0], operands[1], operands[2]);
}

internal enum BarrierKind : byte
{
    Group,
    GroupPopCount,
    GroupAnd,
    GroupOr,
    Warp,
}

/// <summary>A barrier; the predicate forms take a Bool and give I32 (count) or Bool, the same in every thread of the group.</summary>
internal sealed class Barrier : Instruction
{
    public Barrier(BarrierKind kind, params ReadOnlySpan<Value> predicate) : base(ResultType(kind), AddressSpace.None, predicate) =>
        Kind = kind;

    public BarrierKind Kind { get; }

    public override bool HasSideEffects => true;

    protected override Instruction Recreate(Value[] operands) => new Barrier(Kind, operands);

    private static IrType ResultType(BarrierKind kind) => kind switch
    {
        BarrierKind.GroupPopCount => IrType.I32,
        BarrierKind.GroupAnd or BarrierKind.GroupOr => IrType.Bool,
        _ => IrType.Void,
    };
}

internal enum FenceLevel : byte
{
    Group,
    Device,
    System,
}

internal sealed class Fence(FenceLevel level) : Instruction(IrType.Void, AddressSpace.None)
{
    public FenceLevel Level { get; } = level;

    public override bool HasSideEffects => true;

    protected override Instruction Recreate(Value[] operands) => new Fence(Level);
}

internal enum ShuffleKind : byte
{
    /// <summary>The lane operand is the source lane, within the segment of <see cref="Shuffle.Width"/> lanes.</summary>
    Index,
    Down,
    Up,
    Xor,

    /// <summary>Warp broadcast: the source lane is the same in every lane.</summary>
    Broadcast,
}

/// <summary>Warp shuffle of a 32- or 64-bit value; the frontend splits and widens others. A width of 0 means the whole warp.</summary>
internal sealed class Shuffle(ShuffleKind kind, Value value, Value lane, int width)
    : Instruction(value.Type, AddressSpace.None, value, lane)
{
    public ShuffleKind Kind { get; } = kind;

    public Value ShuffledValue => Operands[0];

    public Value Lane => Operands[1];

    public int Width { get; } = width;

    /// <summary>It communicates: it may not move across control flow, though an unused one may go.</summary>
    public override bool HasSideEffects => false;

    protected override Instruction Recreate(Value[] operands) => new Shuffle(Kind, operands[0], operands[1], Width);
}

/// <summary>
/// The value of one thread (linear index in the group, the same in all threads) given to the whole group; acts as a barrier.
/// </summary>
internal sealed class GroupBroadcast(Value value, Value thread) : Instruction(value.Type, AddressSpace.None, value, thread)
{
    public Value BroadcastValue => Operands[0];

    public Value Thread => Operands[1];

    public override bool HasSideEffects => true;

    protected override Instruction Recreate(Value[] operands) => new GroupBroadcast(operands[0], operands[1]);
}

internal enum GeometryKind : byte
{
    GroupIdxX,
    GroupIdxY,
    GroupIdxZ,
    GroupDimX,
    GroupDimY,
    GroupDimZ,
    GridIdxX,
    GridIdxY,
    GridIdxZ,
    GridDimX,
    GridDimY,
    GridDimZ,
    LaneIndex,

    /// <summary>The warp's index within its group: linear thread index / warp size.</summary>
    WarpIndex,
    WarpSize,

    /// <summary>Bytes of dynamic shared memory of this launch.</summary>
    DynamicSharedBytes,
}

/// <summary>A launch coordinate (I32).</summary>
internal sealed class Geometry(GeometryKind kind) : Instruction(IrType.I32, AddressSpace.None)
{
    public GeometryKind Kind { get; } = kind;

    protected override Instruction Recreate(Value[] operands) => new Geometry(Kind);
}

/// <summary>Checked mode only: reports when <see cref="Index"/> is outside [0, <see cref="Length"/>).</summary>
internal sealed class BoundsCheck(Value index, Value length) : Instruction(IrType.Void, AddressSpace.None, index, length)
{
    public Value Index => Operands[0];

    public Value Length => Operands[1];

    public override bool HasSideEffects => true;

    protected override Instruction Recreate(Value[] operands) => new BoundsCheck(operands[0], operands[1]);
}

/// <summary>Checked mode and assertions: reports when the condition is false.</summary>
internal sealed class Assert(Value condition, string message) : Instruction(IrType.Void, AddressSpace.None, condition)
{
    public Value Condition => Operands[0];

    public string Message { get; } = message;

    public override bool HasSideEffects => true;

    protected override Instruction Recreate(Value[] operands) => new Assert(operands[0], Message);
}

/// <summary>Interop.Write / WriteLine: a .NET composite format and its scalar arguments.</summary>
internal sealed class Print : Instruction
{
    public Print(string format, params ReadOnlySpan<Value> arguments) : base(IrType.Void, AddressSpace.None, arguments) => Format = format;

    public string Format { get; }

    public override bool HasSideEffects => true;

    protected override Instruction Recreate(Value[] operands) => new Print(Format, operands);
}

/// <summary>Ends a block. Its successors are kept in step with the predecessor lists by <see cref="BasicBlock.Terminator"/>.</summary>
internal abstract class Terminator(params ReadOnlySpan<Value> operands) : Instruction(IrType.Void, AddressSpace.None, operands)
{
    public abstract IReadOnlyList<BasicBlock> Successors { get; }

    public override bool HasSideEffects => true;

    /// <summary>The same terminator with other targets, attached to no block.</summary>
    public abstract Terminator WithTargets(Func<Value, Value> mapValue, Func<BasicBlock, BasicBlock> mapBlock);

    protected override Instruction Recreate(Value[] operands) => throw new InvalidOperationException("clone terminators with WithTargets");
}

internal sealed class Branch(BasicBlock target) : Terminator
{
    public BasicBlock Target { get; } = target;

    public override IReadOnlyList<BasicBlock> Successors { get; } = [target];

    public override Terminator WithTargets(Func<Value, Value> mapValue, Func<BasicBlock, BasicBlock> mapBlock) =>
        new Branch(mapBlock(Target)) { Location = Location };
}

/// <summary>Two different targets; a conditional branch whose targets agree is written as a <see cref="Branch"/>.</summary>
internal sealed class ConditionalBranch(Value condition, BasicBlock whenTrue, BasicBlock whenFalse) : Terminator(condition)
{
    public Value Condition => Operands[0];

    public BasicBlock WhenTrue { get; } = whenTrue;

    public BasicBlock WhenFalse { get; } = whenFalse;

    public override IReadOnlyList<BasicBlock> Successors { get; } = [whenTrue, whenFalse];

    public override Terminator WithTargets(Func<Value, Value> mapValue, Func<BasicBlock, BasicBlock> mapBlock) =>
        new ConditionalBranch(mapValue(Condition), mapBlock(WhenTrue), mapBlock(WhenFalse)) { Location = Location };
}

internal sealed class Return : Terminator
{
    public override IReadOnlyList<BasicBlock> Successors => [];

    public override Terminator WithTargets(Func<Value, Value> mapValue, Func<BasicBlock, BasicBlock> mapBlock) =>
        new Return { Location = Location };
}
