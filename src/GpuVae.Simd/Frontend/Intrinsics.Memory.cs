using System.Numerics;
using System.Reflection;
using System.Runtime.CompilerServices;
using GpuVae.Simd.Ir;

namespace GpuVae.Simd.Frontend;

/// <content>Views, arrays, shared and local memory, and the same bits as another type.</content>
internal static partial class Intrinsics
{
    private const string ViewType = "ILGPU.ArrayView`1";

    private static void AddMemory(EmitterTable table)
    {
        table["ILGPU.SharedMemory", "Allocate"] = (b, m, a) => Allocate(b, m, a, AddressSpace.Shared);
        table["ILGPU.LocalMemory", "Allocate"] = (b, m, a) => Allocate(b, m, a, AddressSpace.Local);
        table["ILGPU.SharedMemory", "GetDynamic"] = (b, m, _) =>
        {
            Type type = m.GetGenericArguments()[0];
            Allocation memory = b.DynamicShared(type);
            Value bytes = b.Emit.Convert(ConvertOp.ZeroExtend, b.Geometry(GeometryKind.DynamicSharedBytes), IrType.I64);
            return View(type, memory, b.Emit.Binary(BinaryOp.DivUnsigned, bytes, Constant.Long(TypeLayout.Of(type).Size)));
        };
    }

    private static Operand Allocate(KernelBuilder b, MethodBase method, Operand[] a, AddressSpace space)
    {
        Type type = method.GetGenericArguments()[0];
        if (a.Length == 0)
            return new Operand(type.MakeByRefType(), [b.Allocate(space, type, 1)], TypeLayout.Of(type).Alignment);
        if (b.Resolve(a[0].Single) is not Constant { SignedValue: > 0 and < int.MaxValue } extent)
        {
            throw b.Refuse(
                $"{space}Memory.Allocate has an extent that is not a positive constant",
                space == AddressSpace.Shared
                    ? "Use a constant, a SpecializedValue, or SharedMemory.GetDynamic with SharedMemoryConfig.RequestDynamic at the launch."
                    : "Use a constant or a SpecializedValue.");
        }
        return View(type, b.Allocate(space, type, (int)extent.SignedValue), Constant.Long(extent.SignedValue));
    }

    /// <summary>The methods of <c>ArrayView&lt;T&gt;</c>; views of more dimensions are structs around one, whose IL is inlined.</summary>
    private static void AddViews(EmitterTable table)
    {
        table[ViewType, "get_Item"] = (b, m, a) =>
        {
            Operand view = b.LoadFrom(a[0], m.DeclaringType!);
            return b.ElementAddressOf(view.Leaves[0], a[1].Single, view.Leaves[1], ElementOf(m));
        };
        table[ViewType, "get_Length"] = (b, m, a) => new(typeof(long), [Length(b, m, a)]);
        table[ViewType, "get_IntLength"] = (b, m, a) => new(typeof(int), [b.Emit.Convert(ConvertOp.Truncate, Length(b, m, a), IrType.I32)]);
        table[ViewType, "get_Extent"] = (b, m, a) => new(typeof(ILGPU.LongIndex1D), [Length(b, m, a)]);
        table[ViewType, "get_IntExtent"] =
            (b, m, a) => new(typeof(ILGPU.Index1D), [b.Emit.Convert(ConvertOp.Truncate, Length(b, m, a), IrType.I32)]);
        table[ViewType, "get_Stride"] = (_, _, _) => new(typeof(ILGPU.Stride1D.Dense), []);
        table[ViewType, "get_LengthInBytes"] = (b, m, a) =>
            new(typeof(long), [b.Emit.Binary(BinaryOp.Mul, Length(b, m, a), Constant.Long(TypeLayout.Of(ElementOf(m)).Size))]);
        table[ViewType, "get_IsValid"] = (b, m, a) => Bool(b, b.Emit.Compare(CompareOp.Gt, Length(b, m, a), Constant.Long(0)));
        table[ViewType, "SubView"] = (b, m, a) =>
        {
            Operand view = b.LoadFrom(a[0], m.DeclaringType!);
            Value start = b.Emit.Convert(ConvertOp.SignExtend, a[1].Single, IrType.I64);
            Value length = a.Length > 2
                ? b.Emit.Convert(ConvertOp.SignExtend, a[2].Single, IrType.I64)
                : b.Emit.Binary(BinaryOp.Sub, view.Leaves[1], start);
            return View(ElementOf(m), b.Emit.Element(view.Leaves[0], a[1].Single, TypeLayout.Of(ElementOf(m)).Size), length);
        };
        table[ViewType, "Cast"] = (b, m, a) =>
        {
            Operand view = b.LoadFrom(a[0], m.DeclaringType!);
            Type target = m.GetGenericArguments()[0];
            int from = TypeLayout.Of(ElementOf(m)).Size, to = b.RequireMemoryType(target).Size;
            Value bytes = b.Emit.Binary(BinaryOp.Mul, view.Leaves[1], Constant.Long(from));
            Value length = from == to ? view.Leaves[1] : b.Emit.Binary(BinaryOp.DivUnsigned, bytes, Constant.Long(to));
            return View(target, view.Leaves[0], length);
        };

        static Value Length(KernelBuilder b, MethodBase m, Operand[] a) => b.LoadFrom(a[0], m.DeclaringType!).Leaves[1];
    }

