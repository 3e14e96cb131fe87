using System.Reflection;
using System.Reflection.Emit;
using ILGPU;

namespace GpuVae.Ilgpu.Backends.Cpu.Emulated;

/// <summary>What a kernel's code asks of its surroundings.</summary>
/// <param name="NeedsThread">It reads its place in the group or grid, or allocates shared or local memory.</param>
/// <param name="NeedsScheduler">It has barriers, shuffles or broadcasts, so its threads must be able to wait for one another.</param>
internal readonly record struct KernelFeatures(bool NeedsThread, bool NeedsScheduler);

/// <summary>Reads the IL of a kernel and of everything it may call. When in doubt it reports a need: that costs only time.</summary>
internal sealed class KernelScanner
{
    private static readonly OpCode[] OneByte = new OpCode[256];
    private static readonly OpCode[] TwoByte = new OpCode[256];
    private static readonly Type[] ThreadStatics = [typeof(Group), typeof(Grid), typeof(Warp), typeof(SharedMemory), typeof(LocalMemory)];
    private readonly HashSet<MethodBase> visited = [];
    private bool needsThread;
    private bool needsScheduler;

    static KernelScanner()
    {
        foreach (var field in typeof(OpCodes).GetFields(BindingFlags.Public | BindingFlags.Static))
        {
            var code = (OpCode)field.GetValue(null)!;
            (code.Size == 1 ? OneByte : TwoByte)[(byte)code.Value] = code;
        }
    }

    public static KernelFeatures Scan(MethodBase kernel)
    {
        var scanner = new KernelScanner();
        scanner.Visit(kernel);
        return new(scanner.needsThread, scanner.needsScheduler);
    }

    private void Visit(MethodBase method)
    {
        var type = method.DeclaringType;
        if (type is not null && Array.IndexOf(ThreadStatics, type) >= 0)
        {
            needsThread = true;
            needsScheduler |= method.Name.StartsWith("Barrier", StringComparison.Ordinal)
                || method.Name.StartsWith("Shuffle", StringComparison.Ordinal)
                || method.Name.StartsWith("Broadcast", StringComparison.Ordinal);
            return;
        }
        if (type?.Assembly == typeof(object).Assembly || !visited.Add(method) || method.GetMethodBody()?.GetILAsByteArray() is not { } il)
            return;
        var typeArguments = type?.GetGenericArguments();
        var methodArguments = method.IsGenericMethod ? method.GetGenericArguments() : null;
        for (int i = 0; i < il.Length;)
        {
            var code = il[i] == 0xFE ? TwoByte[il[++i]] : OneByte[il[i]];
            i++;
            if (code.OperandType is OperandType.InlineMethod or OperandType.InlineTok)
            {
                if (Resolve(i) is MethodBase callee)
                    Visit(callee);
            }
            else if (code == OpCodes.Constrained && Resolve(i) is Type constraint)
            {
                // Which method of the type is meant follows from the interface call behind; any may be.
                const BindingFlags All = BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic;
                foreach (var candidate in constraint.GetMethods(All))
                    Visit(candidate);
            }
            i += OperandSize(code, il, i);
        }

        MemberInfo? Resolve(int position)
        {
            try
            {
                return method.Module.ResolveMember(BitConverter.ToInt32(il, position), typeArguments, methodArguments);
            }
            catch (ArgumentException)
            {
                return null;
            }
        }
    }

    private static int OperandSize(OpCode code, byte[] il, int position) => code.OperandType switch
    {
        OperandType.InlineNone => 0,
        OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
        OperandType.InlineVar => 2,
        OperandType.InlineI8 or OperandType.InlineR => 8,
        OperandType.InlineSwitch => 4 + (4 * BitConverter.ToInt32(il, position)),
        _ => 4,
    };
}
