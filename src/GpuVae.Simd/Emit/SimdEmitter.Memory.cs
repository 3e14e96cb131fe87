using System.Numerics;
using System.Reflection.Emit;
using System.Runtime.Intrinsics.X86;
using GpuVae.Simd.Ir;

namespace GpuVae.Simd.Emit;

/// <summary>Loads and stores: vectors where lanes lie side by side, gathers and scatters where not.</summary>
internal sealed partial class SimdEmitter
{
    /// <summary>How far ahead rows are asked for: the time of some loads from the third-level cache.</summary>
    private const int PrefetchTurns = 8;

    /// <summary>Stores that are done already.</summary>
    private readonly HashSet<Store> scattered = [];

    private bool IsContiguous(Value pointer, IrType type) => shapes[pointer].IsStrided && shapes[pointer].Stride == type.SizeOf();

    /// <summary>
    /// A 4-byte element at a uniform address plus a 32-bit offset per lane: one hardware gather per vector, where there is one.
    /// </summary>
    private bool IsFastGather(Load load) =>
        load.Type is IrType.I32 or IrType.F32 && MaskType.Bits >= 128 &&
        (shapes[load.Pointer].IsStrided
            ? Math.Abs(shapes[load.Pointer].Stride) < 1 << 24
            : load.Pointer is ElementAddress address && IsIndexed(address));

    /// <summary>One address for the warp plus a 32-bit offset per lane, in bytes or in units of a scale that addressing has.</summary>
    private bool IsIndexed(ElementAddress address)
    {
        if (!shapes[address.Pointer].IsScalar || !shapes[address.Index].IsVarying || address.Index.Type != IrType.I32 ||
            Math.Abs(shapes[address.Pointer].Stride) >= 1 << 20)
            return false;
        // Bytes of shared and local memory can be counted in 32 bits, those of a buffer cannot.
        return address.Space is AddressSpace.Shared or AddressSpace.Local || HasScale(address);
    }

    private bool HasScale(ElementAddress address) =>
        localMemory.ScaleOf(address) is var scale and (1 or 2 or 4 or 8) && shapes[address.Pointer].Stride % scale == 0;

    /// <summary>Pushes one part of the lanes' offsets from what <see cref="EmitIndexBase"/> pushes; returns their unit in bytes.</summary>
    private int EmitIndex(ElementAddress address, int part)
    {
        int scale = localMemory.ScaleOf(address), unit = HasScale(address) ? scale : 1;
        EmitVector(address.Index, part);
        if (unit != scale)
        {
            il.IntVector(MaskType, scale);
            il.Vector2(MaskType, "Multiply");
        }
        long stride = shapes[address.Pointer].Stride / unit;
        if (stride == 0)
            return unit;
        il.Sequence(MaskType, stride * MaskType.Count * part, stride);
        il.Vector2(MaskType, "Add");
        return unit;
    }

    private void EmitIndexBase(ElementAddress address)
    {
        EmitScalar(address.Pointer);
        il.AddOffset(localMemory.OffsetOf(address));
    }

