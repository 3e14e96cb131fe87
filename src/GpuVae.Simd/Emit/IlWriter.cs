using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.Intrinsics;

namespace GpuVae.Simd.Emit;

/// <summary>The instructions of IL that the generator needs, by what they do.</summary>
/// <param name="il">Takes the instructions.</param>
/// <param name="isCalled">The method is part of another one, whose variables may be named in it.</param>
internal sealed class IlWriter(ILGenerator il, bool isCalled = false)
{
    /// <summary>Where the method is part of another one: what it has in the place of that one's variables.</summary>
    public TwinLocals? Twins { get; } = isCalled ? new TwinLocals(il.DeclareLocal) : null;

    public LocalBuilder Local(Type type) => Twins?.Declare(type) ?? il.DeclareLocal(type);
    public void Get(LocalBuilder local) => il.Emit(OpCodes.Ldloc, Twins?.Of(local) ?? local);
    public void Set(LocalBuilder local) => il.Emit(OpCodes.Stloc, Twins?.Of(local, isWritten: true) ?? local);
    public void Arg(int index) => il.Emit(OpCodes.Ldarg, (short)index);

    public Label NewLabel() => il.DefineLabel();
    public void Mark(Label label) => il.MarkLabel(label);
    public void Jump(Label label) => il.Emit(OpCodes.Br, label);
    public void JumpIf(Label label) => il.Emit(OpCodes.Brtrue, label);
    public void JumpIfNot(Label label) => il.Emit(OpCodes.Brfalse, label);

    public void Int(int value) => il.Emit(OpCodes.Ldc_I4, value);
    public void Long(long value) => il.Emit(OpCodes.Ldc_I8, value);
    public void Float(float value) => il.Emit(OpCodes.Ldc_R4, value);
    public void Double(double value) => il.Emit(OpCodes.Ldc_R8, value);
    public void Text(string value) => il.Emit(OpCodes.Ldstr, value);

    public void Op(OpCode code) => il.Emit(code);
    public void Call(MethodInfo method) => il.Emit(OpCodes.Call, method);
    public void Call(Delegate method) => Call(method.Method);
    public void FunctionPointer(MethodInfo method) => il.Emit(OpCodes.Ldftn, method);
    public void NewArray(Type element) => il.Emit(OpCodes.Newarr, element);
    public void Box(Type type) => il.Emit(OpCodes.Box, type);
    public void Field(FieldInfo field) => il.Emit(OpCodes.Ldfld, field);

    /// <summary>Calls the static method of that name and those parameters; see <see cref="VectorApi.Find"/>.</summary>
    public void Call(Type holder, string name, params Type[] parameters) => Call(VectorApi.Find(holder, name, null, parameters));

    /// <summary>Adds 1 to an int.</summary>
    public void Increment(LocalBuilder local)
    {
        Get(local);
        Int(1);
        Op(OpCodes.Add);
        Set(local);
    }

    /// <summary>Jumps while an int is below the limit.</summary>
    public void JumpIfBelow(LocalBuilder local, int limit, Label label)
    {
        Get(local);
        Int(limit);
        Op(OpCodes.Clt);
        JumpIf(label);
    }

    /// <summary>address → value, without an alignment demand.</summary>
    public void LoadObject(Type type)
    {
        il.Emit(OpCodes.Unaligned, (byte)1);
        il.Emit(OpCodes.Ldobj, type);
    }

    /// <summary>address, value →</summary>
    public void StoreObject(Type type)
    {
        il.Emit(OpCodes.Unaligned, (byte)1);
        il.Emit(OpCodes.Stobj, type);
    }

    /// <summary>Adds a constant to the address on the stack.</summary>
    public void AddOffset(long bytes)
    {
        if (bytes == 0)
            return;
        Long(bytes);
        Op(OpCodes.Add);
    }

    /// <summary>address, int index → address + index · bytes</summary>
    public void AddScaled(long bytes)
    {
        Op(OpCodes.Conv_I8);
        Long(bytes);
        Op(OpCodes.Mul);
        Op(OpCodes.Add);
    }

    /// <summary>A method of the Vector class of that width.</summary>
    public void Vector(VectorType type, string name, params Type[] parameters) =>
        Call(VectorApi.Find(VectorApi.Holder(type.Bits), name, type.Element, parameters));

    /// <summary>T → …</summary>
    public void Vector1(VectorType type, string name) => Vector(type, name, type.Clr);

    /// <summary>T, T → …</summary>
    public void Vector2(VectorType type, string name) => Vector(type, name, type.Clr, type.Clr);

    /// <summary>T → T, every lane shifted by a constant.</summary>
    public void Shift(VectorType type, string name, int count)
    {
        Int(count);
        Vector(type, name, type.Clr, typeof(int));
    }

    public void As(VectorType from, Type element)
    {
        if (from.Element == element)
            return;
        string name = "As" + (element == typeof(float) ? "Single" : element.Name);
        Call(VectorApi.Find(VectorApi.Holder(from.Bits), name, from.Element, from.Clr));
    }

    /// <summary>scalar → all lanes.</summary>
    public void Broadcast(VectorType type) => Vector(type, nameof(Vector128.Create), type.Element);

    /// <summary>A vector constant with the same integer in every lane.</summary>
    public void IntVector(VectorType type, long value)
    {
        if (type.Element == typeof(long) || type.Element == typeof(ulong))
            Long(value);
        else
            Int((int)value);
        Broadcast(type);
    }

    /// <summary>start, start + step, … per lane.</summary>
    public void Sequence(VectorType type, long start, long step) => Constants(type, i => start + i * step);

    /// <summary>A vector of int or long constants; the JIT makes it a literal.</summary>
    public void Constants(VectorType type, Func<int, long> lane)
    {
        var parameters = new Type[type.Count];
        for (int i = 0; i < type.Count; i++)
        {
            if (type.Element == typeof(long))
                Long(lane(i));
            else
                Int((int)lane(i));
            parameters[i] = type.Element;
        }
        if (type.Count == 1)
            Broadcast(type);
        else
            Call(VectorApi.Find(VectorApi.Holder(type.Bits), nameof(Vector128.Create), null, parameters));
    }
}
