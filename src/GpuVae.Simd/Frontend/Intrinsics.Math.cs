using System.Reflection;
using GpuVae.Simd.Ir;

namespace GpuVae.Simd.Frontend;

/// <content>Functions of numbers.</content>
internal static partial class Intrinsics
{
    private static readonly HashSet<string> MathTypes =
    [
        "System.Math", "System.MathF", "ILGPU.Algorithms.XMath", "ILGPU.IntrinsicMath", "ILGPU.IntrinsicMath+CPUOnly", "System.Single",
        "System.Double", "System.Int32", "System.Int64", "System.UInt32", "System.UInt64",
    ];

    private static readonly HashSet<string> BitTypes = ["System.Numerics.BitOperations", "ILGPU.IntrinsicMath", "ILGPU.Algorithms.XMath"];

    private static Operand? EmitMath(KernelBuilder b, string type, MethodInfo method, Operand[] a)
    {
        if (method.Name == "FusedMultiplyAdd")
        {
            throw b.Refuse(
                $"'{SequencePoints.NameOf(method)}' is called",
                "Write a * b + c: the compiler contracts it to a fused multiply-add where the device has one.");
        }
        if (!method.IsStatic || a.Length == 0)
            return null;
        ParameterInfo[] parameters = method.GetParameters();
        Type scalar = parameters[0].ParameterType;
        var layout = TypeLayout.Of(scalar);
        if (!layout.IsScalar || parameters.Any(p => p.ParameterType != scalar))
            return null;
        bool isFloat = layout.Leaves[0].Type.IsFloat();
        bool isUnsigned = KernelBuilder.IsUnsigned(scalar);
        Value[] values = a.Select(o => b.Resolve(o.Single)).ToArray();
        if (BitTypes.Contains(type) && !isFloat && EmitBits(b, method.Name, values) is { } bits)
            return bits;
        switch (a.Length, method.Name)
        {
            case (1, "Abs") when isUnsigned:
                return a[0];
            case (1, "Sign"):
                var zero = Constant.FromBits(values[0].Type, 0);
                if (isUnsigned)
                    return Scalar(typeof(int), b.Emit.Extend(b.Emit.Compare(CompareOp.Ne, values[0], zero)));
                Value positive = b.Emit.Extend(b.Emit.Compare(CompareOp.Gt, values[0], zero));
                Value negative = b.Emit.Extend(b.Emit.Compare(CompareOp.Lt, values[0], zero));
                return Scalar(typeof(int), b.Emit.Binary(BinaryOp.Sub, positive, negative));
            case (1, _) when FunctionOf(method.Name) is { } unary && (isFloat || unary == UnaryOp.Abs):
                Value result = b.Emit.Unary(unary, values[0]);
                return method.ReturnType == typeof(bool) ? Bool(b, result) : b.Coerce(Scalar(scalar, result), method.ReturnType);
            case (2, "Min" or "Max"):
                return Scalar(method.ReturnType, Extremum(method.Name == "Min", values[0], values[1]));
            case (2, "Log") when isFloat:
                Value logarithm = b.Emit.Unary(UnaryOp.Log, values[0]);
                return Scalar(scalar, b.Emit.Binary(BinaryOp.Div, logarithm, b.Emit.Unary(UnaryOp.Log, values[1])));
            case (2, "Pow" or "Atan2" or "CopySign" or "Rem") when isFloat:
                return Scalar(scalar, b.Emit.Binary(Enum.Parse<BinaryOp>(method.Name), values[0], values[1]));
            case (3, "Clamp") when type.StartsWith("ILGPU", StringComparison.Ordinal):
                return Scalar(scalar, Extremum(isLeast: false, Extremum(isLeast: true, values[0], values[2]), values[1]));
            default:
                return null;
        }

        // Unsigned integers below 32 bits are held as I32, where they are not negative.
        Value Extremum(bool isLeast, Value x, Value y) => b.Emit.Binary(
            isUnsigned && x.Type == layout.Leaves[0].Type
                ? (isLeast ? BinaryOp.MinUnsigned : BinaryOp.MaxUnsigned)
                : (isLeast ? BinaryOp.Min : BinaryOp.Max),
            x, y);
    }

    /// <summary>The IR's functions are called as those of .NET and ILGPU, but for one.</summary>
    private static UnaryOp? FunctionOf(string name) =>
        name == "Round" ? UnaryOp.RoundToEven
        : Enum.TryParse(name, out UnaryOp op) && op is UnaryOp.Abs or >= UnaryOp.Sqrt ? op
        : null;

