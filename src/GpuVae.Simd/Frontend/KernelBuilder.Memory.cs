using System.Reflection;
using GpuVae.Simd.Analyses;
using GpuVae.Simd.Ir;
using Convert = GpuVae.Simd.Ir.Convert;

namespace GpuVae.Simd.Frontend;

/// <content>Variables, places, addresses and the scalars behind them.</content>
internal sealed partial class KernelBuilder
{
    /// <summary>A stored value as the IL stack holds it: narrow integers and Bool widen to I32.</summary>
    public Operand FromStorage(Type type, Value[] leaves)
    {
        if (!TypeLayout.Of(type).IsScalar)
            return new Operand(type, leaves);
        Value value = leaves[0];
        return new Operand(type, [value.Type switch
        {
            IrType.Bool => Emit.Extend(value),
            IrType.I8 or IrType.I16 => Emit.Convert(IsUnsigned(type) ? ConvertOp.ZeroExtend : ConvertOp.SignExtend, value, IrType.I32),
            _ => value,
        }]);
    }

    /// <summary>The leaves of a stack value as a variable or memory of a type holds them.</summary>
    public Value[] ToStorage(Operand operand, Type type)
    {
        var layout = TypeLayout.Of(type);
        if (layout.Leaves.Length != operand.Leaves.Length)
        {
            // ldnull for an array or another reference that is no more than a placeholder.
            if (operand.Leaves is [HostValue])
                return [.. layout.Leaves.Select(l => SsaBuilder.DefaultOf(l.Type))];
            throw Refuse(
                $"a {SequencePoints.NameOf(operand.Type)} is used as {SequencePoints.NameOf(type)}",
                "Only structs with the same fields can stand for each other.");
        }
        return [.. operand.Leaves.Select((leaf, i) => ToType(ssa.Resolve(leaf), layout.Leaves[i].Type))];
    }

    /// <summary>What assigning a stack value to a type and reading it back gives.</summary>
    public Operand Coerce(Operand operand, Type type) =>
        FromStorage(type, ToStorage(operand, type)) with { Alignment = operand.Alignment };

    public static bool IsUnsigned(Type type)
    {
        if (type.IsEnum)
            type = type.GetEnumUnderlyingType();
        return type == typeof(nuint)
            || Type.GetTypeCode(type) is TypeCode.Byte or TypeCode.UInt16 or TypeCode.UInt32 or TypeCode.UInt64 or TypeCode.Char
                or TypeCode.Boolean;
    }

    /// <summary>The implicit conversions of IL between stack and storage types.</summary>
    private Value ToType(Value value, IrType type)
    {
        if (value.Type == type)
            return value;
        return (value.Type, type) switch
        {
            (_, IrType.Bool) => Emit.ToBool(value),
            (IrType.Bool, _) => ToType(Emit.Extend(value), type),
            (IrType.Pointer, IrType.I64) when value is not CompileTimeValue => Emit.Convert(ConvertOp.Bitcast, value, IrType.I64),
            (IrType.I64 or IrType.I32, IrType.Pointer) => ToPointer(value),
            _ when value.Type.IsInteger() && type.IsInteger() =>
                Emit.Convert(value.Type < type ? ConvertOp.SignExtend : ConvertOp.Truncate, value, type),
            _ when value.Type.IsFloat() && type.IsFloat() => Emit.Convert(ConvertOp.FloatToFloat, value, type),
            _ => Reinterpret(value, type),
        };
    }

    private Value ToPointer(Value value) => value switch
    {
        Constant { Bits: 0 } => Constant.Null(AddressSpace.None),
        Convert { Op: ConvertOp.Bitcast, Operand: { Type: IrType.Pointer } pointer } => ssa.Resolve(pointer),
        _ => throw Refuse("a number is used as a pointer", "Device pointers come only from views and from adding offsets to pointers."),
    };

