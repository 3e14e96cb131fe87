using System.Globalization;
using GpuVae.Ilgpu.Compiler.Ir;
using Barrier = GpuVae.Ilgpu.Compiler.Ir.Barrier;
using Convert = GpuVae.Ilgpu.Compiler.Ir.Convert;

namespace GpuVae.Ilgpu.Backends.Cuda;

/// <summary>The arithmetic.</summary>
internal sealed partial class PtxEmitter
{
    private void EmitInstruction(Instruction instruction)
    {
        switch (instruction)
        {
            case Unary unary:
                EmitUnary(unary);
                break;
            case Binary binary:
                EmitBinary(binary);
                break;
            case Fma fma:
                Line($"fma.rn{FloatType(fma.Type)} {Result(fma)}, {Operand(fma.A)}, {Operand(fma.B)}, {Operand(fma.C)};");
                break;
            case Compare compare:
                EmitCompare(compare);
                break;
            case Convert convert:
                EmitConvert(convert);
                break;
            case Select select:
                EmitSelect(select);
                break;
            case ElementAddress address:
                EmitAddress(address);
                break;
            case Load load:
                EmitLoad(load);
                break;
            case Store store:
                EmitStore(store);
                break;
            case Atomic atomic:
                EmitAtomic(atomic);
                break;
            case AtomicCompareExchange exchange:
                EmitCompareExchange(exchange);
                break;
            case Barrier barrier:
                EmitBarrier(barrier);
                break;
            case Fence fence:
                Line(fence.Level switch { FenceLevel.Group => "membar.cta;", FenceLevel.Device => "membar.gl;", _ => "membar.sys;" });
                break;
            case Shuffle shuffle:
                EmitShuffle(shuffle);
                break;
            case GroupBroadcast broadcast:
                EmitBroadcast(broadcast);
                break;
            case Geometry geometry:
                EmitGeometry(geometry);
                break;
            case Print print:
                EmitPrint(print.Format, print.Operands);
                break;
            case Assert assert:
                EmitAssert(assert);
                break;
            case InlineAsm asm:
                EmitInlineAsm(asm);
                break;
            case AsmResult:
                break;
            default:
                throw new InvalidOperationException($"the PTX emitter does not know {instruction.GetType().Name}");
        }
    }

    private static string FloatType(IrType type) => type switch
    {
        IrType.F32 => ".f32",
        IrType.F64 => ".f64",
        _ => throw new InvalidOperationException($"arithmetic in {type}"),
    };

    private static string Width(IrType type) => type == IrType.I64 || type == IrType.Pointer ? "64" : "32";

    /// <summary>Narrow integers live zero-extended; signed operations need the sign.</summary>
    private string SignExtended(Value value)
    {
        if (value.Type is not (IrType.I8 or IrType.I16))
            return Operand(value);
        string register = NewRegister(RegisterClass.Bits32);
        Line($"cvt.s32.{(value.Type == IrType.I8 ? "s8" : "s16")} {register}, {Register(value)};");
        return register;
    }

    /// <summary>Cuts what an operation carried above the width of a narrow integer.</summary>
    private void Narrow(string register, IrType type)
    {
        if (type is IrType.I8 or IrType.I16)
            Line($"and.b32 {register}, {register}, {(type == IrType.I8 ? "255" : "65535")};");
    }

