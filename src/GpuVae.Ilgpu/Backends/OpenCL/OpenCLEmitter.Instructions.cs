using System.Globalization;
using System.Text;
using GpuVae.Ilgpu.Compiler.Ir;
using Barrier = GpuVae.Ilgpu.Compiler.Ir.Barrier;
using Convert = GpuVae.Ilgpu.Compiler.Ir.Convert;

namespace GpuVae.Ilgpu.Backends.OpenCL;

/// <summary>The arithmetic: one C expression for an instruction without side effects.</summary>
internal sealed partial class OpenCLEmitter
{
    private void EmitInstruction(Instruction instruction)
    {
        if (instruction.Users.Count == 0 && !instruction.HasSideEffects)
            return;
        switch (instruction)
        {
            case Store store:
                EmitStore(store);
                break;
            case Atomic atomic:
                Assign(atomic, AtomicExpression(atomic));
                break;
            case AtomicCompareExchange exchange:
                Assign(exchange, CompareExchangeExpression(exchange));
                break;
            case Barrier barrier:
                EmitBarrier(barrier);
                break;
            case Fence:
                Line("mem_fence(CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE);");
                break;
            case Shuffle shuffle:
                EmitShuffle(shuffle);
                break;
            case GroupBroadcast broadcast:
                EmitBroadcast(broadcast);
                break;
            case Print print:
                EmitPrint(print);
                break;
            case Assert assert:
                Line($"if (!{Name(assert.Condition)}) printf(\"%s\\n\", {CString($"Assertion failed: {assert.Message}")});");
                break;
            case InlineAsm or AsmResult:
                throw Refuse("inline PTX cannot run on OpenCL. Guard it with CudaAsm.IsSupported and give a plain alternative.");
            case BoundsCheck:
                throw Refuse("bounds checks belong to the checked mode of the CPU.");
            default:
                Assign(instruction, Expression(instruction));
                break;
        }
    }

    private void Assign(Instruction instruction, string expression)
    {
        if (instruction.Users.Count == 0)
            Line($"{expression};");
        else if (IsBlockLocal(instruction))
            Line($"{Declaration(instruction)} = {expression};");
        else
            Line($"{names[instruction]} = {expression};");
    }

    private string Name(Value value) => value is Constant constant ? Literal(constant) : names[value];

    private static string Literal(Constant constant)
    {
        switch (constant.Type)
        {
            case IrType.Bool:
                return constant.Bits != 0 ? "true" : "false";
            case IrType.I8 or IrType.I16 or IrType.F16:
                return $"({TypeName(constant.Type)}){constant.Bits.ToString(CultureInfo.InvariantCulture)}";
            case IrType.I32:
                return constant.Bits.ToString(CultureInfo.InvariantCulture) + "u";
            case IrType.I64:
                return constant.Bits.ToString(CultureInfo.InvariantCulture) + "ul";
            case IrType.F32:
                float single = constant.FloatValue;
                return float.IsFinite(single)
                    ? Decimal(single.ToString("E8", CultureInfo.InvariantCulture) + "f") : $"as_float(0x{constant.Bits:x8}u)";
            case IrType.F64:
                double number = constant.DoubleValue;
                return double.IsFinite(number)
                    ? Decimal(number.ToString("E16", CultureInfo.InvariantCulture))
                    : $"as_double(0x{constant.Bits:x16}ul)";
            case IrType.Pointer:
                return $"(({PointerType(constant)})0)";
            default:
                throw new InvalidOperationException($"a literal of type {constant.Type}");
        }

        static string Decimal(string text) => text.StartsWith('-') ? $"({text})" : text;
    }

