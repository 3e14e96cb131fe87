using GpuVae.Simd.Ir;
using Convert = GpuVae.Simd.Ir.Convert;
using ILOpCode = System.Reflection.Metadata.ILOpCode;

namespace GpuVae.Simd.Frontend;

/// <content>Numbers and addresses: arithmetic, comparisons, conversions.</content>
internal sealed partial class KernelBuilder
{
    private Operand Arithmetic(ILOpCode code, Operand left, Operand right)
    {
        (Value a, Value b) = (ssa.Resolve(left.Single), ssa.Resolve(right.Single));
        if (a.Type == IrType.Pointer || b.Type == IrType.Pointer)
            return PointerArithmetic(code, left, right);
        (a, b) = Balance(a, b);
        BinaryOp op = code switch
        {
            ILOpCode.Add => BinaryOp.Add,
            ILOpCode.Sub => BinaryOp.Sub,
            ILOpCode.Mul => BinaryOp.Mul,
            ILOpCode.Div => BinaryOp.Div,
            ILOpCode.Div_un => BinaryOp.DivUnsigned,
            ILOpCode.Rem => BinaryOp.Rem,
            ILOpCode.Rem_un => BinaryOp.RemUnsigned,
            ILOpCode.And => BinaryOp.And,
            ILOpCode.Or => BinaryOp.Or,
            _ => BinaryOp.Xor,
        };
        return new(StackType(a.Type), [Emit.Binary(op, a, b)]);
    }

    private Operand PointerArithmetic(ILOpCode code, Operand left, Operand right)
    {
        (Value a, Value b) = (ssa.Resolve(left.Single), ssa.Resolve(right.Single));
        if (code == ILOpCode.Sub && a.Type == IrType.Pointer && b.Type == IrType.Pointer)
        {
            RequireMemory(left);
            RequireMemory(right);
            return new Operand(typeof(nint), [Emit.Binary(BinaryOp.Sub, ToType(a, IrType.I64), ToType(b, IrType.I64))]);
        }
        if (code is not (ILOpCode.Add or ILOpCode.Sub) || code == ILOpCode.Sub && b.Type == IrType.Pointer)
        {
            // Masks and alignment tests work on the address as a number.
            return Arithmetic(code, new(typeof(nint), [ToType(a, IrType.I64)]), new(typeof(nint), [ToType(b, IrType.I64)]));
        }
        if (a.Type != IrType.Pointer)
            (left, right, b) = (right, left, a);
        return left with { Leaves = [Emit.AddBytes(RequireMemory(left), b, code == ILOpCode.Sub)], Alignment = 0 };
    }

    /// <summary>int with nint widens, float with double widens.</summary>
    private (Value, Value) Balance(Value a, Value b)
    {
        if (a.Type == b.Type)
            return (a, b);
        if (a is CompileTimeValue || b is CompileTimeValue)
            throw Refuse("arithmetic is done on a reference", "Kernels have no objects.");
        IrType type = a.Type > b.Type ? a.Type : b.Type;
        return (ToType(a, type), ToType(b, type));
    }

    private static Type StackType(IrType type) => type switch
    {
        IrType.I32 => typeof(int),
        IrType.I64 => typeof(long),
        IrType.F32 => typeof(float),
        IrType.F64 => typeof(double),
        IrType.Bool => typeof(bool),
        _ => typeof(void*),
    };

    private Operand Shift(ILOpCode code, Operand value, Operand amount)
    {
        Value count = ToType(ssa.Resolve(amount.Single), IrType.I32);
        // C# masks the count in IL; the IR's shifts mask by themselves.
        int mask = value.Single.Type == IrType.I64 ? 63 : 31;
        if (count is Binary { Op: BinaryOp.And, Right: Constant { Type: IrType.I32 } constant } masked && (int)constant.Bits == mask)
            count = ssa.Resolve(masked.Left);
        BinaryOp op = code switch
        {
            ILOpCode.Shl => BinaryOp.Shl,
            ILOpCode.Shr => BinaryOp.Shr,
            _ => BinaryOp.ShrUnsigned,
        };
        return new(value.Type, [Emit.Binary(op, value.Single, count)]);
    }

