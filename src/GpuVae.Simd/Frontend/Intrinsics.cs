using System.Numerics;
using System.Reflection;
using System.Runtime.CompilerServices;
using GpuVae.Simd.Ir;
using ILGPU.Runtime;
using Barrier = GpuVae.Simd.Ir.Barrier;

namespace GpuVae.Simd.Frontend;

/// <summary>
/// The methods whose meaning is the device's own instead of their IL. Everything else that a kernel calls is inlined as C#.
/// </summary>
internal static class Intrinsics
{
    private delegate Operand? Emitter(KernelBuilder builder, MethodBase method, Operand[] arguments);

    private const string ViewType = "ILGPU.ArrayView`1";

    private static readonly EmitterTable Table = Build();

    private static readonly Dictionary<string, UnaryOp> UnaryFunctions = new()
    {
        ["Abs"] = UnaryOp.Abs,
        ["Sqrt"] = UnaryOp.Sqrt,
        ["Rsqrt"] = UnaryOp.Rsqrt,
        ["Rcp"] = UnaryOp.Rcp,
        ["Exp"] = UnaryOp.Exp,
        ["Exp2"] = UnaryOp.Exp2,
        ["Log"] = UnaryOp.Log,
        ["Log2"] = UnaryOp.Log2,
        ["Log10"] = UnaryOp.Log10,
        ["Sin"] = UnaryOp.Sin,
        ["Cos"] = UnaryOp.Cos,
        ["Tan"] = UnaryOp.Tan,
        ["Asin"] = UnaryOp.Asin,
        ["Acos"] = UnaryOp.Acos,
        ["Atan"] = UnaryOp.Atan,
        ["Sinh"] = UnaryOp.Sinh,
        ["Cosh"] = UnaryOp.Cosh,
        ["Tanh"] = UnaryOp.Tanh,
        ["Floor"] = UnaryOp.Floor,
        ["Ceiling"] = UnaryOp.Ceiling,
        ["Round"] = UnaryOp.RoundToEven,
        ["RoundToEven"] = UnaryOp.RoundToEven,
        ["Truncate"] = UnaryOp.Truncate,
        ["IsNaN"] = UnaryOp.IsNaN,
        ["IsInfinity"] = UnaryOp.IsInfinity,
        ["IsFinite"] = UnaryOp.IsFinite,
    };

    private static readonly HashSet<string> MathTypes =
    [
        "System.Math", "System.MathF", "ILGPU.Algorithms.XMath", "ILGPU.IntrinsicMath", "ILGPU.IntrinsicMath+CPUOnly", "System.Single", "System.Double", "System.Int32",
        "System.Int64", "System.UInt32", "System.UInt64",
    ];

    private static readonly HashSet<string> BitTypes = ["System.Numerics.BitOperations", "ILGPU.IntrinsicMath", "ILGPU.Algorithms.XMath"];

    /// <summary>Emits a call if the method is an intrinsic.</summary>
    /// <param name="builder">Where to emit.</param>
    /// <param name="method">The closed method.</param>
    /// <param name="arguments">Its arguments, the instance first.</param>
    /// <param name="result">What it returns; null for void.</param>
    public static bool TryEmit(KernelBuilder builder, MethodBase method, Operand[] arguments, out Operand? result)
    {
        result = null;
        if (method.DeclaringType is not { } declaring)
            return false;
        string type = (declaring.IsGenericType ? declaring.GetGenericTypeDefinition() : declaring).FullName ?? declaring.Name;
        // The API writes atomic minimum and maximum of floats as compare-and-exchange loops, which every device has.
        bool isFloatExtremum = type == "ILGPU.Atomic" && method.Name is "Min" or "Max"
            && TypeLayout.Of(TypeOf(method, 1)).CommonScalar.IsFloat();
        if (Table[type, method.Name] is { } emit && !isFloatExtremum)
        {
            if (builder.IsImplicitlyGrouped && IsCooperative(type, method.Name))
            {
                throw builder.Refuse(
                    $"{method.DeclaringType.Name}.{method.Name} is used in an implicitly grouped kernel",
                    "Its groups are not the kernel's to know: drop the index parameter, load it with LoadStreamKernel or LoadKernel, and "
                        + "launch it with a KernelConfig.");
            }
            result = emit(builder, method, arguments);
            return true;
        }
        if (MathTypes.Contains(type) || BitTypes.Contains(type))
            result = EmitMath(builder, type, (MethodInfo)method, arguments);
        else if (declaring == typeof(ILGPU.Half) && method is MethodInfo half)
            result = EmitHalf(builder, half, arguments);
        return result is not null;
    }