    private void EmitUnary(Unary unary)
    {
        var type = unary.Operand.Type;
        string result = Result(unary);
        string a = Operand(unary.Operand);
        if (type.IsFloat())
        {
            EmitFloatUnary(unary, result, a, type);
            return;
        }
        switch (unary.Op)
        {
            case UnaryOp.Not when type == IrType.Bool:
                Line($"not.pred {result}, {Register(unary.Operand)};");
                break;
            case UnaryOp.Not:
                Line($"not.b{Width(type)} {result}, {a};");
                Narrow(result, type);
                break;
            case UnaryOp.Neg:
                Line($"neg.s{Width(type)} {result}, {a};");
                Narrow(result, type);
                break;
            case UnaryOp.Abs:
                Line($"abs.s{Width(type)} {result}, {SignExtended(unary.Operand)};");
                Narrow(result, type);
                break;
            case UnaryOp.PopCount:
                Line($"popc.b{Width(type)} {result}, {a};");
                break;
            case UnaryOp.LeadingZeroCount:
                Line($"clz.b{Width(type)} {result}, {a};");
                if (type is IrType.I8 or IrType.I16)
                    Line($"sub.s32 {result}, {result}, {32 - type.SizeOf() * 8};");
                break;
            case UnaryOp.TrailingZeroCount:
                string reversed = NewRegister(type);
                string number = a;
                if (type is IrType.I8 or IrType.I16)
                {
                    // A bit behind the width stops the count there.
                    number = NewRegister(RegisterClass.Bits32);
                    Line($"or.b32 {number}, {a}, {1 << type.SizeOf() * 8};");
                }
                Line($"brev.b{Width(type)} {reversed}, {number};");
                Line($"clz.b{Width(type)} {result}, {reversed};");
                break;
            default:
                throw new InvalidOperationException($"{unary.Op} of {type}");
        }
    }

    private void EmitFloatUnary(Unary unary, string result, string a, IrType type)
    {
        string f = FloatType(type);
        bool fast = target.FastMath && type == IrType.F32;
        string simple = unary.Op switch
        {
            UnaryOp.Neg => $"neg{f}",
            UnaryOp.Abs => $"abs{f}",
            UnaryOp.Sqrt => fast ? "sqrt.approx.f32" : $"sqrt.rn{f}",
            UnaryOp.Rcp => fast ? "rcp.approx.f32" : $"rcp.rn{f}",
            UnaryOp.Floor => $"cvt.rmi{f}{f}",
            UnaryOp.Ceiling => $"cvt.rpi{f}{f}",
            UnaryOp.RoundToEven => $"cvt.rni{f}{f}",
            UnaryOp.Truncate => $"cvt.rzi{f}{f}",
            UnaryOp.IsNaN => $"testp.notanumber{f}",
            UnaryOp.IsInfinity => $"testp.infinite{f}",
            UnaryOp.IsFinite => $"testp.finite{f}",
            UnaryOp.Rsqrt when fast => "rsqrt.approx.f32",
            UnaryOp.Exp2 when fast => "ex2.approx.f32",
            UnaryOp.Log2 when fast => "lg2.approx.f32",
            UnaryOp.Sin when fast => "sin.approx.f32",
            UnaryOp.Cos when fast => "cos.approx.f32",
            UnaryOp.Tanh when fast && ptx is { Arch: >= 75, IsaVersion: >= 70 } => "tanh.approx.f32",
            _ => "",
        };
        if (simple.Length > 0)
        {
            Line($"{simple} {result}, {Register(unary.Operand)};");
            return;
        }
        switch (unary.Op)
        {
            case UnaryOp.Rsqrt:
                // The only hardware form is approximate.
                string root = NewRegister(type);
                Line($"sqrt.rn{f} {root}, {a};");
                Line($"rcp.rn{f} {result}, {root};");
                break;
            case UnaryOp.Exp when fast:
                string scaled = NewRegister(type);
                Line($"mul.rn.f32 {scaled}, {a}, {Operand(Constant.Float(float.Log2(float.E)))};");
                Line($"ex2.approx.f32 {result}, {scaled};");
                break;
            case UnaryOp.Log or UnaryOp.Log10 when fast:
                string logarithm = NewRegister(type);
                Line($"lg2.approx.f32 {logarithm}, {Register(unary.Operand)};");
                double scale = unary.Op == UnaryOp.Log ? Math.Log(2) : Math.Log10(2);
                Line($"mul.rn.f32 {result}, {logarithm}, {Operand(Constant.Float((float)scale))};");
                break;
            case UnaryOp.Tan when fast:
                string sine = NewRegister(type);
                string cosine = NewRegister(type);
                Line($"sin.approx.f32 {sine}, {Register(unary.Operand)};");
                Line($"cos.approx.f32 {cosine}, {Register(unary.Operand)};");
                Line($"div.approx.f32 {result}, {sine}, {cosine};");
                break;
            case UnaryOp.Tanh when fast:
                // Before sm_75: 1 - 2 / (e^2x + 1).
                string power = NewRegister(type);
                Line($"mul.rn.f32 {power}, {a}, {Operand(Constant.Float(2 * float.Log2(float.E)))};");
                Line($"ex2.approx.f32 {power}, {power};");
                Line($"add.rn.f32 {power}, {power}, {Operand(Constant.Float(1))};");
                Line($"rcp.approx.f32 {power}, {power};");
                Line($"fma.rn.f32 {result}, {power}, {Operand(Constant.Float(-2))}, {Operand(Constant.Float(1))};");
                break;
            default:
                throw NoInstruction(unary.Op, type);
        }
    }

