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

    private bool IsContiguous(Value pointer, IrType type) => shapes[pointer].IsStrided && shapes[pointer].Stride == type.SizeOf();

    /// <summary>
    /// A 4-byte element at a uniform address plus a 32-bit offset per lane: one hardware gather per vector, where there is one.
    /// </summary>
    private bool IsFastGather(Load load) =>
        load.Type is IrType.I32 or IrType.F32 && MaskType.Bits >= 128 &&
        (shapes[load.Pointer].IsStrided
            ? Math.Abs(shapes[load.Pointer].Stride) < 1 << 24
            : load.Pointer is ElementAddress address && IsIndexed(address));

    /// <summary>Uniform pointer, varying I32 index, and a scale that addressing has.</summary>
    private bool IsIndexed(ElementAddress address) =>
        shapes[address.Pointer].IsUniform && shapes[address.Index].IsVarying && address.Index.Type == IrType.I32 &&
        localMemory.ScaleOf(address) is 1 or 2 or 4 or 8;

    /// <summary>
    /// Asks for what the load will read some turns later, if the loop around it goes down the rows of a matrix: hardware follows neighbouring
    /// lines, not steps of a leading dimension. An address beyond the matrix does no harm.
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
        var type = VectorOf(load.Type);
        if (!IsContiguous(load.Pointer, load.Type))
        {
            EmitGather(load, part);
            return;
        }
        int size = load.Type.SizeOf();
        EmitPrefetch(load, (long)part * type.Count * size);
        EmitScalar(load.Pointer);
        il.AddOffset((long)part * type.Count * size);
        if (size >= 4)
        {
            if (mask.IsFull)
            {
                il.LoadObject(type.Clr);
                return;
            }
            EmitMask(load.Type, part);
            EmitMemoryCall(type, "MaskLoad", type.Clr);
            return;
        }
        string name = (mask.IsFull ? "Load" : "MaskLoad") + (size == 1 ? "Bytes" : "Shorts");
        if (mask.IsFull)
        {
            EmitMemoryCall(type, name + type.Bits);
        }
        else
        {
            EmitMask(load.Type, part);
            EmitMemoryCall(type, name, type.Clr);
        }
        if (load.Type == IrType.Bool)
        {
            il.IntVector(type, 0);
            il.Vector2(type, "Equals");
            il.Vector1(type, "OnesComplement");
        }
    }

    /// <summary>A helper on an address and vectors.</summary>
    private void EmitMemoryCall(VectorType type, string name, params Type[] vectors) =>
        il.Call(VectorApi.Find(typeof(VectorMemory), name, type.Element, [typeof(byte*), .. vectors]));

    private void EmitGather(Load load, int part)
    {
        var type = VectorOf(load.Type);
        int scale = 1;
        if (load.Pointer is ElementAddress address && shapes[address].IsVarying)
        {
            scale = localMemory.ScaleOf(address);
            EmitScalar(address.Pointer);
            il.AddOffset(localMemory.OffsetOf(address));
            EmitVector(address.Index, part);
        }
        else
        {
            long stride = shapes[load.Pointer].Stride;
            EmitScalar(load.Pointer);
            il.Sequence(MaskType, stride * type.Count * part, stride);
        }
        EmitMask(IrType.I32, part);
        il.Int(scale);
        il.Call(VectorApi.Find(
            typeof(VectorMemory), mask.IsFull ? nameof(VectorMemory.Gather) : nameof(VectorMemory.MaskGather), null,
            typeof(byte*), MaskType.Clr, MaskType.Clr, typeof(int)));
        il.As(MaskType, type.Element);
    }

    /// <summary>Pushes one part of the lanes' addresses as 64-bit integers.</summary>
    private void EmitVectorAddress(ElementAddress address, int part)
    {
        var type = VectorOf(IrType.Pointer);
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
        EmitSpill(0, load.Pointer);
        var maskPointer = EmitMaskSpill();
        EmitLaneBuffer(0);
        EmitLaneBuffer(ResultBuffer);
        maskPointer();
        il.Int(configuration.Lanes);
        il.Int(load.Type.SizeOf());
        il.Call(typeof(LaneOperations).GetMethod(nameof(LaneOperations.Gather))!);
        EmitUnspill(load);
        if (load.Type != IrType.Bool)
            return;
        foreach (var part in VariableOf(load))
        {
            il.Get(part);
            il.IntVector(MaskType, 0);
            il.Vector2(MaskType, "Equals");
            il.Vector1(MaskType, "OnesComplement");
            il.Set(part);
        }
    }

    private void EmitStore(Store store)
    {
        var value = store.StoredValue;
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
        var type = VectorOf(value.Type);
        int size = value.Type.SizeOf();
        for (int part = 0; part < Parts(value.Type); part++)
        {
            EmitScalar(store.Pointer);
            il.AddOffset((long)part * type.Count * size);
            EmitVector(value, part);
            if (size >= 4)
            {
                if (mask.IsFull)
                {
                    il.StoreObject(type.Clr);
                    continue;
                }
                EmitMask(value.Type, part);
                EmitMemoryCall(type, "MaskStore", type.Clr, type.Clr);
                continue;
            }
            if (value.Type == IrType.Bool)
            {
                il.IntVector(type, 1);
                il.Vector2(type, "BitwiseAnd");
            }
            string name = (mask.IsFull ? "Store" : "MaskStore") + (size == 1 ? "Bytes" : "Shorts");
            if (mask.IsFull)
            {
                EmitMemoryCall(type, name, type.Clr);
                continue;
            }
            EmitMask(value.Type, part);
            EmitMemoryCall(type, name, type.Clr, type.Clr);
        }
    }

    private void EmitScatter(Store store)
    {
        var value = store.StoredValue;
        EmitSpill(0, store.Pointer);
        EmitSpill(1, value);
        var maskPointer = EmitMaskSpill();
        EmitLaneBuffer(0);
        EmitLaneBuffer(1);
        maskPointer();
        il.Int(configuration.Lanes);
        il.Int(value.Type == IrType.Bool ? LaneOperations.BoolMask : value.Type.SizeOf());
        il.Call(typeof(LaneOperations).GetMethod(nameof(LaneOperations.Scatter))!);
    }
}
