using System.Reflection;
using GpuVae.Simd.Ir;
using ILGPU;
using Convert = GpuVae.Simd.Ir.Convert;
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

    /// <summary>The instructions that end a block.</summary>
    private bool Terminate(IlBlock block, IlInstruction instruction)
    {
        switch (instruction.Code)
        {
            case ILOpCode.Ret:
                Type returnType = (frame.Body.Method as MethodInfo)?.ReturnType ?? typeof(void);
                frame.Returns.Add((ssa.Current, returnType == typeof(void) ? null : Coerce(Pop(), returnType)));
                return true;
            case ILOpCode.Br:
                GoTo(block.Successors[0]);
                return true;
            case ILOpCode.Brtrue:
                GoTo(PopCondition(), block.Successors[0], block.Successors[1]);
                return true;
            case ILOpCode.Brfalse:
                GoTo(PopCondition(), block.Successors[1], block.Successors[0]);
                return true;
            case >= ILOpCode.Beq and <= ILOpCode.Blt_un:
                Operand right = Pop();
                Operand left = Pop();
                GoTo(CompareOperands(instruction.Code, left, right), block.Successors[0], block.Successors[1]);
                return true;
            case ILOpCode.Switch:
                Switch(block, Pop().Single);
                return true;
            case ILOpCode.Throw or ILOpCode.Rethrow:
                throw Refuse(
                    "an exception is thrown",
                    "Kernels have no exceptions: return early, or use Debug.Assert for conditions that must hold.");
            default:
                return false;
        }
    }

    private Value PopCondition()
    {
        Value value = ssa.Resolve(Pop().Single);
        return value switch
        {
            HostValue { Value: null } => Constant.Bool(false),
            PlaceValue => Constant.Bool(true),
            HostValue => throw Refuse("a reference is compared with null", "Kernels have no objects; use a bool or an empty view."),
            _ => Emit.ToBool(value),
        };
    }

    private void Switch(IlBlock block, Value value)
    {
        value = ssa.Resolve(value);
        IlBlock fallThrough = block.Successors[^1];
        if (value is Constant constant)
        {
            GoTo(constant.Bits < (ulong)(block.Successors.Count - 1) ? block.Successors[(int)constant.Bits] : fallThrough);
            return;
        }
        for (int i = 0; i < block.Successors.Count - 1; i++)
        {
            BasicBlock target = PrepareEdge(block.Successors[i]);
            bool isLast = i == block.Successors.Count - 2;
            BasicBlock next = isLast ? PrepareEdge(fallThrough) : ssa.CreateBlock(isSealed: false);
            ssa.Branch(Emit.Compare(CompareOp.Eq, value, Constant.Int(i)), target, next);
            if (isLast)
                return;
            ssa.Seal(next);
            ssa.Current = next;
        }
    }

    private void Execute(IlInstruction instruction)
    {
        IlBody body = frame.Body;
        long integer = instruction.Integer;
        switch (instruction.Code)
        {
            case ILOpCode.Nop or ILOpCode.Break or ILOpCode.Volatile or ILOpCode.Readonly or ILOpCode.Tail:
                break;
            case ILOpCode.Unaligned:
                Push(Pop() with { Alignment = 1 });
                break;
            case ILOpCode.Constrained:
                constrainedType = body.ResolveType(integer);
                break;

            case ILOpCode.Ldarg:
                Push(LoadSlot(frame.Arguments[integer]));
                break;
            case ILOpCode.Starg:
                StoreSlot(frame.Arguments[integer], Pop());
                break;
            case ILOpCode.Ldarga:
                Push(AddressOf(frame.Arguments[integer]));
                break;
            case ILOpCode.Ldloc:
                Push(LoadSlot(frame.Locals[integer]));
                break;
            case ILOpCode.Stloc:
                StoreSlot(frame.Locals[integer], Pop());
                break;
            case ILOpCode.Ldloca:
                Push(AddressOf(frame.Locals[integer]));
                break;
            case ILOpCode.Dup:
                Push(frame.Stack[^1]);
                break;
            case ILOpCode.Pop:
                Pop();
                break;

            case ILOpCode.Ldc_i4:
                Push(typeof(int), Constant.Int((int)integer));
                break;
            case ILOpCode.Ldc_i8:
                Push(typeof(long), Constant.Long(integer));
                break;
            case ILOpCode.Ldc_r4:
                Push(typeof(float), Constant.FromBits(IrType.F32, (ulong)integer));
                break;
            case ILOpCode.Ldc_r8:
                Push(typeof(double), Constant.FromBits(IrType.F64, (ulong)integer));
                break;
            case ILOpCode.Ldnull:
                Push(typeof(object), new HostValue(null));
                break;
            case ILOpCode.Ldstr:
                Push(typeof(string), new HostValue(body.ResolveString(integer)));
                break;
            case ILOpCode.Ldtoken:
                Push(typeof(object), new HostValue(body.ResolveMember(integer)));
                break;
            case ILOpCode.Sizeof:
                Push(typeof(int), Constant.Int(RequireMemoryType(body.ResolveType(integer)).Size));
                break;

            case ILOpCode.Add or ILOpCode.Sub or ILOpCode.Mul or ILOpCode.Div or ILOpCode.Div_un or ILOpCode.Rem or ILOpCode.Rem_un
                or ILOpCode.And or ILOpCode.Or or ILOpCode.Xor:
                Arithmetic(instruction.Code);
                break;
            case ILOpCode.Shl or ILOpCode.Shr or ILOpCode.Shr_un:
                Shift(instruction.Code);
                break;
            case ILOpCode.Neg or ILOpCode.Not:
                Operand negated = Pop();
                Push(negated.Type, Emit.Unary(instruction.Code == ILOpCode.Neg ? UnaryOp.Neg : UnaryOp.Not, negated.Single));
                break;
            case ILOpCode.Ceq or ILOpCode.Cgt or ILOpCode.Cgt_un or ILOpCode.Clt or ILOpCode.Clt_un:
                Operand right = Pop();
                Operand left = Pop();
                Push(typeof(bool), Emit.Extend(CompareOperands(instruction.Code, left, right)));
                break;

            case ILOpCode.Ldfld:
                Push(LoadField(Pop(), body.ResolveField(integer)));
                break;
            case ILOpCode.Ldflda:
                Push(FieldAddress(Pop(), body.ResolveField(integer)));
                break;
            case ILOpCode.Stfld:
                Operand fieldValue = Pop();
                StoreField(Pop(), body.ResolveField(integer), fieldValue);
                break;
            case ILOpCode.Ldsfld:
                Push(LoadStatic(body.ResolveField(integer)));
                break;
            case ILOpCode.Ldsflda:
                (Slot slot, Operand address) = MakeTemporary(body.ResolveField(integer).FieldType);
                StoreSlot(slot, LoadStatic(body.ResolveField(integer)));
                Push(address);
                break;
            case ILOpCode.Stsfld when entry.StaticFields.HasFlag(StaticFieldMode.IgnoreStaticFieldStores):
                Pop();
                break;
            case ILOpCode.Stsfld:
                throw Refuse($"static field '{body.ResolveField(integer).Name}' is written", "Write results to a buffer.");

            case ILOpCode.Ldobj:
                Push(LoadFrom(Pop(), body.ResolveType(integer)));
                break;
            case ILOpCode.Stobj:
                Operand stored = Pop();
                StoreTo(Pop(), body.ResolveType(integer), stored);
                break;
            case ILOpCode.Cpobj:
                Operand source = Pop();
                StoreTo(Pop(), body.ResolveType(integer), LoadFrom(source, body.ResolveType(integer)));
                break;
            case ILOpCode.Initobj:
                Initialize(Pop(), body.ResolveType(integer));
                break;
            case ILOpCode.Initblk or ILOpCode.Cpblk:
                throw Refuse("a block of memory is set or copied", "Write a loop over the elements.");
            case >= ILOpCode.Ldind_i1 and <= ILOpCode.Ldind_r8:
                Push(LoadFrom(Pop(), IndirectType(instruction.Code)));
                break;
            case (>= ILOpCode.Stind_i1 and <= ILOpCode.Stind_r8) or ILOpCode.Stind_i:
                Operand indirect = Pop();
                StoreTo(Pop(), IndirectType(instruction.Code), indirect);
                break;

            case ILOpCode.Newarr:
                Push(NewArray(body.ResolveType(integer).MakeArrayType(), [Pop()], initialise: true));
                break;
            case ILOpCode.Ldlen:
                Push(typeof(nuint), RequireArray(Pop()).Leaves[1]);
                break;
            case ILOpCode.Ldelema:
                Push(ArrayElement(body.ResolveType(integer)));
                break;
            case (>= ILOpCode.Ldelem_i1 and <= ILOpCode.Ldelem_r8) or ILOpCode.Ldelem:
                Type loadedType = instruction.Code == ILOpCode.Ldelem ? body.ResolveType(integer) : ElementType(instruction.Code);
                Push(LoadFrom(ArrayElement(loadedType), loadedType));
                break;
            case (>= ILOpCode.Stelem_i and <= ILOpCode.Stelem_r8) or ILOpCode.Stelem:
                Operand element = Pop();
                Type storedType = instruction.Code == ILOpCode.Stelem ? body.ResolveType(integer) : ElementType(instruction.Code);
                StoreTo(ArrayElement(storedType), storedType, element);
                break;

            case ILOpCode.Call or ILOpCode.Callvirt:
                Call(body.ResolveMethod(integer));
                break;
            case ILOpCode.Newobj:
                New((ConstructorInfo)body.ResolveMethod(integer));
                break;

            default:
                if (ConversionOf(instruction.Code) is { } conversion)
                    Push(ConvertOperand(Pop(), conversion.To, conversion.FromUnsigned));
                else
                    throw RefuseInstruction(instruction.Code);
                break;
        }
    }

    private Exception RefuseInstruction(ILOpCode code) => code switch
    {
        ILOpCode.Box or ILOpCode.Unbox or ILOpCode.Unbox_any or ILOpCode.Castclass or ILOpCode.Isinst =>
            Refuse(
                "a value is boxed, cast to or from an object",
                "Use generics with struct constraints; in interpolated strings and object parameters values are boxed."),
        ILOpCode.Ldftn or ILOpCode.Ldvirtftn =>
            Refuse(
                "a delegate or lambda is made", "Call the method directly, or pass a functor: a struct type parameter with an interface."),
        ILOpCode.Localloc => Refuse("stackalloc is used", "Use LocalMemory.Allocate<T>(constant)."),
        ILOpCode.Calli => Refuse("a function pointer is called", "Pass a functor: a struct type parameter with an interface."),
        ILOpCode.Ldelem_ref or ILOpCode.Stelem_ref or ILOpCode.Ldind_ref or ILOpCode.Stind_ref =>
            Refuse("an array or field of references is accessed", "Kernels have no objects; use views of value types."),
        ILOpCode.Leave or ILOpCode.Endfinally or ILOpCode.Endfilter =>
            Refuse("try/catch/finally is used", "Kernels have no exceptions; remove it."),
        ILOpCode.Add_ovf or ILOpCode.Add_ovf_un or ILOpCode.Sub_ovf or ILOpCode.Sub_ovf_un or ILOpCode.Mul_ovf or ILOpCode.Mul_ovf_un =>
            Refuse(
                "arithmetic is checked for overflow",
                "Kernels have no exceptions; write unchecked(…) or compile without overflow checks."),
        _ => Refuse($"the IL instruction {code} is used", "It has no meaning on a device."),
    };

    private void Push(Operand operand) => frame.Stack.Add(operand);

    private void Push(Type type, Value value) => frame.Stack.Add(new Operand(type, [value]));

    private Operand Pop()
    {
        Operand top = frame.Stack[^1];
        frame.Stack.RemoveAt(frame.Stack.Count - 1);
        return top;
    }

    private void Arithmetic(ILOpCode code)
    {
        Operand right = Pop();
        Operand left = Pop();
        (Value a, Value b) = (ssa.Resolve(left.Single), ssa.Resolve(right.Single));
        if (a.Type == IrType.Pointer || b.Type == IrType.Pointer)
        {
            Push(PointerArithmetic(code, left, right));
            return;
        }
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
        Push(StackType(a.Type), Emit.Binary(op, a, b));
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
            (a, b) = Balance(ToType(a, IrType.I64), ToType(b, IrType.I64));
            frame.Stack.Add(new Operand(typeof(nint), [a]));
            frame.Stack.Add(new Operand(typeof(nint), [b]));
            Arithmetic(code);
            return Pop();
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

    private void Shift(ILOpCode code)
    {
        Value count = ToType(ssa.Resolve(Pop().Single), IrType.I32);
        Operand value = Pop();
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
        Push(value.Type, Emit.Binary(op, value.Single, count));
    }

    private Value CompareOperands(ILOpCode code, Operand left, Operand right)
    {
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
            (a, b) = (a.Type == b.Type) ? (a, b) : (ToType(a, IrType.I64), ToType(b, IrType.I64));
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

    private static Type IndirectType(ILOpCode code) => code switch
    {
        ILOpCode.Ldind_i1 or ILOpCode.Stind_i1 => typeof(sbyte),
        ILOpCode.Ldind_u1 => typeof(byte),
        ILOpCode.Ldind_i2 or ILOpCode.Stind_i2 => typeof(short),
        ILOpCode.Ldind_u2 => typeof(ushort),
        ILOpCode.Ldind_i4 or ILOpCode.Stind_i4 => typeof(int),
        ILOpCode.Ldind_u4 => typeof(uint),
        ILOpCode.Ldind_i8 or ILOpCode.Stind_i8 => typeof(long),
        ILOpCode.Ldind_r4 or ILOpCode.Stind_r4 => typeof(float),
        ILOpCode.Ldind_r8 or ILOpCode.Stind_r8 => typeof(double),
        _ => typeof(nint),
    };

    private static Type ElementType(ILOpCode code) => code switch
    {
        ILOpCode.Ldelem_i1 or ILOpCode.Stelem_i1 => typeof(sbyte),
        ILOpCode.Ldelem_u1 => typeof(byte),
        ILOpCode.Ldelem_i2 or ILOpCode.Stelem_i2 => typeof(short),
        ILOpCode.Ldelem_u2 => typeof(ushort),
        ILOpCode.Ldelem_i4 or ILOpCode.Stelem_i4 => typeof(int),
        ILOpCode.Ldelem_u4 => typeof(uint),
        ILOpCode.Ldelem_i8 or ILOpCode.Stelem_i8 => typeof(long),
        ILOpCode.Ldelem_r4 or ILOpCode.Stelem_r4 => typeof(float),
        ILOpCode.Ldelem_r8 or ILOpCode.Stelem_r8 => typeof(double),
        _ => typeof(nint),
    };

    private void Call(MethodBase method)
    {
        int count = method.GetParameters().Length + (method.IsStatic ? 0 : 1);
        var arguments = new Operand[count];
        for (int i = count - 1; i >= 0; i--)
            arguments[i] = Pop();
        if (constrainedType is { } type)
        {
            constrainedType = null;
            method = Implementation(method, type);
        }
        else if (method.IsAbstract && !method.IsStatic && PointeeOf(arguments[0]) is { } receiver)
        {
            // A default interface method calls another member of the interface on the struct it was called for.
            method = Implementation(method, receiver);
        }
        if (InlineCall(method, arguments) is { } result)
            Push(result);
    }

    private static Type? PointeeOf(Operand receiver) =>
        receiver.Type is { IsByRef: true } type && type.GetElementType() is { IsValueType: true } pointee ? pointee : null;

    /// <summary>The method that a call through an interface reaches on a value type.</summary>
    private MethodBase Implementation(MethodBase method, Type type)
    {
        if (method.DeclaringType is not { IsInterface: true } contract)
        {
            if (method.DeclaringType == type || !type.IsValueType)
                return method;
            Type[] parameters = method.GetParameters().Select(p => p.ParameterType).ToArray();
            MethodInfo? overriding = type.GetMethod(
                method.Name, BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly, parameters);
            return overriding ?? throw Refuse(
                $"'{SequencePoints.NameOf(method)}' is called on {SequencePoints.NameOf(type)}, which boxes it",
                "Give the struct a method of its own.");
        }
        if (!type.IsValueType && !method.IsStatic)
        {
            throw Refuse(
                $"'{SequencePoints.NameOf(method)}' is called on class {SequencePoints.NameOf(type)}",
                "Make the functor a struct.");
        }
        MethodBase definition = method is MethodInfo { IsGenericMethod: true } generic ? generic.GetGenericMethodDefinition() : method;
        InterfaceMapping map = type.GetInterfaceMap(contract);
        int index = Array.FindIndex(
            map.InterfaceMethods, m => m.MetadataToken == definition.MetadataToken && m.Module == definition.Module);
        MethodInfo? target = index < 0 ? (MethodInfo)definition : map.TargetMethods[index];
        if (target is null || target.IsAbstract)
            throw Refuse(
                $"{SequencePoints.NameOf(type)} does not implement '{SequencePoints.NameOf(method)}'", "Implement it in the struct.");
        return target.IsGenericMethodDefinition ? target.MakeGenericMethod(method.GetGenericArguments()) : target;
    }

    private void New(ConstructorInfo constructor)
    {
        Type type = constructor.DeclaringType!;
        ParameterInfo[] parameters = constructor.GetParameters();
        if (type.IsArray)
        {
            var lengths = new Operand[parameters.Length];
            for (int i = parameters.Length - 1; i >= 0; i--)
                lengths[i] = Pop();
            Push(NewArray(type, lengths, initialise: true));
            return;
        }
        if (typeof(Delegate).IsAssignableFrom(type))
            throw Refuse(
                "a delegate or lambda is made", "Call the method directly, or pass a functor: a struct type parameter with an interface.");
        if (type.IsSubclassOf(typeof(Exception)) || type == typeof(Exception))
            throw Refuse(
                "an exception is thrown", "Kernels have no exceptions: return early, or use Debug.Assert for conditions that must hold.");
        if (!type.IsValueType)
        {
            throw Refuse(
                $"an object of class {SequencePoints.NameOf(type)} is allocated",
                "Kernels cannot allocate; use structs, LocalMemory or SharedMemory.");
        }
        var arguments = new Operand[parameters.Length + 1];
        for (int i = parameters.Length; i >= 1; i--)
            arguments[i] = Pop();
        (Slot slot, Operand address) = MakeTemporary(type);
        arguments[0] = address;
        InlineCall(constructor, arguments);
        Push(LoadSlot(slot));
    }

    /// <summary>What <c>new T()</c> of a struct gives.</summary>
    public Operand New(Type type)
    {
        (Slot slot, Operand address) = MakeTemporary(type);
        if (type.GetConstructor(Type.EmptyTypes) is { } constructor)
            InlineCall(constructor, [address]);
        return LoadSlot(slot);
    }
}