    private string Expression(Instruction instruction) => instruction switch
    {
        Unary unary => UnaryExpression(unary),
        Binary binary => BinaryExpression(binary),
        Fma fma => $"{(features.FusedMultiplyAdd || fma.Type == IrType.F64 ? "fma" : "mad")}({Name(fma.A)}, {Name(fma.B)}, {Name(fma.C)})",
        Compare compare => CompareExpression(compare),
        Convert convert => ConvertExpression(convert),
        Select select => $"{Name(select.Condition)} ? {Name(select.WhenTrue)} : {Name(select.WhenFalse)}",
        ElementAddress address => AddressExpression(address),
        Load load => LoadExpression(load),
        Geometry geometry => GeometryExpression(geometry.Kind),
        _ => throw new InvalidOperationException($"the OpenCL emitter does not know {instruction.GetType().Name}"),
    };

    private string Helper(string name, string source)
    {
        helpers[name] = source;
        return name;
    }

    private string UnaryExpression(Unary unary)
    {
        string a = Name(unary.Operand);
        var type = unary.Operand.Type;
        string typeName = TypeName(type);
        bool isFloat = type.IsFloat();
        switch (unary.Op)
        {
            case UnaryOp.Neg:
                return isFloat ? $"-{a}" : $"({typeName})(0 - {a})";
            case UnaryOp.Not:
                return type == IrType.Bool ? $"!{a}" : $"({typeName})~{a}";
            case UnaryOp.Abs:
                return isFloat ? $"fabs({a})" : $"abs(({SignedTypeName(type)}){a})";
            case UnaryOp.PopCount:
                return $"(uint)popcount({a})";
            case UnaryOp.LeadingZeroCount:
                return $"(uint)clz({a})";
            case UnaryOp.TrailingZeroCount:
                return $"{Helper("gv_ctz_" + typeName, OpenCLPrelude.TrailingZeroCount(typeName, type.SizeOf() * 8))}({a})";
            case UnaryOp.Rcp:
                return target.FastMath && type == IrType.F32 ? $"native_recip({a})" : $"{Literal(One(type))} / {a}";
            case UnaryOp.IsNaN:
                return $"isnan({a}) != 0";
            case UnaryOp.IsInfinity:
                return $"isinf({a}) != 0";
            case UnaryOp.IsFinite:
                return $"isfinite({a}) != 0";
            default:
                return $"{FunctionName(unary.Op, type)}({a})";
        }
    }

    private static Constant One(IrType type) => type == IrType.F64 ? Constant.Double(1) : Constant.Float(1);

    private string FunctionName(UnaryOp op, IrType type)
    {
        bool native = target.FastMath && type == IrType.F32;
        return op switch
        {
            UnaryOp.Sqrt => native ? "native_sqrt" : "sqrt",
            UnaryOp.Rsqrt => native ? "native_rsqrt" : "rsqrt",
            UnaryOp.Exp => native ? "native_exp" : "exp",
            UnaryOp.Exp2 => native ? "native_exp2" : "exp2",
            UnaryOp.Log => native ? "native_log" : "log",
            UnaryOp.Log2 => native ? "native_log2" : "log2",
            UnaryOp.Log10 => native ? "native_log10" : "log10",
            UnaryOp.Sin => native ? "native_sin" : "sin",
            UnaryOp.Cos => native ? "native_cos" : "cos",
            UnaryOp.Tan => native ? "native_tan" : "tan",
            UnaryOp.Asin => "asin",
            UnaryOp.Acos => "acos",
            UnaryOp.Atan => "atan",
            UnaryOp.Sinh => "sinh",
            UnaryOp.Cosh => "cosh",
            UnaryOp.Tanh => "tanh",
            UnaryOp.Floor => "floor",
            UnaryOp.Ceiling => "ceil",
            UnaryOp.RoundToEven => "rint",
            UnaryOp.Truncate => "trunc",
            _ => throw new InvalidOperationException($"{op} is no function"),
        };
    }

