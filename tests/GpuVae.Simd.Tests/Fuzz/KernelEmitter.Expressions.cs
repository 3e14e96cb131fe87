using System.Reflection;
using System.Reflection.Emit;
using ILGPU;

namespace GpuVae.Simd.Tests.Fuzz;

/// <content>Conditions and expressions: what a program computes.</content>
internal sealed partial class KernelEmitter
{
    private void EmitBoolean(Condition condition)
    {
        Label whenFalse = il.DefineLabel(), done = il.DefineLabel();
        Emit(condition, whenFalse);
        il.Emit(OpCodes.Ldc_I4_1);
        il.Emit(OpCodes.Br, done);
        il.MarkLabel(whenFalse);
        il.Emit(OpCodes.Ldc_I4_0);
        il.MarkLabel(done);
    }

    /// <summary>Falls through when the condition holds.</summary>
    private void Emit(Condition condition, Label whenFalse)
    {
        switch (condition)
        {
            case Logic { And: true } logic:
                Emit(logic.Left, whenFalse);
                Emit(logic.Right, whenFalse);
                break;
            case Logic logic:
                Label holds = il.DefineLabel(), second = il.DefineLabel();
                Emit(logic.Left, second);
                il.Emit(OpCodes.Br, holds);
                il.MarkLabel(second);
                Emit(logic.Right, whenFalse);
                il.MarkLabel(holds);
                break;
            case Comparison comparison:
                Emit(comparison.Left);
                Emit(comparison.Right);
                bool unsigned = comparison.Left.Type == FuzzType.UInt, isFloat = IsFloat(comparison.Left.Type);
                // C# branches on the opposite; for floats the opposite of an ordered comparison is an unordered one.
                il.Emit(comparison.Operator switch
                {
                    "<" => unsigned || isFloat ? OpCodes.Bge_Un : OpCodes.Bge,
                    "<=" => unsigned || isFloat ? OpCodes.Bgt_Un : OpCodes.Bgt,
                    ">" => unsigned || isFloat ? OpCodes.Ble_Un : OpCodes.Ble,
                    ">=" => unsigned || isFloat ? OpCodes.Blt_Un : OpCodes.Blt,
                    "==" => OpCodes.Bne_Un,
                    _ => OpCodes.Beq,
                }, whenFalse);
                break;
        }
    }

    private void Emit(Expression expression)
    {
        switch (expression)
        {
            case Literal literal:
                EmitLiteral(literal);
                break;
            case Read read:
                il.Emit(OpCodes.Ldloc, variables[read.Variable]);
                FromStorage(read.Type);
                break;
            case Input input:
                ElementOf(FuzzMemory.InputOf(input.Type), input.Type, () => Masked(input.Index, 63));
                il.Emit(OpCodes.Ldobj, Clr(input.Type));
                FromStorage(input.Type);
                break;
            case LocalRead read:
                Element(local, typeof(int), () => Masked(read.Index, LocalCount - 1));
                il.Emit(OpCodes.Ldind_I4);
                break;
            case Coordinate coordinate:
                Coordinate(coordinate.Name);
                break;
            case UnaryExpression unary:
                EmitUnary(unary);
                break;
            case BinaryExpression binary:
                EmitBinary(binary);
                break;
            case Choice choice:
                Label otherwise = il.DefineLabel(), done = il.DefineLabel();
                Emit(choice.Condition, otherwise);
                Emit(choice.WhenTrue);
                il.Emit(OpCodes.Br, done);
                il.MarkLabel(otherwise);
                Emit(choice.WhenFalse);
                il.MarkLabel(done);
                break;
            case Cast cast:
                Emit(cast.Operand);
                EmitCast(cast.Operand.Type, cast.Type);
                break;
        }
    }

    private void EmitLiteral(Literal literal)
    {
        switch (Computed(literal.Type))
        {
            case FuzzType.Int:
                il.Emit(OpCodes.Ldc_I4, (int)literal.Value);
                break;
            case FuzzType.UInt:
                il.Emit(OpCodes.Ldc_I4, (int)(uint)literal.Value);
                break;
            case FuzzType.Long:
                il.Emit(OpCodes.Ldc_I8, (long)literal.Value);
                break;
            case FuzzType.Float:
                il.Emit(OpCodes.Ldc_R4, literal.Type == FuzzType.Half ? (float)(System.Half)literal.Value : (float)literal.Value);
                break;
            default:
                il.Emit(OpCodes.Ldc_R8, literal.Value);
                break;
        }
    }

