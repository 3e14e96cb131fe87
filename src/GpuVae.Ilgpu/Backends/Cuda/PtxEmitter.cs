using System.Globalization;
using System.Text;
using GpuVae.Ilgpu.Compiler;
using GpuVae.Ilgpu.Compiler.Analyses;
using GpuVae.Ilgpu.Compiler.Ir;
using Convert = GpuVae.Ilgpu.Compiler.Ir.Convert;

namespace GpuVae.Ilgpu.Backends.Cuda;

/// <summary>
/// Writes a kernel as PTX. Every SSA value has a virtual register of its own; the driver's assembler allocates and schedules. Bool is a
/// predicate, 8- and 16-bit integers live zero-extended in 32-bit registers, F16 in 16-bit ones. Pointers are 64-bit addresses within
/// their state space.
/// </summary>
internal sealed partial class PtxEmitter
{
    private const int MaxStaticSharedBytes = 48 * 1024;
    private const string DynamicShared = "gv_dynamic_shared";
    private const string StaticShared = "gv_shared";
    private const string LocalDepot = "gv_local";
    private const string BroadcastSlot = "gv_broadcast";

    private readonly IrKernel kernel;
    private readonly KernelTarget target;
    private readonly PtxTarget ptx;
    private readonly StringBuilder code = new();
    private readonly StringBuilder moduleScope = new();
    private readonly Dictionary<Value, string> registers = [];
    private readonly Dictionary<BasicBlock, string> labels = [];
    private readonly Dictionary<Allocation, int> allocationOffsets = [];
    private readonly int[] registerCounts = new int[6];
    private readonly HashSet<BasicBlock> predicated = [];
    private List<BasicBlock> order = [];
    private int current;
    private int extraLabels;
    private int strings;
    private int sharedBytes;
    private int localBytes;
    private bool sharedIsDynamic;
    private bool usesDynamicShared;
    private bool usesBroadcast;
    private bool usesPrint;
    private string guard = "";
    private SourceLocation? location;

    private PtxEmitter(IrKernel kernel, KernelTarget target, PtxTarget ptx)
    {
        this.kernel = kernel;
        this.target = target;
        this.ptx = ptx;
    }

    /// <summary>Translates a kernel.</summary>
    /// <exception cref="KernelCompilationException">The kernel needs something that the target lacks.</exception>
    public static PtxSource Emit(IrKernel kernel, KernelTarget target, PtxTarget ptx) => new PtxEmitter(kernel, target, ptx).Emit();

    private enum RegisterClass
    {
        Predicate,
        Bits16,
        Bits32,
        Bits64,
        Float32,
        Float64,
    }

    private static RegisterClass ClassOf(IrType type) => type switch
    {
        IrType.Bool => RegisterClass.Predicate,
        IrType.F16 => RegisterClass.Bits16,
        IrType.I8 or IrType.I16 or IrType.I32 => RegisterClass.Bits32,
        IrType.I64 or IrType.Pointer => RegisterClass.Bits64,
        IrType.F32 => RegisterClass.Float32,
        IrType.F64 => RegisterClass.Float64,
        _ => throw new InvalidOperationException($"{type} has no register"),
    };

    private static readonly (string Prefix, string Type)[] Classes =
        [("%p", ".pred"), ("%h", ".b16"), ("%r", ".b32"), ("%rd", ".b64"), ("%f", ".f32"), ("%fd", ".f64")];

    private string NewRegister(RegisterClass kind) =>
        string.Create(CultureInfo.InvariantCulture, $"{Classes[(int)kind].Prefix}{registerCounts[(int)kind]++}");

    private string NewRegister(IrType type) => NewRegister(ClassOf(type));

    private string Result(Value value)
    {
        if (!registers.TryGetValue(value, out string? register))
            registers[value] = register = NewRegister(value.Type);
        return register;
    }

    private PtxSource Emit()
    {
        string entryPoint = EntryPointName(kernel.Name);
        PlaceAllocations();
        var parameters = kernel.Parameters.Where(p => p.Users.Count > 0)
            .Select((p, i) => new PtxParameter(string.Create(CultureInfo.InvariantCulture, $"{entryPoint}_param_{i}"), ParameterType(p), p))
            .ToList();
        order = BlockOrder();
        for (int i = 0; i < order.Count; i++)
            labels[order[i]] = string.Create(CultureInfo.InvariantCulture, $"$L{i}");
        foreach (var phi in order.SelectMany(b => b.Phis))
            Result(phi);

        LoadParameters(parameters);
        for (current = 0; current < order.Count; current++)
        {
            if (!predicated.Contains(order[current]))
                EmitBlock(order[current]);
        }
        return new PtxSource(
            Assemble(entryPoint, parameters),
            entryPoint,
            [.. parameters.Select(p => p.Value.Kind == ParameterKind.ViewPointer ? p.Value.Slot + 1 : p.Value.Slot)],
            sharedIsDynamic ? sharedBytes : 0,
            (sharedIsDynamic ? 0 : sharedBytes) + (usesBroadcast ? 8 : 0));
    }

