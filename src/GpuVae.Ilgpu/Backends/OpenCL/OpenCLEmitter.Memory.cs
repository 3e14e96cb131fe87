using System.Globalization;
using System.Text;
using GpuVae.Ilgpu.Compiler.Analyses;
using GpuVae.Ilgpu.Compiler.Ir;
using Barrier = GpuVae.Ilgpu.Compiler.Ir.Barrier;

namespace GpuVae.Ilgpu.Backends.OpenCL;

/// <summary>Memory, and everything by which threads speak to each other.</summary>
internal sealed partial class OpenCLEmitter
{
    private static string Space(Value pointer) => pointer.Space switch
    {
        AddressSpace.Global => "__global",
        AddressSpace.Shared => "__local",
        AddressSpace.Local => "__private",
        _ => throw new InvalidOperationException("a pointer without address space"),
    };

    private string LoadExpression(Load load)
    {
        if (load.Type == IrType.Pointer)
            throw Refuse("a pointer or view in memory cannot be read on OpenCL. Pass views as kernel parameters.");
        string qualifier = IsConstPointer(load.Pointer) ? "const " : "";
        string type = load.Type == IrType.Bool ? "uchar" : TypeName(load.Type);
        string access = $"*({Space(load.Pointer)} {qualifier}{type}*){Operand(load.Pointer)}";
        return load.Type == IrType.Bool ? $"{access} != 0" : access;
    }

    private void EmitStore(Store store)
    {
        var type = store.StoredValue.Type;
        if (type == IrType.Pointer)
            throw Refuse("a pointer or view cannot be stored to memory on OpenCL. Store an index instead.");
        string typeName = type == IrType.Bool ? "uchar" : TypeName(type);
        string value = type == IrType.Bool ? $"(uchar){Operand(store.StoredValue)}" : Name(store.StoredValue);
        Line($"*({Space(store.Pointer)} {typeName}*){Operand(store.Pointer)} = {value};");
    }

    /// <summary>Neighbouring elements at an address that is known to be aligned for all of them together.</summary>
    private void EmitVectorAccess(Instruction member, VectorAccess.Group group)
    {
        if (member != group.EmitAt)
            return;
        int count = group.Members.Count;
        var type = member is Load load ? load.Type : ((Store)member).StoredValue.Type;
        string element = TypeName(type);
        var pointer = member.Operands[0];
        int before = group.EmitAtIndex * type.SizeOf();
        string address = before == 0
            ? Operand(pointer)
            : string.Create(CultureInfo.InvariantCulture, $"({Operand(pointer)} - {before})");
        if (member is Load)
        {
            string vector = $"t{temporaries++}";
            Line($"{element}{count} {vector} = vload{count}(0, ({Space(pointer)} const {element}*){address});");
            for (int i = 0; i < count; i++)
                Assign(group.Members[i], $"{vector}.s{i}");
            return;
        }
        string values = string.Join(", ", group.Members.Select(m => Name(((Store)m).StoredValue)));
        Line($"vstore{count}(({element}{count})({values}), 0, ({Space(pointer)} {element}*){address});");
    }

    private string Operand(Value value) => value is Constant ? $"({Name(value)})" : Name(value);

    private string AtomicPointer(Value pointer, IrType type, bool signed = false)
    {
        if (pointer.Space == AddressSpace.Local)
            throw Refuse("an atomic operation on local memory. Only one thread sees it: use a plain operation.");
        string typeName = signed ? SignedTypeName(type) : type.SizeOf() == 8 ? "ulong" : "uint";
        return $"(volatile {Space(pointer)} {typeName}*){Operand(pointer)}";
    }

    private void RequireAtomics(IrType type, bool extended)
    {
        if (type.SizeOf() < 4 || type == IrType.F16)
            throw Refuse($"an atomic operation on {type}. OpenCL has them for 32-bit and 64-bit values only.");
        if (type.SizeOf() == 8 && !(extended ? features.Int64ExtendedAtomics : features.Int64Atomics))
        {
            throw Refuse("64-bit atomic operations, which this OpenCL device lacks " +
                $"({(extended ? "cl_khr_int64_extended_atomics" : "cl_khr_int64_base_atomics")}). Use 32-bit ones, or another device.");
        }
    }