    private string BinaryExpression(Binary binary)
    {
        string a = Name(binary.Left);
        string b = Name(binary.Right);
        var type = binary.Type;
        string typeName = TypeName(binary);
        if (type == IrType.Bool)
        {
            return binary.Op switch
            {
                BinaryOp.And => $"{a} && {b}",
                BinaryOp.Or => $"{a} || {b}",
                BinaryOp.Xor => $"{a} != {b}",
                _ => throw new InvalidOperationException($"{binary.Op} of Bool"),
            };
        }
        if (type.IsFloat())
            return FloatBinaryExpression(binary.Op, a, b, type);

        // Narrow operands would be promoted to signed int, whose overflow is undefined.
        string wide = type.SizeOf() < 4 ? "(uint)" : "";
        string signed = SignedTypeName(type);
        string shift = $"({b} & {type.SizeOf() * 8 - 1})";
        switch (binary.Op)
        {
            case BinaryOp.Add:
                return $"({typeName})({a} + {b})";
            case BinaryOp.Sub:
                return $"({typeName})({a} - {b})";
            case BinaryOp.Mul:
                return $"({typeName})({wide}{a} * {wide}{b})";
            case BinaryOp.Div or BinaryOp.Rem:
                bool remainder = binary.Op == BinaryOp.Rem;
                if (binary.Right is Constant { SignedValue: not (0 or -1) })
                    return $"({typeName})(({signed}){a} {(remainder ? '%' : '/')} ({signed}){b})";
                return $"{Helper($"gv_{(remainder ? "rem" : "div")}_{signed}", OpenCLPrelude.SignedDivision(signed, remainder))}({a}, {b})";
            case BinaryOp.DivUnsigned or BinaryOp.RemUnsigned:
                bool modulo = binary.Op == BinaryOp.RemUnsigned;
                if (binary.Right is Constant { Bits: not 0 })
                    return $"({typeName})({a} {(modulo ? '%' : '/')} {b})";
                return $"{Helper($"gv_{(modulo ? "rem" : "div")}_{typeName}", OpenCLPrelude.UnsignedDivision(typeName, modulo))}({a}, {b})";
            case BinaryOp.And:
                return $"({typeName})({a} & {b})";
            case BinaryOp.Or:
                return $"({typeName})({a} | {b})";
            case BinaryOp.Xor:
                return $"({typeName})({a} ^ {b})";
            case BinaryOp.Shl:
                return $"({typeName})({wide}{a} << {shift})";
            case BinaryOp.Shr:
                return $"({typeName})(({signed}){a} >> {shift})";
            case BinaryOp.ShrUnsigned:
                return $"({typeName})({a} >> {shift})";
            case BinaryOp.Min or BinaryOp.Max:
                return $"({typeName}){(binary.Op == BinaryOp.Min ? "min" : "max")}(({signed}){a}, ({signed}){b})";
            case BinaryOp.MinUnsigned or BinaryOp.MaxUnsigned:
                return $"{(binary.Op == BinaryOp.MinUnsigned ? "min" : "max")}(({typeName}){a}, ({typeName}){b})";
            case BinaryOp.MulHighUnsigned:
                return $"mul_hi({a}, {b})";
            default:
                throw new InvalidOperationException($"{binary.Op} of {type}");
        }
    }

    private string FloatBinaryExpression(BinaryOp op, string a, string b, IrType type)
    {
        bool fast = target.FastMath && type == IrType.F32;
        string typeName = TypeName(type);
        return op switch
        {
            BinaryOp.Add => $"{a} + {b}",
            BinaryOp.Sub => $"{a} - {b}",
            BinaryOp.Mul => $"{a} * {b}",
            BinaryOp.Div => fast ? $"native_divide({a}, {b})" : $"{a} / {b}",
            BinaryOp.Rem => $"fmod({a}, {b})",
            BinaryOp.Min or BinaryOp.MinUnsigned => $"{Helper("gv_min_" + typeName, OpenCLPrelude.MinMax(typeName, max: false))}({a}, {b})",
            BinaryOp.Max or BinaryOp.MaxUnsigned => $"{Helper("gv_max_" + typeName, OpenCLPrelude.MinMax(typeName, max: true))}({a}, {b})",
            BinaryOp.Pow => $"pow({a}, {b})",
            BinaryOp.Atan2 => $"atan2({a}, {b})",
            BinaryOp.CopySign => $"copysign({a}, {b})",
            _ => throw new InvalidOperationException($"{op} of {type}"),
        };
    }