    private static Operand? EmitBits(KernelBuilder b, string name, Value[] values)
    {
        if (values is not [var value])
            return null;
        return name switch
        {
            "PopCount" or "LeadingZeroCount" or "TrailingZeroCount" =>
                Scalar(typeof(int), b.Emit.Unary(Enum.Parse<UnaryOp>(name), value)),
            "Log2" => Scalar(typeof(int), b.Emit.Binary(
                BinaryOp.Sub,
                Constant.Int(value.Type.SizeOf() * 8 - 1),
                b.Emit.Unary(UnaryOp.LeadingZeroCount, b.Emit.Binary(BinaryOp.Or, value, Constant.FromBits(value.Type, 1))))),
            _ => null,
        };
    }

    /// <summary>Half is a storage type: its operators compute in float and round back.</summary>
    private static Operand? EmitHalf(KernelBuilder b, MethodInfo method, Operand[] a)
    {
        if (!method.IsStatic || a.Length == 0)
            return null;
        Type half = typeof(ILGPU.Half);
        Type from = method.GetParameters()[0].ParameterType;
        if (method.Name is "op_Implicit" or "op_Explicit")
        {
            if (from == half)
            {
                Value wide = b.Emit.Convert(
                    ConvertOp.FloatToFloat, a[0].Single, method.ReturnType == typeof(double) ? IrType.F64 : IrType.F32);
                return method.ReturnType == typeof(float) || method.ReturnType == typeof(double)
                    ? Scalar(method.ReturnType, wide)
                    : null;
            }
            return from == typeof(float) || from == typeof(double)
                ? new Operand(half, [b.Emit.Convert(ConvertOp.FloatToFloat, a[0].Single, IrType.F16)])
                : null;
        }
        if (a.Any(o => o.Type != half && TypeLayout.Of(o.Type).CommonScalar != IrType.F16))
            return null;
        Value[] x = a.Select(o => b.Emit.Convert(ConvertOp.FloatToFloat, o.Single, IrType.F32)).ToArray();
        return (a.Length, method.Name) switch
        {
            (2, "op_Addition") => Rounded(BinaryOp.Add),
            (2, "op_Subtraction") => Rounded(BinaryOp.Sub),
            (2, "op_Multiply") => Rounded(BinaryOp.Mul),
            (2, "op_Division") => Rounded(BinaryOp.Div),
            (2, "Min") => Rounded(BinaryOp.Min),
            (2, "Max") => Rounded(BinaryOp.Max),
            (1, "op_UnaryNegation") => ToHalf(b.Emit.Unary(UnaryOp.Neg, x[0])),
            (1, "Abs") => ToHalf(b.Emit.Unary(UnaryOp.Abs, x[0])),
            (1, "IsNaN" or "IsInfinity" or "IsFinite") => Bool(b, b.Emit.Unary(Enum.Parse<UnaryOp>(method.Name), x[0])),
            (2, "op_Equality") => Compared(CompareOp.Eq),
            (2, "op_Inequality") => Compared(CompareOp.Ne),
            (2, "op_LessThan") => Compared(CompareOp.Lt),
            (2, "op_LessThanOrEqual") => Compared(CompareOp.Le),
            (2, "op_GreaterThan") => Compared(CompareOp.Gt),
            (2, "op_GreaterThanOrEqual") => Compared(CompareOp.Ge),
            _ => null,
        };

        Operand Rounded(BinaryOp op) => ToHalf(b.Emit.Binary(op, x[0], x[1]));

        Operand Compared(CompareOp op) => Bool(b, b.Emit.Compare(op, x[0], x[1]));

        Operand ToHalf(Value value) => new(half, [b.Emit.Convert(ConvertOp.FloatToFloat, value, IrType.F16)]);
    }

    /// <summary>What record structs and tuples compare their fields with.</summary>
    private static void AddEquality(EmitterTable table)
    {
        const string owner = "System.Collections.Generic.EqualityComparer`1";
        table[owner, "get_Default"] = (_, m, _) => new Operand(m.DeclaringType!, [new HostValue(HostValue.Opaque)]);
        table[owner, "Equals"] = (b, m, a) =>
        {
            Type type = m.DeclaringType!.GetGenericArguments()[0];
            if (!TypeLayout.Of(type).IsScalar)
                throw b.Refuse($"values of {SequencePoints.NameOf(type)} are compared by EqualityComparer", "Compare their fields.");
            (Value x, Value y) = (b.Resolve(a[1].Single), b.Resolve(a[2].Single));
            Value equal = b.Emit.Compare(CompareOp.Eq, x, y);
            if (x.Type.IsFloat())
            {
                // Unlike the operator, Equals takes a NaN to equal a NaN.
                Value bothNaN = b.Emit.Binary(BinaryOp.And, b.Emit.Unary(UnaryOp.IsNaN, x), b.Emit.Unary(UnaryOp.IsNaN, y));
                equal = b.Emit.Binary(BinaryOp.Or, equal, bothNaN);
            }
            return Bool(b, equal);
        };
    }
}
