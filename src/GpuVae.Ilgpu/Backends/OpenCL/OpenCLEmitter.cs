using System.Globalization;
using System.Text;
using GpuVae.Ilgpu.Compiler;
using GpuVae.Ilgpu.Compiler.Analyses;
using GpuVae.Ilgpu.Compiler.Ir;
using Barrier = GpuVae.Ilgpu.Compiler.Ir.Barrier;

namespace GpuVae.Ilgpu.Backends.OpenCL;

/// <summary>
/// Writes a kernel as OpenCL C 1.2: structured control flow, explicit address spaces, phis and SSA values as variables. Integers are
/// unsigned in the source, so that they wrap; signed operations cast. Pointers are byte pointers.
/// </summary>
internal sealed partial class OpenCLEmitter
{
    private const string GroupScratch = "gv_group_scratch";
    private const string WarpScratch = "gv_warp_scratch";

    private readonly IrKernel kernel;
    private readonly KernelTarget target;
    private readonly OpenCLFeatures features;
    private readonly GroupUniformity uniformity;
    private readonly Dictionary<Value, string> names = [];
    private readonly SortedDictionary<string, string> helpers = new(StringComparer.Ordinal);
    private readonly StringBuilder body = new();
    private readonly List<TargetNode> enclosing = [];
    private readonly Dictionary<(TargetNode Target, bool Continue), int> farJumps = [];
    private readonly HashSet<(TargetNode Through, (TargetNode Target, bool Continue) Jump)> jumpsThrough = [];
    private readonly bool writesGlobal;
    private int indent = 1;
    private int temporaries;
    private bool usesGroupScratch;
    private bool usesWarpScratch;
    private bool usesDynamicBytes;
    private bool usesSubGroups;
    private SourceLocation? location;

    private OpenCLEmitter(IrKernel kernel, ControlNode tree, KernelTarget target, OpenCLFeatures features)
    {
        this.kernel = kernel;
        this.target = target;
        this.features = features;
        uniformity = new GroupUniformity(tree);
        writesGlobal = kernel.Instructions.Any(i => i is Store { Pointer.Space: AddressSpace.Global }
            or Atomic { Pointer.Space: AddressSpace.Global } or AtomicCompareExchange { Pointer.Space: AddressSpace.Global });
    }

    /// <summary>Translates a kernel.</summary>
    /// <param name="kernel">The kernel, already in the loop-closed form that the structurizer leaves.</param>
    /// <param name="tree">Its control tree.</param>
    /// <param name="target">The group's shape, if fixed, and fast maths.</param>
    /// <param name="features">What the device offers.</param>
    /// <exception cref="KernelCompilationException">The kernel needs something that the device lacks.</exception>
    public static OpenCLSource Emit(IrKernel kernel, ControlNode tree, KernelTarget target, OpenCLFeatures features) =>
        new OpenCLEmitter(kernel, tree, target, features).Emit(tree);

    private OpenCLSource Emit(ControlNode tree)
    {
        RefuseMissingTypes();
        NameValues();
        EmitNode(tree);

        var parameters = new List<string>();
        var arguments = new List<OpenCLArgument>();
        var prologue = new StringBuilder();
        EmitParameters(parameters, arguments, prologue);
        EmitAllocations(prologue);
        DeclareVariables(prologue);

        string entryPoint = Identifier(kernel.Name);
        var text = new StringBuilder();
        if (UsesType(IrType.F64))
            text.Append("#pragma OPENCL EXTENSION cl_khr_fp64 : enable\n");
        if (features.Int64Atomics)
            text.Append("#pragma OPENCL EXTENSION cl_khr_int64_base_atomics : enable\n");
        if (features.Int64ExtendedAtomics)
            text.Append("#pragma OPENCL EXTENSION cl_khr_int64_extended_atomics : enable\n");
        if (usesSubGroups)
        {
            foreach (string extension in SubGroupExtensions())
                text.Append($"#pragma OPENCL EXTENSION {extension} : enable\n");
        }
        foreach (string helper in helpers.Values)
            text.Append(helper).Append('\n');
        if (target.GroupDim is { } dim)
            text.Append(CultureInfo.InvariantCulture, $"__attribute__((reqd_work_group_size({dim.X}, {dim.Y}, {dim.Z})))\n");
        if (usesSubGroups && features.SubGroups == SubGroupSupport.Intel)
            text.Append(CultureInfo.InvariantCulture, $"__attribute__((intel_reqd_sub_group_size({features.WarpSize})))\n");
        text.Append($"__kernel void {entryPoint}(\n    {string.Join(",\n    ", parameters)})\n{{\n");
        text.Append(prologue).Append(body).Append("}\n");
        return new OpenCLSource(text.ToString(), entryPoint, arguments);
    }

