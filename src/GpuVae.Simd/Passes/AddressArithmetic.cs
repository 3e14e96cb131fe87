using GpuVae.Simd.Analyses;
using GpuVae.Simd.Ir;

namespace GpuVae.Simd.Passes;

/// <summary>
/// Brings addresses into the form <c>base + index · size + offset</c> with constants in the offset, and splits an index into the part
/// that is fixed during a loop and the part that changes, so that the fixed part leaves the loop as a row pointer.
/// </summary>
internal static class AddressArithmetic
{
    public static bool Run(IrKernel kernel)
    {
        var loops = new Loops(kernel, new Dominators(kernel));
        var rewriter = new BodyRewriter();
        return rewriter.Run(kernel, instruction =>
            instruction is ElementAddress address ? Simplify(address, loops.InnermostOf(rewriter.Block), rewriter) : null);
    }

    private static Value? Simplify(ElementAddress address, Loop? loop, BodyRewriter rewriter)
    {
        Value pointer = address.Pointer, index = address.Index;
        long offset = address.Offset;
        int size = address.ElementSize;
        bool changed = false;
        while (true)
        {
            if (index is Ir.Convert { Op: ConvertOp.SignExtend, Operand: { Type: IrType.I32 } narrow })
            {
                index = narrow;
            }
            else if (index is Constant { Bits: not 0 } constant && Fits(offset + constant.SignedValue * size))
            {
                offset += constant.SignedValue * size;
                index = Constant.Int(0);
            }
            else if (index is Binary { Op: BinaryOp.Add, Right: Constant addend } sum && Fits(offset + addend.SignedValue * size))
            {
                offset += addend.SignedValue * size;
                index = sum.Left;
            }
            else if (pointer is ElementAddress { Index: Constant { Bits: 0 } } inner && Fits(offset + inner.Offset))
            {
                offset += inner.Offset;
                pointer = inner.Pointer;
            }
            else if (index is Constant { Bits: 0 } && pointer is ElementAddress outer && Fits(offset + outer.Offset))
            {
                offset += outer.Offset;
                (pointer, index, size) = (outer.Pointer, outer.Index, outer.ElementSize);
            }
            else
            {
                break;
            }
            changed = true;
        }
        if (index is Constant { Bits: 0 } && offset == 0)
            return pointer;

        if (loop is not null && index is Binary { Op: BinaryOp.Add or BinaryOp.Sub } split && loop.Contains(split) &&
            Split(split, loop, rewriter) is var (invariant, varying) && invariant is not null && varying is not null)
        {
            pointer = rewriter.Add(new ElementAddress(pointer, invariant, size));
            index = varying;
            changed = true;
        }
        return changed ? rewriter.Add(new ElementAddress(pointer, index, size, (int)offset)) : null;
    }

    private static bool Fits(long offset) => offset is >= int.MinValue and <= int.MaxValue;

    /// <summary>Sums up the terms of nested additions by whether they change in the loop; either part may be null.</summary>
    private static (Value? Invariant, Value? Varying) Split(Value value, Loop loop, BodyRewriter rewriter)
    {
        if (!loop.Contains(value))
            return (value, null);
        if (value is not Binary { Op: BinaryOp.Add or BinaryOp.Sub } binary)
            return (null, value);
        (Value? Invariant, Value? Varying) left = Split(binary.Left, loop, rewriter);
        (Value? Invariant, Value? Varying) right = Split(binary.Right, loop, rewriter);
        // Nothing fixed inside: keep the expression, others may share it.
        if (left.Invariant is null && right.Invariant is null)
            return (null, value);
        return (Combine(left.Invariant, right.Invariant), Combine(left.Varying, right.Varying));

        Value? Combine(Value? a, Value? b)
        {
            if (b is null)
                return a;
            if (a is not null)
                return rewriter.Add(new Binary(binary.Op, a, b));
            return binary.Op == BinaryOp.Sub ? rewriter.Add(new Unary(UnaryOp.Neg, b)) : b;
        }
    }
}