    private static InvalidOperationException NoInstruction(Enum op, IrType type) =>
        new($"{op} of {type} has no instruction: the front end expands it through PreciseMath");

    private void EmitBinary(Binary binary)
    {
        var type = binary.Type;
        string result = Result(binary);
        if (type == IrType.Bool)
        {
            string logic = binary.Op switch
            {
                BinaryOp.And => "and",
                BinaryOp.Or => "or",
                BinaryOp.Xor => "xor",
                _ => throw new InvalidOperationException($"{binary.Op} of Bool"),
            };
            Line($"{logic}.pred {result}, {Register(binary.Left)}, {Register(binary.Right)};");
            return;
        }
        if (type.IsFloat())
            EmitFloatBinary(binary, result, type);
        else
            EmitIntegerBinary(binary, result, type);
    }

    private void EmitIntegerBinary(Binary binary, string result, IrType type)
    {
        string w = Width(type);
        bool signed = binary.Op is BinaryOp.Div or BinaryOp.Rem or BinaryOp.Min or BinaryOp.Max or BinaryOp.Shr;
        string a = signed ? SignExtended(binary.Left) : Operand(binary.Left);
        if (binary.Op is BinaryOp.Shl or BinaryOp.Shr or BinaryOp.ShrUnsigned)
        {
            string shift = binary.Op switch { BinaryOp.Shl => $"shl.b{w}", BinaryOp.Shr => $"shr.s{w}", _ => $"shr.u{w}" };
            Line($"{shift} {result}, {a}, {ShiftCount(binary.Right, type)};");
            Narrow(result, type);
            return;
        }
        string b = signed ? SignExtended(binary.Right) : Operand(binary.Right);
        string operation = binary.Op switch
        {
            BinaryOp.Add => $"add.s{w}",
            BinaryOp.Sub => $"sub.s{w}",
            BinaryOp.Mul => $"mul.lo.s{w}",
            BinaryOp.Div => $"div.s{w}",
            BinaryOp.DivUnsigned => $"div.u{w}",
            BinaryOp.Rem => $"rem.s{w}",
            BinaryOp.RemUnsigned => $"rem.u{w}",
            BinaryOp.And => $"and.b{w}",
            BinaryOp.Or => $"or.b{w}",
            BinaryOp.Xor => $"xor.b{w}",
            BinaryOp.Min => $"min.s{w}",
            BinaryOp.Max => $"max.s{w}",
            BinaryOp.MinUnsigned => $"min.u{w}",
            BinaryOp.MaxUnsigned => $"max.u{w}",
            BinaryOp.MulHighUnsigned when type is IrType.I32 or IrType.I64 => $"mul.hi.u{w}",
            _ => throw new InvalidOperationException($"{binary.Op} of {type}"),
        };
        Line($"{operation} {result}, {a}, {b};");
        Narrow(result, type);
    }