    private static void AddAlignment(EmitterTable table)
    {
        table[ViewType, "AsAlignedInternal"] = (b, m, a) =>
        {
            Operand view = b.LoadFrom(a[0], m.DeclaringType!);
            Value pointer = b.Resolve(view.Leaves[0]);
            if (b.Resolve(a[1].Single) is not Constant { SignedValue: > 0 and <= int.MaxValue } alignment
                || !BitOperations.IsPow2(alignment.SignedValue))
            {
                return view;
            }
            if (b.Target.Kind != TargetKind.Checked)
            {
                // Local memory becomes registers, which a promise would only be in the way of.
                return pointer.Space is AddressSpace.Global or AddressSpace.Shared
                    ? View(ElementOf(m), b.Append(new AlignedPointer(pointer, (int)alignment.SignedValue)), view.Leaves[1])
                    : view;
            }
            Value rest = b.Emit.Binary(
                BinaryOp.And, b.Emit.Convert(ConvertOp.Bitcast, pointer, IrType.I64), Constant.Long(alignment.SignedValue - 1));
            b.Append(new Assert(
                b.Emit.Compare(CompareOp.Eq, rest, Constant.Long(0)),
                $"AsAligned promises a view that begins at a multiple of {alignment.SignedValue} bytes, and this one does not"));
            return view;
        };
        table[ViewType, "AlignToInternal"] = AlignTo;
    }

    /// <summary>The elements before the first aligned address, and those from there on.</summary>
    private static Operand AlignTo(KernelBuilder b, MethodBase m, Operand[] a)
    {
        Operand view = b.LoadFrom(a[0], m.DeclaringType!);
        (Value pointer, Value length) = (b.Resolve(view.Leaves[0]), view.Leaves[1]);
        int size = TypeLayout.Of(ElementOf(m)).Size;
        Value alignment = b.Emit.Convert(ConvertOp.SignExtend, a[1].Single, IrType.I64);
        Value address = b.Emit.Convert(ConvertOp.Bitcast, pointer, IrType.I64);
        Value behind = b.Emit.Binary(BinaryOp.RemUnsigned, address, alignment);
        // A remainder of 0 is a distance of 0, not of a whole alignment.
        Value distance = b.Emit.Binary(BinaryOp.RemUnsigned, b.Emit.Binary(BinaryOp.Sub, alignment, behind), alignment);
        Value skipped = b.Emit.Binary(BinaryOp.Min, b.Emit.Binary(BinaryOp.DivUnsigned, distance, Constant.Long(size)), length);
        return new(
            ((MethodInfo)m).ReturnType,
            [pointer, skipped, b.Emit.Element(pointer, skipped, size), b.Emit.Binary(BinaryOp.Sub, length, skipped)]);
    }

