using System.Reflection.Emit;
using System.Runtime.Intrinsics;
using GpuVae.Simd.Ir;

namespace GpuVae.Simd.Emit;

/// <summary>
/// Masks: which lanes run. A mask is one vector of 4-byte lanes per part, all ones in lanes that run. Mask variables are written once,
/// except collectors, in which the lanes that come to one place by several ways are gathered. Code runs only while some lane does.
/// </summary>
internal sealed partial class SimdEmitter
{
    /// <summary>What is known of the running lanes at a point of the emitted code.</summary>
    private sealed class Mask(LocalBuilder[]? parts)
    {
        public static readonly Mask Full = new(null);

        /// <summary>Behind an unconditional jump.</summary>
        public static readonly Mask Unreachable = new(null);

        public LocalBuilder[] Parts => parts!;
        public bool IsFull => ReferenceEquals(this, Full);
        public bool IsUnreachable => ReferenceEquals(this, Unreachable);
    }

    private Mask mask = Mask.Full;
    private Label skip;
    private Label warpEnd;

    private int MaskParts => Parts(IrType.I32);

    private LocalBuilder[] NewMaskVariable() => NewLocals(MaskParts, MaskType.Clr);

    /// <summary>An empty collector.</summary>
    private LocalBuilder[] NewCollector()
    {
        LocalBuilder[] collector = NewMaskVariable();
        Clear(collector);
        return collector;
    }

    private void Clear(LocalBuilder[] collector)
    {
        foreach (LocalBuilder part in collector)
        {
            il.IntVector(MaskType, 0);
            il.Set(part);
        }
    }

    /// <summary>Adds the running lanes to a collector.</summary>
    private void Collect(LocalBuilder[] collector)
    {
        for (int i = 0; i < collector.Length; i++)
        {
            if (mask.IsFull)
            {
                il.IntVector(MaskType, -1);
            }
            else
            {
                il.Get(collector[i]);
                il.Get(mask.Parts[i]);
                il.Vector2(MaskType, "BitwiseOr");
            }
            il.Set(collector[i]);
        }
    }

    /// <summary>Pushes whether any lane of a mask is set.</summary>
    private void EmitAny(LocalBuilder[] parts)
    {
        EmitReduced(parts, "BitwiseOr");
        il.IntVector(MaskType, 0);
        il.Vector2(MaskType, "EqualsAll");
        Invert();
    }

    /// <summary>Pushes whether all lanes of a mask are set.</summary>
    private void EmitAll(LocalBuilder[] parts)
    {
        EmitReduced(parts, "BitwiseAnd");
        il.IntVector(MaskType, -1);
        il.Vector2(MaskType, "EqualsAll");
    }

    private void EmitReduced(LocalBuilder[] parts, string operation)
    {
        il.Get(parts[0]);
        for (int i = 1; i < parts.Length; i++)
        {
            il.Get(parts[i]);
            il.Vector2(MaskType, operation);
        }
    }

    private void Invert()
    {
        il.Int(0);
        il.Op(OpCodes.Ceq);
    }

    /// <summary>The lanes of the warp that are threads of the group.</summary>
    private Mask EmitGroupMask()
    {
        LocalBuilder[] parts = NewMaskVariable();
        for (int i = 0; i < parts.Length; i++)
        {
            il.Sequence(MaskType, (long)LanesPerPart(IrType.I32) * i, 1);
            il.Int(group.Size);
            il.Get(warp);
            il.Int(configuration.Lanes);
            il.Op(OpCodes.Mul);
            il.Op(OpCodes.Sub);
            il.Broadcast(MaskType);
            il.Vector2(MaskType, "LessThan");
            il.Set(parts[i]);
        }
        return new Mask(parts);
    }

    /// <summary>Pushes the running lanes as a mask for one part of a value of that type.</summary>
    private void EmitMask(IrType type, int part) =>
        EmitLanes(type, part, i =>
        {
            if (mask.IsFull)
                il.IntVector(MaskType, -1);
            else
                il.Get(mask.Parts[i]);
        });

    /// <summary>Pushes a Bool as a mask for one part of a value of that type.</summary>
    private void EmitCondition(Value condition, IrType type, int part) => EmitLanes(type, part, i => EmitVector(condition, i));

    /// <summary>From masks of 4-byte lanes to one of the lanes of the type, as vectors of its element type.</summary>
    private void EmitLanes(IrType type, int part, Action<int> emit)
    {
        VectorType target = VectorOf(type);
        VectorType from = MaskType;
        if (SimdConfiguration.LaneBytes(type) == 4)
        {
            emit(part);
            il.As(from, target.Element);
            return;
        }
        EmitWidened(from, VectorOf(IrType.I64), part, emit);
        il.As(VectorOf(IrType.I64), target.Element);
    }

    /// <summary>
    /// Pushes 8-byte part <paramref name="part"/> of a value given in 4-byte parts, by the Widen methods: a 4-byte part is either as many
    /// bits as an 8-byte part and holds two of them, or half as many and holds one.
    /// </summary>
    private void EmitWidened(VectorType from, VectorType to, int part, Action<int> emit)
    {
        if (from.Bits == to.Bits)
        {
            emit(part / 2);
            il.Vector1(from, part % 2 == 0 ? "WidenLower" : "WidenUpper");
            return;
        }
        emit(part);
        EmitBoth(from, "WidenLower", "WidenUpper");
        il.Vector(to, nameof(Vector128.Create), to.Half.Clr, to.Half.Clr);
    }

    /// <summary>vector → what two operations make of it</summary>
    private void EmitBoth(VectorType type, string first, string second)
    {
        LocalBuilder local = il.Local(type.Clr);
        il.Set(local);
        il.Get(local);
        il.Vector1(type, first);
        il.Get(local);
        il.Vector1(type, second);
    }

    /// <summary>Pushes 4-byte part <paramref name="part"/> of a value given in 8-byte parts.</summary>
    private void EmitNarrowed(VectorType from, VectorType to, int part, Action<int> emit)
    {
        if (from.Bits == to.Bits)
        {
            emit(2 * part);
            emit(2 * part + 1);
            il.Vector2(from, "Narrow");
            return;
        }
        emit(part);
        EmitBoth(from, "GetLower", "GetUpper");
        il.Vector2(from.Half, "Narrow");
    }
}