    private string AtomicExpression(Atomic atomic)
    {
        var type = atomic.Type;
        string b = Name(atomic.Operand);
        if (type.IsFloat())
            return FloatAtomicExpression(atomic, b);
        bool signed = atomic.Op is AtomicOp.Min or AtomicOp.Max;
        RequireAtomics(type, extended: atomic.Op is not (AtomicOp.Add or AtomicOp.Exchange));
        string operation = atomic.Op switch
        {
            AtomicOp.Add => "add",
            AtomicOp.Min or AtomicOp.MinUnsigned => "min",
            AtomicOp.Max or AtomicOp.MaxUnsigned => "max",
            AtomicOp.And => "and",
            AtomicOp.Or => "or",
            AtomicOp.Xor => "xor",
            AtomicOp.Exchange => "xchg",
            _ => throw new InvalidOperationException($"unknown atomic {atomic.Op}"),
        };
        string cast = signed ? $"({SignedTypeName(type)})" : "";
        string result = atomic.Users.Count > 0 && signed ? $"({TypeName(type)})" : "";
        string prefix = type == IrType.I64 ? "atom" : "atomic";
        return $"{result}{prefix}_{operation}({AtomicPointer(atomic.Pointer, type, signed)}, {cast}{b})";
    }

    private string FloatAtomicExpression(Atomic atomic, string b)
    {
        RequireAtomics(atomic.Type, extended: false);
        string type = TypeName(atomic.Type);
        string bits = atomic.Type == IrType.F64 ? "ulong" : "uint";
        string pointer = AtomicPointer(atomic.Pointer, atomic.Type);
        if (atomic.Op == AtomicOp.Exchange)
            return $"as_{type}({(bits == "uint" ? "atomic_xchg" : "atom_xchg")}({pointer}, as_{bits}({b})))";
        bool max = atomic.Op is AtomicOp.Max or AtomicOp.MaxUnsigned;
        if (atomic.Op != AtomicOp.Add)
            Helper($"gv_{(max ? "max" : "min")}_{type}", OpenCLPrelude.MinMax(type, max));
        string update = atomic.Op switch
        {
            AtomicOp.Add => "old + b",
            AtomicOp.Min or AtomicOp.MinUnsigned => $"gv_min_{type}(old, b)",
            AtomicOp.Max or AtomicOp.MaxUnsigned => $"gv_max_{type}(old, b)",
            _ => throw Refuse($"the atomic {atomic.Op} of a float."),
        };
        string operation = atomic.Op == AtomicOp.Add ? "add" : max ? "max" : "min";
        string space = Space(atomic.Pointer);

        // Helpers are written in the order of their names; the loops sort behind gv_max and gv_min, which they call.
        string name = $"gv_update{space}_{operation}_{type}";
        return $"{Helper(name, OpenCLPrelude.AtomicLoop(space, name, type, bits, update))}({pointer}, {b})";
    }

    private string CompareExchangeExpression(AtomicCompareExchange exchange)
    {
        var type = exchange.Type;
        RequireAtomics(type, extended: false);
        string function = type.SizeOf() == 8 ? "atom_cmpxchg" : "atomic_cmpxchg";
        string pointer = AtomicPointer(exchange.Pointer, type);
        if (!type.IsFloat())
            return $"{function}({pointer}, {Name(exchange.Comparand)}, {Name(exchange.Replacement)})";
        string bits = type == IrType.F64 ? "ulong" : "uint";
        string comparand = $"as_{bits}({Name(exchange.Comparand)})";
        return $"as_{TypeName(type)}({function}({pointer}, {comparand}, as_{bits}({Name(exchange.Replacement)})))";
    }