    private static void AddArrays(EmitterTable table)
    {
        const string owner = "System.Array";
        table[owner, "get_Length"] = (b, _, a) => Scalar(typeof(int), b.Emit.Convert(ConvertOp.Truncate, Count(b, a), IrType.I32));
        table[owner, "get_LongLength"] = (b, _, a) => Scalar(typeof(long), Count(b, a));
        table[owner, "get_Rank"] = (b, _, a) => Scalar(typeof(int), Constant.Int(b.RequireArray(a[0]).Type.GetArrayRank()));
        table[owner, "GetLength"] = (b, _, a) => Scalar(typeof(int), b.Emit.Convert(ConvertOp.Truncate, Axis(b, a), IrType.I32));
        table[owner, "GetLongLength"] = (b, _, a) => Scalar(typeof(long), Axis(b, a));
        table[owner, "GetLowerBound"] = (_, _, _) => Scalar(typeof(int), Constant.Int(0));
        table[owner, "GetUpperBound"] = (b, _, a) => Scalar(
            typeof(int), b.Emit.Binary(BinaryOp.Sub, b.Emit.Convert(ConvertOp.Truncate, Axis(b, a), IrType.I32), Constant.Int(1)));
        table[owner, "Empty"] = (b, m, _) =>
            b.NewArray(((MethodInfo)m).ReturnType, [Scalar(typeof(int), Constant.Int(0))], initialise: false);
        // The views of several axes are made of this one by C#.
        table["ILGPU.Runtime.ArrayViewExtensions", "AsRawArrayView"] = AsView;

        static Operand AsView(KernelBuilder b, MethodBase m, Operand[] a) =>
            View(m.GetGenericArguments()[0], b.RequireArray(a[0]).Single, Count(b, a));

        static Value Count(KernelBuilder b, Operand[] a) =>
            b.RequireArray(a[0]).Leaves.Skip(1).Aggregate((x, y) => b.Emit.Binary(BinaryOp.Mul, x, y));

        static Value Axis(KernelBuilder b, Operand[] a)
        {
            Value[] lengths = b.RequireArray(a[0]).Leaves[1..];
            return b.Resolve(a[1].Single) is Constant { SignedValue: >= 0 } axis && axis.SignedValue < lengths.Length
                ? lengths[axis.SignedValue]
                : throw b.Refuse("the axis of an array is not a constant", "Name it by a constant.");
        }
    }

