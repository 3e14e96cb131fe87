using System.Reflection;
using GpuVae.Simd.Ir;
using ILGPU;
using ILOpCode = System.Reflection.Metadata.ILOpCode;

namespace GpuVae.Simd.Frontend;

/// <content>What each IL instruction does.</content>
internal sealed partial class KernelBuilder
{
    private Type? constrainedType;

    private void Interpret(IlBlock block)
    {
        IlBody body = frame.Body;
        for (int i = block.First; i < block.End; i++)
        {
            frame.Instruction = body.Instructions[i];
            SetLocation();
            if (IsArrayInitialiser(i))
            {
                i += 3;
                continue;
            }
            if (Terminate(block, frame.Instruction))
                return;
            Execute(frame.Instruction);
        }
        GoTo(body.Blocks[block.Index + 1]);
    }

    private void Execute(IlInstruction instruction)
    {
        IlBody body = frame.Body;
        long integer = instruction.Integer;
        switch (instruction.Code)
        {
            case ILOpCode.Nop or ILOpCode.Break or ILOpCode.Volatile or ILOpCode.Readonly or ILOpCode.Tail:
                break;
            case ILOpCode.Constrained:
                constrainedType = body.ResolveType(integer);
                break;
            case ILOpCode.Pop:
            case ILOpCode.Stsfld when entry.StaticFields.HasFlag(StaticFieldMode.IgnoreStaticFieldStores):
                Pop();
                break;
            case ILOpCode.Call or ILOpCode.Callvirt:
                Call(body.ResolveMethod(integer));
                break;

            case ILOpCode.Starg:
                StoreSlot(frame.Arguments[integer], Pop());
                break;
            case ILOpCode.Stloc:
                StoreSlot(frame.Locals[integer], Pop());
                break;
            case ILOpCode.Stfld:
                (Operand target, Operand fieldValue) = PopTwo();
                StoreField(target, body.ResolveField(integer), fieldValue);
                break;
            case ILOpCode.Stsfld:
                throw Refuse($"static field '{body.ResolveField(integer).Name}' is written", "Write results to a buffer.");
            case ILOpCode.Initobj:
                Initialize(Pop(), body.ResolveType(integer));
                break;
            case ILOpCode.Cpobj:
                (Operand destination, Operand source) = PopTwo();
                StoreTo(destination, body.ResolveType(integer), LoadFrom(source, body.ResolveType(integer)));
                break;
            case ILOpCode.Initblk or ILOpCode.Cpblk:
                throw Refuse("a block of memory is set or copied", "Write a loop over the elements.");
            case (>= ILOpCode.Stind_i1 and <= ILOpCode.Stind_r8) or ILOpCode.Stind_i or ILOpCode.Stobj:
                (Operand address, Operand stored) = PopTwo();
                StoreTo(address, AccessedType(instruction), stored);
                break;
            case (>= ILOpCode.Stelem_i and <= ILOpCode.Stelem_r8) or ILOpCode.Stelem:
                Operand element = Pop();
                StoreTo(ArrayElement(AccessedType(instruction)), AccessedType(instruction), element);
                break;

            default:
                Push(Evaluate(instruction));
                break;
        }
    }

