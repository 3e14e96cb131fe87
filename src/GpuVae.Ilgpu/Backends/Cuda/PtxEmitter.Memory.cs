using System.Globalization;
using System.Text;
using GpuVae.Ilgpu.Compiler.Analyses;
using GpuVae.Ilgpu.Compiler.Ir;
using Barrier = GpuVae.Ilgpu.Compiler.Ir.Barrier;

namespace GpuVae.Ilgpu.Backends.Cuda;

/// <summary>Memory, and everything by which threads speak to each other.</summary>
internal sealed partial class PtxEmitter
{
    /// <summary>Address registers of the current block, so that neighbours share one: they differ in the constant behind it.</summary>
    private readonly Dictionary<(string Base, Value Index, int ElementSize), string> blockAddresses = [];

    private readonly Dictionary<ElementAddress, (string Base, long Offset)> addresses = [];

    private static string Space(Value pointer) => pointer.Space switch
    {
        AddressSpace.Global => ".global",
        AddressSpace.Shared => ".shared",
        AddressSpace.Local => ".local",
        _ => throw new InvalidOperationException("a pointer without address space"),
    };

    /// <summary>A register (or the name of a memory block) and the constant bytes behind it.</summary>
    private (string Base, long Offset) BaseAndOffset(Value pointer) => pointer switch
    {
        ElementAddress address => addresses[address],
        Allocation { IsDynamic: true } => (DynamicShared, sharedIsDynamic ? sharedBytes : 0),
        Allocation allocation => (
            allocation.Space == AddressSpace.Local ? LocalDepot : sharedIsDynamic ? DynamicShared : StaticShared,
            allocationOffsets[allocation]),
        _ => (Register(pointer), 0),
    };

    private string Address(Value pointer, long extra = 0)
    {
        var (start, offset) = BaseAndOffset(pointer);
        offset += extra;
        if (offset is > int.MaxValue or < int.MinValue)
        {
            string register = NewRegister(RegisterClass.Bits64);
            Line($"mov.u64 {register}, {start};");
            Line(string.Create(CultureInfo.InvariantCulture, $"add.s64 {register}, {register}, {offset};"));
            return $"[{register}]";
        }
        return $"[{start}{Displacement(offset)}]";
    }

