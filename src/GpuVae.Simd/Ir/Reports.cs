namespace GpuVae.Simd.Ir;

/// <summary>Checked mode only: reports when <see cref="Index"/> is outside [0, <see cref="Length"/>).</summary>
internal sealed class BoundsCheck(Value index, Value length) : Instruction(IrType.Void, AddressSpace.None, index, length)
{
    public Value Index => Operands[0];
    public Value Length => Operands[1];
}

/// <summary>Checked mode and assertions: reports when the condition is false.</summary>
internal sealed class Assert(Value condition, string message) : Instruction(IrType.Void, AddressSpace.None, condition)
{
    public Value Condition => Operands[0];
    public string Message { get; } = message;
}

/// <summary>Interop.Write / WriteLine: a .NET composite format and its scalar arguments.</summary>
internal sealed class Print(string format, params ReadOnlySpan<Value> arguments)
    : Instruction(IrType.Void, AddressSpace.None, arguments)
{
    public string Format { get; } = format;
}