    private string CompareExpression(Compare compare)
    {
        string a = Name(compare.Left);
        string b = Name(compare.Right);
        var type = compare.Left.Type;
        if (type.IsFloat())
        {
            return compare.Op switch
            {
                CompareOp.Eq => $"{a} == {b}",
                CompareOp.Ne => $"{a} != {b}",
                CompareOp.Lt => $"{a} < {b}",
                CompareOp.Le => $"{a} <= {b}",
                CompareOp.Gt => $"{a} > {b}",
                CompareOp.Ge => $"{a} >= {b}",
                CompareOp.LtOrUnordered => $"!({a} >= {b})",
                CompareOp.LeOrUnordered => $"!({a} > {b})",
                CompareOp.GtOrUnordered => $"!({a} <= {b})",
                CompareOp.GeOrUnordered => $"!({a} < {b})",
                _ => throw new InvalidOperationException($"{compare.Op} of {type}"),
            };
        }
        string signed = type.IsInteger() ? $"({SignedTypeName(type)})" : "";
        return compare.Op switch
        {
            CompareOp.Eq => $"{a} == {b}",
            CompareOp.Ne => $"{a} != {b}",
            CompareOp.Lt => $"{signed}{a} < {signed}{b}",
            CompareOp.Le => $"{signed}{a} <= {signed}{b}",
            CompareOp.Gt => $"{signed}{a} > {signed}{b}",
            CompareOp.Ge => $"{signed}{a} >= {signed}{b}",
            CompareOp.LtUnsigned or CompareOp.LtOrUnordered => $"{a} < {b}",
            CompareOp.LeUnsigned or CompareOp.LeOrUnordered => $"{a} <= {b}",
            CompareOp.GtUnsigned or CompareOp.GtOrUnordered => $"{a} > {b}",
            CompareOp.GeUnsigned or CompareOp.GeOrUnordered => $"{a} >= {b}",
            _ => throw new InvalidOperationException($"{compare.Op} of {type}"),
        };
    }

    private string ConvertExpression(Convert convert)
    {
        string a = Name(convert.Operand);
        var from = convert.Operand.Type;
        var to = convert.Type;
        switch (convert.Op)
        {
            case ConvertOp.SignExtend:
                return $"({TypeName(to)})({SignedTypeName(to)})({SignedTypeName(from)}){a}";
            case ConvertOp.ZeroExtend:
                return $"({TypeName(to)}){a}";
            case ConvertOp.Truncate:
                return to == IrType.Bool ? $"({a} & 1) != 0" : $"({TypeName(to)}){a}";
            case ConvertOp.SignedToFloat:
                return ToFloat($"({SignedTypeName(from)}){a}", to);
            case ConvertOp.UnsignedToFloat:
                return ToFloat(from == IrType.Bool ? $"(uint){a}" : a, to);
            case ConvertOp.FloatToSigned:
                return $"({TypeName(to)})convert_{SignedTypeName(to)}_sat_rtz({Widened(a, from)})";
            case ConvertOp.FloatToUnsigned:
                return $"convert_{TypeName(to)}_sat_rtz({Widened(a, from)})";
            case ConvertOp.FloatToFloat:
                return FloatToFloat(a, from, to);
            case ConvertOp.Bitcast:
                return BitcastExpression(convert, a, from, to);
            default:
                throw new InvalidOperationException($"unknown conversion {convert.Op}");
        }
    }

    private string ToFloat(string integer, IrType to) =>
        to == IrType.F16 ? FloatToFloat($"(float)({integer})", IrType.F32, to) : $"({TypeName(to)})({integer})";