    /// <summary>PTX clamps a count beyond the width, C# masks it.</summary>
    private string ShiftCount(Value count, IrType type)
    {
        int mask = type.SizeOf() * 8 - 1;
        if (count is Constant constant)
            return (constant.Bits & (ulong)mask).ToString(CultureInfo.InvariantCulture);
        string masked = NewRegister(RegisterClass.Bits32);
        if (count.Type == IrType.I64)
            Line($"cvt.u32.u64 {masked}, {Register(count)};");
        Line($"and.b32 {masked}, {(count.Type == IrType.I64 ? masked : Register(count))}, {mask};");
        return masked;
    }

    private void EmitFloatBinary(Binary binary, string result, IrType type)
    {
        string f = FloatType(type);
        bool fast = target.FastMath && type == IrType.F32;
        string a = Operand(binary.Left);
        string b = Operand(binary.Right);
        switch (binary.Op)
        {
            case BinaryOp.Add:
                Line($"add.rn{f} {result}, {a}, {b};");
                break;
            case BinaryOp.Sub:
                Line($"sub.rn{f} {result}, {a}, {b};");
                break;
            case BinaryOp.Mul:
                Line($"mul.rn{f} {result}, {a}, {b};");
                break;
            case BinaryOp.Div:
                Line($"div{(fast ? ".approx" : ".rn")}{f} {result}, {a}, {b};");
                break;
            case BinaryOp.Min or BinaryOp.MinUnsigned:
                EmitFloatMinMax(result, a, b, type, max: false);
                break;
            case BinaryOp.Max or BinaryOp.MaxUnsigned:
                EmitFloatMinMax(result, a, b, type, max: true);
                break;
            case BinaryOp.CopySign:
                // PTX takes the sign from the first operand, C# from the second.
                Line($"copysign{f} {result}, {b}, {a};");
                break;
            case BinaryOp.Pow when fast:
                string logarithm = NewRegister(type);
                string exponent = NewRegister(type);
                Line($"lg2.approx.f32 {logarithm}, {Register(binary.Left)};");
                Line($"mul.rn.f32 {exponent}, {logarithm}, {b};");
                Line($"ex2.approx.f32 {result}, {exponent};");
                break;
            default:
                throw NoInstruction(binary.Op, type);
        }
    }

    /// <summary>A NaN operand must win, which min and max do by themselves only for F32 since sm_80.</summary>
    private void EmitFloatMinMax(string result, string a, string b, IrType type, bool max)
    {
        string operation = max ? "max" : "min";
        string f = FloatType(type);
        if (type == IrType.F32 && ptx is { Arch: >= 80, IsaVersion: >= 70 })
        {
            Line($"{operation}.NaN.f32 {result}, {a}, {b};");
            return;
        }
        string unordered = NewRegister(RegisterClass.Predicate);
        string ordered = NewRegister(type);
        Line($"setp.nan{f} {unordered}, {a}, {b};");
        Line($"{operation}{f} {ordered}, {a}, {b};");
        Line($"selp{f} {result}, {(type == IrType.F32 ? "0f7FC00000" : "0d7FF8000000000000")}, {ordered}, {unordered};");
    }

