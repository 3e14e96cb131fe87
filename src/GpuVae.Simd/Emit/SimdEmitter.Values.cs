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
        locals = shapes[value].IsScalar ? NewLocals(1, ScalarClr(value.Type)) : NewLocals(Parts(value.Type), VectorOf(value.Type).Clr);
        variables.Add(value, locals);
        return locals;
    }

    private LocalBuilder[] NewLocals(int count, Type type)
    {
        var locals = new LocalBuilder[count];
        for (int i = 0; i < count; i++)
            locals[i] = il.Local(type);
        return locals;
    }

    /// <summary>Pushes an address in the worker's scratch memory.</summary>
    private void EmitScratch(int offset)
    {
        il.Arg(1);
        il.Op(OpCodes.Conv_U8);
        il.AddOffset(offset);
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
        if (!value.Users.Any(u => u is Fma or Binary or Select && shapes[u].IsVarying && u.Type == value.Type && !IsStatement(u)))
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

    /// <summary>Pushes a uniform value, or that of lane 0 of a strided one; <paramref name="signed"/> sign-extends I8 and I16.</summary>
    private void EmitScalar(Value value, bool signed = false)
    {
        if (value is Constant constant)
            EmitConstant(constant);
        else if (value is Geometry geometry)
            EmitGeometry(geometry.Kind);
        else if (plan.IsInlined(value))
            EmitScalarOperation((Instruction)value);
        else
            il.Get(VariableOf(value)[0]);
        if (signed && value.Type == IrType.I8)
            il.Op(OpCodes.Conv_I1);
        else if (signed && value.Type == IrType.I16)
            il.Op(OpCodes.Conv_I2);
    }

    /// <summary>
    /// Pushes one part of a value of any shape as a vector; Bool as a mask. <paramref name="signed"/> sign-extends I8 and I16.
    /// </summary>
    private void EmitVector(Value value, int part, bool signed = false)
    {
        if (shapes[value].IsVarying)
            EmitVaryingVector(value, part);
        else if (broadcasts.TryGetValue(value, out LocalBuilder? broadcast))
            il.Get(broadcast);
        else
            EmitScalarAsVector(value, part);
        int shift = value.Type switch { IrType.I8 => 24, IrType.I16 => 16, _ => 0 };
        if (!signed || shift == 0)
            return;
        VectorType type = VectorOf(value.Type);
        il.Shift(type, "ShiftLeft", shift);
        il.Shift(type, "ShiftRightArithmetic", shift);
    }

    private void EmitVaryingVector(Value value, int part)
    {
        if (value is Geometry geometry)
            EmitVaryingGeometry(geometry.Kind, part);
        else if (plan.IsInlined(value))
            EmitVectorOperation((Instruction)value, part);
        else
            il.Get(VariableOf(value)[part]);
    }

    private void EmitScalarAsVector(Value value, int part)
    {
        VectorType type = VectorOf(value.Type);
        EmitScalar(value);
        if (value.Type == IrType.Bool)
            il.Op(OpCodes.Neg);
        il.Broadcast(type);
        if (shapes[value] is not { IsStrided: true, Stride: var stride })
            return;
        il.Sequence(type, stride * LanesPerPart(value.Type) * part, stride);
        il.Vector2(type, "Add");
    }

    private void EmitGeometry(GeometryKind kind)
    {
        int axis = kind.Axis();
        LocalBuilder? variable = kind switch
        {
            <= GeometryKind.GroupIdxZ => thread[axis],
            >= GeometryKind.GridIdxX and <= GeometryKind.GridIdxZ => groupIndex[axis],
            >= GeometryKind.GridDimX and <= GeometryKind.GridDimZ => grid[axis],
            GeometryKind.WarpIndex when warps > 1 => warp,
            GeometryKind.DynamicSharedBytes => dynamicBytes,
            _ => null,
        };
        if (variable is not null)
        {
            il.Get(variable);
            return;
        }
        il.Int(kind switch
        {
            <= GeometryKind.GroupDimZ => group.Along(axis),
            GeometryKind.WarpSize => configuration.Lanes,
            // Lane 0 of the only warp.
            _ => 0,
        });
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
