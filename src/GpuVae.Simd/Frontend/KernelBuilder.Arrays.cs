using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using GpuVae.Simd.Ir;
using ILGPU;
using ILOpCode = System.Reflection.Metadata.ILOpCode;

namespace GpuVae.Simd.Frontend;

/// <content>
/// Arrays of constant extent in local memory, and values of the host as constants. An array is taken apart into its address and its
/// length along each axis; elements lie in row-major order.
/// </content>
internal sealed partial class KernelBuilder
{
    /// <summary>Constant arrays of no more elements become registers where the indices are constants too; larger ones are tables.</summary>
    private const int LargestCopy = 16;

    private static readonly MethodInfo CopyBytes =
        typeof(KernelBuilder).GetMethod(nameof(BytesOf), BindingFlags.Static | BindingFlags.NonPublic)!;

    /// <summary>An array of constant lengths, zeroed as C# has it.</summary>
    public Operand NewArray(Type type, Operand[] lengths, bool initialise)
    {
        Type elementType = type.GetElementType()!;
        long elements = 1;
        var constants = new Value[lengths.Length];
        for (int i = 0; i < lengths.Length; i++)
        {
            if (ssa.Resolve(lengths[i].Single) is not Constant { SignedValue: >= 0 } length)
            {
                throw Refuse(
                    $"new {SequencePoints.NameOf(elementType)}[n] has a length that is not a constant",
                    "Local arrays need a constant length; pass a view of a buffer for anything else.");
            }
            elements *= length.SignedValue;
            constants[i] = Constant.Long(length.SignedValue);
        }
        if (elements > int.MaxValue)
            throw Refuse($"an array has {elements} elements", "Pass a view of a buffer for so many.");
        Allocation allocation = Allocate(AddressSpace.Local, elementType, (int)Math.Max(1, elements));
        if (initialise)
        {
            for (int i = 0; i < elements; i++)
                Initialize(ElementOf(allocation, i, elementType), elementType);
        }
        return new Operand(type, [allocation, .. constants]);
    }

    /// <summary><c>Get</c>, <c>Set</c> and <c>Address</c>, which the runtime gives to arrays of several axes.</summary>
    private Operand? AccessArray(MethodBase method, Operand[] arguments)
    {
        Operand array = RequireArray(arguments[0]);
        Type type = array.Type.GetElementType()!;
        int rank = array.Type.GetArrayRank();
        Value index = Constant.Int(0);
        Value count = Constant.Long(1);
        for (int axis = 0; axis < rank; axis++)
        {
            Value length = array.Leaves[1 + axis];
            if (Target.Kind == TargetKind.Checked)
                Append(new BoundsCheck(ToType(ssa.Resolve(arguments[1 + axis].Single), IrType.I64), ssa.Resolve(length)));
            index = Emit.Binary(
                BinaryOp.Add, Emit.Binary(BinaryOp.Mul, index, ToType(ssa.Resolve(length), IrType.I32)), arguments[1 + axis].Single);
            count = Emit.Binary(BinaryOp.Mul, count, length);
        }
        Operand address = ElementAddressOf(array.Leaves[0], index, count, type);
        switch (method.Name)
        {
            case "Get":
                return LoadFrom(address, type);
            case "Set":
                StoreTo(address, type, arguments[^1]);
                return null;
            default:
                return address;
        }
    }

    /// <summary>
    /// <c>new T[] { constants }</c>: newarr or newobj, dup, ldtoken, RuntimeHelpers.InitializeArray. The data is in the assembly's image.
    /// </summary>
    private bool IsArrayInitialiser(int index)
    {
        IlInstruction[] code = frame.Body.Instructions;
        if (index + 3 >= code.Length || ArrayMadeBy(code[index]) is not { } type || code[index + 1].Code != ILOpCode.Dup
            || code[index + 2].Code != ILOpCode.Ldtoken || code[index + 3].Code != ILOpCode.Call
            || frame.Body.ResolveMethod(code[index + 3].Integer).Name != nameof(RuntimeHelpers.InitializeArray))
        {
            return false;
        }
        int rank = type.GetArrayRank();
        int[] lengths = [.. frame.Stack[^rank..].Select(o => (int)((Constant)ssa.Resolve(o.Single)).SignedValue)];
        frame.Stack.RemoveRange(frame.Stack.Count - rank, rank);
        var filled = Array.CreateInstance(type.GetElementType()!, lengths);
        RuntimeHelpers.InitializeArray(filled, frame.Body.ResolveField(code[index + 2].Integer).FieldHandle);
        Push(LocalCopy(filled));
        return true;
    }

    private Type? ArrayMadeBy(IlInstruction instruction) => instruction.Code switch
    {
        ILOpCode.Newarr => frame.Body.ResolveType(instruction.Integer).MakeArrayType(),
        ILOpCode.Newobj when frame.Body.ResolveMethod(instruction.Integer).DeclaringType is { IsArray: true } array => array,
        _ => null,
    };

