using System.Numerics;
using System.Reflection.Emit;
using System.Runtime.Intrinsics.X86;
using GpuVae.Simd.Ir;

namespace GpuVae.Simd.Emit;

/// <summary>Loads and stores: vectors where lanes lie side by side, gathers and scatters where not.</summary>
internal sealed partial class SimdEmitter
{
    /// <summary>
    /// How far ahead rows are asked for, by measurement: a copy of vectors waits for memory, and more would only push out what it has; sums
    /// of products with single elements (a column of a matrix) take longer over a turn, and want the third-level cache not to be seen.
    /// </summary>
    private const int VectorPrefetchTurns = 8, ElementPrefetchTurns = 16;

    private const int CacheLine = 64;

    /// <summary>Of a hint's lanes in bytes; what lies further apart is too many lines to ask for.</summary>
    private const int MaximumPrefetchStride = 16;

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
    /// Asks for what the load will read some turns later, if the loop around it goes down the rows of a matrix: hardware follows
    /// neighbouring lines, not steps of a leading dimension. An address beyond the matrix does no harm.
    /// </summary>
    private void EmitPrefetch(Load load, long offset, int turns)
    {
        if (!Sse.IsSupported || !mask.IsFull || StepOf(load) is not { } step)
            return;
        // Narrow vectors side by side share a line.
        if (((load.Pointer as ElementAddress)?.Offset + offset) % CacheLine > 0)
            return;
        EmitScalar(load.Pointer);
        il.AddOffset(offset);
        EmitScalar(step.Index);
        if (step.Index.Type == IrType.I32)
            il.Op(OpCodes.Conv_I8);
        il.Long(turns * step.Scale);
        il.Op(OpCodes.Mul);
        il.Op(OpCodes.Add);
        il.Call(typeof(Sse).GetMethod(nameof(Sse.Prefetch0))!);
    }

    /// <summary>Asks for the lines that the lanes lie in, where those are neighbours.</summary>
    private void EmitPrefetch(Prefetch prefetch)
    {
        ValueShape shape = shapes[prefetch.Pointer];
        if (!Sse.IsSupported || shape.IsVarying || Math.Abs(shape.Stride) > MaximumPrefetchStride)
            return;
        for (long offset = 0; offset <= shape.Stride * (configuration.Lanes - 1); offset += CacheLine)
        {
            EmitScalar(prefetch.Pointer);
            il.AddOffset(offset);
            il.Call(typeof(Sse).GetMethod(nameof(Sse.Prefetch1))!);
        }
    }

    /// <summary>What the address grows by from turn to turn of the innermost loop around the load, where that is no constant.</summary>
    private (Value Index, int Scale)? StepOf(Load load)
    {
        Value value = load.Pointer;
        if (value is ElementAddress { Index: Constant } moved)
            value = moved.Pointer;
        int scale = 1;
        if (value is ElementAddress address)
            (value, scale) = (address.Index, localMemory.ScaleOf(address));
        if (value is Binary { Op: BinaryOp.Add } sum)
            value = sum.Left is Phi ? sum.Left : sum.Right;
        if (value is not Phi phi || index.LoopOf(load.Block!)?.Header != phi.Block)
            return null;
        (Value? step, scale) = phi.Operands.Select(next => next switch
        {
            Binary { Op: BinaryOp.Add } grown when ReferenceEquals(grown.Left, phi) => (grown.Right, scale),
            ElementAddress bumped when ReferenceEquals(bumped.Pointer, phi) => (bumped.Index, localMemory.ScaleOf(bumped)),
            _ => default((Value?, int)),
        }).FirstOrDefault(found => found.Item1 is not null);
        return step is not (null or Constant) && shapes[step].IsUniform && !plan.IsInlined(step) ? (step, scale) : null;
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
        EmitPrefetch(load, (long)part * type.Count * size, VectorPrefetchTurns);
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
        if (shapes[store.Pointer].IsUniform)
        {
            EmitLastLaneStore(store);
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
}