    private void EmitCompare(Compare compare)
    {
        var type = compare.Left.Type;
        string result = Result(compare);
        if (type == IrType.Bool)
        {
            Line($"xor.pred {result}, {Register(compare.Left)}, {Register(compare.Right)};");
            if (compare.Op == CompareOp.Eq)
                Line($"not.pred {result}, {result};");
            else if (compare.Op != CompareOp.Ne)
                throw new InvalidOperationException($"{compare.Op} of Bool");
            return;
        }
        if (type.IsFloat())
        {
            string relation = compare.Op switch
            {
                CompareOp.Eq => "eq",
                CompareOp.Ne => "neu",
                CompareOp.Lt => "lt",
                CompareOp.Le => "le",
                CompareOp.Gt => "gt",
                CompareOp.Ge => "ge",
                CompareOp.LtOrUnordered => "ltu",
                CompareOp.LeOrUnordered => "leu",
                CompareOp.GtOrUnordered => "gtu",
                CompareOp.GeOrUnordered => "geu",
                _ => throw new InvalidOperationException($"{compare.Op} of {type}"),
            };
            Line($"setp.{relation}{FloatType(type)} {result}, {Operand(compare.Left)}, {Operand(compare.Right)};");
            return;
        }
        bool isSigned = compare.Op is CompareOp.Lt or CompareOp.Le or CompareOp.Gt or CompareOp.Ge && type != IrType.Pointer;
        string order = compare.Op switch
        {
            CompareOp.Eq => "eq",
            CompareOp.Ne => "ne",
            CompareOp.Lt or CompareOp.LtUnsigned or CompareOp.LtOrUnordered => "lt",
            CompareOp.Le or CompareOp.LeUnsigned or CompareOp.LeOrUnordered => "le",
            CompareOp.Gt or CompareOp.GtUnsigned or CompareOp.GtOrUnordered => "gt",
            CompareOp.Ge or CompareOp.GeUnsigned or CompareOp.GeOrUnordered => "ge",
            _ => throw new InvalidOperationException($"unknown comparison {compare.Op}"),
        };
        string left = isSigned ? SignExtended(compare.Left) : Operand(compare.Left);
        string right = isSigned ? SignExtended(compare.Right) : Operand(compare.Right);
        Line($"setp.{order}.{(isSigned ? "s" : "u")}{Width(type)} {result}, {left}, {right};");
    }

    private void EmitSelect(Select select)
    {
        string result = Result(select);
        string condition = Register(select.Condition);
        if (select.Type == IrType.Bool)
        {
            string taken = NewRegister(RegisterClass.Predicate);
            string otherwise = NewRegister(RegisterClass.Predicate);
            Line($"and.pred {taken}, {condition}, {Register(select.WhenTrue)};");
            Line($"not.pred {otherwise}, {condition};");
            Line($"and.pred {otherwise}, {otherwise}, {Register(select.WhenFalse)};");
            Line($"or.pred {result}, {taken}, {otherwise};");
            return;
        }
        string whenTrue = select.Type == IrType.F16 ? Register(select.WhenTrue) : Operand(select.WhenTrue);
        string whenFalse = select.Type == IrType.F16 ? Register(select.WhenFalse) : Operand(select.WhenFalse);
        Line($"selp{MoveType(select.Type)} {result}, {whenTrue}, {whenFalse}, {condition};");
    }

    private void EmitConvert(Convert convert)
    {
        var from = convert.Operand.Type;
        var to = convert.Type;
        string result = Result(convert);
        switch (convert.Op)
        {
            case ConvertOp.SignExtend:
                Line($"cvt.s{Width(to)}.s{from.SizeOf() * 8} {result}, {Register(convert.Operand)};");
                Narrow(result, to);
                break;
            case ConvertOp.ZeroExtend when from == IrType.Bool:
                Line($"selp.b{Width(to)} {result}, 1, 0, {Register(convert.Operand)};");
                break;
            case ConvertOp.ZeroExtend:
                Line(to == IrType.I64 && from != IrType.I64
                    ? $"cvt.u64.u32 {result}, {Register(convert.Operand)};"
                    : $"mov.b{Width(to)} {result}, {Operand(convert.Operand)};");
                break;
            case ConvertOp.Truncate:
                EmitTruncate(convert, result, from, to);
                break;
            case ConvertOp.SignedToFloat:
                EmitToFloat(result, to, from == IrType.I64 ? "s64" : "s32", MovedSigned(convert.Operand));
                break;
            case ConvertOp.UnsignedToFloat:
                string bits = from == IrType.Bool ? Selected(convert.Operand, RegisterClass.Bits32) : Register(convert.Operand);
                EmitToFloat(result, to, $"u{(from == IrType.I64 ? "64" : "32")}", bits);
                break;
            case ConvertOp.FloatToSigned or ConvertOp.FloatToUnsigned:
                EmitToInteger(convert, result, from, to);
                break;
            case ConvertOp.FloatToFloat:
                EmitFloatToFloat(result, Register(convert.Operand), from, to);
                break;
            case ConvertOp.Bitcast:
                EmitBitcast(convert, result, from, to);
                break;
        }
    }