    /// <summary>A C identifier that no keyword or built-in function has.</summary>
    private static string Identifier(string name)
    {
        var identifier = new StringBuilder("k_");
        foreach (char c in name)
            identifier.Append(char.IsAsciiLetterOrDigit(c) ? c : '_');
        return identifier.ToString();
    }

    private bool UsesType(IrType type) =>
        kernel.Parameters.Any(p => p.Type == type && p.Users.Count > 0) ||
        kernel.Instructions.Any(i => i.Type == type || i.Operands.Any(o => o.Type == type));

    private void RefuseMissingTypes()
    {
        if (!features.Float64 && UsesType(IrType.F64))
        {
            throw new KernelCompilationException(
                $"Kernel {kernel.Name} uses double, which this OpenCL device lacks (cl_khr_fp64). Use float, or run it on another device.");
        }
    }

    private KernelCompilationException Refuse(string what) =>
        new($"Kernel {kernel.Name}{(location is null ? "" : $", {location}")}: {what}");

    private void NameValues()
    {
        foreach (var parameter in kernel.Parameters)
            names[parameter] = $"p{parameter.Slot}{(parameter.Kind == ParameterKind.ViewLength ? "_length" : "")}";
        for (int i = 0; i < kernel.Allocations.Count; i++)
            names[kernel.Allocations[i]] = $"a{i}";
        int next = 0;
        foreach (var instruction in kernel.Instructions)
        {
            if (instruction.Type != IrType.Void)
                names[instruction] = $"v{next++}";
        }
    }

    private void EmitParameters(List<string> parameters, List<OpenCLArgument> arguments, StringBuilder prologue)
    {
        foreach (var parameter in kernel.Parameters.Where(p => p.Users.Count > 0))
        {
            string name = names[parameter];
            if (parameter.Kind == ParameterKind.ViewPointer)
            {
                string qualifier = IsReadOnly(parameter) ? "const " : "";
                string restrict = qualifier.Length > 0 ? "restrict " : "";
                parameters.Add($"__global {qualifier}uchar* {restrict}{name}_buffer /* {Comment(parameter.Name)} */");
                arguments.Add(new OpenCLArgument(OpenCLArgumentKind.Buffer, parameter.Slot, 8));
                parameters.Add($"ulong {name}_offset");
                arguments.Add(new OpenCLArgument(OpenCLArgumentKind.Scalar, parameter.Slot + 1, 8));
                prologue.Append($"    __global {qualifier}uchar* const {name} = {name}_buffer + {name}_offset;\n");
                continue;
            }
            if (parameter.Type == IrType.Pointer)
            {
                throw new KernelCompilationException(
                    $"Kernel {kernel.Name}: the parameter {parameter.Name} is a pointer, which OpenCL cannot pass. " +
                    "Pass an ArrayView instead.");
            }
            string type = parameter.Type == IrType.Bool ? "uchar" : TypeName(parameter.Type);
            parameters.Add($"{type} {name} /* {Comment(parameter.Name)} */");
            arguments.Add(new OpenCLArgument(OpenCLArgumentKind.Scalar, parameter.Slot, parameter.Type.SizeOf()));
        }
        foreach (var allocation in kernel.Allocations.Where(a => a.IsDynamic))
        {
            parameters.Add($"__local uchar* {names[allocation]}");
            arguments.Add(new OpenCLArgument(OpenCLArgumentKind.DynamicShared, 0, 0));
        }
        if (usesDynamicBytes)
        {
            parameters.Add("uint gv_dynamic_bytes");
            arguments.Add(new OpenCLArgument(OpenCLArgumentKind.DynamicSharedBytes, 0, 4));
        }
        if (usesWarpScratch)
        {
            parameters.Add($"__local ulong* {WarpScratch}");
            arguments.Add(new OpenCLArgument(OpenCLArgumentKind.LocalPerThread, 0, 8));
        }
    }

    private static string Comment(string text) => text.Replace("*/", "* /", StringComparison.Ordinal);