    /// <summary>True where control falls through to the block.</summary>
    private bool IsNext(BasicBlock block)
    {
        int next = current + 1;
        while (next < order.Count && predicated.Contains(order[next]))
            next++;
        return next < order.Count && order[next] == block;
    }

    private string Assemble(string entryPoint, List<PtxParameter> parameters)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $".version {ptx.IsaVersion / 10}.{ptx.IsaVersion % 10}\n");
        text.Append(CultureInfo.InvariantCulture, $".target sm_{ptx.Arch}\n.address_size 64\n\n");
        if (usesPrint)
            text.Append(".extern .func (.param .b32 result) vprintf (.param .b64 format, .param .b64 arguments);\n");
        text.Append(moduleScope);
        if (usesDynamicShared)
            text.Append($".extern .shared .align 16 .b8 {DynamicShared}[];\n");
        if (sharedBytes > 0 && !sharedIsDynamic)
            text.Append(CultureInfo.InvariantCulture, $".shared .align 16 .b8 {StaticShared}[{sharedBytes}];\n");
        if (usesBroadcast)
            text.Append($".shared .align 8 .b8 {BroadcastSlot}[8];\n");
        text.Append($"\n.visible .entry {entryPoint}(\n");
        text.Append(string.Join(",\n", parameters.Select(p => $"\t.param {p.Type} {p.Name}"))).Append("\n)\n");
        if (target.GroupDim is { } dim)
            text.Append(CultureInfo.InvariantCulture, $".reqntid {dim.X}, {dim.Y}, {dim.Z}\n");
        else if (ptx.MaxThreadsPerGroup > 0)
            text.Append(CultureInfo.InvariantCulture, $".maxntid {ptx.MaxThreadsPerGroup}, 1, 1\n");

        // The assembler ignores the minimum unless a maximum stands beside it.
        if (ptx.MinGroupsPerMultiprocessor > 0 && (target.GroupDim is not null || ptx.MaxThreadsPerGroup > 0))
            text.Append(CultureInfo.InvariantCulture, $".minnctapersm {ptx.MinGroupsPerMultiprocessor}\n");
        text.Append("{\n");
        for (int i = 0; i < Classes.Length; i++)
        {
            if (registerCounts[i] > 0)
                text.Append(CultureInfo.InvariantCulture, $"\t.reg {Classes[i].Type} {Classes[i].Prefix}<{registerCounts[i]}>;\n");
        }
        if (localBytes > 0)
            text.Append(CultureInfo.InvariantCulture, $"\t.local .align 16 .b8 {LocalDepot}[{localBytes}];\n");
        return text.Append('\n').Append(code).Append("}\n").ToString();
    }

    private static string EntryPointName(string name)
    {
        var identifier = new StringBuilder("k_");
        foreach (char c in name)
            identifier.Append(char.IsAsciiLetterOrDigit(c) ? c : '_');
        return identifier.ToString();
    }

    private KernelCompilationException Refuse(string what) =>
        new($"Kernel {kernel.Name}{(location is null ? "" : $", {location}")}: {what}");

    private void PlaceAllocations()
    {
        foreach (var allocation in kernel.Allocations.Where(a => !a.IsDynamic))
        {
            ref int bytes = ref allocation.Space == AddressSpace.Shared ? ref sharedBytes : ref localBytes;
            allocationOffsets[allocation] = bytes;
            bytes = (bytes + allocation.SizeInBytes + 15) & ~15;
        }
        int broadcastBytes = kernel.Blocks.Exists(b => b.Body.Exists(i => i is GroupBroadcast)) ? 8 : 0;
        sharedIsDynamic = sharedBytes + broadcastBytes > MaxStaticSharedBytes;
        usesDynamicShared = sharedIsDynamic || kernel.Allocations.Exists(a => a.IsDynamic);
    }

    private static string ParameterType(Parameter parameter) => parameter.Type switch
    {
        IrType.Bool or IrType.I8 => ".u8",
        IrType.I16 => ".u16",
        IrType.F16 => ".b16",
        IrType.I32 => ".u32",
        IrType.I64 or IrType.Pointer => ".u64",
        IrType.F32 => ".f32",
        IrType.F64 => ".f64",
        _ => throw new InvalidOperationException($"a parameter of type {parameter.Type}"),
    };

    private void LoadParameters(List<PtxParameter> parameters)
    {
        foreach (var (name, type, value) in parameters)
        {
            if (value.Type == IrType.Bool)
            {
                string bits = NewRegister(RegisterClass.Bits32);
                Line($"ld.param.u8 {bits}, [{name}];");
                Line($"setp.ne.u32 {Result(value)}, {bits}, 0;");
            }
            else
            {
                Line($"ld.param{type} {Result(value)}, [{name}];");
            }
        }
    }

    /// <summary>Reverse postorder: a block follows its dominators, and mostly the block that falls into it.</summary>
    private List<BasicBlock> BlockOrder()
    {
        var postorder = new List<BasicBlock>();
        var visited = new HashSet<BasicBlock> { kernel.Entry };
        var stack = new Stack<(BasicBlock Block, int Next)>();
        stack.Push((kernel.Entry, 0));
        while (stack.TryPop(out var top))
        {
            var (block, next) = top;

            // The first successor is visited last, so that the true branch falls through.
            int index = block.Successors.Count - 1 - next;
            if (index < 0)
            {
                postorder.Add(block);
                continue;
            }
            stack.Push((block, next + 1));
            if (visited.Add(block.Successors[index]))
                stack.Push((block.Successors[index], 0));
        }
        postorder.Reverse();
        return postorder;
    }

    private void EmitBlock(BasicBlock block)
    {
        code.Append(labels[block]).Append(":\n");
        EmitBody(block);
        switch (block.Terminator)
        {
            case Return:
                Line("ret;");
                break;
            case Branch branch:
                EmitCopies(block, branch.Target);
                JumpUnlessNext(branch.Target);
                break;
            case ConditionalBranch branch:
                EmitConditionalBranch(block, branch);
                break;
            default:
                throw new InvalidOperationException("a block without terminator");
        }
    }

    private void EmitConditionalBranch(BasicBlock block, ConditionalBranch branch)
    {
        location = branch.Location ?? location;
        string condition = Register(branch.Condition);
        if (IsShortBranch(branch.WhenTrue, branch.WhenFalse))
        {
            EmitPredicated(block, branch.WhenTrue, branch.WhenFalse, $"@{condition} ", $"@!{condition} ");
            return;
        }
        if (IsShortBranch(branch.WhenFalse, branch.WhenTrue))
        {
            EmitPredicated(block, branch.WhenFalse, branch.WhenTrue, $"@!{condition} ", $"@{condition} ");
            return;
        }
        bool trueCopies = branch.WhenTrue.Phis.Count > 0;
        bool falseCopies = branch.WhenFalse.Phis.Count > 0;
        if (!trueCopies && !falseCopies)
        {
            if (IsNext(branch.WhenTrue))
            {
                Line($"@!{condition} bra {labels[branch.WhenFalse]};");
                return;
            }
            Line($"@{condition} bra {labels[branch.WhenTrue]};");
            JumpUnlessNext(branch.WhenFalse);
            return;
        }

        // The copies belong to their edge. One edge jumps away without any; where both have some, one goes behind a label of its own.
        if (!trueCopies)
        {
            Line($"@{condition} bra {labels[branch.WhenTrue]};");
            EmitCopies(block, branch.WhenFalse);
            JumpUnlessNext(branch.WhenFalse);
            return;
        }
        string otherwise = falseCopies ? NewLabel() : labels[branch.WhenFalse];
        Line($"@!{condition} bra {otherwise};");
        EmitCopies(block, branch.WhenTrue);
        if (!falseCopies)
        {
            JumpUnlessNext(branch.WhenTrue);
            return;
        }
        Line($"bra {labels[branch.WhenTrue]};");
        code.Append(otherwise).Append(":\n");
        EmitCopies(block, branch.WhenFalse);
        JumpUnlessNext(branch.WhenFalse);
    }

    private void JumpUnlessNext(BasicBlock target)
    {
        if (!IsNext(target))
            Line($"bra {labels[target]};");
    }

    /// <summary>A branch around a handful of plain instructions costs more than executing them under a predicate.</summary>
    private bool IsShortBranch(BasicBlock side, BasicBlock join) =>
        side.Predecessors.Count == 1 && side.Phis.Count == 0 && side.Body.Count <= 6 && !predicated.Contains(side) &&
        side.Terminator is Branch { Target: var target } && target == join &&
        side.Body.TrueForAll(IsPredicable);

    /// <summary>Divisions and roots are long: worth a branch.</summary>
    private static bool IsPredicable(Instruction instruction) => instruction switch
    {
        Unary unary => unary.Op is not (UnaryOp.Sqrt or UnaryOp.Rsqrt or UnaryOp.Rcp),
        Binary binary => binary.Op is not (BinaryOp.Div or BinaryOp.Rem or BinaryOp.DivUnsigned or BinaryOp.RemUnsigned),
        Fma or Compare or Select or ElementAddress or Load or Store or Geometry or Convert => true,
        _ => false,
    };

    private void EmitPredicated(BasicBlock block, BasicBlock side, BasicBlock join, string taken, string notTaken)
    {
        predicated.Add(side);
        guard = taken;
        EmitBody(side);
        EmitCopies(side, join);
        guard = notTaken;
        EmitCopies(block, join);
        guard = "";
        JumpUnlessNext(join);
    }

    private void EmitBody(BasicBlock block)
    {
        var groups = VectorAccess.Find(block);
        blockAddresses.Clear();
        foreach (var instruction in block.Body)
        {
            location = instruction.Location ?? location;
            if (groups.TryGetValue(instruction, out var group))
                EmitVectorAccess(instruction, group);
            else if (instruction.HasSideEffects || instruction.Users.Count > 0)
                EmitInstruction(instruction);
        }
        blockAddresses.Clear();
    }

    /// <summary>All copies of an edge happen at once; cycles go through a temporary.</summary>
    private void EmitCopies(BasicBlock from, BasicBlock to)
    {
        var pending = new List<(IrType Type, string To, string From)>();
        foreach (var phi in to.Phis.Where(p => p.Users.Count > 0))
        {
            string source = Operand(phi.ValueFrom(from));
            if (source != Result(phi))
                pending.Add((phi.Type, Result(phi), source));
        }
        while (pending.Count > 0)
        {
            int ready = pending.FindIndex(copy => !pending.Exists(other => other.To != copy.To && other.From == copy.To));
            if (ready < 0)
            {
                var (type, blocked, _) = pending[0];
                string temporary = NewRegister(type);
                Line($"mov{MoveType(type)} {temporary}, {blocked};");
                for (int i = 0; i < pending.Count; i++)
                {
                    if (pending[i].From == blocked)
                        pending[i] = pending[i] with { From = temporary };
                }
                ready = 0;
            }
            Line($"mov{MoveType(pending[ready].Type)} {pending[ready].To}, {pending[ready].From};");
            pending.RemoveAt(ready);
        }
    }

    private static string MoveType(IrType type) => ClassOf(type) switch
    {
        RegisterClass.Predicate => ".pred",
        RegisterClass.Bits16 => ".b16",
        RegisterClass.Bits32 => ".b32",
        RegisterClass.Bits64 => ".b64",
        RegisterClass.Float32 => ".f32",
        _ => ".f64",
    };

    private string NewLabel() => string.Create(CultureInfo.InvariantCulture, $"$E{extraLabels++}");

    private void Line(string text) => code.Append('\t').Append(guard).Append(text).Append('\n');

    /// <summary>A register, or an immediate.</summary>
    private string Operand(Value value)
    {
        if (value is not Constant constant)
            return Register(value);
        return constant.Type switch
        {
            IrType.Bool => constant.Bits != 0 ? "-1" : "0",
            IrType.F32 => $"0f{constant.Bits:X8}",
            IrType.F64 => $"0d{constant.Bits:X16}",
            IrType.I32 => ((int)constant.Bits).ToString(CultureInfo.InvariantCulture),
            IrType.I64 or IrType.Pointer => ((long)constant.Bits).ToString(CultureInfo.InvariantCulture),
            _ => constant.Bits.ToString(CultureInfo.InvariantCulture),
        };
    }

    /// <summary>A register even for a constant, where the instruction takes no immediate.</summary>
    private string Register(Value value)
    {
        switch (value)
        {
            case Constant constant:
                string register = NewRegister(constant.Type);
                Line($"mov{MoveType(constant.Type)} {register}, {Operand(constant)};");
                return register;
            case Allocation allocation:
                return AllocationAddress(allocation);
            case ElementAddress address:
                return MaterializedAddress(address);
            default:
                return Result(value);
        }
    }

    /// <summary>Addresses of memory blocks are recomputed where they are needed: a move costs nothing, a long live range does.</summary>
    private string AllocationAddress(Allocation allocation)
    {
        string register = NewRegister(RegisterClass.Bits64);
        if (allocation.IsDynamic)
        {
            string fixedPart = sharedIsDynamic ? string.Create(CultureInfo.InvariantCulture, $"+{sharedBytes}") : "";
            Line($"mov.u64 {register}, {DynamicShared}{fixedPart};");
            return register;
        }
        string block = allocation.Space == AddressSpace.Local ? LocalDepot : sharedIsDynamic ? DynamicShared : StaticShared;
        int offset = allocationOffsets[allocation];
        Line(string.Create(CultureInfo.InvariantCulture, $"mov.u64 {register}, {block}{(offset == 0 ? "" : $"+{offset}")};"));
        return register;
    }
}