    private Value Reinterpret(Value value, IrType type)
    {
        if (value.Type == type)
            return value;
        if ((value.Type, type) is (IrType.Bool, IrType.I8) or (IrType.I8, IrType.Bool))
            return ToType(value, type);
        if (value.Type is IrType.Void or IrType.Bool or IrType.Pointer || type is IrType.Void or IrType.Bool or IrType.Pointer
            || value.Type.SizeOf() != type.SizeOf())
        {
            throw Refuse(
                $"a variable of {value.Type} is read or written as {type}",
                "Reinterpreting needs equal sizes; use Interop.FloatAsInt, or a view and its Cast.");
        }
        return Emit.Convert(ConvertOp.Bitcast, value, type);
    }

    private Slot MakeSlot(Frame owner, string name, Type type, int index, bool isArgument, bool isAddressed, bool needsMemory)
    {
        var layout = TypeLayout.Of(type);
        if (type is { IsByRef: false, IsPointer: false } && (needsMemory || layout.NeedsMemory || layout.HasOverlap))
        {
            if (!layout.IsMemoryType)
                throw Refuse($"the address of {name}, a {SequencePoints.NameOf(type)}, is taken as a raw pointer", "Use a ref instead.");
            return new Slot(type) { Memory = Allocate(AddressSpace.Local, type, 1) };
        }
        IEnumerable<Variable> variables = layout.Leaves.Select(leaf =>
            new Variable(name, leaf.Type) { Owner = owner, Index = index, IsArgument = isArgument, IsAddressed = isAddressed });
        return new Slot(type) { Variables = [.. variables] };
    }

    private Operand LoadSlot(Slot slot)
    {
        if (slot.Fixed is { } value)
            return value;
        return slot.Memory is { } memory
            ? LoadFrom(new Operand(slot.Type.MakePointerType(), [memory], 16), slot.Type)
            : FromStorage(slot.Type, [.. slot.Variables!.Select(ssa.ReadVariable)]);
    }

    private void StoreSlot(Slot slot, Operand value)
    {
        if (slot.Memory is { } memory)
        {
            StoreTo(new Operand(slot.Type.MakePointerType(), [memory], 16), slot.Type, value);
            return;
        }
        Value[] leaves = ToStorage(value, slot.Type);
        for (int i = 0; i < leaves.Length; i++)
            ssa.WriteVariable(slot.Variables![i], leaves[i]);
    }

    private Operand AddressOf(Slot slot)
    {
        Type type = slot.Type.IsByRef ? slot.Type : slot.Type.MakeByRefType();
        return slot.Memory is { } memory
            ? new Operand(type, [memory], 16)
            : new Operand(type, [new PlaceValue(slot.Variables!, 0, slot.Type)]);
    }

    /// <summary>A new variable of a struct type with its address: the target of a constructor.</summary>
    private (Slot Slot, Operand Address) MakeTemporary(Type type)
    {
        Slot slot = MakeSlot(frame, "a new value", type, index: -1, isArgument: false, isAddressed: true, needsMemory: false);
        Operand address = AddressOf(slot);
        Initialize(address, type);
        return (slot, address);
    }

    /// <summary>Shared or local memory of a constant number of elements.</summary>
    public Allocation Allocate(AddressSpace space, Type elementType, int count)
    {
        TypeLayout layout = RequireMemoryType(elementType);
        var allocation = new Allocation(space, layout.CommonScalar, layout.Size, count);
        kernel.Allocations.Add(allocation);
        return allocation;
    }

    /// <summary>The dynamic shared memory, which every request for it shares.</summary>
    public Allocation DynamicShared(Type elementType) =>
        kernel.Allocations.Find(a => a.IsDynamic) ?? Allocate(AddressSpace.Shared, elementType, 0);

    public TypeLayout RequireMemoryType(Type type)
    {
        var layout = TypeLayout.Of(type);
        return layout.IsMemoryType
            ? layout
            : throw Refuse(
                $"{SequencePoints.NameOf(type)} is kept in memory",
                "Buffers and arrays hold scalars and structs of scalars; views and references stay in locals.");
    }