    /// <summary>Every access through the view is a load that no store of the kernel can disturb.</summary>
    private static bool IsReadOnly(Value pointer) => pointer.Users.All(user => user switch
    {
        Load load => load.IsReadOnly,
        ElementAddress address => IsReadOnly(address),
        _ => false,
    });

    private void EmitAllocations(StringBuilder prologue)
    {
        foreach (var allocation in kernel.Allocations.Where(a => !a.IsDynamic))
        {
            string space = allocation.Space == AddressSpace.Shared ? "__local" : "__private";
            string element = allocation.ElementType is IrType.Void or IrType.Bool or IrType.Pointer
                ? "uchar" : TypeName(allocation.ElementType);
            int count = element == "uchar" ? allocation.SizeInBytes : allocation.SizeInBytes / allocation.ElementType.SizeOf();
            string name = names[allocation];
            prologue.Append(CultureInfo.InvariantCulture, $"    {space} {element} {name}_memory[{count}] __attribute__((aligned(16)));\n");
            prologue.Append($"    {space} uchar* const {name} = ({space} uchar*){name}_memory;\n");
        }
        if (usesGroupScratch)
            prologue.Append($"    __local ulong {GroupScratch};\n");
    }

    /// <summary>
    /// Values that only their own block uses are declared where they are computed; the rest and the phis here, since a C scope may end
    /// between definition and use.
    /// </summary>
    private void DeclareVariables(StringBuilder prologue)
    {
        foreach (var instruction in kernel.Instructions)
        {
            if (instruction.Type != IrType.Void && !IsBlockLocal(instruction) && instruction.Users.Count > 0)
                prologue.Append($"    {Declaration(instruction)};\n");
        }
        if (farJumps.Count > 0)
            prologue.Append("    int jump = 0;\n");
    }

    private static bool IsBlockLocal(Instruction instruction) =>
        instruction is not Phi && instruction.Users.All(user => user is not (Phi or Terminator) && user.Block == instruction.Block);

    private string Declaration(Value value) => $"{TypeName(value)} {names[value]}";

    private string TypeName(Value value) => value.Type == IrType.Pointer ? PointerType(value) : TypeName(value.Type);

    /// <summary>Pointers derived from a read-only view are const, so that the qualifier is never cast away.</summary>
    private static string PointerType(Value value) => value.Space switch
    {
        AddressSpace.Global => IsConstPointer(value) ? "__global const uchar*" : "__global uchar*",
        AddressSpace.Shared => "__local uchar*",
        AddressSpace.Local => "__private uchar*",
        _ => throw new InvalidOperationException("a pointer without address space"),
    };

    private static bool IsConstPointer(Value value) => value switch
    {
        Parameter parameter => IsReadOnly(parameter),
        ElementAddress address => IsConstPointer(address.Pointer),
        _ => false,
    };

    private static string TypeName(IrType type) => type switch
    {
        IrType.Bool => "bool",
        IrType.I8 => "uchar",
        IrType.I16 or IrType.F16 => "ushort",
        IrType.I32 => "uint",
        IrType.I64 => "ulong",
        IrType.F32 => "float",
        IrType.F64 => "double",
        _ => throw new InvalidOperationException($"{type} has no OpenCL type"),
    };

    private static string SignedTypeName(IrType type) => type switch
    {
        IrType.I8 => "char",
        IrType.I16 => "short",
        IrType.I32 => "int",
        IrType.I64 => "long",
        _ => throw new InvalidOperationException($"{type} is no integer"),
    };

    private void EmitNode(ControlNode node)
    {
        switch (node)
        {
            case SequenceNode sequence:
                foreach (var child in sequence.Children)
                    EmitNode(child);
                break;
            case BlockNode { Block: var block }:
                var groups = VectorAccess.Find(block);
                foreach (var instruction in block.Body)
                {
                    location = instruction.Location ?? location;
                    if (groups.TryGetValue(instruction, out var group))
                        EmitVectorAccess(instruction, group);
                    else
                        EmitInstruction(instruction);
                }
                break;
            case EdgeCopies edge:
                EmitCopies(edge);
                break;
            case IfNode branch:
                EmitIf(branch);
                break;
            case LoopNode loop:
                bool closes = features.NeedsBarrierBehindLoops && HasBarrier(loop);
                EmitTarget(loop, "for (;;)", closes ? "\n" + Indented("barrier(CLK_LOCAL_MEM_FENCE);") : "");
                break;
            case LabeledNode labeled:
                EmitTarget(labeled, "do", " while (false);");
                break;
            case BreakNode leave:
                EmitJump(leave.Target, isContinue: false);
                break;
            case ContinueNode again:
                EmitJump(again.Target, isContinue: true);
                break;
            case ReturnNode:
                Line("return;");
                break;
            default:
                throw new InvalidOperationException($"unknown control node {node.GetType().Name}");
        }
    }