    public Operand RequireArray(Operand operand) => operand.Type.IsArray && operand.Leaves.Length == 1 + operand.Type.GetArrayRank()
        ? operand
        : throw Refuse("an array that is not a local constant-length array is accessed", "Pass an ArrayView of a device buffer.");

    private Operand ArrayElement(Type elementType)
    {
        Operand index = Pop();
        Operand array = RequireArray(Pop());
        return ElementAddressOf(array.Leaves[0], index.Single, array.Leaves[1], elementType);
    }

    private Operand ElementOf(Value array, int index, Type elementType) => new(
        elementType.MakeByRefType(), [Emit.Element(array, Constant.Int(index), TypeLayout.Of(elementType).Size)]);

    private Operand LoadStatic(FieldInfo field)
    {
        if (typeof(Delegate).IsAssignableFrom(field.FieldType) || field.Name.StartsWith("<>", StringComparison.Ordinal))
            throw RefuseDelegate("a delegate or lambda is made");
        if (!field.IsInitOnly && !field.IsLiteral && !entry.StaticFields.HasFlag(StaticFieldMode.MutableStaticFields))
        {
            throw Refuse(
                $"static field '{SequencePoints.NameOf(field.DeclaringType!)}.{field.Name}' is not readonly",
                "Make it readonly or const, or pass the value as a kernel parameter.");
        }
        object? value = field.GetValue(null);
        if (value is string text)
            return new Operand(typeof(string), [new HostValue(text)]);
        if (value is Array array && TypeLayout.Of(array.GetType().GetElementType()!).IsMemoryType)
            return StaticArray(array);
        // A struct around an array, such as ImmutableArray.
        if (ParameterLayout.InstanceFields(field.FieldType).ToArray() is [{ FieldType.IsArray: true } only]
            && value is not null && only.GetValue(value) is Array inner && TypeLayout.Of(only.FieldType.GetElementType()!).IsMemoryType)
        {
            return new Operand(field.FieldType, StaticArray(inner).Leaves);
        }
        if (value is null || !field.FieldType.IsValueType || !TypeLayout.Of(field.FieldType).IsMemoryType)
        {
            throw Refuse(
                $"static field '{SequencePoints.NameOf(field.DeclaringType!)}.{field.Name}' is a {SequencePoints.NameOf(field.FieldType)}",
                "Only static readonly scalars, structs of scalars and arrays of these are constants; pass other data in views.");
        }
        return HostConstant(field.FieldType, value);
    }

    /// <summary>A static array, as it is now: a small one in local memory, any other in a table that all threads read.</summary>
    private Operand StaticArray(Array array)
    {
        if (array.Length <= LargestCopy || Target.Kind == TargetKind.Checked)
            return LocalCopy(array);
        Value[] lengths = [.. Enumerable.Range(0, array.Rank).Select(axis => Constant.Long(array.GetLength(axis)))];
        return new Operand(array.GetType(), [Table(array), .. lengths]);
    }

    private Operand LocalCopy(Array array)
    {
        Type type = array.GetType().GetElementType()!;
        Operand[] lengths =
            [.. Enumerable.Range(0, array.Rank).Select(axis => new Operand(typeof(int), [Constant.Int(array.GetLength(axis))]))];
        Operand result = NewArray(array.GetType(), lengths, initialise: false);
        int index = 0;
        foreach (object? element in array)
            StoreTo(ElementOf(result.Single, index++, type), type, HostConstant(type, element));
        return result;
    }

    private unsafe Constant Table(Array array)
    {
        const int alignment = 64;
        int bytes = array.Length * TypeLayout.Of(array.GetType().GetElementType()!).Size;
        byte[] table = GC.AllocateArray<byte>(bytes + alignment, pinned: true);
        kernel.Tables.Add(table);
        ulong address = ((ulong)Unsafe.AsPointer(ref table[0]) + alignment - 1) & ~(ulong)(alignment - 1);
        MemoryMarshal.CreateSpan(ref MemoryMarshal.GetArrayDataReference(array), bytes).CopyTo(new Span<byte>((void*)address, bytes));
        return Constant.Table(address);
    }

    /// <summary>A value of the host as constants.</summary>
    private Operand HostConstant(Type type, object value)
    {
        var layout = TypeLayout.Of(type);
        byte[] bytes = (byte[])CopyBytes.MakeGenericMethod(type).Invoke(null, [value])!;
        var leaves = new Value[layout.Leaves.Length];
        for (int i = 0; i < leaves.Length; i++)
        {
            ulong bits = 0;
            int offset = layout.OffsetOfLeaf(i);
            for (int b = layout.Leaves[i].Type.SizeOf() - 1; b >= 0; b--)
                bits = bits << 8 | bytes[offset + b];
            leaves[i] = Constant.FromBits(layout.Leaves[i].Type, bits);
        }
        return FromStorage(type, leaves);
    }

    private static byte[] BytesOf<T>(T value) where T : struct =>
        MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value)).ToArray();
}