    /// <summary>What an instruction pushes.</summary>
    private Operand Evaluate(IlInstruction instruction)
    {
        (_, ILOpCode code, long integer, _) = instruction;
        IlBody body = frame.Body;
        return code switch
        {
            ILOpCode.Unaligned => Pop() with { Alignment = 1 },
            ILOpCode.Dup => frame.Stack[^1],
            ILOpCode.Ldarg => LoadSlot(frame.Arguments[integer]),
            ILOpCode.Ldarga => AddressOf(frame.Arguments[integer]),
            ILOpCode.Ldloc => LoadSlot(frame.Locals[integer]),
            ILOpCode.Ldloca => AddressOf(frame.Locals[integer]),

            ILOpCode.Ldc_i4 => new(typeof(int), [Constant.Int((int)integer)]),
            ILOpCode.Ldc_i8 => new(typeof(long), [Constant.Long(integer)]),
            ILOpCode.Ldc_r4 => new(typeof(float), [Constant.FromBits(IrType.F32, (ulong)integer)]),
            ILOpCode.Ldc_r8 => new(typeof(double), [Constant.FromBits(IrType.F64, (ulong)integer)]),
            ILOpCode.Sizeof => new(typeof(int), [Constant.Int(RequireMemoryType(body.ResolveType(integer)).Size)]),
            ILOpCode.Ldnull => new(typeof(object), [new HostValue(null)]),
            ILOpCode.Ldstr => new(typeof(string), [new HostValue(body.ResolveString(integer))]),
            ILOpCode.Ldtoken => new(typeof(object), [new HostValue(body.ResolveMember(integer))]),

            ILOpCode.Neg => Negated(UnaryOp.Neg, Pop()),
            ILOpCode.Not => Negated(UnaryOp.Not, Pop()),
            ILOpCode.Shl or ILOpCode.Shr or ILOpCode.Shr_un when PopTwo() is var (value, count) => Shift(code, value, count),
            ILOpCode.Ceq or ILOpCode.Cgt or ILOpCode.Cgt_un or ILOpCode.Clt or ILOpCode.Clt_un =>
                new(typeof(bool), [Emit.Extend(PopComparison(code))]),
            (>= ILOpCode.Add and <= ILOpCode.Xor) when PopTwo() is var (left, right) => Arithmetic(code, left, right),

            ILOpCode.Ldfld => LoadField(Pop(), body.ResolveField(integer)),
            ILOpCode.Ldflda => FieldAddress(Pop(), body.ResolveField(integer)),
            ILOpCode.Ldsfld => LoadStatic(body.ResolveField(integer)),
            ILOpCode.Ldsflda => AddressOfStatic(body.ResolveField(integer)),
            (>= ILOpCode.Ldind_i1 and <= ILOpCode.Ldind_r8) or ILOpCode.Ldobj => LoadFrom(Pop(), AccessedType(instruction)),

            ILOpCode.Newobj => New((ConstructorInfo)body.ResolveMethod(integer)),
            ILOpCode.Newarr => NewArray(body.ResolveType(integer).MakeArrayType(), [Pop()], initialise: true),
            ILOpCode.Ldlen => new(typeof(nuint), [RequireArray(Pop()).Leaves[1]]),
            ILOpCode.Ldelema => ArrayElement(body.ResolveType(integer)),
            (>= ILOpCode.Ldelem_i1 and <= ILOpCode.Ldelem_r8) or ILOpCode.Ldelem =>
                LoadFrom(ArrayElement(AccessedType(instruction)), AccessedType(instruction)),

            _ when ConversionOf(code) is { } conversion => ConvertOperand(Pop(), conversion.To, conversion.FromUnsigned),
            _ => throw RefuseInstruction(code),
        };

        Operand Negated(UnaryOp op, Operand operand) => new(operand.Type, [Emit.Unary(op, operand.Single)]);
    }

    private Operand AddressOfStatic(FieldInfo field)
    {
        (Slot slot, Operand address) = MakeTemporary(field.FieldType);
        StoreSlot(slot, LoadStatic(field));
        return address;
    }

    /// <summary>The type of what an instruction loads or stores through an address or in an array.</summary>
    private Type AccessedType(IlInstruction instruction) => instruction.Code switch
    {
        ILOpCode.Ldobj or ILOpCode.Stobj or ILOpCode.Ldelem or ILOpCode.Stelem => frame.Body.ResolveType(instruction.Integer),
        ILOpCode.Ldind_i1 or ILOpCode.Stind_i1 or ILOpCode.Ldelem_i1 or ILOpCode.Stelem_i1 => typeof(sbyte),
        ILOpCode.Ldind_u1 or ILOpCode.Ldelem_u1 => typeof(byte),
        ILOpCode.Ldind_i2 or ILOpCode.Stind_i2 or ILOpCode.Ldelem_i2 or ILOpCode.Stelem_i2 => typeof(short),
        ILOpCode.Ldind_u2 or ILOpCode.Ldelem_u2 => typeof(ushort),
        ILOpCode.Ldind_i4 or ILOpCode.Stind_i4 or ILOpCode.Ldelem_i4 or ILOpCode.Stelem_i4 => typeof(int),
        ILOpCode.Ldind_u4 or ILOpCode.Ldelem_u4 => typeof(uint),
        ILOpCode.Ldind_i8 or ILOpCode.Stind_i8 or ILOpCode.Ldelem_i8 or ILOpCode.Stelem_i8 => typeof(long),
        ILOpCode.Ldind_r4 or ILOpCode.Stind_r4 or ILOpCode.Ldelem_r4 or ILOpCode.Stelem_r4 => typeof(float),
        ILOpCode.Ldind_r8 or ILOpCode.Stind_r8 or ILOpCode.Ldelem_r8 or ILOpCode.Stelem_r8 => typeof(double),
        _ => typeof(nint),
    };

    private void Push(Operand operand) => frame.Stack.Add(operand);

    private Operand Pop()
    {
        Operand top = frame.Stack[^1];
        frame.Stack.RemoveAt(frame.Stack.Count - 1);
        return top;
    }

    /// <summary>The uppermost operands, in the order in which they were pushed.</summary>
    private Operand[] PopAll(int count)
    {
        Operand[] operands = [.. frame.Stack[^count..]];
        frame.Stack.RemoveRange(frame.Stack.Count - count, count);
        return operands;
    }

    private (Operand Left, Operand Right) PopTwo()
    {
        Operand right = Pop();
        return (Pop(), right);
    }
}