    /// <summary>
    /// Makes the lanes' addresses ready, in a lane buffer if need be. The result does so for one lane, and returns what pushes its address
    /// as often as wanted.
    /// </summary>
    private Func<int, Action> EmitLaneAddresses(Value pointer, int buffer)
    {
        if (!shapes[pointer].IsVarying)
        {
            LocalBuilder first = il.Local(typeof(long));
            EmitScalar(pointer);
            il.Set(first);
            return lane => () =>
            {
                il.Get(first);
                il.AddOffset(shapes[pointer].Stride * lane);
            };
        }
        if (pointer is not ElementAddress address || !IsIndexed(address))
        {
            EmitSpill(buffer, pointer);
            LocalBuilder place = il.Local(typeof(long));
            return lane =>
            {
                EmitLaneValue(buffer, lane, typeof(long));
                il.Set(place);
                return () => il.Get(place);
            };
        }
        LocalBuilder start = il.Local(typeof(long));
        EmitIndexBase(address);
        il.Set(start);
        int unit = 1;
        for (int part = 0; part < MaskParts; part++)
        {
            EmitLaneBuffer(buffer);
            il.AddOffset(part * MaskType.Bits / 8);
            unit = EmitIndex(address, part);
            EmitHalfStores(MaskType);
        }
        LocalBuilder offset = il.Local(typeof(long));
        return lane =>
        {
            EmitLaneValue(buffer, lane, typeof(int));
            il.Op(OpCodes.Conv_I8);
            il.Set(offset);
            return () =>
            {
                // In one expression, so that it becomes the addressing mode of the access.
                il.Get(start);
                il.Get(offset);
                if (unit > 1)
                {
                    il.Long(unit);
                    il.Op(OpCodes.Mul);
                }
                il.Op(OpCodes.Add);
            };
        };
    }

    /// <summary>Makes a value of the lanes ready, in a lane buffer if need be, and returns what pushes that of one lane.</summary>
    private Action<int> EmitLaneValues(Value value, int buffer)
    {
        if (shapes[value].IsUniform)
        {
            if (value is Constant)
                return _ => EmitScalar(value);
            LocalBuilder local = il.Local(ScalarClr(value.Type));
            EmitScalar(value);
            il.Set(local);
            return _ => il.Get(local);
        }
        EmitSpill(buffer, value);
        return lane => EmitLaneValue(buffer, lane, ScalarClr(value.Type));
    }

    private void EmitLaneValue(int buffer, int lane, Type type)
    {
        EmitLaneBuffer(buffer, lane, type);
        il.LoadObject(type);
    }

    private void EmitLaneBuffer(int buffer, int lane, Type type)
    {
        EmitLaneBuffer(buffer);
        il.AddOffset(lane * (type == typeof(long) || type == typeof(double) ? 8 : 4));
    }

    /// <summary>
    /// Asks for what the load will read some turns later, if the loop around it goes down the rows of a matrix: hardware follows
    /// neighbouring lines, not steps of a leading dimension. An address beyond the matrix does no harm.
    /// </summary>
    private void EmitPrefetch(Load load, long offset)
    {
        if (!Sse.IsSupported || !mask.IsFull || load.Pointer is not ElementAddress address || StepOf(address.Index, load) is not { } step)
            return;
        EmitScalar(address);
        il.AddOffset(offset);
        EmitScalar(step);
        il.Int(PrefetchTurns * localMemory.ScaleOf(address));
        il.Op(OpCodes.Mul);
        il.Op(OpCodes.Conv_I);
        il.Op(OpCodes.Add);
        il.Call(typeof(Sse).GetMethod(nameof(Sse.Prefetch0))!);
    }

    /// <summary>What the index grows by from turn to turn of the innermost loop around its use, where that is no constant.</summary>
    private Value? StepOf(Value value, Instruction use)
    {
        if (value is Binary { Op: BinaryOp.Add } sum)
            value = sum.Left is Phi ? sum.Left : sum.Right;
        return value is Phi { Type: IrType.I32 } phi && index.LoopOf(use.Block!)?.Header == phi.Block
            && phi.Operands.OfType<Binary>().FirstOrDefault(o => o.Op == BinaryOp.Add && ReferenceEquals(o.Left, phi)) is { } next
            && next.Right is not Constant && shapes[next.Right].IsUniform && !plan.IsInlined(next.Right) ? next.Right : null;
    }

