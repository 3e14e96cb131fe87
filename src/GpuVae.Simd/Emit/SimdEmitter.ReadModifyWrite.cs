using System.Reflection;
using System.Reflection.Emit;
using GpuVae.Simd.Ir;

namespace GpuVae.Simd.Emit;

/// <content>Atomics, and stores of what was made of the place's own content.</content>
internal sealed partial class SimdEmitter
{
    /// <summary>Stores that are done already.</summary>
    private readonly HashSet<Store> scattered = [];

    private void EmitAtomic(Instruction instruction)
    {
        bool exchange = instruction is AtomicCompareExchange;
        int op = instruction is Atomic atomic ? (int)atomic.Op : 0;
        if (configuration.IsScalar)
        {
            if (instruction is Atomic { Pointer.Space: AddressSpace.Shared or AddressSpace.Local } alone)
            {
                EmitOwnScalarAtomic(alone);
                return;
            }
            EmitScalar(instruction.Operands[0]);
            if (!exchange)
                il.Int(op);
            for (int i = 1; i < instruction.Operands.Count; i++)
                EmitScalar(instruction.Operands[i]);
            il.Call(AtomicMethod(exchange ? nameof(AtomicOperations.CompareExchange) : nameof(AtomicOperations.Apply)));
            if (instruction.Users.Count == 0)
                il.Op(OpCodes.Pop);
            else
                SetVariable(instruction);
            return;
        }
        if (instruction is Atomic own && own.Pointer.Space is AddressSpace.Shared or AddressSpace.Local && mask.IsFull)
        {
            EmitOwnAtomic((Atomic)instruction);
            return;
        }
        bool same = !exchange && shapes[instruction.Operands[0]].IsUniform;
        for (int i = same ? 1 : 0; i < instruction.Operands.Count; i++)
            EmitSpill(i, instruction.Operands[i]);
        Action maskPointer = EmitMaskSpill();
        if (same)
            EmitScalar(instruction.Operands[0]);
        else
            EmitLaneBuffer(0);
        for (int i = 1; i < instruction.Operands.Count; i++)
            EmitLaneBuffer(i);
        EmitLaneBuffer(ResultBuffer);
        maskPointer();
        il.Int(configuration.Lanes);
        if (!exchange)
            il.Int(op);
        il.Call(AtomicMethod(
            exchange ? nameof(AtomicOperations.CompareExchangeLanes)
            : same ? nameof(AtomicOperations.ApplyTogether)
            : nameof(AtomicOperations.ApplyLanes)));
        if (instruction.Users.Count > 0)
            EmitUnspill(instruction);

        MethodInfo AtomicMethod(string name) =>
            typeof(AtomicOperations).GetMethod(name)!.MakeGenericMethod(ScalarClr(instruction.Type));
    }

    /// <summary>On memory of the group, which one worker runs: nobody else is there.</summary>
    private void EmitOwnAtomic(Atomic atomic) => EmitReadModifyWrite(
        atomic, atomic.Pointer, atomic.Operand, atomic, isRead: atomic.Users.Count > 0, reads: atomic.Op != AtomicOp.Exchange,
        () => EmitCombined(atomic.Op, ScalarClr(atomic.Type)));

    private void EmitOwnScalarAtomic(Atomic atomic)
    {
        Type clr = ScalarClr(atomic.Type);
        (LocalBuilder place, LocalBuilder old) = (il.Local(typeof(long)), il.Local(clr));
        EmitScalar(atomic.Pointer);
        il.Set(place);
        il.Get(place);
        il.LoadObject(clr);
        il.Set(old);
        il.Get(place);
        if (atomic.Op != AtomicOp.Exchange)
            il.Get(old);
        EmitScalar(atomic.Operand);
        EmitCombined(atomic.Op, clr);
        il.StoreObject(clr);
        if (atomic.Users.Count == 0)
            return;
        il.Get(old);
        SetVariable(atomic);
    }

    /// <summary>old, operand → new</summary>
    private void EmitCombined(AtomicOp op, Type clr)
    {
        if (op == AtomicOp.Exchange)
            return;
        OpCode? code = op switch
        {
            AtomicOp.Add => OpCodes.Add,
            AtomicOp.And => OpCodes.And,
            AtomicOp.Or => OpCodes.Or,
            AtomicOp.Xor => OpCodes.Xor,
            _ => null,
        };
        if (code is { } simple)
        {
            il.Op(simple);
            return;
        }
        if (op is AtomicOp.MinUnsigned or AtomicOp.MaxUnsigned)
            clr = Unsigned(clr);
        il.Call(typeof(Math), op is AtomicOp.Min or AtomicOp.MinUnsigned ? nameof(Math.Min) : nameof(Math.Max), clr, clr);
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
}