    private static string Displacement(long offset) => offset == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"+{offset}");

    private void EmitAddress(ElementAddress address)
    {
        var (start, offset) = BaseAndOffset(address.Pointer);
        if (address.Index is Constant constant)
        {
            addresses[address] = (start, offset + constant.SignedValue * address.ElementSize + address.Offset);
            return;
        }
        var key = (start, address.Index, address.ElementSize);
        if (!blockAddresses.TryGetValue(key, out string? register))
        {
            // The name of a memory block is no operand of arithmetic.
            string from = start;
            if (!start.StartsWith('%'))
            {
                from = NewRegister(RegisterClass.Bits64);
                Line($"mov.u64 {from}, {start};");
            }
            register = NewRegister(RegisterClass.Bits64);
            string size = address.ElementSize.ToString(CultureInfo.InvariantCulture);
            string index = Operand(address.Index);
            if (address.Index.Type == IrType.I64)
                Line($"mad.lo.s64 {register}, {index}, {size}, {from};");
            else
                Line($"mad.wide.s32 {register}, {SignExtended(address.Index)}, {size}, {from};");
            blockAddresses[key] = register;
        }
        addresses[address] = (register, offset + address.Offset);
    }

    private string MaterializedAddress(ElementAddress address)
    {
        var (start, offset) = addresses[address];
        if (offset == 0 && start.StartsWith('%'))
            return start;
        string register = NewRegister(RegisterClass.Bits64);
        Line(start.StartsWith('%')
            ? string.Create(CultureInfo.InvariantCulture, $"add.s64 {register}, {start}, {offset};")
            : $"mov.u64 {register}, {start}{Displacement(offset)};");
        return register;
    }

    private static string MemoryType(IrType type) => type switch
    {
        IrType.Bool or IrType.I8 => ".u8",
        IrType.I16 => ".u16",
        IrType.F16 => ".b16",
        IrType.I32 => ".u32",
        IrType.I64 or IrType.Pointer => ".u64",
        IrType.F32 => ".f32",
        IrType.F64 => ".f64",
        _ => throw new InvalidOperationException($"{type} in memory"),
    };

    private static string LoadOperation(Load load, bool isReadOnly) =>
        $"ld{Space(load.Pointer)}{(isReadOnly && load.Pointer.Space == AddressSpace.Global ? ".nc" : "")}";

    private void EmitLoad(Load load)
    {
        string address = Address(load.Pointer);
        string operation = LoadOperation(load, load.IsReadOnly);
        if (load.Type == IrType.Bool)
        {
            string bits = NewRegister(RegisterClass.Bits32);
            Line($"{operation}.u8 {bits}, {address};");
            Line($"setp.ne.u32 {Result(load)}, {bits}, 0;");
            return;
        }
        if (load.Type == IrType.Pointer && load.Space != AddressSpace.Global)
            throw Refuse("a pointer to shared or local memory cannot be read from memory.");
        Line($"{operation}{MemoryType(load.Type)} {Result(load)}, {address};");
    }

    private void EmitStore(Store store)
    {
        var type = store.StoredValue.Type;
        string value = type switch
        {
            IrType.Bool => Selected(store.StoredValue, RegisterClass.Bits32),
            IrType.F16 => Register(store.StoredValue),
            _ => Operand(store.StoredValue),
        };
        Line($"st{Space(store.Pointer)}{MemoryType(type)} {Address(store.Pointer)}, {value};");
    }

    /// <summary>A predicate as 1 or 0 in a register.</summary>
    private string Selected(Value predicate, RegisterClass kind)
    {
        string bits = NewRegister(kind);
        Line($"selp{(kind == RegisterClass.Bits64 ? ".b64" : ".b32")} {bits}, 1, 0, {Register(predicate)};");
        return bits;
    }

    private void EmitVectorAccess(Instruction member, VectorAccess.Group group)
    {
        if (member != group.EmitAt)
            return;
        int count = group.Members.Count;
        if (member is Load load)
        {
            bool isReadOnly = group.Members.All(m => m is Load { IsReadOnly: true });
            string address = Address(load.Pointer, -(long)group.EmitAtIndex * load.Type.SizeOf());
            string results = string.Join(", ", group.Members.Select(Result));
            Line(string.Create(
                CultureInfo.InvariantCulture,
                $"{LoadOperation(load, isReadOnly)}.v{count}{MemoryType(load.Type)} {{{results}}}, {address};"));
            return;
        }
        var store = (Store)member;
        var type = store.StoredValue.Type;
        string values = string.Join(", ", group.Members.Select(m => Register(((Store)m).StoredValue)));
        string target = Address(store.Pointer, -(long)group.EmitAtIndex * type.SizeOf());
        Line(string.Create(CultureInfo.InvariantCulture, $"st{Space(store.Pointer)}.v{count}{MemoryType(type)} {target}, {{{values}}};"));
    }

    private void RequireAtomicType(IrType type, Value pointer)
    {
        if (type.SizeOf() < 4 || type is IrType.F16 or IrType.Pointer)
            throw Refuse($"an atomic operation on {type}. CUDA has them for 32-bit and 64-bit values.");
        if (pointer.Space == AddressSpace.Local)
            throw Refuse("an atomic operation on local memory. Only one thread sees it: use a plain operation.");
    }

    private void EmitAtomic(Atomic atomic)
    {
        var type = atomic.Type;
        RequireAtomicType(type, atomic.Pointer);
        if (type.IsFloat() && atomic.Op is not (AtomicOp.Add or AtomicOp.Exchange))
        {
            EmitFloatMinMaxLoop(atomic);
            return;
        }
        string width = type.SizeOf() == 8 ? "64" : "32";
        string address = Address(atomic.Pointer);
        string value = Register(atomic.Operand);
        string operation = atomic.Op switch
        {
            AtomicOp.Add => type switch { IrType.F32 => "add.f32", IrType.F64 => "add.f64", _ => $"add.u{width}" },
            AtomicOp.Min => $"min.s{width}",
            AtomicOp.Max => $"max.s{width}",
            AtomicOp.MinUnsigned => $"min.u{width}",
            AtomicOp.MaxUnsigned => $"max.u{width}",
            AtomicOp.And => $"and.b{width}",
            AtomicOp.Or => $"or.b{width}",
            AtomicOp.Xor => $"xor.b{width}",
            AtomicOp.Exchange => $"exch.b{width}",
            _ => throw new InvalidOperationException($"unknown atomic {atomic.Op}"),
        };
        if (atomic.Users.Count == 0 && atomic.Op != AtomicOp.Exchange)
            Line($"red{Space(atomic.Pointer)}.{operation} {address}, {value};");
        else
            Line($"atom{Space(atomic.Pointer)}.{operation} {Result(atomic)}, {address}, {value};");
    }

    /// <summary>The hardware has no float minimum or maximum in memory: a loop around compare-exchange on the bits.</summary>
    private void EmitFloatMinMaxLoop(Atomic atomic)
    {
        bool wide = atomic.Type == IrType.F64;
        var bitsClass = wide ? RegisterClass.Bits64 : RegisterClass.Bits32;
        string bits = wide ? ".b64" : ".b32";
        string seen = NewRegister(bitsClass);
        string found = NewRegister(bitsClass);
        string updatedBits = NewRegister(bitsClass);
        string updated = NewRegister(atomic.Type);
        string done = NewRegister(RegisterClass.Predicate);
        string address = Address(atomic.Pointer);
        string space = Space(atomic.Pointer);
        string operand = Register(atomic.Operand);
        string loop = NewLabel();
        Line($"ld.volatile{space}{bits} {found}, {address};");
        code.Append(loop).Append(":\n");
        Line($"mov{bits} {seen}, {found};");
        Line($"mov{bits} {Result(atomic)}, {seen};");
        EmitFloatMinMax(updated, Result(atomic), operand, atomic.Type, atomic.Op is AtomicOp.Max or AtomicOp.MaxUnsigned);
        Line($"mov{bits} {updatedBits}, {updated};");
        Line($"atom{space}.cas{bits} {found}, {address}, {seen}, {updatedBits};");
        Line($"setp.eq{bits} {done}, {found}, {seen};");
        Line($"@!{done} bra {loop};");
    }

    private void EmitCompareExchange(AtomicCompareExchange exchange)
    {
        RequireAtomicType(exchange.Type, exchange.Pointer);
        string bits = exchange.Type.SizeOf() == 8 ? "b64" : "b32";
        Line($"atom{Space(exchange.Pointer)}.cas.{bits} {Result(exchange)}, {Address(exchange.Pointer)}, " +
            $"{Register(exchange.Comparand)}, {Register(exchange.Replacement)};");
    }

    private void EmitBarrier(Barrier barrier)
    {
        switch (barrier.Kind)
        {
            case BarrierKind.Group:
                Line("bar.sync 0;");
                break;
            case BarrierKind.GroupPopCount:
                Line($"bar.red.popc.u32 {Result(barrier)}, 0, {Register(barrier.Operands[0])};");
                break;
            case BarrierKind.GroupAnd:
                Line($"bar.red.and.pred {Result(barrier)}, 0, {Register(barrier.Operands[0])};");
                break;
            case BarrierKind.GroupOr:
                Line($"bar.red.or.pred {Result(barrier)}, 0, {Register(barrier.Operands[0])};");
                break;
            case BarrierKind.Warp:
                Line("bar.warp.sync -1;");
                break;
        }
    }

    private void EmitShuffle(Shuffle shuffle)
    {
        int width = shuffle.Width == 0 ? 32 : shuffle.Width;
        string mode = shuffle.Kind switch
        {
            ShuffleKind.Index or ShuffleKind.Broadcast => "idx",
            ShuffleKind.Down => "down",
            ShuffleKind.Up => "up",
            ShuffleKind.Xor => "bfly",
            _ => throw new InvalidOperationException($"unknown shuffle {shuffle.Kind}"),
        };

        // Bits 8..12 are the lanes that name the segment; bits 0..4 clamp the source, which counts down to 0 for "up".
        int control = ((32 - width) << 8) | (shuffle.Kind == ShuffleKind.Up ? 0 : 31);
        string lane = Operand(shuffle.Lane);
        string value = Register(shuffle.ShuffledValue);
        if (shuffle.Type.SizeOf() == 4)
        {
            Shuffle32(Result(shuffle), value);
            return;
        }
        if (shuffle.Type.SizeOf() != 8)
            throw new InvalidOperationException($"a shuffle of {shuffle.Type}: the front end widens it");
        string[] halves = [NewRegister(RegisterClass.Bits32), NewRegister(RegisterClass.Bits32)];
        string[] shuffled = [NewRegister(RegisterClass.Bits32), NewRegister(RegisterClass.Bits32)];
        Line($"mov.b64 {{{halves[0]}, {halves[1]}}}, {value};");
        Shuffle32(shuffled[0], halves[0]);
        Shuffle32(shuffled[1], halves[1]);
        Line($"mov.b64 {Result(shuffle)}, {{{shuffled[0]}, {shuffled[1]}}};");

        void Shuffle32(string to, string from) =>
            Line(string.Create(CultureInfo.InvariantCulture, $"shfl.sync.{mode}.b32 {to}, {from}, {lane}, {control}, -1;"));
    }

    private void EmitBroadcast(GroupBroadcast broadcast)
    {
        usesBroadcast = true;
        bool isBool = broadcast.Type == IrType.Bool;
        string value = isBool ? Selected(broadcast.BroadcastValue, RegisterClass.Bits32) : Register(broadcast.BroadcastValue);
        string type = isBool ? ".u32" : MemoryType(broadcast.Type);
        string isSource = NewRegister(RegisterClass.Predicate);
        Line("bar.sync 0;");
        Line($"setp.eq.u32 {isSource}, {LinearThread()}, {Operand(broadcast.Thread)};");
        Line($"@{isSource} st.shared{type} [{BroadcastSlot}], {value};");
        Line("bar.sync 0;");
        if (!isBool)
        {
            Line($"ld.shared{type} {Result(broadcast)}, [{BroadcastSlot}];");
            return;
        }
        string bits = NewRegister(RegisterClass.Bits32);
        Line($"ld.shared.u32 {bits}, [{BroadcastSlot}];");
        Line($"setp.ne.u32 {Result(broadcast)}, {bits}, 0;");
    }

    private string Special(string name)
    {
        string register = NewRegister(RegisterClass.Bits32);
        Line($"mov.u32 {register}, {name};");
        return register;
    }

    private string LinearThread()
    {
        string plane = NewRegister(RegisterClass.Bits32);
        string linear = NewRegister(RegisterClass.Bits32);
        string z = Special("%tid.z");
        string y = Special("%tid.y");
        string x = Special("%tid.x");
        Line($"mad.lo.s32 {plane}, {z}, {Special("%ntid.y")}, {y};");
        Line($"mad.lo.s32 {linear}, {plane}, {Special("%ntid.x")}, {x};");
        return linear;
    }

    private void EmitGeometry(Geometry geometry)
    {
        string result = Result(geometry);
        switch (geometry.Kind)
        {
            case GeometryKind.GroupIdxX or GeometryKind.GroupIdxY or GeometryKind.GroupIdxZ:
                Line($"mov.u32 {result}, %tid.{"xyz"[geometry.Kind - GeometryKind.GroupIdxX]};");
                break;
            case GeometryKind.GroupDimX or GeometryKind.GroupDimY or GeometryKind.GroupDimZ:
                Line($"mov.u32 {result}, %ntid.{"xyz"[geometry.Kind - GeometryKind.GroupDimX]};");
                break;
            case GeometryKind.GridIdxX or GeometryKind.GridIdxY or GeometryKind.GridIdxZ:
                Line($"mov.u32 {result}, %ctaid.{"xyz"[geometry.Kind - GeometryKind.GridIdxX]};");
                break;
            case GeometryKind.GridDimX or GeometryKind.GridDimY or GeometryKind.GridDimZ:
                Line($"mov.u32 {result}, %nctaid.{"xyz"[geometry.Kind - GeometryKind.GridDimX]};");
                break;
            case GeometryKind.LaneIndex:
                Line($"mov.u32 {result}, %laneid;");
                break;
            case GeometryKind.WarpIndex:
                Line($"shr.u32 {result}, {LinearThread()}, 5;");
                break;
            case GeometryKind.WarpSize:
                Line($"mov.u32 {result}, 32;");
                break;
            case GeometryKind.DynamicSharedBytes:
                Line($"mov.u32 {result}, %dynamic_smem_size;");
                if (sharedIsDynamic)
                    Line(string.Create(CultureInfo.InvariantCulture, $"sub.s32 {result}, {result}, {sharedBytes};"));
                break;
        }
    }

    /// <summary>printf of the CUDA runtime: a C format string and the arguments as varargs lay them out.</summary>
    private void EmitPrint(string format, IReadOnlyList<Value> operands)
    {
        usesPrint = true;
        var text = new StringBuilder();
        var arguments = new List<Value>();
        for (int i = 0; i < format.Length; i++)
        {
            if (format[i] is '{' or '}' && i + 1 < format.Length && format[i + 1] == format[i])
            {
                text.Append(format[i++]);
            }
            else if (format[i] == '{')
            {
                int end = format.IndexOf('}', i);
                string hole = format[(i + 1)..end];
                int digits = hole.AsSpan().IndexOfAny(',', ':');
                var operand = operands[int.Parse(digits < 0 ? hole : hole[..digits], CultureInfo.InvariantCulture)];
                text.Append(operand.Type.IsFloat() ? "%g" : operand.Type == IrType.I64 ? "%lld" : "%d");
                arguments.Add(operand);
                i = end;
            }
            else
            {
                text.Append(format[i] == '%' ? "%%" : format[i].ToString());
            }
        }
        string name = string.Create(CultureInfo.InvariantCulture, $"gv_text_{strings++}");
        byte[] bytes = [.. Encoding.UTF8.GetBytes(text.ToString()), 0];
        string content = string.Join(", ", bytes);
        moduleScope.Append(CultureInfo.InvariantCulture, $".global .align 1 .b8 {name}[{bytes.Length}] = {{{content}}};\n");

        // Every argument takes 8 bytes; vprintf aligns 8-byte ones and reads 4-byte ones in between, so pass only 8-byte ones.
        int start = localBytes;
        localBytes += (Math.Max(arguments.Count, 1) * 8 + 15) & ~15;
        for (int i = 0; i < arguments.Count; i++)
        {
            string slot = string.Create(CultureInfo.InvariantCulture, $"[{LocalDepot}+{start + i * 8}]");
            if (arguments[i].Type.IsFloat())
                Line($"st.local.f64 {slot}, {AsDouble(arguments[i])};");
            else
                Line($"st.local.u64 {slot}, {AsLong(arguments[i])};");
        }
        string local = NewRegister(RegisterClass.Bits64);
        string generic = NewRegister(RegisterClass.Bits64);
        string message = NewRegister(RegisterClass.Bits64);
        Line(string.Create(CultureInfo.InvariantCulture, $"mov.u64 {local}, {LocalDepot}+{start};"));
        Line($"cvta.local.u64 {generic}, {local};");
        Line($"mov.u64 {message}, {name};");
        Line($"cvta.global.u64 {message}, {message};");
        code.Append("\t{\n\t.param .b64 format;\n\t.param .b64 arguments;\n\t.param .b32 result;\n");
        Line($"st.param.b64 [format], {message};");
        Line($"st.param.b64 [arguments], {generic};");
        Line("call.uni (result), vprintf, (format, arguments);");
        code.Append("\t}\n");
    }

    private string AsDouble(Value value)
    {
        if (value.Type == IrType.F64)
            return Register(value);
        string wide = NewRegister(RegisterClass.Float64);
        Line($"cvt.f64{(value.Type == IrType.F16 ? ".f16" : ".f32")} {wide}, {Register(value)};");
        return wide;
    }

    private string AsLong(Value value)
    {
        if (value.Type is IrType.I64 or IrType.Pointer)
            return Register(value);
        if (value.Type == IrType.Bool)
            return Selected(value, RegisterClass.Bits64);
        string wide = NewRegister(RegisterClass.Bits64);
        Line($"cvt.s64.s32 {wide}, {SignExtended(value)};");
        return wide;
    }

    private void EmitAssert(Assert assert)
    {
        string passed = NewLabel();
        Line($"@{Register(assert.Condition)} bra {passed};");
        string message = assert.Message.Replace("{", "{{", StringComparison.Ordinal).Replace("}", "}}", StringComparison.Ordinal);
        EmitPrint($"Assertion failed: {message}\n", []);
        Line("trap;");
        code.Append(passed).Append(":\n");
    }

    /// <summary>
    /// Arguments are registers of the class of their type, 16-bit ones in 16-bit registers. An argument that is read and written is copied
    /// into a fresh register first, so that the operand keeps its value.
    /// </summary>
    private void EmitInlineAsm(InlineAsm asm)
    {
        var arguments = new string[asm.Arguments.Count];
        var narrowed = new List<(Instruction Result, string Register)>();
        for (int i = 0; i < arguments.Length; i++)
        {
            var (operand, resultType) = asm.Arguments[i];
            var input = operand >= 0 ? asm.Operands[operand] : null;
            if (resultType == IrType.Void)
            {
                arguments[i] = AsmInput(input!);
                continue;
            }
            var kind = resultType is IrType.I8 or IrType.I16 ? RegisterClass.Bits16 : ClassOf(resultType);
            string register = NewRegister(kind);
            arguments[i] = register;
            if (input is not null)
                Line($"mov{Classes[(int)kind].Type} {register}, {AsmInput(input)};");
            int index = i;
            foreach (var result in asm.Users.OfType<AsmResult>().Where(r => r.Index == index))
            {
                if (resultType is IrType.I8 or IrType.I16)
                    narrowed.Add((result, register));
                else
                    registers[result] = register;
            }
        }
        Line(Substitute(asm.Template, arguments));
        foreach (var (result, register) in narrowed)
        {
            Line($"cvt.u32.u16 {Result(result)}, {register};");
            if (result.Type == IrType.I8)
                Line($"and.b32 {Result(result)}, {Result(result)}, 255;");
        }
    }

    private string AsmInput(Value value)
    {
        if (value.Type is not (IrType.I8 or IrType.I16))
            return Register(value);
        string register = NewRegister(RegisterClass.Bits16);
        Line($"cvt.u16.u32 {register}, {Register(value)};");
        return register;
    }

    private string Substitute(string template, string[] arguments)
    {
        var text = new StringBuilder();
        for (int i = 0; i < template.Length; i++)
        {
            if (template[i] != '%')
            {
                text.Append(template[i]);
                continue;
            }
            int end = i + 1;
            while (end < template.Length && char.IsAsciiDigit(template[end]))
                end++;
            if (end > i + 1)
            {
                int number = int.Parse(template.AsSpan(i + 1, end - i - 1), CultureInfo.InvariantCulture);
                if (number >= arguments.Length)
                    throw Refuse($"the inline PTX names %{number} but has only {arguments.Length} arguments.");
                text.Append(arguments[number]);
                i = end - 1;
            }
            else if (end < template.Length && template[end] == '%')
            {
                text.Append('%');
                i = end;
            }
            else
            {
                throw Refuse("a single % in inline PTX. Write %% for a percent sign, %0, %1, … for the arguments.");
            }
        }
        string result = text.ToString().Trim();
        return result.EndsWith(';') || result.EndsWith('}') ? result : result + ";";
    }
}
