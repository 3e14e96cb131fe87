using System.Numerics;
using GpuVae.Simd.Ir;

namespace GpuVae.Simd.Analyses;

/// <summary>
/// The powers of two that divide addresses and integers. A view's address is only what its kernel promises it to be; shared and local
/// memory is laid out in units of <see cref="AllocationAlignment"/> bytes by every backend. Wrapping arithmetic keeps powers of two.
/// </summary>
internal static class KnownAlignment
{
    /// <summary>Nobody asks for more, and it bounds products.</summary>
    private const int Maximum = 4096;

    private const int AllocationAlignment = 16;

    /// <summary>Expressions that are nested deeper than this say nothing.</summary>
    private const int MaximumDepth = 12;

    /// <summary>Bytes of which the address is known to be a multiple.</summary>
    public static int Of(Value pointer) => OfPointer(pointer, []);

    // A phi that comes back to itself puts no bound on itself: everything below only keeps or multiplies what goes in.
    private static int OfPointer(Value pointer, List<Value> path)
    {
        switch (pointer)
        {
            case AlignedPointer aligned:
                return Math.Max(aligned.Alignment, OfPointer(aligned.Pointer, path));
            case Allocation:
                return AllocationAlignment;
            case ElementAddress address:
                int start = OfPointer(address.Pointer, path);
                int step = Math.Min(Divisor(address.Offset), Product(Divisor(address.ElementSize), OfInteger(address.Index, path)));
                return Math.Min(start, step);
            case Select select:
                return Math.Min(OfPointer(select.WhenTrue, path), OfPointer(select.WhenFalse, path));
            case Phi phi:
                return OfPhi(phi, path, OfPointer);
            default:
                return 1;
        }
    }

    private static int OfInteger(Value value, List<Value> path)
    {
        if (path.Count > MaximumDepth)
            return 1;
        switch (value)
        {
            case Constant constant:
                return Divisor(constant.SignedValue);
            case Binary { Op: BinaryOp.Mul } product:
                return Product(OfInteger(product.Left, path), OfInteger(product.Right, path));
            case Binary { Op: BinaryOp.Shl, Right: Constant { Bits: < 31 } count } shift:
                return Product(OfInteger(shift.Left, path), 1 << (int)count.Bits);
            case Binary { Op: BinaryOp.And } mask:
                return Math.Max(OfInteger(mask.Left, path), OfInteger(mask.Right, path));
            case Binary
            {
                Op: BinaryOp.Add or BinaryOp.Sub or BinaryOp.Or or BinaryOp.Xor or BinaryOp.Min or BinaryOp.Max or BinaryOp.MinUnsigned
                    or BinaryOp.MaxUnsigned or BinaryOp.Rem or BinaryOp.RemUnsigned,
            } binary:
                return Math.Min(OfInteger(binary.Left, path), OfInteger(binary.Right, path));
            case Ir.Convert { Op: ConvertOp.SignExtend or ConvertOp.ZeroExtend or ConvertOp.Truncate, Operand: var operand }:
                return OfInteger(operand, path);
            case Select select:
                return Math.Min(OfInteger(select.WhenTrue, path), OfInteger(select.WhenFalse, path));
            case Phi phi:
                return OfPhi(phi, path, OfInteger);
            default:
                return 1;
        }
    }

    private static int OfPhi(Phi phi, List<Value> path, Func<Value, List<Value>, int> of)
    {
        if (path.Contains(phi))
            return Maximum;
        if (path.Count > MaximumDepth)
            return 1;
        path.Add(phi);
        int known = Maximum;
        foreach (Value operand in phi.Operands)
        {
            known = Math.Min(known, of(operand, path));
            if (known == 1)
                break;
        }
        path.RemoveAt(path.Count - 1);
        return known;
    }

    private static int Product(int a, int b) => (int)Math.Min((long)a * b, Maximum);

    private static int Divisor(long value) => value == 0 ? Maximum : 1 << Math.Min(BitOperations.TrailingZeroCount(value), 12);
}