    /// <summary>Reads a type through a managed or raw pointer.</summary>
    public Operand LoadFrom(Operand address, Type type)
    {
        var layout = TypeLayout.Of(type);
        if (ssa.Resolve(address.Single) is PlaceValue place)
        {
            Variable[] variables = VariablesAt(place, layout);
            var values = new Value[layout.Leaves.Length];
            for (int i = 0; i < values.Length; i++)
                values[i] = Reinterpret(ssa.ReadVariable(variables[i]), layout.Leaves[i].Type);
            return FromStorage(type, values);
        }
        RequireMemoryType(type);
        RequirePointer(address);
        var leaves = new Value[layout.Leaves.Length];
        for (int i = 0; i < leaves.Length; i++)
        {
            if (layout.Leaves[i].Type == IrType.Pointer)
                throw Refuse(
                    "a pointer is loaded from memory", "Its address space would be unknown; keep pointers in locals and parameters.");
            (Value pointer, int alignment) = LeafAddress(address, layout, i);
            leaves[i] = Append(new Load(pointer, layout.Leaves[i].Type, alignment));
        }
        return FromStorage(type, leaves);
    }

    public void StoreTo(Operand address, Type type, Operand value)
    {
        var layout = TypeLayout.Of(type);
        Value[] leaves = ToStorage(value, type);
        if (ssa.Resolve(address.Single) is PlaceValue place)
        {
            Variable[] variables = VariablesAt(place, layout);
            for (int i = 0; i < leaves.Length; i++)
                ssa.WriteVariable(variables[i], variables[i].Type == IrType.Void ? leaves[i] : Reinterpret(leaves[i], variables[i].Type));
            return;
        }
        RequireMemoryType(type);
        RequirePointer(address);
        if (PointerOrigins.Of(ssa.Resolve(address.Single)) is Constant { Bits: not 0 })
            throw Refuse("an element of a constant array is written", "Copy the elements to LocalMemory, or pass a view.");
        for (int i = 0; i < leaves.Length; i++)
        {
            if (layout.Leaves[i].Type == IrType.Pointer)
                throw Refuse("a pointer is stored to memory", "Its address space would be lost; keep pointers in locals and parameters.");
            (Value pointer, int alignment) = LeafAddress(address, layout, i);
            Append(new Store(pointer, leaves[i], alignment));
        }
    }

    /// <summary>Writes default(T) through a managed or raw pointer.</summary>
    public void Initialize(Operand address, Type type) => StoreTo(address, type, DefaultOf(type));

    public Operand DefaultOf(Type type)
    {
        Value[] leaves = [.. TypeLayout.Of(type).Leaves.Select(l => SsaBuilder.DefaultOf(l.Type))];
        return FromStorage(type, leaves);
    }

    /// <summary>The address of an element of a view or array.</summary>
    public Operand ElementAddressOf(Value pointer, Value index, Value length, Type elementType)
    {
        TypeLayout layout = RequireMemoryType(elementType);
        if (Target.Kind == TargetKind.Checked)
            Append(new BoundsCheck(ToType(ssa.Resolve(index), IrType.I64), ssa.Resolve(length)));
        return new Operand(elementType.MakeByRefType(), [Emit.Element(pointer, index, layout.Size)], layout.Alignment);
    }

    /// <summary>The memory behind a pointer operand; atomics, casts and pointer arithmetic need one.</summary>
    public Value RequireMemory(Operand address)
    {
        RequirePointer(address);
        return ssa.Resolve(address.Single) is PlaceValue
            ? throw Refuse(
                "an atomic or pointer arithmetic is applied to a local variable",
                "Use an element of a view, of SharedMemory or of LocalMemory.")
            : ssa.Resolve(address.Single);
    }

    private void RequirePointer(Operand address)
    {
        if (address.Single.Type != IrType.Pointer)
            throw Refuse($"a {SequencePoints.NameOf(address.Type)} is used as an address", "Device pointers come only from views.");
    }

