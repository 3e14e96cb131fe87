using System.Reflection.Emit;
using GpuVae.Simd.Ir;

namespace GpuVae.Simd.Emit;

/// <summary>Operands and variables.</summary>
internal sealed partial class SimdEmitter
{
    private static Type ScalarClr(IrType type) => type switch
    {
        IrType.F32 => typeof(float),
        IrType.F64 => typeof(double),
        IrType.I64 or IrType.Pointer => typeof(long),
        _ => typeof(int),
    };

    private VectorType VectorOf(IrType type) => new(configuration.BitsOf(type), ScalarClr(type));

    private VectorType MaskType => VectorOf(IrType.I32);

    private int Parts(IrType type) => configuration.PartsOf(type);

    private int LanesPerPart(IrType type) => configuration.Lanes / Parts(type);

    private LocalBuilder[] VariableOf(Value value)
    {
        value = plan.VariableOf(value);
        if (variables.TryGetValue(value, out LocalBuilder[]? locals))
            return locals;
        if (shapes[value].IsScalar)
        {
            locals = [il.Local(ScalarClr(value.Type))];
        }
        else
        {
            locals = new LocalBuilder[Parts(value.Type)];
            for (int i = 0; i < locals.Length; i++)
                locals[i] = il.Local(VectorOf(value.Type).Clr);
        }
        variables.Add(value, locals);
        return locals;
    }

    private void SetVariable(Instruction value)
    {
        il.Set(VariableOf(value)[0]);
        EmitBroadcastVariable(value);
    }

    /// <summary>A uniform value that vector operations use is broadcast once, where it is made.</summary>
    private void EmitBroadcastVariable(Value value)
    {
        if (value is Phi || plan.VariableOf(value) is Phi || !shapes[value].IsUniform || value.Type == IrType.Bool)
            return;
        if (regions is not null && shapes[value].Kind != ShapeKind.GroupUniform)
            return;
        bool used = false;
        foreach (Instruction user in value.Users)
            used |= user is Fma or Binary or Select && shapes[user].IsVarying && user.Type == value.Type && !IsStatement(user);
        if (!used)
            return;
        VectorType type = VectorOf(value.Type);
        LocalBuilder local = il.Local(type.Clr);
        broadcasts[value] = local;
        il.Get(VariableOf(value)[0]);
        il.Broadcast(type);
        il.Set(local);
    }

    private void EmitConstant(Constant constant)
    {
        switch (constant.Type)
        {
            case IrType.F32:
                il.Float(constant.FloatValue);
                break;
            case IrType.F64:
                il.Double(constant.DoubleValue);
                break;
            case IrType.I64 or IrType.Pointer:
                il.Long((long)constant.Bits);
                break;
            default:
                il.Int((int)constant.Bits);
                break;
        }
    }

    /// <summary>Pushes a uniform value, or the value of lane 0 of a strided one.</summary>
    private void EmitScalar(Value value)
    {
        switch (value)
        {
            case Constant constant:
                EmitConstant(constant);
                break;
            case Geometry geometry:
                EmitGeometry(geometry.Kind);
                break;
            case Instruction instruction when plan.IsInlined(instruction):
                EmitScalarOperation(instruction);
                break;
            default:
                il.Get(VariableOf(value)[0]);
                break;
        }
    }

    /// <summary>As <see cref="EmitScalar"/>, with I8 and I16 sign-extended.</summary>
    private void EmitSigned(Value value)
    {
        EmitScalar(value);
        if (value.Type == IrType.I8)
            il.Op(OpCodes.Conv_I1);
        else if (value.Type == IrType.I16)
            il.Op(OpCodes.Conv_I2);
    }

    /// <summary>Pushes one part of a value of any shape as a vector; Bool as a mask.</summary>
    private void EmitVector(Value value, int part)
    {
        VectorType type = VectorOf(value.Type);
        ValueShape shape = shapes[value];
        if (shape.IsVarying)
        {
            if (value is Geometry geometry)
                EmitVaryingGeometry(geometry.Kind, part);
            else if (plan.IsInlined(value))
                EmitVectorOperation((Instruction)value, part);
            else
                il.Get(VariableOf(value)[part]);
            return;
        }
        if (broadcasts.TryGetValue(value, out LocalBuilder? broadcast))
        {
            il.Get(broadcast);
            return;
        }
        EmitScalar(value);
        if (value.Type == IrType.Bool)
            il.Op(OpCodes.Neg);
        il.Broadcast(type);
        if (!shape.IsStrided)
            return;
        long start = shape.Stride * LanesPerPart(value.Type) * part;
        il.Sequence(type, start, shape.Stride);
        il.Vector2(type, "Add");
    }

