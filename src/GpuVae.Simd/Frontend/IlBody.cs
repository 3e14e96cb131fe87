using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Reflection;
using System.Reflection.Emit;
using ILOpCode = System.Reflection.Metadata.ILOpCode;

namespace GpuVae.Simd.Frontend;

/// <summary>One decoded IL instruction.</summary>
/// <param name="Offset">Where it starts in the method.</param>
/// <param name="Code">The operation, prefixes included as instructions of their own.</param>
/// <param name="Integer">The inline operand: number, index of a variable, token, bits of a float, or offset of a branch's target.</param>
/// <param name="Targets">The offsets a <c>switch</c> can jump to.</param>
internal readonly record struct IlInstruction(int Offset, ILOpCode Code, long Integer, int[]? Targets);

/// <summary>A run of instructions that is entered at its start and left at its end.</summary>
internal sealed class IlBlock(int index, int first)
{
    public int Index { get; } = index;

    /// <summary>Index of the first instruction, and of the one behind the last.</summary>
    public int First { get; } = first;
    public int End { get; set; }

    /// <summary>A branch's target comes first, then the next block in order.</summary>
    public List<IlBlock> Successors { get; } = [];
    public List<IlBlock> Predecessors { get; } = [];

    /// <summary>Position in reverse post-order, or -1 where nothing reaches the block.</summary>
    public int Order { get; set; } = -1;

    /// <summary>Where the block heads a loop: what the loop stores, and the position of its last block that jumps back.</summary>
    public IlLoop? Loop { get; set; }
}

/// <summary>What a loop may change of its method's variables.</summary>
internal sealed class IlLoop
{
    public HashSet<int> StoredLocals { get; } = [];
    public HashSet<int> StoredArguments { get; } = [];
    public int LastBackEdgeOrder { get; set; }
}

/// <summary>
/// The decoded body of a method with its control-flow graph. Token resolution uses the generic arguments of the closed method, so a
/// body belongs to one instantiation.
/// </summary>
internal sealed class IlBody
{
    private static readonly Dictionary<ILOpCode, OperandType> OperandTypes = typeof(OpCodes)
        .GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(f => (OpCode)f.GetValue(null)!)
        .ToDictionary(c => (ILOpCode)(ushort)c.Value, c => c.OperandType);

    private static readonly ConcurrentDictionary<MethodBase, IlBody?> Cache = new();

    private readonly Type[] typeArguments;
    private readonly Type[] methodArguments;
    private readonly ConcurrentDictionary<int, MemberInfo> members = new();

    private IlBody(MethodBase method, MethodBody body, byte[] il)
    {
        Method = method;
        typeArguments = method.DeclaringType is { IsGenericType: true } declaring ? declaring.GetGenericArguments() : [];
        methodArguments = method is MethodInfo { IsGenericMethod: true } ? method.GetGenericArguments() : [];
        LocalTypes = [.. body.LocalVariables.OrderBy(l => l.LocalIndex).Select(l => l.LocalType)];
        HasExceptionHandlers = body.ExceptionHandlingClauses.Count > 0;
        Instructions = Decode(il);
        ScanVariables();
        Blocks = BuildBlocks();
        ReversePostOrder = OrderBlocks();
        FindLoops();
    }

    public MethodBase Method { get; }
    public Type[] LocalTypes { get; }
    public bool HasExceptionHandlers { get; }
    public IlInstruction[] Instructions { get; }
    public List<IlBlock> Blocks { get; }
    public List<IlBlock> ReversePostOrder { get; }

    /// <summary>Arguments that the body stores to or takes the address of; all others keep the caller's value.</summary>
    public HashSet<int> StoredArguments { get; } = [];
    public HashSet<int> AddressedLocals { get; } = [];
    public HashSet<int> AddressedArguments { get; } = [];

    /// <summary>Locals and arguments turned into raw pointers (<c>&amp;local</c>): they live in memory.</summary>
    public HashSet<int> PointerLocals { get; } = [];
    public HashSet<int> PointerArguments { get; } = [];

    /// <summary>True where a loop is entered at two places, which only <c>goto</c> into a loop can cause.</summary>
    public bool IsIrreducible { get; private set; }

    /// <summary>The body of a method, or null where it has none (abstract, extern, implemented by the runtime).</summary>
    public static IlBody? Of(MethodBase method) => Cache.GetOrAdd(method, static m =>
        m.GetMethodBody() is { } body && body.GetILAsByteArray() is { } il ? new IlBody(m, body, il) : null);

    public MethodBase ResolveMethod(long token) =>
        (MethodBase)members.GetOrAdd((int)token, t => Method.Module.ResolveMethod(t, typeArguments, methodArguments)!);

