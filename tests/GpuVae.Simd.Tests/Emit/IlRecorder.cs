using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.InteropServices;
using System.Text;

namespace GpuVae.Simd.Tests.Emit;

/// <summary>Writes down the IL that passes through it, a statement per line.</summary>
internal sealed class IlRecorder(ILGenerator inner) : ILGenerator
{
    private const int Width = 110;

    private readonly StringBuilder text = new();
    private int column;

    public string Text => text.ToString();
    public override int ILOffset => inner.ILOffset;

    public override LocalBuilder DeclareLocal(Type localType, bool pinned) => inner.DeclareLocal(localType, pinned);

    public override Label DefineLabel() => inner.DefineLabel();

    public override void MarkLabel(Label loc)
    {
        EndLine();
        text.Append($"L{loc.Id}:\n");
        inner.MarkLabel(loc);
    }

    public override void Emit(OpCode opcode) => Note(opcode).Emit(opcode);
    public override void Emit(OpCode opcode, byte arg) => inner.Emit(opcode, arg); // Prefixes: unaligned.
    public override void Emit(OpCode opcode, short arg) => Note(opcode, $"{arg}").Emit(opcode, arg);
    public override void Emit(OpCode opcode, int arg) => Note(opcode, $"{arg}").Emit(opcode, arg);
    public override void Emit(OpCode opcode, long arg) => Note(opcode, $"{arg}").Emit(opcode, arg);
    public override void Emit(OpCode opcode, float arg) => Note(opcode, $"{arg}").Emit(opcode, arg);
    public override void Emit(OpCode opcode, double arg) => Note(opcode, $"{arg}").Emit(opcode, arg);
    public override void Emit(OpCode opcode, string str) => Note(opcode, $"\"{str}\"").Emit(opcode, str);
    public override void Emit(OpCode opcode, Type cls) => Note(opcode, NameOf(cls)).Emit(opcode, cls);
    public override void Emit(OpCode opcode, FieldInfo field) => Note(opcode, field.Name).Emit(opcode, field);
    public override void Emit(OpCode opcode, Label label) => Note(opcode, $"L{label.Id}").Emit(opcode, label);
    public override void Emit(OpCode opcode, LocalBuilder local) => Note(opcode, $"{local.LocalIndex}").Emit(opcode, local);
    public override void Emit(OpCode opcode, MethodInfo meth) => Note(opcode, $"{meth.DeclaringType?.Name}.{meth.Name}").Emit(opcode, meth);

    private ILGenerator Note(OpCode code, string operand = "")
    {
        string instruction = $"{code.Name} {operand}".TrimEnd();
        string before = column == 0 ? "    " : column + instruction.Length > Width ? ";\n        " : "; ";
        text.Append(before).Append(instruction);
        column = before.Contains('\n') ? 8 + instruction.Length : column + before.Length + instruction.Length;
        bool jumps = code.FlowControl is FlowControl.Branch or FlowControl.Cond_Branch or FlowControl.Return;
        if (jumps || code == OpCodes.Stloc || code == OpCodes.Stobj)
            EndLine();
        return inner;
    }

    private void EndLine()
    {
        if (column > 0)
            text.Append('\n');
        column = 0;
    }

    private static string NameOf(Type type) =>
        type.IsGenericType ? $"{type.Name.Split('`')[0]}<{type.GetGenericArguments()[0].Name}>" : type.Name;

    // The emitter needs no others.
    public override void BeginCatchBlock(Type? exceptionType) => throw new NotSupportedException();
    public override void BeginExceptFilterBlock() => throw new NotSupportedException();
    public override Label BeginExceptionBlock() => throw new NotSupportedException();
    public override void BeginFaultBlock() => throw new NotSupportedException();
    public override void BeginFinallyBlock() => throw new NotSupportedException();
    public override void BeginScope() => throw new NotSupportedException();
    public override void Emit(OpCode opcode, ConstructorInfo con) => throw new NotSupportedException();
    public override void Emit(OpCode opcode, Label[] labels) => throw new NotSupportedException();
    public override void Emit(OpCode opcode, SignatureHelper signature) => throw new NotSupportedException();
    public override void EmitCall(OpCode opcode, MethodInfo methodInfo, Type[]? optionalParameterTypes) =>
        throw new NotSupportedException();
    public override void EmitCalli(OpCode opcode, CallingConvention unmanagedCallConv, Type? returnType, Type[]? parameterTypes) =>
        throw new NotSupportedException();
    public override void EmitCalli(
        OpCode opcode, CallingConventions callingConvention, Type? returnType, Type[]? parameterTypes, Type[]? optionalParameterTypes) =>
        throw new NotSupportedException();
    public override void EndExceptionBlock() => throw new NotSupportedException();
    public override void EndScope() => throw new NotSupportedException();
    public override void UsingNamespace(string usingNamespace) => throw new NotSupportedException();
}