    private void EmitCast(FuzzType from, FuzzType to)
    {
        // Floats reach the small types through int, whose conversion is defined for every value.
        if (IsFloat(from) && to is FuzzType.Byte or FuzzType.Short)
            il.Emit(OpCodes.Conv_I4);
        if (from == FuzzType.UInt && IsFloat(to))
            il.Emit(OpCodes.Conv_R_Un);
        il.Emit(to switch
        {
            FuzzType.Byte => OpCodes.Conv_U1,
            FuzzType.Short => OpCodes.Conv_I2,
            FuzzType.Int => OpCodes.Conv_I4,
            FuzzType.UInt => OpCodes.Conv_U4,
            FuzzType.Long => from == FuzzType.UInt ? OpCodes.Conv_U8 : OpCodes.Conv_I8,
            FuzzType.Float or FuzzType.Half => OpCodes.Conv_R4,
            _ => OpCodes.Conv_R8,
        });
        Narrow(to);
    }

    private void Narrow(FuzzType type)
    {
        if (type == FuzzType.Byte)
            il.Emit(OpCodes.Conv_U1);
        else if (type == FuzzType.Short)
            il.Emit(OpCodes.Conv_I2);
        else if (type == FuzzType.Half)
        {
            ToStorage(type);
            FromStorage(type);
        }
    }

    /// <summary>A Half lies in memory and variables as such, and on the stack as the float of the same value.</summary>
    private void ToStorage(FuzzType type)
    {
        if (type == FuzzType.Half)
            il.Emit(OpCodes.Call, api.ToHalf);
    }

    private void FromStorage(FuzzType type)
    {
        if (type == FuzzType.Half)
            il.Emit(OpCodes.Call, api.FromHalf);
    }

    private void EmitUnary(UnaryExpression unary)
    {
        Emit(unary.Operand);
        switch (unary.Operator)
        {
            case "-":
                il.Emit(OpCodes.Neg);
                break;
            case "~":
                il.Emit(OpCodes.Not);
                break;
            default:
                Call(unary.Operator, unary.Type);
                break;
        }
        Narrow(unary.Type);
    }

    private void Call(string function, FuzzType type)
    {
        type = Computed(type);
        Type clr = Clr(Computed(type));
        bool isBinary = function is "Min" or "Max";
        Type owner = type == FuzzType.Float && function is "Sqrt" or "Floor" && type == FuzzType.Float ? typeof(MathF) : typeof(Math);
        il.Emit(OpCodes.Call, owner.GetMethod(function, isBinary ? [clr, clr] : [clr])!);
    }

    private void EmitBinary(BinaryExpression binary)
    {
        FuzzType type = Computed(binary.Type);
        if (binary.Type == FuzzType.Half && api.HalfOperator(binary.Operator) is { } method)
        {
            Emit(binary.Left);
            ToStorage(FuzzType.Half);
            Emit(binary.Right);
            ToStorage(FuzzType.Half);
            il.Emit(OpCodes.Call, method);
            FromStorage(FuzzType.Half);
            return;
        }
        Emit(binary.Left);
        Emit(binary.Right);
        bool unsigned = type == FuzzType.UInt;
        switch (binary.Operator)
        {
            case "Min" or "Max":
                Call(binary.Operator, binary.Type);
                break;
            case "<<" or ">>":
                if (type == FuzzType.Long)
                    il.Emit(OpCodes.Conv_I4);
                il.Emit(OpCodes.Ldc_I4, type == FuzzType.Long ? 63 : 31);
                il.Emit(OpCodes.And);
                il.Emit(binary.Operator == "<<" ? OpCodes.Shl : unsigned ? OpCodes.Shr_Un : OpCodes.Shr);
                break;
            case "/" or "%" when !IsFloat(type):
                // The divisor becomes positive and odd: no exception, no overflow.
                il.Emit(OpCodes.Ldc_I4, 0xFFF);
                if (type == FuzzType.Long)
                    il.Emit(OpCodes.Conv_I8);
                il.Emit(OpCodes.And);
                il.Emit(OpCodes.Ldc_I4_1);
                if (type == FuzzType.Long)
                    il.Emit(OpCodes.Conv_I8);
                il.Emit(OpCodes.Or);
                il.Emit(binary.Operator == "/" ? unsigned ? OpCodes.Div_Un : OpCodes.Div : unsigned ? OpCodes.Rem_Un : OpCodes.Rem);
                break;
            default:
                il.Emit(binary.Operator switch
                {
                    "+" => OpCodes.Add,
                    "-" => OpCodes.Sub,
                    "*" or "exact*" => OpCodes.Mul,
                    "/" => OpCodes.Div,
                    "&" => OpCodes.And,
                    "|" => OpCodes.Or,
                    "^" => OpCodes.Xor,
                    _ => throw new NotSupportedException(binary.Operator),
                });
                break;
        }
        if (binary.Operator == "*" && IsFloat(type))
        {
            // Something between a product and a sum, or contraction would round differently.
            EmitLiteral(new Literal(type, 1e20));
            Call("Min", type);
        }
        Narrow(binary.Type);
    }
}