    public FieldInfo ResolveField(long token) =>
        (FieldInfo)members.GetOrAdd((int)token, t => Method.Module.ResolveField(t, typeArguments, methodArguments)!);

    public Type ResolveType(long token) =>
        (Type)members.GetOrAdd((int)token, t => Method.Module.ResolveType(t, typeArguments, methodArguments));

    public MemberInfo ResolveMember(long token) =>
        members.GetOrAdd((int)token, t => Method.Module.ResolveMember(t, typeArguments, methodArguments)!);

    public string ResolveString(long token) => Method.Module.ResolveString((int)token);

    private static IlInstruction[] Decode(byte[] il)
    {
        var instructions = new List<IlInstruction>();
        int position = 0;
        while (position < il.Length)
        {
            int offset = position;
            var code = (ILOpCode)il[position++];
            if ((int)code == 0xFE)
                code = (ILOpCode)(0xFE00 | il[position++]);
            Span<byte> rest = il.AsSpan(position);
            int[]? targets = null;
            (long integer, int size) = OperandTypes[code] switch
            {
                OperandType.InlineNone => (ShortFormIndex(code), 0),
                OperandType.ShortInlineI => ((sbyte)rest[0], 1),
                OperandType.ShortInlineVar => (rest[0], 1),
                OperandType.ShortInlineBrTarget => (position + 1 + (sbyte)rest[0], 1),
                OperandType.InlineBrTarget => (position + 4 + BinaryPrimitives.ReadInt32LittleEndian(rest), 4),
                OperandType.InlineVar => (BinaryPrimitives.ReadUInt16LittleEndian(rest), 2),
                OperandType.InlineI8 or OperandType.InlineR => (BinaryPrimitives.ReadInt64LittleEndian(rest), 8),
                OperandType.InlineSwitch => (0, 4 + 4 * BinaryPrimitives.ReadInt32LittleEndian(rest)),
                _ => (BinaryPrimitives.ReadInt32LittleEndian(rest), 4),
            };
            if (code == ILOpCode.Switch)
            {
                targets = new int[size / 4 - 1];
                for (int i = 0; i < targets.Length; i++)
                    targets[i] = position + size + BinaryPrimitives.ReadInt32LittleEndian(rest[(4 + 4 * i)..]);
            }
            position += size;
            instructions.Add(new IlInstruction(offset, LongForm(code), integer, targets));
        }
        return [.. instructions];
    }

    /// <summary>The number that <c>ldloc.2</c>, <c>ldc.i4.m1</c> and their like carry in the opcode itself.</summary>
    private static long ShortFormIndex(ILOpCode code) => code switch
    {
        >= ILOpCode.Ldarg_0 and <= ILOpCode.Ldarg_3 => code - ILOpCode.Ldarg_0,
        >= ILOpCode.Ldloc_0 and <= ILOpCode.Ldloc_3 => code - ILOpCode.Ldloc_0,
        >= ILOpCode.Stloc_0 and <= ILOpCode.Stloc_3 => code - ILOpCode.Stloc_0,
        >= ILOpCode.Ldc_i4_m1 and <= ILOpCode.Ldc_i4_8 => (int)code - (int)ILOpCode.Ldc_i4_0,
        _ => 0,
    };

    private static ILOpCode LongForm(ILOpCode code) => code switch
    {
        >= ILOpCode.Ldarg_0 and <= ILOpCode.Ldarg_3 or ILOpCode.Ldarg_s => ILOpCode.Ldarg,
        >= ILOpCode.Ldloc_0 and <= ILOpCode.Ldloc_3 or ILOpCode.Ldloc_s => ILOpCode.Ldloc,
        >= ILOpCode.Stloc_0 and <= ILOpCode.Stloc_3 or ILOpCode.Stloc_s => ILOpCode.Stloc,
        >= ILOpCode.Ldc_i4_m1 and <= ILOpCode.Ldc_i4_8 or ILOpCode.Ldc_i4_s => ILOpCode.Ldc_i4,
        ILOpCode.Ldarga_s => ILOpCode.Ldarga,
        ILOpCode.Starg_s => ILOpCode.Starg,
        ILOpCode.Ldloca_s => ILOpCode.Ldloca,
        >= ILOpCode.Br_s and <= ILOpCode.Blt_un_s => code + (ILOpCode.Br - ILOpCode.Br_s),
        ILOpCode.Leave_s => ILOpCode.Leave,
        _ => code,
    };