    private string Widened(string a, IrType from) => from == IrType.F16 ? FloatToFloat(a, from, IrType.F32) : a;

    private string FloatToFloat(string a, IrType from, IrType to)
    {
        if (from == to)
            return a;
        if (from == IrType.F16)
            return $"{(to == IrType.F64 ? "(double)" : "")}{Helper("gv_half_to_float", OpenCLPrelude.HalfToFloat)}({a})";
        string source = TypeName(from);
        return to == IrType.F16 ? $"{Helper($"gv_{source}_to_half", OpenCLPrelude.ToHalf(source))}({a})" : $"({TypeName(to)}){a}";
    }

    private string BitcastExpression(Convert convert, string a, IrType from, IrType to)
    {
        if (from == IrType.Pointer || to == IrType.Pointer)
            return to == IrType.Pointer ? $"({PointerType(convert)}){a}" : $"(ulong){a}";
        if (TypeName(from) == TypeName(to))
            return a;
        if (from == IrType.Bool || to == IrType.Bool)
            return to == IrType.Bool ? $"({a} & 1) != 0" : $"({TypeName(to)}){a}";
        return $"as_{TypeName(to)}({a})";
    }

    private string AddressExpression(ElementAddress address)
    {
        var offset = new StringBuilder();
        if (address.Index is Constant constant)
        {
            long bytes = constant.SignedValue * address.ElementSize + address.Offset;
            return bytes == 0 ? Name(address.Pointer) : string.Create(CultureInfo.InvariantCulture, $"{Name(address.Pointer)} + ({bytes})");
        }
        string index = $"(long)({SignedTypeName(address.Index.Type)}){Name(address.Index)}";
        offset.Append(CultureInfo.InvariantCulture, $"{Name(address.Pointer)} + {index} * {address.ElementSize}");
        if (address.Offset != 0)
            offset.Append(CultureInfo.InvariantCulture, $" + ({address.Offset})");
        return offset.ToString();
    }

    private string GeometryExpression(GeometryKind kind)
    {
        switch (kind)
        {
            case GeometryKind.GroupIdxX or GeometryKind.GroupIdxY or GeometryKind.GroupIdxZ:
                return $"(uint)get_local_id({kind - GeometryKind.GroupIdxX})";
            case GeometryKind.GroupDimX or GeometryKind.GroupDimY or GeometryKind.GroupDimZ:
                return $"(uint)get_local_size({kind - GeometryKind.GroupDimX})";
            case GeometryKind.GridIdxX or GeometryKind.GridIdxY or GeometryKind.GridIdxZ:
                return $"(uint)get_group_id({kind - GeometryKind.GridIdxX})";
            case GeometryKind.GridDimX or GeometryKind.GridDimY or GeometryKind.GridDimZ:
                return $"(uint)get_num_groups({kind - GeometryKind.GridDimX})";
            case GeometryKind.LaneIndex:
                usesSubGroups |= features.SubGroups != SubGroupSupport.Emulated;
                return usesSubGroups ? "get_sub_group_local_id()" : $"{LinearThread()} % {features.WarpSize}u";
            case GeometryKind.WarpIndex:
                usesSubGroups |= features.SubGroups != SubGroupSupport.Emulated;
                return usesSubGroups ? "get_sub_group_id()" : $"{LinearThread()} / {features.WarpSize}u";
            case GeometryKind.WarpSize:
                return $"{features.WarpSize}u";
            case GeometryKind.DynamicSharedBytes:
                usesDynamicBytes = true;
                return "gv_dynamic_bytes";
            default:
                throw new InvalidOperationException($"unknown coordinate {kind}");
        }
    }

    private string LinearThread() => Helper(
        "gv_thread",
        "static uint gv_thread(void)\n{\n" +
        "    return (uint)(get_local_id(0) + get_local_size(0) * (get_local_id(1) + get_local_size(1) * get_local_id(2)));\n}")
        + "()";
}