    private void EmitVectorLoad(Load load, int part)
    {
        VectorType type = VectorOf(load.Type);
        if (!IsContiguous(load.Pointer, load.Type))
        {
            EmitGather(load, part);
            return;
        }
        int size = load.Type.SizeOf();
        EmitPrefetch(load, (long)part * type.Count * size);
        EmitScalar(load.Pointer);
        il.AddOffset((long)part * type.Count * size);
        if (mask.IsFull && size >= 4)
        {
            il.LoadObject(type.Clr);
        }
        else if (mask.IsFull)
        {
            EmitMemoryCall(type, "Load" + NarrowName(size) + type.Bits);
        }
        else
        {
            EmitMask(load.Type, part);
            EmitMemoryCall(type, "MaskLoad" + NarrowName(size), type.Clr);
        }
        if (load.Type == IrType.Bool)
            EmitNonZero(type);
    }

    /// <summary>What the helpers for elements that are narrower than their lanes are called by.</summary>
    private static string NarrowName(int size) => size switch { 1 => "Bytes", 2 => "Shorts", _ => "" };

    /// <summary>integers → masks</summary>
    private void EmitNonZero(VectorType type)
    {
        il.IntVector(type, 0);
        il.Vector2(type, "Equals");
        il.Vector1(type, "OnesComplement");
    }

    /// <summary>A helper on an address and vectors.</summary>
    private void EmitMemoryCall(VectorType type, string name, params Type[] vectors) =>
        il.Call(VectorApi.Find(typeof(VectorMemory), name, type.Element, [typeof(byte*), .. vectors]));

    private void EmitGather(Load load, int part)
    {
        VectorType type = VectorOf(load.Type);
        int scale = 1;
        if (load.Pointer is ElementAddress address && shapes[address].IsVarying)
        {
            EmitIndexBase(address);
            scale = EmitIndex(address, part);
        }
        else
        {
            long stride = shapes[load.Pointer].Stride;
            EmitScalar(load.Pointer);
            il.Sequence(MaskType, stride * type.Count * part, stride);
        }
        EmitMask(IrType.I32, part);
        il.Int(scale);
        il.Call(
            typeof(VectorMemory), mask.IsFull ? nameof(VectorMemory.Gather) : nameof(VectorMemory.MaskGather),
            typeof(byte*), MaskType.Clr, MaskType.Clr, typeof(int));
        il.As(MaskType, type.Element);
    }

    /// <summary>Pushes one part of the lanes' addresses as 64-bit integers.</summary>
    private void EmitVectorAddress(ElementAddress address, int part)
    {
        VectorType type = VectorOf(IrType.Pointer);
        EmitVector(address.Pointer, part);
        if (address.Index.Type == IrType.I64)
            EmitVector(address.Index, part);
        else
            EmitWidened(MaskType, type, part, i => EmitVector(address.Index, i));
        int scale = localMemory.ScaleOf(address);
        if (int.IsPow2(scale))
        {
            il.Int(BitOperations.Log2((uint)scale));
            il.Vector(type, "ShiftLeft", type.Clr, typeof(int));
        }
        else
        {
            il.IntVector(type, scale);
            il.Vector2(type, "Multiply");
        }
        il.Vector2(type, "Add");
        int offset = localMemory.OffsetOf(address);
        if (offset == 0)
            return;
        il.IntVector(type, offset);
        il.Vector2(type, "Add");
    }

    private void EmitGatherLanes(Load load)
    {
        if (mask.IsFull)
        {
            Func<int, Action> address = EmitLaneAddresses(load.Pointer, 0);
            for (int lane = 0; lane < configuration.Lanes; lane++)
            {
                Action push = address(lane);
                EmitLaneBuffer(ResultBuffer, lane, ScalarClr(load.Type));
                push();
                EmitScalarLoad(load.Type);
                if (load.Type == IrType.Bool)
                    il.Op(OpCodes.Neg);
                il.StoreObject(ScalarClr(load.Type));
            }
            EmitUnspill(load);
            return;
        }
        EmitSpill(0, load.Pointer);
        Action maskPointer = EmitMaskSpill();
        EmitLaneBuffer(0);
        EmitLaneBuffer(ResultBuffer);
        maskPointer();
        il.Int(configuration.Lanes);
        il.Int(load.Type.SizeOf());
        il.Call(typeof(LaneOperations).GetMethod(nameof(LaneOperations.Gather))!);
        EmitUnspill(load);
        if (load.Type != IrType.Bool)
            return;
        foreach (LocalBuilder part in VariableOf(load))
        {
            il.Get(part);
            EmitNonZero(MaskType);
            il.Set(part);
        }
    }