    private (Value Pointer, int Alignment) LeafAddress(Operand address, TypeLayout layout, int leaf)
    {
        int offset = layout.OffsetOfLeaf(leaf);
        int alignment = address.Alignment == 0
            ? layout.Leaves[leaf].Type.SizeOf()
            : Emitter.AlignmentAt(address.Alignment, offset);
        return (Emit.Offset(address.Single, offset), alignment);
    }

    private Variable[] VariablesAt(PlaceValue place, TypeLayout layout)
    {
        if (place.First + layout.Leaves.Length > place.Variables.Length)
        {
            throw Refuse(
                $"a local {SequencePoints.NameOf(place.PlaceType)} is accessed as {SequencePoints.NameOf(layout.Type)}",
                "Use LocalMemory and a view's Cast to see the same memory as another type.");
        }
        return place.Variables[place.First..(place.First + layout.Leaves.Length)];
    }

    private Operand FieldAddress(Operand target, FieldInfo field)
    {
        Type type = field.FieldType.IsByRef ? field.FieldType : field.FieldType.MakeByRefType();
        var owner = TypeLayout.Of(RequireStruct(field));
        if (owner.IsWhole)
            return new Operand(type, target.Leaves, target.Alignment);
        (int First, TypeLayout Layout, int FieldIndex) found = owner.Find(field);
        if (ssa.Resolve(target.Single) is PlaceValue place)
            return new Operand(type, [new PlaceValue(place.Variables, place.First + found.First, field.FieldType)]);
        RequirePointer(target);
        int offset = owner.OffsetOfField(field);
        int alignment = target.Alignment == 0 ? 0 : Emitter.AlignmentAt(target.Alignment, offset);
        return new Operand(type, [Emit.Offset(target.Single, offset)], alignment);
    }

    private Operand LoadField(Operand target, FieldInfo field)
    {
        var owner = TypeLayout.Of(RequireStruct(field));
        bool isValue = target.Type is { IsByRef: false, IsPointer: false, IsValueType: true };
        if (owner.IsWhole)
        {
            return isValue
                ? FromStorage(field.FieldType, [Reinterpret(ssa.Resolve(target.Single), TypeLayout.Of(field.FieldType).Leaves[0].Type)])
                : LoadFrom(target, field.FieldType);
        }
        (int First, TypeLayout Layout, int FieldIndex) found = owner.Find(field);
        if (isValue)
        {
            return found.Layout.Leaves.Length == 0
                ? Empty(field.FieldType)
                : FromStorage(field.FieldType, target.Leaves[found.First..(found.First + found.Layout.Leaves.Length)]);
        }
        if (found.Layout.Leaves.Length == 0)
            return Empty(field.FieldType);
        return LoadFrom(FieldAddress(target, field), field.FieldType);
    }

    /// <summary>What a field without scalars holds: nothing (an empty struct), or a reference that kernels never look at.</summary>
    private static Operand Empty(Type type) => new(type, type.IsValueType ? [] : [new HostValue(HostValue.Opaque)]);

    private void StoreField(Operand target, FieldInfo field, Operand value)
    {
        var owner = TypeLayout.Of(RequireStruct(field));
        if (owner.IsWhole || owner.Find(field).Layout.Leaves.Length > 0)
            StoreTo(FieldAddress(target, field), field.FieldType, value);
    }

    private Type RequireStruct(FieldInfo field)
    {
        Type type = field.DeclaringType!;
        if (type.IsValueType)
            return type;
        throw type.Name.Contains("DisplayClass", StringComparison.Ordinal)
            ? Refuse(
                $"a lambda captures '{field.Name}'", "Pass it as a kernel parameter; kernels and the methods they call capture nothing.")
            : Refuse(
                $"field '{field.Name}' of class {SequencePoints.NameOf(type)} is accessed",
                "Kernels have no objects; pass a struct or a view.");
    }
}
