using System.Numerics;
using System.Reflection.Emit;
using GpuVae.Simd.Ir;

namespace GpuVae.Simd.Emit;

/// <content>Accesses of one lane after the other: gathers and scatters that no instruction does.</content>
internal sealed partial class SimdEmitter
{
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

    /// <summary>address, value of a lane →</summary>
    private void EmitLaneStore(Value value)
    {
        // In a lane a Bool is all ones, in memory 1.
        if (value.Type == IrType.Bool && !shapes[value].IsUniform)
            il.Op(OpCodes.Neg);
        EmitScalarStore(value.Type);
    }

    /// <summary>All lanes write to one place, where the last that runs wins: its value alone is stored.</summary>
    private void EmitLastLaneStore(Store store)
    {
        Value value = store.StoredValue;
        Action<int> valueOf = EmitLaneValues(value, 1);
        if (mask.IsFull)
        {
            EmitScalar(store.Pointer);
            valueOf(configuration.Lanes - 1);
            EmitLaneStore(value);
            return;
        }
        LocalBuilder last = il.Local(typeof(int));
        EmitLaneBits();
        il.Call((Func<ulong, int>)BitOperations.Log2);
        il.Set(last);
        EmitScalar(store.Pointer);
        EmitLaneBuffer(1);
        il.Get(last);
        il.AddScaled(SimdConfiguration.LaneBytes(value.Type));
        il.LoadObject(ScalarClr(value.Type));
        EmitLaneStore(value);
    }

    /// <summary>Pushes the running lanes as bits, lane 0 as the lowest.</summary>
    private void EmitLaneBits()
    {
        for (int part = 0; part < MaskParts; part++)
        {
            il.Get(mask.Parts[part]);
            il.Vector1(MaskType, "ExtractMostSignificantBits");
            il.Op(OpCodes.Conv_U8);
            if (part == 0)
                continue;
            il.Int(part * MaskType.Count);
            il.Op(OpCodes.Shl);
            il.Op(OpCodes.Or);
        }
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