    private void EmitStore(Store store)
    {
        if (scattered.Remove(store))
            return;
        Value value = store.StoredValue;
        if (shapes[store.Pointer].IsUniform && shapes[value].IsUniform)
        {
            EmitScalar(store.Pointer);
            EmitScalar(value);
            EmitScalarStore(value.Type);
            return;
        }
        if (!IsContiguous(store.Pointer, value.Type))
        {
            EmitScatter(store);
            return;
        }
        VectorType type = VectorOf(value.Type);
        int size = value.Type.SizeOf();
        for (int part = 0; part < Parts(value.Type); part++)
        {
            EmitScalar(store.Pointer);
            il.AddOffset((long)part * type.Count * size);
            EmitVector(value, part);
            if (value.Type == IrType.Bool)
            {
                il.IntVector(type, 1);
                il.Vector2(type, "BitwiseAnd");
            }
            if (mask.IsFull && size >= 4)
            {
                il.StoreObject(type.Clr);
            }
            else if (mask.IsFull)
            {
                EmitMemoryCall(type, "Store" + NarrowName(size), type.Clr);
            }
            else
            {
                EmitMask(value.Type, part);
                EmitMemoryCall(type, "MaskStore" + NarrowName(size), type.Clr, type.Clr);
            }
        }
    }

    private void EmitUpdate(Store store, LaneUpdate update)
    {
        OpCode op = SimpleCode(update.Operation)!.Value;
        EmitReadModifyWrite(
            store, store.Pointer, update.Operand, update.Load, isRead: update.Load.Users.Count > 1, reads: true, () => il.Op(op));
    }

    /// <summary>
    /// The lanes, one after the other, replace what lies at their address by what <paramref name="combine"/> makes of it and the operand.
    /// </summary>
    /// <param name="update">The instruction that does it.</param>
    /// <param name="pointer">The addresses.</param>
    /// <param name="operand">The operands.</param>
    /// <param name="old">Stands for what was there before.</param>
    /// <param name="isRead">Somebody wants what was there before.</param>
    /// <param name="reads">The new value depends on the one before.</param>
    /// <param name="combine">[before,] operand → after</param>
    private void EmitReadModifyWrite(
        Instruction update, Value pointer, Value operand, Instruction old, bool isRead, bool reads, Action combine)
    {
        Type clr = ScalarClr(old.Type);
        Func<int, Action> address = EmitLaneAddresses(pointer, 0);
        Action<int> operandOf = EmitLaneValues(operand, 1);
        LocalBuilder? before = isRead ? il.Local(clr) : null;
        List<Store> scatters = isRead ? ScattersBy(old, update) : [];
        // The buffers of the mask, which is full, and of the result, which is then not needed, are free.
        var emitScatters = scatters.Select((scatter, i) => EmitScatterBy(scatter, before!, 2 + i)).ToList();
        for (int lane = 0; lane < configuration.Lanes; lane++)
        {
            Action push = address(lane);
            if (before is not null)
            {
                push();
                il.LoadObject(clr);
                il.Set(before);
            }
            if (before is not null && scatters.Count == 0)
            {
                EmitLaneBuffer(ResultBuffer, lane, clr);
                il.Get(before);
                il.StoreObject(clr);
            }
            push();
            if (reads && before is not null)
            {
                il.Get(before);
            }
            else if (reads)
            {
                push();
                il.LoadObject(clr);
            }
            operandOf(lane);
            combine();
            il.StoreObject(clr);
            emitScatters.ForEach(emit => emit(lane));
        }
        if (isRead && scatters.Count == 0)
            EmitUnspill(old);
        scattered.UnionWith(scatters);
    }