    /// <summary>As <see cref="EmitVector"/>, with I8 and I16 sign-extended in their lanes.</summary>
    private void EmitSignedVector(Value value, int part)
    {
        EmitVector(value, part);
        int shift = value.Type switch { IrType.I8 => 24, IrType.I16 => 16, _ => 0 };
        if (shift == 0)
            return;
        VectorType type = VectorOf(value.Type);
        il.Int(shift);
        il.Vector(type, "ShiftLeft", type.Clr, typeof(int));
        il.Int(shift);
        il.Vector(type, "ShiftRightArithmetic", type.Clr, typeof(int));
    }

    private void EmitGeometry(GeometryKind kind)
    {
        switch (kind)
        {
            case GeometryKind.GroupIdxX:
                il.Get(threadX);
                break;
            case GeometryKind.GroupIdxY:
                il.Get(threadY);
                break;
            case GeometryKind.GroupIdxZ:
                il.Get(threadZ);
                break;
            case GeometryKind.GroupDimX:
                il.Int(group.X);
                break;
            case GeometryKind.GroupDimY:
                il.Int(group.Y);
                break;
            case GeometryKind.GroupDimZ:
                il.Int(group.Z);
                break;
            case GeometryKind.GridIdxX:
                il.Get(groupX);
                break;
            case GeometryKind.GridIdxY:
                il.Get(groupY);
                break;
            case GeometryKind.GridIdxZ:
                il.Get(groupZ);
                break;
            case GeometryKind.GridDimX:
                il.Get(gridX);
                break;
            case GeometryKind.GridDimY:
                il.Get(gridY);
                break;
            case GeometryKind.GridDimZ:
                il.Get(gridZ);
                break;
            case GeometryKind.LaneIndex:
                il.Int(0);
                break;
            case GeometryKind.WarpIndex:
                if (warps == 1)
                    il.Int(0);
                else
                    il.Get(warp);
                break;
            case GeometryKind.WarpSize:
                il.Int(configuration.Lanes);
                break;
            case GeometryKind.DynamicSharedBytes:
                il.Get(dynamicBytes);
                break;
        }
    }

    /// <summary>A coordinate in a group whose warps do not lie within rows: from the thread's linear index.</summary>
    private void EmitVaryingGeometry(GeometryKind kind, int part)
    {
        (int divisor, int modulus) = kind switch
        {
            GeometryKind.GroupIdxX => (1, group.X),
            GeometryKind.GroupIdxY => (group.X, group.Y),
            _ => (group.X * group.Y, group.Z),
        };
        int first = LanesPerPart(IrType.I32) * part;
        if (warps == 1)
        {
            il.Constants(MaskType, i => (first + i) / divisor % modulus);
            return;
        }
        EmitQuotient(divisor);
        if ((long)divisor * modulus >= group.Size)
            return;
        EmitQuotient(divisor * modulus);
        il.IntVector(MaskType, modulus);
        il.Vector2(MaskType, "Multiply");
        il.Vector2(MaskType, "Subtract");

        // (t + ½) / d in float is far enough from the integers to be cut off right for the few thousand threads of a group.
        void EmitQuotient(int by)
        {
            VectorType type = MaskType;
            VectorType floats = type.With(typeof(float));
            il.Get(warp);
            il.Int(configuration.Lanes);
            il.Op(OpCodes.Mul);
            il.Broadcast(type);
            il.Sequence(type, first, 1);
            il.Vector2(type, "Add");
            if (by == 1)
                return;
            il.Vector1(type, "ConvertToSingle");
            il.Float(0.5f);
            il.Broadcast(floats);
            il.Vector2(floats, "Add");
            il.Float(1f / by);
            il.Broadcast(floats);
            il.Vector2(floats, "Multiply");
            il.Vector1(floats, "ConvertToInt32");
        }
    }
}