    private static void AddReinterpretation(EmitterTable table)
    {
        foreach (string name in new[] { "FloatAsInt", "IntAsFloat" })
            table["ILGPU.Interop", name] = Bits;
        foreach (string name in new[]
        {
            "SingleToInt32Bits", "SingleToUInt32Bits", "Int32BitsToSingle", "UInt32BitsToSingle", "DoubleToInt64Bits", "DoubleToUInt64Bits",
            "Int64BitsToDouble", "UInt64BitsToDouble",
        })
        {
            table["System.BitConverter", name] = Bits;
        }
        table["ILGPU.Interop", "SizeOf"] = (b, m, _) =>
            Scalar(typeof(int), Constant.Int(b.RequireMemoryType(m.GetGenericArguments()[0]).Size));
        table["ILGPU.Interop", "OffsetOf"] = (b, m, a) =>
        {
            Type type = m.GetGenericArguments()[0];
            FieldInfo? field = a[0].Single is HostValue { Value: string name }
                ? type.GetField(name, BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
                : null;
            return field is not null
                ? Scalar(typeof(int), Constant.Int(TypeLayout.Of(type).OffsetOfField(field)))
                : throw b.Refuse("Interop.OffsetOf does not name a field by a constant string", "Use nameof(field).");
        };

        static Operand Bits(KernelBuilder b, MethodBase method, Operand[] a)
        {
            Value from = b.ToStorage(a[0], TypeOf(method, 0))[0];
            Type to = ((MethodInfo)method).ReturnType;
            return b.FromStorage(to, [b.Emit.Convert(ConvertOp.Bitcast, from, TypeLayout.Of(to).Leaves[0].Type)]);
        }
    }

    private static void AddUnsafe(EmitterTable table)
    {
        const string owner = "System.Runtime.CompilerServices.Unsafe";
        table[owner, nameof(Unsafe.SizeOf)] = table["ILGPU.Interop", "SizeOf"];
        foreach (string name in new[] { nameof(Unsafe.As), nameof(Unsafe.AsRef), nameof(Unsafe.AsPointer) })
            table[owner, name] = (_, m, a) => a[0] with { Type = ((MethodInfo)m).ReturnType };
        table[owner, nameof(Unsafe.Add)] = (b, m, a) => Moved(b, m, a, TypeLayout.Of(m.GetGenericArguments()[0]).Size, negate: false);
        table[owner, nameof(Unsafe.Subtract)] = (b, m, a) => Moved(b, m, a, TypeLayout.Of(m.GetGenericArguments()[0]).Size, negate: true);
        table[owner, nameof(Unsafe.AddByteOffset)] = (b, m, a) => Moved(b, m, a, 1, negate: false);
        foreach (string name in new[] { nameof(Unsafe.Read), nameof(Unsafe.ReadUnaligned) })
            table[owner, name] = (b, m, a) => b.LoadFrom(Access(a[0], name), m.GetGenericArguments()[0]);
        foreach (string name in new[] { nameof(Unsafe.Write), nameof(Unsafe.WriteUnaligned) })
        {
            table[owner, name] = (b, m, a) =>
            {
                b.StoreTo(Access(a[0], name), m.GetGenericArguments()[0], a[1]);
                return null;
            };
        }
        table[owner, nameof(Unsafe.SkipInit)] = (_, _, _) => null;
        table[owner, nameof(Unsafe.BitCast)] = (b, m, a) =>
        {
            Type to = m.GetGenericArguments()[1];
            Value[] from = b.ToStorage(a[0], m.GetGenericArguments()[0]);
            TypeLeaf[] leaves = TypeLayout.Of(to).Leaves;
            if (from.Length != leaves.Length || from.Zip(leaves).Any(p => p.First.Type.SizeOf() != p.Second.Type.SizeOf()))
                throw b.Refuse("Unsafe.BitCast joins or splits scalars", "Shift and combine the parts as integers.");
            return b.FromStorage(to, [.. from.Select((v, i) => b.Emit.Convert(ConvertOp.Bitcast, v, leaves[i].Type))]);
        };
        table["System.Threading.Volatile", "Read"] = (b, m, a) => b.LoadFrom(a[0], TypeOf(m, 0).GetElementType()!);
        table["System.Threading.Volatile", "Write"] = (b, m, a) =>
        {
            b.StoreTo(a[0], TypeOf(m, 0).GetElementType()!, a[1]);
            return null;
        };
        // new T() of a type parameter.
        table["System.Activator", "CreateInstance"] = (b, m, _) => m.GetGenericArguments() is [{ IsValueType: true } type]
            ? b.New(type)
            : throw b.Refuse("an object is allocated", "Kernels cannot allocate; use structs, LocalMemory or SharedMemory.");
        table["System.Type", "GetTypeFromHandle"] = (_, _, a) => a[0];
        table["System.Type", "op_Equality"] = (b, _, a) => SameType(b, a, equal: true);
        table["System.Type", "op_Inequality"] = (b, _, a) => SameType(b, a, equal: false);

        static Operand Access(Operand address, string name) =>
            name.EndsWith("Unaligned", StringComparison.Ordinal) ? address with { Alignment = 1 } : address;

        static Operand Moved(KernelBuilder b, MethodBase method, Operand[] a, int size, bool negate)
        {
            Value index = b.Resolve(a[1].Single);
            return new Operand(
                ((MethodInfo)method).ReturnType,
                [b.Emit.Element(b.RequireMemory(a[0]), negate ? b.Emit.Unary(UnaryOp.Neg, index) : index, size)]);
        }

        static Operand SameType(KernelBuilder b, Operand[] a, bool equal) =>
            a[0].Single is HostValue { Value: Type x } && a[1].Single is HostValue { Value: Type y }
                ? Scalar(typeof(bool), Constant.Int((x == y) == equal ? 1 : 0))
                : throw b.Refuse("types are compared at run time", "Compare typeof(T) of type parameters only.");
    }
}
