namespace GpuVae.Simd.Ir;

/// <summary>
/// <c>pointer + index · ElementSize + Offset</c> in bytes. The index is I32 or I64, signed; an I32 index, and the additions that form
/// it, are taken not to overflow. This is the only arithmetic on pointers, so that bounds, strides and alignment stay visible.
/// </summary>
internal sealed class ElementAddress(Value pointer, Value index, int elementSize, int offset = 0)
    : Instruction(IrType.Pointer, pointer.Space, pointer, index)
{
    public Value Pointer => Operands[0];
    public Value Index => Operands[1];
    public int ElementSize { get; } = elementSize;
    public int Offset { get; } = offset;
}

/// <summary>
/// The pointer itself, which the kernel promises to be a multiple of <see cref="Alignment"/> bytes. It ends as the alignment of the loads
/// and stores behind it; backends never see it.
/// </summary>
internal sealed class AlignedPointer(Value pointer, int alignment) : Instruction(IrType.Pointer, pointer.Space, pointer)
{
    public Value Pointer => Operands[0];
    public int Alignment { get; } = alignment;
}

/// <summary>A hint that the memory will be read or written soon; changes nothing, and any address will do.</summary>
internal sealed class Prefetch(Value pointer) : Instruction(IrType.Void, AddressSpace.None, pointer)
{
    public Value Pointer => Operands[0];
}

/// <summary>A load, store or atomic; the pointer is its first operand.</summary>
internal abstract class MemoryAccess(IrType type, Value pointer, params ReadOnlySpan<Value> others)
    : Instruction(type, AddressSpace.None, [pointer, .. others])
{
    public Value Pointer => Operands[0];

    /// <summary>What is read or written.</summary>
    public virtual IrType AccessType => Type;
}

/// <summary>Loads one scalar of <see cref="Value.Type"/>. <see cref="Alignment"/> is what is known of the address, in bytes.</summary>
internal sealed class Load(Value pointer, IrType type, int alignment) : MemoryAccess(type, pointer)
{
    /// <summary>Raised by an analysis.</summary>
    public int Alignment { get; set; } = alignment;

    /// <summary>Set by an analysis: no store or atomic of this kernel can reach the memory that is read.</summary>
    public bool IsReadOnly { get; set; }
}

internal sealed class Store(Value pointer, Value value, int alignment) : MemoryAccess(IrType.Void, pointer, value)
{
    public Value StoredValue => Operands[1];
    public override IrType AccessType => StoredValue.Type;

    /// <summary>Raised by an analysis.</summary>
    public int Alignment { get; set; } = alignment;
}

internal enum AtomicOp : byte
{
    Add, Min, Max, MinUnsigned, MaxUnsigned, And, Or, Xor, Exchange,
}

/// <summary>Read-modify-write; the result is the old value.</summary>
internal sealed class Atomic(AtomicOp op, Value pointer, Value operand) : MemoryAccess(operand.Type, pointer, operand)
{
    public AtomicOp Op { get; } = op;
    public Value Operand => Operands[1];
}

/// <summary>Stores <see cref="Replacement"/> where memory holds <see cref="Comparand"/> (bitwise); the result is the old value.</summary>
internal sealed class AtomicCompareExchange(Value pointer, Value comparand, Value replacement)
    : MemoryAccess(replacement.Type, pointer, comparand, replacement)
{
    public Value Comparand => Operands[1];
    public Value Replacement => Operands[2];
}