    /// <summary>The whole group waits somewhere in the loop.</summary>
    private bool HasBarrier(LoopNode loop) => uniformity.IsUniform(loop.Header) && ContainsBarrier(loop.Body);

    private bool ContainsBarrier(ControlNode node) => node switch
    {
        SequenceNode sequence => sequence.Children.Exists(ContainsBarrier),
        IfNode branch => ContainsBarrier(branch.Then) || ContainsBarrier(branch.Else),
        TargetNode target => ContainsBarrier(target.Body),
        BlockNode block => block.Block.Body.Exists(i => i is Barrier { Kind: not BarrierKind.Warp } or GroupBroadcast
            || (features.SubGroups == SubGroupSupport.Emulated && (i is Barrier or Shuffle))),
        _ => false,
    };

    private void EmitIf(IfNode branch)
    {
        string condition = Name(branch.Branch.Condition);
        bool hasThen = branch.Then is not SequenceNode { Children.Count: 0 };
        bool hasElse = branch.Else is not SequenceNode { Children.Count: 0 };
        if (!hasThen && !hasElse)
            return;
        Line(hasThen ? $"if ({condition})" : $"if (!{condition})");
        Braces(hasThen ? branch.Then : branch.Else);
        if (hasThen && hasElse)
        {
            Line("else");
            Braces(branch.Else);
        }
    }

    private void Braces(ControlNode node)
    {
        Line("{");
        indent++;
        EmitNode(node);
        indent--;
        Line("}");
    }

    private void EmitTarget(TargetNode node, string head, string tail)
    {
        enclosing.Add(node);
        Line(head);
        Line("{");
        indent++;
        EmitNode(node.Body);
        indent--;
        Line("}" + tail);
        enclosing.RemoveAt(enclosing.Count - 1);

        // Jumps that leave several constructs break out of them one by one.
        foreach (var ((_, jump), id) in jumpsThrough.Where(t => t.Through == node).Select(t => (t, farJumps[t.Jump])).OrderBy(t => t.Item2))
        {
            bool arrived = enclosing[^1] == jump.Target;
            Line(arrived
                ? $"if (jump == {id}) {{ jump = 0; {(jump.Continue ? "continue" : "break")}; }}"
                : $"if (jump == {id}) break;");
        }
    }

    private void EmitJump(TargetNode destination, bool isContinue)
    {
        if (enclosing[^1] == destination)
        {
            Line(isContinue ? "continue;" : "break;");
            return;
        }
        var jump = (destination, isContinue);
        if (!farJumps.TryGetValue(jump, out int id))
            farJumps[jump] = id = farJumps.Count + 1;
        for (int i = enclosing.Count - 1; enclosing[i] != destination; i--)
            jumpsThrough.Add((enclosing[i], jump));
        Line($"jump = {id};");
        Line("break;");
    }

    /// <summary>
    /// The copies happen at once: each is written when nothing still to be copied reads its target, cycles through a temporary.
    /// </summary>
    private void EmitCopies(EdgeCopies edge)
    {
        var pending = new List<(Phi To, Value From, string Source)>();
        foreach (var phi in edge.To.Phis.Where(p => p.Users.Count > 0))
        {
            var from = phi.ValueFrom(edge.From);
            if (from != phi)
                pending.Add((phi, from, Name(from)));
        }
        while (pending.Count > 0)
        {
            int ready = pending.FindIndex(copy => !pending.Exists(other => other.To != copy.To && other.From == copy.To));
            if (ready < 0)
            {
                var blocked = pending[0].To;
                string temporary = $"t{temporaries++}";
                Line($"{TypeName(blocked)} {temporary} = {names[blocked]};");
                for (int i = 0; i < pending.Count; i++)
                {
                    if (pending[i].From == blocked)
                        pending[i] = (pending[i].To, pending[i].To, temporary);
                }
                ready = 0;
            }
            Line($"{names[pending[ready].To]} = {pending[ready].Source};");
            pending.RemoveAt(ready);
        }
    }

    private void Line(string text) => body.Append(Indented(text)).Append('\n');

    private string Indented(string text) => new string(' ', indent * 4) + text;
}