    /// <summary>
    /// If what was read lane by lane is only the index of scatters, and they can be done together with it: those scatters. Loaded as a
    /// vector it would have to wait until all stores before it have reached the cache.
    /// </summary>
    private List<Store> ScattersBy(Instruction read, Instruction update)
    {
        List<Instruction> body = update.Block!.Body;
        int first = body.IndexOf(update), last = first;
        var stores = new List<Store>();
        foreach (Instruction user in read.Users.Where(user => !updates.IsPart(user)))
        {
            if (user is not ElementAddress address || !IsIndexed(address) || !HasScale(address))
                return [];
            foreach (Instruction use in address.Users)
            {
                if (use is not Store store || !ReferenceEquals(store.Pointer, address) || !ReferenceEquals(store.Block, update.Block) ||
                    updates.Of(store) is not null || !IsThere(store.StoredValue) || !IsThere(address.Pointer))
                    return [];
                stores.Add(store);
                last = Math.Max(last, body.IndexOf(store));
            }
        }
        // Behind the scatters, which move up, nothing may have been read or written before them.
        bool alone = body[(first + 1)..last].TrueForAll(i => stores.Contains(i) || !(i.HasSideEffects || i is Load { IsReadOnly: false }));
        return alone && stores.Count <= ResultBuffer - 1 ? [.. stores.OrderBy(body.IndexOf)] : [];

        bool IsThere(Value value) => value is not Instruction instruction ||
            (!plan.IsInlined(value) && !(ReferenceEquals(instruction.Block, update.Block) && body.IndexOf(instruction) > first));
    }

    private Action<int> EmitScatterBy(Store scatter, LocalBuilder index, int buffer)
    {
        var address = (ElementAddress)scatter.Pointer;
        LocalBuilder start = il.Local(typeof(long));
        EmitIndexBase(address);
        il.Set(start);
        Action<int> valueOf = EmitLaneValues(scatter.StoredValue, buffer);
        return lane =>
        {
            il.Get(start);
            il.AddOffset(shapes[address.Pointer].Stride * lane);
            il.Get(index);
            il.AddScaled(localMemory.ScaleOf(address));
            valueOf(lane);
            EmitLaneStore(scatter.StoredValue);
        };
    }

    /// <summary>address, value of a lane →</summary>
    private void EmitLaneStore(Value value)
    {
        // In a lane a Bool is all ones, in memory 1.
        if (value.Type == IrType.Bool && !shapes[value].IsUniform)
            il.Op(OpCodes.Neg);
        EmitScalarStore(value.Type);
    }

    private void EmitScatter(Store store)
    {
        Value value = store.StoredValue;
        if (updates.Of(store) is { } update)
        {
            if (mask.IsFull)
            {
                EmitUpdate(store, update);
                return;
            }
            if (!plan.IsInlined(update.Load))
                EmitStatement(update.Load);
            if (!plan.IsInlined(update.Operation))
                EmitStatement(update.Operation);
        }
        if (mask.IsFull)
        {
            Func<int, Action> addressOf = EmitLaneAddresses(store.Pointer, 0);
            Action<int> valueOf = EmitLaneValues(value, 1);
            for (int lane = 0; lane < configuration.Lanes; lane++)
            {
                addressOf(lane)();
                valueOf(lane);
                EmitLaneStore(value);
            }
            return;
        }
        EmitSpill(0, store.Pointer);
        EmitSpill(1, value);
        Action maskPointer = EmitMaskSpill();
        EmitLaneBuffer(0);
        EmitLaneBuffer(1);
        maskPointer();
        il.Int(configuration.Lanes);
        il.Int(value.Type == IrType.Bool ? LaneOperations.BoolMask : value.Type.SizeOf());
        il.Call(typeof(LaneOperations).GetMethod(nameof(LaneOperations.Scatter))!);
    }
}