    /// <summary>CUDA's bar.sync orders global memory within the group too, which matters only where the kernel writes it.</summary>
    private string GroupBarrier() =>
        writesGlobal ? "barrier(CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE);" : "barrier(CLK_LOCAL_MEM_FENCE);";

    private void EmitBarrier(Barrier barrier)
    {
        switch (barrier.Kind)
        {
            case BarrierKind.Group:
                Line(GroupBarrier());
                break;
            case BarrierKind.Warp when features.SubGroups == SubGroupSupport.Emulated:
                RequireUniformControl(barrier, "a warp barrier");
                Line(GroupBarrier());
                break;
            case BarrierKind.Warp:
                usesSubGroups = true;
                Line("sub_group_barrier(CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE);");
                break;
            default:
                EmitGroupVote(barrier);
                break;
        }
    }

    /// <summary>The threads count their votes in local memory.</summary>
    private void EmitGroupVote(Barrier barrier)
    {
        usesGroupScratch = true;
        string counter = $"((volatile __local uint*)&{GroupScratch})";
        string predicate = Name(barrier.Operands[0]);
        string vote = barrier.Kind == BarrierKind.GroupAnd ? $"!{predicate}" : predicate;
        Line("barrier(CLK_LOCAL_MEM_FENCE);");
        Line($"if ({LinearThread()} == 0u) *{counter} = 0u;");
        Line("barrier(CLK_LOCAL_MEM_FENCE);");
        Line($"if ({vote}) atomic_inc({counter});");
        Line(GroupBarrier());
        if (barrier.Users.Count == 0)
            return;
        Assign(barrier, barrier.Kind switch
        {
            BarrierKind.GroupPopCount => $"*{counter}",
            BarrierKind.GroupAnd => $"*{counter} == 0u",
            _ => $"*{counter} != 0u",
        });
    }

    private void EmitBroadcast(GroupBroadcast broadcast)
    {
        usesGroupScratch = true;
        string type = broadcast.Type == IrType.Bool ? "uchar" : TypeName(broadcast.Type);
        string slot = $"*(volatile __local {type}*)&{GroupScratch}";
        Line("barrier(CLK_LOCAL_MEM_FENCE);");
        Line($"if ({LinearThread()} == {Name(broadcast.Thread)}) {slot} = {Name(broadcast.BroadcastValue)};");
        Line(GroupBarrier());
        if (broadcast.Users.Count > 0)
            Assign(broadcast, slot);
    }

    private void RequireUniformControl(Instruction instruction, string what)
    {
        if (!uniformity.IsUniform(instruction.Block!))
        {
            throw Refuse($"{what} stands where not all threads of the group can be shown to arrive. This OpenCL device has no usable " +
                "sub-groups, so warps are emulated with barriers of the whole group. " +
                "Move it out of the divergent branch, or use shared memory.");
        }
    }

    private void EmitShuffle(Shuffle shuffle)
    {
        int width = shuffle.Width == 0 ? features.WarpSize : shuffle.Width;
        string value = Name(shuffle.ShuffledValue);
        if (features.SubGroups != SubGroupSupport.Emulated)
        {
            usesSubGroups = true;
            string function = features.SubGroups == SubGroupSupport.Intel ? "intel_sub_group_shuffle" : "sub_group_shuffle";
            Assign(shuffle, $"{function}({value}, {SourceLane(shuffle, "get_sub_group_local_id()", width)})");
            return;
        }
        RequireUniformControl(shuffle, "a warp shuffle");
        usesWarpScratch = true;
        string type = TypeName(shuffle.Type);
        string thread = LinearThread();
        string lane = SourceLane(shuffle, $"({thread} % {features.WarpSize}u)", width);
        string from = $"t{temporaries++}";
        Line("barrier(CLK_LOCAL_MEM_FENCE);");
        Line($"*(__local {type}*)&{WarpScratch}[{thread}] = {value};");
        Line($"uint {from} = {thread} / {features.WarpSize}u * {features.WarpSize}u + {lane};");

        // The last warp of a group may be partial; lanes that do not exist give the reader's own value.
        Line($"if ({from} >= get_local_size(0) * get_local_size(1) * get_local_size(2)) {from} = {thread};");
        Line("barrier(CLK_LOCAL_MEM_FENCE);");
        Assign(shuffle, $"*(__local {type}*)&{WarpScratch}[{from}]");
    }

