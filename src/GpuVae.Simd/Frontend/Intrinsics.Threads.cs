using System.Reflection;
using GpuVae.Simd.Ir;
using ILGPU.Runtime;
using Barrier = GpuVae.Simd.Ir.Barrier;

namespace GpuVae.Simd.Frontend;

/// <content>Where a thread is, and what it does together with others: barriers, shuffles, fences, atomics.</content>
internal static partial class Intrinsics
{
    private static void AddGeometry(EmitterTable table)
    {
        foreach (GeometryKind kind in Enum.GetValues<GeometryKind>().Where(k => k <= GeometryKind.GridDimZ))
        {
            string name = kind.ToString();
            Add("ILGPU." + (name.StartsWith("Group", StringComparison.Ordinal) ? "Group" : "Grid"), "get_" + name[^4..], kind);
        }
        Add("ILGPU.Warp", "get_LaneIdx", GeometryKind.LaneIndex);
        Add("ILGPU.Warp", "get_WarpIdx", GeometryKind.WarpIndex);
        Add("ILGPU.Warp", "get_WarpSize", GeometryKind.WarpSize);
        table["ILGPU.Runtime.Accelerator", "get_CurrentType"] =
            (_, m, _) => Scalar(((MethodInfo)m).ReturnType, Constant.Int((int)AcceleratorType.CPU));

        void Add(string type, string name, GeometryKind kind) => table[type, name] = (b, _, _) => Scalar(typeof(int), b.Geometry(kind));
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
        AddShuffle("Shuffle", ShuffleKind.Index);
        AddShuffle("ShuffleDown", ShuffleKind.Down);
        AddShuffle("ShuffleUp", ShuffleKind.Up);
        AddShuffle("ShuffleXor", ShuffleKind.Xor);
        AddShuffle("Broadcast", ShuffleKind.Broadcast);
        AddFence("ILGPU.MemoryFence", "GroupLevel", FenceLevel.Group);
        AddFence("ILGPU.MemoryFence", "DeviceLevel", FenceLevel.Device);
        AddFence("ILGPU.MemoryFence", "SystemLevel", FenceLevel.System);
        AddFence("System.Threading.Thread", "MemoryBarrier", FenceLevel.System);
        AddFence("System.Threading.Interlocked", "MemoryBarrier", FenceLevel.System);

        void AddFence(string type, string name, FenceLevel level) => table[type, name] = (b, _, _) => Done(b.Append(new Fence(level)));

        void AddShuffle(string name, ShuffleKind kind) => table["ILGPU.Warp", name] = (b, m, a) =>
        {
            int width = a.Length <= 2 ? 0
                : b.Resolve(a[2].Single) is Constant { SignedValue: > 0 } constant ? (int)constant.SignedValue
                : throw b.Refuse($"Warp.{name} has a width that is not a positive constant", "Use a constant or a SpecializedValue.");
            return PerWord(b, TypeOf(m, 0), a[0], v => b.Append(new Shuffle(kind, v, b.Resolve(a[1].Single), width)));
        };
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
        // The operations are called as the methods; unsigned forms are told by the type of the argument.
        foreach (AtomicOp op in Enum.GetValues<AtomicOp>().Where(op => op is not (AtomicOp.MinUnsigned or AtomicOp.MaxUnsigned)))
            table["ILGPU.Atomic", op.ToString()] = (b, m, a) => AtomicOperation(b, m, op, a[0], a[1]);
        table["ILGPU.Atomic", "CompareExchange"] = (b, m, a) => CompareExchange(b, m, a[0], compare: a[1], value: a[2]);

        const string owner = "System.Threading.Interlocked";
        table[owner, "Exchange"] = (b, m, a) => AtomicOperation(b, m, AtomicOp.Exchange, a[0], a[1]);
        table[owner, "CompareExchange"] = (b, m, a) => CompareExchange(b, m, a[0], compare: a[2], value: a[1]);
        table[owner, "And"] = (b, m, a) => AtomicOperation(b, m, AtomicOp.And, a[0], a[1]);
        table[owner, "Or"] = (b, m, a) => AtomicOperation(b, m, AtomicOp.Or, a[0], a[1]);
        // These three return the new value.
        table[owner, "Add"] = (b, m, a) => PlusOld(b, AtomicOperation(b, m, AtomicOp.Add, a[0], a[1]), a[1]);
        table[owner, "Increment"] = (b, m, a) => PlusOld(b, AtomicOperation(b, m, AtomicOp.Add, a[0], One(b, m, 1)), One(b, m, 1));
        table[owner, "Decrement"] = (b, m, a) => PlusOld(b, AtomicOperation(b, m, AtomicOp.Add, a[0], One(b, m, -1)), One(b, m, -1));

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
}
