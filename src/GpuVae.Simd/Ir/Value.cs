namespace GpuVae.Simd.Ir;

/// <summary>Anything an instruction can take as an operand. Keeps the list of its users, one entry per operand slot.</summary>
internal abstract class Value(IrType type, AddressSpace space = AddressSpace.None)
{
    private List<Instruction> users = [];

    public IrType Type { get; } = type;

    /// <summary>The address space of a pointer; <see cref="AddressSpace.None"/> for everything else.</summary>
    public AddressSpace Space { get; } = space;
    public IReadOnlyList<Instruction> Users => users;
    internal void AddUser(Instruction user) => users.Add(user);

    internal void RemoveUser(Instruction user)
    {
        // Passes mostly unlink what they linked last; the order of users means nothing.
        int index = users.LastIndexOf(user);
        users[index] = users[^1];
        users.RemoveAt(users.Count - 1);
    }

    /// <summary>For a copy, whose users are its own.</summary>
    protected void ForgetUsers() => users = [];

    public void ReplaceAllUsesWith(Value replacement)
    {
        if (ReferenceEquals(this, replacement))
            return;
        while (users.Count > 0)
        {
            Instruction user = users[^1];
            for (int i = 0; i < user.Operands.Count; i++)
            {
                if (ReferenceEquals(user.Operands[i], this))
                    user.SetOperand(i, replacement);
            }
        }
    }
}

/// <summary>A literal. Integers and Bool are stored zero-extended, F32 and F64 as their IEEE bits.</summary>
internal sealed class Constant : Value
{
    private Constant(IrType type, ulong bits, AddressSpace space = AddressSpace.None) : base(type, space) => Bits = bits;

    public ulong Bits { get; }
    public static Constant Bool(bool value) => new(IrType.Bool, value ? 1UL : 0UL);
    public static Constant Int(int value) => new(IrType.I32, (uint)value);
    public static Constant Long(long value) => new(IrType.I64, (ulong)value);
    public static Constant Float(float value) => new(IrType.F32, BitConverter.SingleToUInt32Bits(value));
    public static Constant Double(double value) => new(IrType.F64, BitConverter.DoubleToUInt64Bits(value));
    public static Constant Null(AddressSpace space) => new(IrType.Pointer, 0, space);

    /// <summary>The address of one of a kernel's tables.</summary>
    public static Constant Table(ulong address) => new(IrType.Pointer, address, AddressSpace.Global);

    /// <summary>The same value, or two equal constants.</summary>
    public static bool AreSame(Value a, Value b) => ReferenceEquals(a, b)
        || (a is Constant x && b is Constant y && x.Type == y.Type && x.Space == y.Space && x.Bits == y.Bits);

    /// <summary>A constant of any scalar type from its bits; the bits above the type's width are cut off.</summary>
    public static Constant FromBits(IrType type, ulong bits) => new(type, type.Cut(bits));

    /// <summary>The integer value, sign-extended from the type's width.</summary>
    public long SignedValue => Type.SignExtend(Bits);
    public float FloatValue => BitConverter.UInt32BitsToSingle((uint)Bits);
    public double DoubleValue => BitConverter.UInt64BitsToDouble(Bits);
}

internal enum ParameterKind : byte
{
    Scalar,

    /// <summary>The address part of a view. Its length is the parameter with slot <c>Slot + 1</c>.</summary>
    ViewPointer,
    ViewLength,

    /// <summary>The launch extent along one axis of an implicitly grouped kernel (I32).</summary>
    Extent,
}

/// <summary>One scalar leaf of a kernel's parameters; see the parameter layout for the slots.</summary>
internal sealed class Parameter(string name, ParameterKind kind, IrType type, int slot, int elementSize = 0)
    : Value(type, type == IrType.Pointer ? AddressSpace.Global : AddressSpace.None)
{
    /// <summary>The path in the kernel's signature, such as <c>weights.pointer</c>.</summary>
    public string Name { get; } = name;
    public ParameterKind Kind { get; } = kind;

    /// <summary>Index of the 8-byte slot in the argument block.</summary>
    public int Slot { get; } = slot;

    /// <summary>For a view's pointer: bytes per element.</summary>
    public int ElementSize { get; } = elementSize;
}

/// <summary>Shared or local memory of constant extent, or (with <see cref="Count"/> = 0) the dynamic shared memory of the launch.</summary>
internal sealed class Allocation(AddressSpace space, IrType elementType, int elementSize, int count) : Value(IrType.Pointer, space)
{
    /// <summary>The scalar type of the elements; <see cref="IrType.Void"/> for structs of mixed scalars.</summary>
    public IrType ElementType { get; } = elementType;
    public int ElementSize { get; } = elementSize;
    public int Count { get; } = count;
    public bool IsDynamic => Count == 0;
    public int SizeInBytes => Count * ElementSize;
}
