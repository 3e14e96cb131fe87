using GpuVae.Simd.Ir;

namespace GpuVae.Simd.Frontend;

/// <summary>
/// A value on the IL stack, taken apart. Integers narrower than 32 bits and bools are held as I32 here, as IL does; inside
/// structs and variables leaves keep their own width.
/// </summary>
/// <param name="Type">The C# type as far as it is known; for managed and raw pointers the type of the pointer.</param>
/// <param name="Leaves">The scalars.</param>
/// <param name="Alignment">For a pointer: what the address is a multiple of, or 0 for the natural alignment of what is accessed.</param>
internal sealed record Operand(Type Type, Value[] Leaves, int Alignment = 0)
{
    public Value Single => Leaves[0];
}

/// <summary>One scalar of a local, an argument, or a stack slot at a block boundary, to be renamed into SSA values.</summary>
/// <param name="name">For messages.</param>
/// <param name="type">Its type while nothing has been stored.</param>
internal sealed class Variable(string name, IrType type)
{
    public string Name { get; } = name;
    public IrType Type { get; } = type;

    /// <summary>Where a pointer points, as far as it is known before anything is stored.</summary>
    public AddressSpace Space { get; init; }

    /// <summary>
    /// The call the variable belongs to, and its index there; a loop of another call cannot store to it unless it is addressed.
    /// </summary>
    public object? Owner { get; init; }
    public int Index { get; init; }
    public bool IsArgument { get; init; }
    public bool IsAddressed { get; init; }
}

/// <summary>A value that exists only while compiling and must not depend on control flow.</summary>
internal abstract class CompileTimeValue(IrType type) : Value(type);

/// <summary>A managed pointer to variables: where they are is known statically, so it needs no memory.</summary>
internal sealed class PlaceValue(Variable[] variables, int first, Type type) : CompileTimeValue(IrType.Pointer)
{
    public Variable[] Variables { get; } = variables;
    public int First { get; } = first;
    public Type PlaceType { get; } = type;

    /// <summary>Two managed pointers to the same place are the same value.</summary>
    public bool IsSamePlace(PlaceValue other) =>
        ReferenceEquals(Variables, other.Variables) && First == other.First && PlaceType == other.PlaceType;
}

/// <summary>An object that the compiler knows: a string literal, a Type, null.</summary>
internal sealed class HostValue(object? value) : CompileTimeValue(IrType.Void)
{
    /// <summary>A reference whose target nobody may look at, such as the buffer behind a view.</summary>
    public static readonly object Opaque = new();

    public object? Value { get; } = value;
}