    private string MovedSigned(Value value) =>
        value.Type is IrType.I8 or IrType.I16 ? SignExtended(value) : Register(value);

    private void EmitTruncate(Convert convert, string result, IrType from, IrType to)
    {
        string source = Register(convert.Operand);
        if (to == IrType.Bool)
        {
            string bit = NewRegister(from);
            Line($"and.b{Width(from)} {bit}, {source}, 1;");
            Line($"setp.ne.u{Width(from)} {result}, {bit}, 0;");
            return;
        }
        if (from == IrType.I64 && to != IrType.I64)
            Line($"cvt.u32.u64 {result}, {source};");
        else
            Line($"mov.b{Width(to)} {result}, {source};");
        Narrow(result, to);
    }

    private void EmitToFloat(string result, IrType to, string integer, string source)
    {
        if (to != IrType.F16)
        {
            Line($"cvt.rn{FloatType(to)}.{integer} {result}, {source};");
            return;
        }

        // Integers that a float does not hold exactly are infinite as halves anyway.
        string single = NewRegister(RegisterClass.Float32);
        Line($"cvt.rn.f32.{integer} {single}, {source};");
        Line($"cvt.rn.f16.f32 {result}, {single};");
    }

    /// <summary>
    /// cvt.rzi saturates. NaN gives 0 only from F32 to 32 bits; elsewhere PTX gives the top bit, and C# wants 0.
    /// </summary>
    private void EmitToInteger(Convert convert, string result, IrType from, IrType to)
    {
        string source = Register(convert.Operand);
        if (from == IrType.F16)
        {
            string single = NewRegister(RegisterClass.Float32);
            Line($"cvt.f32.f16 {single}, {source};");
            source = single;
            from = IrType.F32;
        }
        string f = FloatType(from);
        bool signed = convert.Op == ConvertOp.FloatToSigned;
        string type = $"{(signed ? "s" : "u")}{Width(to)}";
        bool needsCheck = from == IrType.F64 || to == IrType.I64;
        string converted = needsCheck ? NewRegister(to) : result;
        Line($"cvt.rzi.{type}{f} {converted}, {source};");
        if (needsCheck)
        {
            string isNumber = NewRegister(RegisterClass.Predicate);
            Line($"setp.num{f} {isNumber}, {source}, {source};");
            Line($"selp.b{Width(to)} {result}, {converted}, 0, {isNumber};");
        }
        if (to is not (IrType.I8 or IrType.I16))
            return;
        var (low, high) = (to, signed) switch
        {
            (IrType.I8, true) => (-128, 127),
            (IrType.I8, false) => (0, 255),
            (_, true) => (-32768, 32767),
            _ => (0, 65535),
        };
        if (signed)
            Line($"max.s32 {result}, {result}, {low};");
        Line($"min.{(signed ? "s32" : "u32")} {result}, {result}, {high};");
        Narrow(result, to);
    }

    private void EmitFloatToFloat(string result, string source, IrType from, IrType to)
    {
        string Name(IrType type) => type switch { IrType.F16 => "f16", IrType.F32 => "f32", _ => "f64" };
        if (from == to)
            Line($"mov{MoveType(to)} {result}, {source};");
        else
            Line($"cvt{(to.SizeOf() < from.SizeOf() ? ".rn" : "")}.{Name(to)}.{Name(from)} {result}, {source};");
    }

    private void EmitBitcast(Convert convert, string result, IrType from, IrType to)
    {
        string source = Register(convert.Operand);
        if (ClassOf(from) == ClassOf(to))
            Line($"mov{MoveType(to)} {result}, {source};");
        else if (from == IrType.F16)
            Line($"cvt.u32.u16 {result}, {source};");
        else if (to == IrType.F16)
            Line($"cvt.u16.u32 {result}, {source};");
        else if (from == IrType.Bool)
            Line($"selp.b32 {result}, 1, 0, {source};");
        else if (to == IrType.Bool)
            EmitTruncate(convert, result, from, to);
        else
            Line($"mov.b{from.SizeOf() * 8} {result}, {source};");
    }
}