    /// <summary>
    /// The lane to read from, as shfl.sync defines it: within segments of <paramref name="width"/> lanes, own lane where it leaves them.
    /// </summary>
    private string SourceLane(Shuffle shuffle, string lane, int width)
    {
        string operand = Operand(shuffle.Lane);
        uint inner = (uint)width - 1;
        string segment = string.Create(CultureInfo.InvariantCulture, $"({lane} & ~{inner}u)");
        string position = string.Create(CultureInfo.InvariantCulture, $"({lane} & {inner}u)");
        return shuffle.Kind switch
        {
            ShuffleKind.Index or ShuffleKind.Broadcast =>
                string.Create(CultureInfo.InvariantCulture, $"({segment} | ({operand} & {inner}u))"),
            ShuffleKind.Down => string.Create(CultureInfo.InvariantCulture,
                $"({position} + {operand} <= {inner}u ? {lane} + {operand} : {lane})"),
            ShuffleKind.Up => $"({position} >= {operand} ? {lane} - {operand} : {lane})",
            ShuffleKind.Xor => string.Create(CultureInfo.InvariantCulture,
                $"(({lane} ^ {operand}) <= ({lane} | {inner}u) ? {lane} ^ {operand} : {lane})"),
            _ => throw new InvalidOperationException($"unknown shuffle {shuffle.Kind}"),
        };
    }

    private void EmitPrint(Print print)
    {
        var format = new StringBuilder();
        var arguments = new StringBuilder();
        string text = print.Format;
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] is '{' or '}' && i + 1 < text.Length && text[i + 1] == text[i])
            {
                format.Append(text[i++]);
            }
            else if (text[i] == '{')
            {
                int end = text.IndexOf('}', i);
                int digits = text.AsSpan(i + 1, end - i - 1).IndexOfAny(',', ':');
                var number = digits < 0 ? text.AsSpan(i + 1, end - i - 1) : text.AsSpan(i + 1, digits);
                var (specifier, argument) = PrintArgument(print.Operands[int.Parse(number, CultureInfo.InvariantCulture)]);
                format.Append(specifier);
                arguments.Append(", ").Append(argument);
                i = end;
            }
            else
            {
                format.Append(text[i] == '%' ? "%%" : text[i].ToString());
            }
        }
        Line($"printf({CString(format.ToString())}{arguments});");
    }

    private (string Specifier, string Argument) PrintArgument(Value value)
    {
        string name = Name(value);
        return value.Type switch
        {
            IrType.Bool or IrType.I8 or IrType.I16 => ("%d", $"(int){name}"),
            IrType.I32 => ("%d", $"(int){name}"),
            IrType.I64 => ("%ld", $"(long){name}"),
            IrType.F16 => ("%g", FloatToFloat(name, IrType.F16, IrType.F32)),
            IrType.F32 or IrType.F64 => ("%g", name),
            _ => throw Refuse("Interop.Write of a pointer."),
        };
    }

    private static string CString(string text)
    {
        var literal = new StringBuilder("\"");
        foreach (char c in text)
        {
            literal.Append(c switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                _ => char.IsAscii(c) && !char.IsControl(c) ? c.ToString() : "?",
            });
        }
        return literal.Append('"').ToString();
    }

    private IEnumerable<string> SubGroupExtensions() => features.SubGroups == SubGroupSupport.Intel
        ? ["cl_intel_subgroups", "cl_intel_required_subgroup_size"]
        : ["cl_khr_subgroups", "cl_khr_subgroup_shuffle"];
}