    /// <summary>
    /// Works between the threads of a group, which an implicitly grouped kernel cannot rely on; warps are the device's, not the launch's.
    /// </summary>
    private static bool IsCooperative(string type, string method) => type switch
    {
        "ILGPU.SharedMemory" => true,
        "ILGPU.Group" => method.StartsWith("Barrier", StringComparison.Ordinal) || method == "Broadcast",
        _ => false,
    };

    private static EmitterTable Build()
    {
        var table = new EmitterTable();
        AddGeometry(table);
        AddViews(table);
        AddArrays(table);
        AddMemory(table);
        AddAlignment(table);
        AddSynchronisation(table);
        AddAtomics(table);
        AddReinterpretation(table);
        AddUnsafe(table);
        AddCudaAsm(table);
        AddDiagnostics(table);
        AddEquality(table);
        return table;
    }

    private static void AddGeometry(EmitterTable table)
    {
        foreach (GeometryKind kind in Enum.GetValues<GeometryKind>().Where(k => k <= GeometryKind.GridDimZ))
        {
            string name = kind.ToString();
            table["ILGPU." + (name.StartsWith("Group", StringComparison.Ordinal) ? "Group" : "Grid"), "get_" + name[^4..]] =
                (b, _, _) => Scalar(typeof(int), b.Geometry(kind));
        }
        table["ILGPU.Warp", "get_LaneIdx"] = (b, _, _) => Scalar(typeof(int), b.Geometry(GeometryKind.LaneIndex));
        table["ILGPU.Warp", "get_WarpIdx"] = (b, _, _) => Scalar(typeof(int), b.Geometry(GeometryKind.WarpIndex));
        table["ILGPU.Warp", "get_WarpSize"] = (b, _, _) => Scalar(typeof(int), b.Geometry(GeometryKind.WarpSize));
        table["ILGPU.Runtime.Accelerator", "get_CurrentType"] =
            (_, m, _) => Scalar(((MethodInfo)m).ReturnType, Constant.Int((int)AcceleratorType.CPU));
    }

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
        const string Type = "System.Array";
        table[Type, "get_Length"] = (b, _, a) => Scalar(typeof(int), b.Emit.Convert(ConvertOp.Truncate, Count(b, a), IrType.I32));
        table[Type, "get_LongLength"] = (b, _, a) => Scalar(typeof(long), Count(b, a));
        table[Type, "get_Rank"] = (b, _, a) => Scalar(typeof(int), Constant.Int(b.RequireArray(a[0]).Type.GetArrayRank()));
        table[Type, "GetLength"] = (b, _, a) => Scalar(typeof(int), b.Emit.Convert(ConvertOp.Truncate, Axis(b, a), IrType.I32));
        table[Type, "GetLongLength"] = (b, _, a) => Scalar(typeof(long), Axis(b, a));
        table[Type, "GetLowerBound"] = (_, _, _) => Scalar(typeof(int), Constant.Int(0));
        table[Type, "GetUpperBound"] = (b, _, a) => Scalar(
            typeof(int), b.Emit.Binary(BinaryOp.Sub, b.Emit.Convert(ConvertOp.Truncate, Axis(b, a), IrType.I32), Constant.Int(1)));
        table[Type, "Empty"] = (b, m, _) =>
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
            return View(target, view.Leaves[0], from == to ? view.Leaves[1] : b.Emit.Binary(BinaryOp.DivUnsigned, bytes, Constant.Long(to)));
        };

        static Value Length(KernelBuilder b, MethodBase m, Operand[] a) => b.LoadFrom(a[0], m.DeclaringType!).Leaves[1];
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

    private static void AddSynchronisation(EmitterTable table)
    {
        table["ILGPU.Group", "Barrier"] = (b, _, _) => Done(b.Append(new Barrier(BarrierKind.Group)));
        table["ILGPU.Group", "BarrierPopCount"] = (b, _, a) =>
            Scalar(typeof(int), b.Append(new Barrier(BarrierKind.GroupPopCount, b.Emit.ToBool(a[0].Single))));
        table["ILGPU.Group", "BarrierAnd"] = (b, _, a) => Bool(b, b.Append(new Barrier(BarrierKind.GroupAnd, b.Emit.ToBool(a[0].Single))));
        table["ILGPU.Group", "BarrierOr"] = (b, _, a) => Bool(b, b.Append(new Barrier(BarrierKind.GroupOr, b.Emit.ToBool(a[0].Single))));
        table["ILGPU.Group", "Broadcast"] = (b, m, a) =>
            PerWord(b, TypeOf(m, 0), a[0], v => b.Append(new GroupBroadcast(v, b.Resolve(a[1].Single))));
        table["ILGPU.Warp", "Barrier"] = (b, _, _) => Done(b.Append(new Barrier(BarrierKind.Warp)));
        foreach ((string name, ShuffleKind kind) in new[]
        {
            ("Shuffle", ShuffleKind.Index),
            ("ShuffleDown", ShuffleKind.Down),
            ("ShuffleUp", ShuffleKind.Up),
            ("ShuffleXor", ShuffleKind.Xor),
            ("Broadcast", ShuffleKind.Broadcast),
        })
        {
            table["ILGPU.Warp", name] = (b, m, a) =>
            {
                int width = 0;
                if (a.Length > 2)
                {
                    width = b.Resolve(a[2].Single) is Constant { SignedValue: > 0 } constant
                        ? (int)constant.SignedValue
                        : throw b.Refuse(
                            $"Warp.{name} has a width that is not a positive constant", "Use a constant or a SpecializedValue.");
                }
                return PerWord(b, TypeOf(m, 0), a[0], v => b.Append(new Shuffle(kind, v, b.Resolve(a[1].Single), width)));
            };
        }
        table["ILGPU.MemoryFence", "GroupLevel"] = (b, _, _) => Done(b.Append(new Fence(FenceLevel.Group)));
        table["ILGPU.MemoryFence", "DeviceLevel"] = (b, _, _) => Done(b.Append(new Fence(FenceLevel.Device)));
        table["ILGPU.MemoryFence", "SystemLevel"] = (b, _, _) => Done(b.Append(new Fence(FenceLevel.System)));
        table["System.Threading.Thread", "MemoryBarrier"] = (b, _, _) => Done(b.Append(new Fence(FenceLevel.System)));
        table["System.Threading.Interlocked", "MemoryBarrier"] = (b, _, _) => Done(b.Append(new Fence(FenceLevel.System)));
    }

    /// <summary>Communication between threads works on 32- and 64-bit words: narrower scalars are widened, structs split.</summary>
    private static Operand PerWord(KernelBuilder b, Type type, Operand value, Func<Value, Value> communicate)
    {
        Value[] leaves = b.ToStorage(value, type);
        var results = new Value[leaves.Length];
        for (int i = 0; i < leaves.Length; i++)
        {
            Value leaf = leaves[i];
            results[i] = leaf.Type switch
            {
                IrType.Bool => b.Emit.ToBool(communicate(b.Emit.Extend(leaf))),
                IrType.I8 or IrType.I16 =>
                    b.Emit.Convert(ConvertOp.Truncate, communicate(b.Emit.Convert(ConvertOp.ZeroExtend, leaf, IrType.I32)), leaf.Type),
                IrType.F16 => FromHalfBits(communicate(HalfBits(leaf))),
                IrType.Pointer or IrType.Void => throw b.Refuse(
                    $"a {SequencePoints.NameOf(type)} is sent to another thread", "Send indices, not views or pointers."),
                _ => communicate(leaf),
            };
        }
        return b.FromStorage(type, results);

        Value HalfBits(Value half) => b.Emit.Convert(ConvertOp.ZeroExtend, b.Emit.Convert(ConvertOp.Bitcast, half, IrType.I16), IrType.I32);

        Value FromHalfBits(Value word) =>
            b.Emit.Convert(ConvertOp.Bitcast, b.Emit.Convert(ConvertOp.Truncate, word, IrType.I16), IrType.F16);
    }

    private static void AddAtomics(EmitterTable table)
    {
        foreach ((string name, AtomicOp op) in new[]
        {
            ("Add", AtomicOp.Add),
            ("Min", AtomicOp.Min),
            ("Max", AtomicOp.Max),
            ("And", AtomicOp.And),
            ("Or", AtomicOp.Or),
            ("Xor", AtomicOp.Xor),
            ("Exchange", AtomicOp.Exchange),
        })
        {
            table["ILGPU.Atomic", name] = (b, m, a) => AtomicOperation(b, m, op, a[0], a[1]);
        }
        table["ILGPU.Atomic", "CompareExchange"] = (b, m, a) => CompareExchange(b, m, a[0], compare: a[1], value: a[2]);

        const string Interlocked = "System.Threading.Interlocked";
        table[Interlocked, "Exchange"] = (b, m, a) => AtomicOperation(b, m, AtomicOp.Exchange, a[0], a[1]);
        table[Interlocked, "CompareExchange"] = (b, m, a) => CompareExchange(b, m, a[0], compare: a[2], value: a[1]);
        table[Interlocked, "And"] = (b, m, a) => AtomicOperation(b, m, AtomicOp.And, a[0], a[1]);
        table[Interlocked, "Or"] = (b, m, a) => AtomicOperation(b, m, AtomicOp.Or, a[0], a[1]);
        // These three return the new value.
        table[Interlocked, "Add"] = (b, m, a) => PlusOld(b, AtomicOperation(b, m, AtomicOp.Add, a[0], a[1]), a[1]);
        table[Interlocked, "Increment"] = (b, m, a) => PlusOld(b, AtomicOperation(b, m, AtomicOp.Add, a[0], One(b, m, 1)), One(b, m, 1));
        table[Interlocked, "Decrement"] = (b, m, a) => PlusOld(b, AtomicOperation(b, m, AtomicOp.Add, a[0], One(b, m, -1)), One(b, m, -1));

        static Operand PlusOld(KernelBuilder b, Operand old, Operand added) =>
            old with { Leaves = [b.Emit.Binary(BinaryOp.Add, old.Single, b.Resolve(added.Single))] };

        static Operand One(KernelBuilder b, MethodBase method, int value) =>
            Scalar(Pointee(b, method), Constant.FromBits(TypeLayout.Of(Pointee(b, method)).Leaves[0].Type, (ulong)value));
    }

    private static Type Pointee(KernelBuilder b, MethodBase method)
    {
        Type type = TypeOf(method, 0).GetElementType()!;
        return TypeLayout.Of(type).Leaves is [{ Type: IrType.I32 or IrType.I64 or IrType.F32 or IrType.F64 }]
            ? type
            : throw b.Refuse(
                $"an atomic is applied to a {SequencePoints.NameOf(type)}", "Atomics take 32- and 64-bit integers and floats.");
    }

    private static Operand AtomicOperation(KernelBuilder b, MethodBase method, AtomicOp op, Operand target, Operand value)
    {
        Type type = Pointee(b, method);
        Value pointer = b.RequireMemory(target);
        Value operand = b.ToStorage(value, type)[0];
        if (op == AtomicOp.Exchange && operand.Type.IsFloat())
        {
            Atomic bits = b.Append(new Atomic(op, pointer, b.Emit.Convert(ConvertOp.Bitcast, operand, IntegerOf(operand.Type))));
            return Scalar(type, b.Emit.Convert(ConvertOp.Bitcast, bits, operand.Type));
        }
        if (KernelBuilder.IsUnsigned(type))
            op = op switch { AtomicOp.Min => AtomicOp.MinUnsigned, AtomicOp.Max => AtomicOp.MaxUnsigned, _ => op };
        return new Operand(type, [b.Append(new Atomic(op, pointer, operand))]);
    }

    private static Operand CompareExchange(KernelBuilder b, MethodBase method, Operand target, Operand compare, Operand value)
    {
        Type type = Pointee(b, method);
        Value pointer = b.RequireMemory(target);
        Value comparand = b.ToStorage(compare, type)[0];
        Value replacement = b.ToStorage(value, type)[0];
        IrType word = IntegerOf(replacement.Type);
        AtomicCompareExchange old = b.Append(new AtomicCompareExchange(
            pointer, b.Emit.Convert(ConvertOp.Bitcast, comparand, word), b.Emit.Convert(ConvertOp.Bitcast, replacement, word)));
        return new Operand(type, [b.Emit.Convert(ConvertOp.Bitcast, old, replacement.Type)]);
    }

    private static IrType IntegerOf(IrType type) => type.SizeOf() == 8 ? IrType.I64 : IrType.I32;

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
        const string Type = "System.Runtime.CompilerServices.Unsafe";
        table[Type, nameof(Unsafe.SizeOf)] = table["ILGPU.Interop", "SizeOf"];
        foreach (string name in new[] { nameof(Unsafe.As), nameof(Unsafe.AsRef), nameof(Unsafe.AsPointer) })
            table[Type, name] = (_, m, a) => a[0] with { Type = ((MethodInfo)m).ReturnType };
        table[Type, nameof(Unsafe.Add)] = (b, m, a) => Moved(b, m, a, TypeLayout.Of(m.GetGenericArguments()[0]).Size, negate: false);
        table[Type, nameof(Unsafe.Subtract)] = (b, m, a) => Moved(b, m, a, TypeLayout.Of(m.GetGenericArguments()[0]).Size, negate: true);
        table[Type, nameof(Unsafe.AddByteOffset)] = (b, m, a) => Moved(b, m, a, 1, negate: false);
        foreach (string name in new[] { nameof(Unsafe.Read), nameof(Unsafe.ReadUnaligned) })
            table[Type, name] = (b, m, a) => b.LoadFrom(Access(a[0], name), m.GetGenericArguments()[0]);
        foreach (string name in new[] { nameof(Unsafe.Write), nameof(Unsafe.WriteUnaligned) })
        {
            table[Type, name] = (b, m, a) =>
            {
                b.StoreTo(Access(a[0], name), m.GetGenericArguments()[0], a[1]);
                return null;
            };
        }
        table[Type, nameof(Unsafe.SkipInit)] = (_, _, _) => null;
        table[Type, nameof(Unsafe.BitCast)] = (b, m, a) =>
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

    private static void AddCudaAsm(EmitterTable table)
    {
        const string Type = "ILGPU.Runtime.Cuda.CudaAsm";
        table[Type, "get_IsSupported"] = (_, _, _) => Scalar(typeof(bool), Constant.Int(0));
        foreach (string name in new[] { "Emit", "EmitRef" })
        {
            table[Type, name] = (b, _, _) => throw b.Refuse(
                "CudaAsm is used on an accelerator that is not CUDA", "Guard it with if (CudaAsm.IsSupported) and write the other way in C#.");
        }
    }

    private static void AddDiagnostics(EmitterTable table)
    {
        foreach (string type in new[] { "System.Diagnostics.Debug", "System.Diagnostics.Trace" })
        {
            table[type, "Assert"] = (b, _, a) =>
            {
                if (!b.Target.Assertions && b.Target.Kind != TargetKind.Checked)
                    return null;
                string message = a.Skip(1).Select(o => (o.Single as HostValue)?.Value).OfType<string>().FirstOrDefault() ?? "";
                return Done(b.Append(new Assert(b.Emit.ToBool(a[0].Single), message)));
            };
            table[type, "Fail"] = (b, _, a) => b.Target.Assertions || b.Target.Kind == TargetKind.Checked
                ? Done(b.Append(new Assert(Constant.Bool(false), (a[0].Single as HostValue)?.Value as string ?? "")))
                : null;
        }
        // The IR's integers have no sign, and arithmetic loses it: the parameter knows. Widened, an unsigned one prints as it should.
        static Value Printed(KernelBuilder b, Operand o, Type type) => KernelBuilder.IsUnsigned(type) && o.Single.Type == IrType.I32
            ? b.Emit.Convert(ConvertOp.ZeroExtend, o.Single, IrType.I64)
            : b.Resolve(o.Single);

        foreach (string name in new[] { "Write", "WriteLine" })
        {
            table["ILGPU.Interop", name] = (b, m, a) =>
            {
                if (a[0].Single is not HostValue { Value: string format })
                    throw b.Refuse($"Interop.{name} has a format that is not a constant string", "Write it as a literal.");
                IEnumerable<Value> values = a.Skip(1).Select((o, i) => TypeLayout.Of(o.Type).Leaves.Length == 1 && o.Single is not CompileTimeValue
                    ? Printed(b, o, TypeOf(m, 1 + i))
                    : throw b.Refuse($"Interop.{name} prints a {SequencePoints.NameOf(o.Type)}", "Print its scalars."));
                return Done(b.Append(new Print(name == "WriteLine" ? format + "\n" : format, [.. values])));
            };
        }
    }

    /// <summary>What record structs and tuples compare their fields with.</summary>
    private static void AddEquality(EmitterTable table)
    {
        const string Type = "System.Collections.Generic.EqualityComparer`1";
        table[Type, "get_Default"] = (_, m, _) => new Operand(m.DeclaringType!, [new HostValue(HostValue.Opaque)]);
        table[Type, "Equals"] = (b, m, a) =>
        {
            Type type = m.DeclaringType!.GetGenericArguments()[0];
            if (!TypeLayout.Of(type).IsScalar)
                throw b.Refuse($"values of {SequencePoints.NameOf(type)} are compared by EqualityComparer", "Compare their fields.");
            (Value x, Value y) = (b.Resolve(a[1].Single), b.Resolve(a[2].Single));
            Value equal = b.Emit.Compare(CompareOp.Eq, x, y);
            if (x.Type.IsFloat())
            {
                // Unlike the operator, Equals takes a NaN to equal a NaN.
                Value bothNaN = b.Emit.Binary(BinaryOp.And, b.Emit.Unary(UnaryOp.IsNaN, x), b.Emit.Unary(UnaryOp.IsNaN, y));
                equal = b.Emit.Binary(BinaryOp.Or, equal, bothNaN);
            }
            return Bool(b, equal);
        };
    }

    private static Operand? EmitMath(KernelBuilder b, string type, MethodInfo method, Operand[] a)
    {
        if (method.Name == "FusedMultiplyAdd")
        {
            throw b.Refuse(
                $"'{SequencePoints.NameOf(method)}' is called",
                "Write a * b + c: the compiler contracts it to a fused multiply-add where the device has one.");
        }
        if (!method.IsStatic || a.Length == 0)
            return null;
        ParameterInfo[] parameters = method.GetParameters();
        Type scalar = parameters[0].ParameterType;
        var layout = TypeLayout.Of(scalar);
        if (!layout.IsScalar || parameters.Any(p => p.ParameterType != scalar))
            return null;
        bool isFloat = layout.Leaves[0].Type.IsFloat();
        bool isUnsigned = KernelBuilder.IsUnsigned(scalar);
        Value[] values = a.Select(o => b.Resolve(o.Single)).ToArray();
        if (BitTypes.Contains(type) && !isFloat && EmitBits(b, method.Name, values) is { } bits)
            return bits;
        switch (a.Length, method.Name)
        {
            case (1, "Abs") when isUnsigned:
                return a[0];
            case (1, "Sign"):
                var zero = Constant.FromBits(values[0].Type, 0);
                if (isUnsigned)
                    return Scalar(typeof(int), b.Emit.Extend(b.Emit.Compare(CompareOp.Ne, values[0], zero)));
                Value positive = b.Emit.Extend(b.Emit.Compare(CompareOp.Gt, values[0], zero));
                Value negative = b.Emit.Extend(b.Emit.Compare(CompareOp.Lt, values[0], zero));
                return Scalar(typeof(int), b.Emit.Binary(BinaryOp.Sub, positive, negative));
            case (1, _) when UnaryFunctions.TryGetValue(method.Name, out UnaryOp unary) && (isFloat || unary == UnaryOp.Abs):
                Value result = b.Emit.Unary(unary, values[0]);
                return method.ReturnType == typeof(bool) ? Bool(b, result) : b.Coerce(Scalar(scalar, result), method.ReturnType);
            case (2, "Min" or "Max"):
                BinaryOp op = (method.Name, isUnsigned && layout.Leaves[0].Type is IrType.I32 or IrType.I64) switch
                {
                    ("Min", true) => isUnsigned ? BinaryOp.MinUnsigned : BinaryOp.Min,
                    ("Max", true) => isUnsigned ? BinaryOp.MaxUnsigned : BinaryOp.Max,
                    ("Min", _) => BinaryOp.Min,
                    _ => BinaryOp.Max,
                };
                return Scalar(method.ReturnType, b.Emit.Binary(op, values[0], values[1]));
            case (2, "Log") when isFloat:
                return Scalar(
                    scalar, b.Emit.Binary(BinaryOp.Div, b.Emit.Unary(UnaryOp.Log, values[0]), b.Emit.Unary(UnaryOp.Log, values[1])));
            case (2, "Pow" or "Atan2" or "CopySign") when isFloat:
                return Scalar(scalar, b.Emit.Binary(Enum.Parse<BinaryOp>(method.Name), values[0], values[1]));
            case (2, "Rem") when isFloat:
                return Scalar(scalar, b.Emit.Binary(BinaryOp.Rem, values[0], values[1]));
            case (3, "Clamp") when type.StartsWith("ILGPU", StringComparison.Ordinal):
                bool unsignedClamp = isUnsigned && values[0].Type == layout.Leaves[0].Type;
                Value upper = b.Emit.Binary(unsignedClamp ? BinaryOp.MinUnsigned : BinaryOp.Min, values[0], values[2]);
                return Scalar(scalar, b.Emit.Binary(unsignedClamp ? BinaryOp.MaxUnsigned : BinaryOp.Max, upper, values[1]));
            default:
                return null;
        }
    }

    private static Operand? EmitBits(KernelBuilder b, string name, Value[] values)
    {
        if (values is not [var value])
            return null;
        return name switch
        {
            "PopCount" => Scalar(typeof(int), b.Emit.Unary(UnaryOp.PopCount, value)),
            "LeadingZeroCount" => Scalar(typeof(int), b.Emit.Unary(UnaryOp.LeadingZeroCount, value)),
            "TrailingZeroCount" => Scalar(typeof(int), b.Emit.Unary(UnaryOp.TrailingZeroCount, value)),
            "Log2" => Scalar(typeof(int), b.Emit.Binary(
                BinaryOp.Sub,
                Constant.Int(value.Type.SizeOf() * 8 - 1),
                b.Emit.Unary(UnaryOp.LeadingZeroCount, b.Emit.Binary(BinaryOp.Or, value, Constant.FromBits(value.Type, 1))))),
            _ => null,
        };
    }

    /// <summary>Half is a storage type: its operators compute in float and round back.</summary>
    private static Operand? EmitHalf(KernelBuilder b, MethodInfo method, Operand[] a)
    {
        if (!method.IsStatic || a.Length == 0)
            return null;
        Type half = typeof(ILGPU.Half);
        Type from = method.GetParameters()[0].ParameterType;
        if (method.Name is "op_Implicit" or "op_Explicit")
        {
            if (from == half)
            {
                Value wide = b.Emit.Convert(
                    ConvertOp.FloatToFloat, a[0].Single, method.ReturnType == typeof(double) ? IrType.F64 : IrType.F32);
                return method.ReturnType == typeof(float) || method.ReturnType == typeof(double)
                    ? Scalar(method.ReturnType, wide)
                    : null;
            }
            return from == typeof(float) || from == typeof(double)
                ? new Operand(half, [b.Emit.Convert(ConvertOp.FloatToFloat, a[0].Single, IrType.F16)])
                : null;
        }
        if (a.Any(o => o.Type != half && TypeLayout.Of(o.Type).CommonScalar != IrType.F16))
            return null;
        Value[] x = a.Select(o => b.Emit.Convert(ConvertOp.FloatToFloat, o.Single, IrType.F32)).ToArray();
        return (a.Length, method.Name) switch
        {
            (2, "op_Addition") => Rounded(b.Emit.Binary(BinaryOp.Add, x[0], x[1])),
            (2, "op_Subtraction") => Rounded(b.Emit.Binary(BinaryOp.Sub, x[0], x[1])),
            (2, "op_Multiply") => Rounded(b.Emit.Binary(BinaryOp.Mul, x[0], x[1])),
            (2, "op_Division") => Rounded(b.Emit.Binary(BinaryOp.Div, x[0], x[1])),
            (1, "op_UnaryNegation") => Rounded(b.Emit.Unary(UnaryOp.Neg, x[0])),
            (1, "Abs") => Rounded(b.Emit.Unary(UnaryOp.Abs, x[0])),
            (1, "IsNaN") => Bool(b, b.Emit.Unary(UnaryOp.IsNaN, x[0])),
            (1, "IsInfinity") => Bool(b, b.Emit.Unary(UnaryOp.IsInfinity, x[0])),
            (1, "IsFinite") => Bool(b, b.Emit.Unary(UnaryOp.IsFinite, x[0])),
            (2, "op_Equality") => Bool(b, b.Emit.Compare(CompareOp.Eq, x[0], x[1])),
            (2, "op_Inequality") => Bool(b, b.Emit.Compare(CompareOp.Ne, x[0], x[1])),
            (2, "op_LessThan") => Bool(b, b.Emit.Compare(CompareOp.Lt, x[0], x[1])),
            (2, "op_LessThanOrEqual") => Bool(b, b.Emit.Compare(CompareOp.Le, x[0], x[1])),
            (2, "op_GreaterThan") => Bool(b, b.Emit.Compare(CompareOp.Gt, x[0], x[1])),
            (2, "op_GreaterThanOrEqual") => Bool(b, b.Emit.Compare(CompareOp.Ge, x[0], x[1])),
            (2, "Min") => Rounded(b.Emit.Binary(BinaryOp.Min, x[0], x[1])),
            (2, "Max") => Rounded(b.Emit.Binary(BinaryOp.Max, x[0], x[1])),
            _ => null,
        };

        Operand Rounded(Value value) => new(half, [b.Emit.Convert(ConvertOp.FloatToFloat, value, IrType.F16)]);
    }

    private static Operand Scalar(Type type, Value value) => new(type, [value]);

    private static Operand Bool(KernelBuilder b, Value condition) => new(typeof(bool), [b.Emit.Extend(condition)]);

    private static Operand View(Type elementType, Value pointer, Value length) =>
        new(typeof(ILGPU.ArrayView<>).MakeGenericType(elementType), [pointer, length]);

    private static Operand? Done(Instruction instruction)
    {
        _ = instruction;
        return null;
    }

    /// <summary>The element type of the view that a method belongs to.</summary>
    private static Type ElementOf(MethodBase method) => method.DeclaringType!.GetGenericArguments()[0];

    private static Type TypeOf(MethodBase method, int parameter) => method.GetParameters()[parameter].ParameterType;

    /// <summary>Emitters by the type's full name and the method's name.</summary>
    private sealed class EmitterTable
    {
        private readonly Dictionary<(string, string), Emitter> entries = [];

        public Emitter? this[string type, string method]
        {
            get => entries.GetValueOrDefault((type, method));
            set => entries[(type, method)] = value!;
        }
    }
}