    private Value PopComparison(ILOpCode code)
    {
        (Operand left, Operand right) = PopTwo();
        (Value a, Value b) = (ssa.Resolve(left.Single), ssa.Resolve(right.Single));
        if (a is HostValue || b is HostValue)
            return CompareReferences(code, a, b);
        if (a is PlaceValue || b is PlaceValue)
            throw Refuse("refs to local variables are compared", "Compare values or indices.");
        if (a.Type == IrType.Pointer || b.Type == IrType.Pointer)
        {
            if (a is Constant { Bits: 0 })
                a = Constant.Null(b.Space);
            if (b is Constant { Bits: 0 })
                b = Constant.Null(a.Space);
            (a, b) = a.Type == b.Type ? (a, b) : (ToType(a, IrType.I64), ToType(b, IrType.I64));
            code = code is ILOpCode.Cgt_un && b is Constant ? ILOpCode.Bne_un : code;
        }
        else
        {
            (a, b) = Balance(a, b);
        }
        bool isFloat = a.Type.IsFloat();
        return Emit.Compare(code switch
        {
            ILOpCode.Ceq or ILOpCode.Beq => CompareOp.Eq,
            ILOpCode.Bne_un => CompareOp.Ne,
            ILOpCode.Cgt or ILOpCode.Bgt => CompareOp.Gt,
            ILOpCode.Clt or ILOpCode.Blt => CompareOp.Lt,
            ILOpCode.Bge => CompareOp.Ge,
            ILOpCode.Ble => CompareOp.Le,
            ILOpCode.Cgt_un or ILOpCode.Bgt_un => isFloat ? CompareOp.GtOrUnordered : CompareOp.GtUnsigned,
            ILOpCode.Clt_un or ILOpCode.Blt_un => isFloat ? CompareOp.LtOrUnordered : CompareOp.LtUnsigned,
            ILOpCode.Bge_un => isFloat ? CompareOp.GeOrUnordered : CompareOp.GeUnsigned,
            _ => isFloat ? CompareOp.LeOrUnordered : CompareOp.LeUnsigned,
        }, a, b);
    }

    private Value CompareReferences(ILOpCode code, Value a, Value b)
    {
        if (a is HostValue x && b is HostValue y && x.Value != HostValue.Opaque && y.Value != HostValue.Opaque)
            return Constant.Bool(Equals(x.Value, y.Value) == code is ILOpCode.Ceq or ILOpCode.Beq);
        throw Refuse("a reference is compared", "Kernels have no objects; use a bool or an empty view.");
    }

    private static (Type To, bool FromUnsigned)? ConversionOf(ILOpCode code) => code switch
    {
        ILOpCode.Conv_i1 => (typeof(sbyte), false),
        ILOpCode.Conv_u1 => (typeof(byte), false),
        ILOpCode.Conv_i2 => (typeof(short), false),
        ILOpCode.Conv_u2 => (typeof(ushort), false),
        ILOpCode.Conv_i4 => (typeof(int), false),
        ILOpCode.Conv_u4 => (typeof(uint), false),
        ILOpCode.Conv_i8 => (typeof(long), false),
        ILOpCode.Conv_u8 => (typeof(ulong), false),
        ILOpCode.Conv_i or ILOpCode.Conv_ovf_i => (typeof(nint), false),
        ILOpCode.Conv_u or ILOpCode.Conv_ovf_u => (typeof(nuint), false),
        ILOpCode.Conv_ovf_i_un => (typeof(nint), true),
        ILOpCode.Conv_ovf_u_un => (typeof(nuint), true),
        ILOpCode.Conv_r4 => (typeof(float), false),
        ILOpCode.Conv_r8 => (typeof(double), false),
        ILOpCode.Conv_r_un => (typeof(double), true),
        _ => null,
    };

    private Operand ConvertOperand(Operand operand, Type to, bool fromUnsigned)
    {
        Value value = ssa.Resolve(operand.Single);
        IrType target = TypeLayout.Of(to).Leaves[0].Type;
        bool toUnsigned = IsUnsigned(to);
        if (value.Type == IrType.Pointer)
        {
            // A ref or pointer stays one: the IR knows the address space of every pointer.
            return target == IrType.I64
                ? operand with { Type = operand.Type.IsByRef ? operand.Type.GetElementType()!.MakePointerType() : operand.Type }
                : new Operand(to, [ToType(ToType(value, IrType.I64), target)]);
        }
        if (value is CompileTimeValue)
            throw Refuse("a reference is converted to a number", "Kernels have no objects.");
        Value result;
        if (target.IsFloat())
        {
            // conv.r.un; conv.r4 is one rounding from the integer, not two.
            if (value is Convert { Op: ConvertOp.UnsignedToFloat } wide && target == IrType.F32)
                result = Emit.Convert(ConvertOp.UnsignedToFloat, wide.Operand, target);
            else if (value.Type.IsFloat())
                result = ToType(value, target);
            else
                result = Emit.Convert(fromUnsigned ? ConvertOp.UnsignedToFloat : ConvertOp.SignedToFloat, value, target);
            return new Operand(to, [result]);
        }
        if (value.Type.IsFloat())
        {
            IrType wide = target == IrType.I64 ? IrType.I64 : IrType.I32;
            ConvertOp op = toUnsigned && target is (IrType.I32 or IrType.I64) ? ConvertOp.FloatToUnsigned : ConvertOp.FloatToSigned;
            result = Emit.Convert(op, value, wide);
        }
        else if (target == IrType.I64 && value.Type == IrType.I32)
        {
            return new Operand(
                to, [Emit.Convert(toUnsigned || fromUnsigned ? ConvertOp.ZeroExtend : ConvertOp.SignExtend, value, IrType.I64)]);
        }
        else
        {
            result = value;
        }
        return FromStorage(to, [ToType(result, target)]);
    }
}