    private void ScanVariables()
    {
        for (int i = 0; i < Instructions.Length; i++)
        {
            (_, ILOpCode code, long index, _) = Instructions[i];
            bool becomesPointer = i + 1 < Instructions.Length && Instructions[i + 1].Code is ILOpCode.Conv_u or ILOpCode.Conv_i;
            if (code is ILOpCode.Starg or ILOpCode.Ldarga)
                StoredArguments.Add((int)index);
            if (code == ILOpCode.Ldarga)
                Address(AddressedArguments, PointerArguments);
            else if (code == ILOpCode.Ldloca)
                Address(AddressedLocals, PointerLocals);

            void Address(HashSet<int> addressed, HashSet<int> pointers)
            {
                addressed.Add((int)index);
                if (becomesPointer)
                    pointers.Add((int)index);
            }
        }
    }

    private static bool EndsBlock(ILOpCode code) => code is (>= ILOpCode.Br and <= ILOpCode.Switch) or ILOpCode.Ret or ILOpCode.Throw
        or ILOpCode.Rethrow or ILOpCode.Leave or ILOpCode.Endfinally or ILOpCode.Endfilter or ILOpCode.Jmp;

    private List<IlBlock> BuildBlocks()
    {
        var indexOf = new Dictionary<int, int>();
        for (int i = 0; i < Instructions.Length; i++)
            indexOf[Instructions[i].Offset] = i;
        var leaders = new SortedSet<int> { 0 };
        for (int i = 0; i < Instructions.Length; i++)
        {
            foreach (int target in TargetsOf(Instructions[i]))
                leaders.Add(indexOf[target]);
            if (EndsBlock(Instructions[i].Code) && i + 1 < Instructions.Length)
                leaders.Add(i + 1);
        }
        var blocks = new List<IlBlock>();
        var byFirst = new Dictionary<int, IlBlock>();
        foreach (int first in leaders)
        {
            if (blocks.Count > 0)
                blocks[^1].End = first;
            byFirst[first] = new IlBlock(blocks.Count, first);
            blocks.Add(byFirst[first]);
        }
        blocks[^1].End = Instructions.Length;
        foreach (IlBlock block in blocks)
        {
            IlInstruction last = Instructions[block.End - 1];
            foreach (int target in TargetsOf(last))
                Connect(block, byFirst[indexOf[target]]);
            bool fallsThrough = !EndsBlock(last.Code) || last.Code is (> ILOpCode.Br and <= ILOpCode.Switch);
            if (fallsThrough && block.Index + 1 < blocks.Count)
                Connect(block, blocks[block.Index + 1]);
        }
        return blocks;

        static void Connect(IlBlock from, IlBlock to)
        {
            from.Successors.Add(to);
            to.Predecessors.Add(from);
        }
    }

    private static IEnumerable<int> TargetsOf(IlInstruction instruction) => instruction.Code switch
    {
        ILOpCode.Switch => instruction.Targets!,
        >= ILOpCode.Br and < ILOpCode.Switch => [(int)instruction.Integer],
        ILOpCode.Leave => [(int)instruction.Integer],
        _ => [],
    };

    private List<IlBlock> OrderBlocks()
    {
        // A branch's own target is first in the list; visiting the last first keeps source order for the fall-through.
        List<IlBlock> order = Analyses.ReversePostorder.Of(Blocks[0], block => block.Successors);
        foreach ((int number, IlBlock block) in order.Index())
            block.Order = number;
        return order;
    }

    private void FindLoops()
    {
        foreach (IlBlock source in ReversePostOrder)
        {
            foreach (IlBlock header in source.Successors)
            {
                if (header.Order > source.Order)
                    continue;
                IlLoop loop = header.Loop ??= new IlLoop();
                loop.LastBackEdgeOrder = Math.Max(loop.LastBackEdgeOrder, source.Order);
                var members = new HashSet<IlBlock> { header };
                var work = new Stack<IlBlock>();
                work.Push(source);
                while (work.TryPop(out IlBlock? block))
                {
                    if (!members.Add(block))
                        continue;
                    if (block.Order < header.Order)
                        IsIrreducible = true;
                    foreach (IlBlock predecessor in block.Predecessors.Where(p => p.Order >= 0))
                        work.Push(predecessor);
                }
                foreach (IlBlock block in members)
                    CollectStores(block, loop);
            }
        }
    }

    private void CollectStores(IlBlock block, IlLoop loop)
    {
        for (int i = block.First; i < block.End; i++)
        {
            IlInstruction instruction = Instructions[i];
            if (instruction.Code is ILOpCode.Stloc or ILOpCode.Ldloca)
                loop.StoredLocals.Add((int)instruction.Integer);
            else if (instruction.Code is ILOpCode.Starg or ILOpCode.Ldarga)
                loop.StoredArguments.Add((int)instruction.Integer);
        }
    }
}
