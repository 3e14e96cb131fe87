using System.Reflection;
using System.Reflection.Emit;

namespace GpuVae.TestSupport;

/// <summary>The instructions of a method's body, one after the other.</summary>
public static class IlReader
{
    private const byte TwoByteMark = 0xFE;

    private static readonly Dictionary<short, OpCode> Codes = typeof(OpCodes).GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(field => (OpCode)field.GetValue(null)!).ToDictionary(code => code.Value);

    public static IEnumerable<IlInstruction> Read(byte[] il)
    {
        for (int i = 0; i < il.Length;)
        {
            OpCode code = il[i] == TwoByteMark ? Codes[(short)(TwoByteMark << 8 | il[++i])] : Codes[il[i]];
            i++;
            yield return new IlInstruction(code, HasToken(code) ? BitConverter.ToInt32(il, i) : 0);
            i += OperandSize(code, il, i);
        }
    }

    private static bool HasToken(OpCode code) =>
        code.OperandType is OperandType.InlineMethod or OperandType.InlineField or OperandType.InlineType or OperandType.InlineTok;

    private static int OperandSize(OpCode code, byte[] il, int position) => code.OperandType switch
    {
        OperandType.InlineNone => 0,
        OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
        OperandType.InlineVar => 2,
        OperandType.InlineI8 or OperandType.InlineR => 8,
        OperandType.InlineSwitch => 4 + 4 * BitConverter.ToInt32(il, position),
        _ => 4,
    };
}

/// <param name="Code">What is done.</param>
/// <param name="Token">Of the method, field or type that it is done with; 0 where there is none.</param>
public readonly record struct IlInstruction(OpCode Code, int Token);
