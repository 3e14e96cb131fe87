using GpuVae.Simd.Ir;
using Atomic = GpuVae.Simd.Ir.Atomic;
using Barrier = GpuVae.Simd.Ir.Barrier;
using Convert = GpuVae.Simd.Ir.Convert;

namespace GpuVae.Simd.Checked;

internal enum StepKind : byte
{
    Unary, Binary, Compare, Convert, Fma, Select, Address, Load, Store, Atomic, CompareExchange, Geometry,
    BoundsCheck, Assert, Print, Nothing,
    Jump, Branch, Return,

    /// <summary>The thread waits for others: barrier, broadcast, shuffle.</summary>
    Wait,

    // Frequent operations on frequent types, without the detour over the general evaluator.
    AddI32, SubI32, MulI32, AddF32, SubF32, MulF32, LessI32,
}

/// <summary>One instruction, its operands as register numbers.</summary>
internal readonly record struct Step(
    StepKind Kind, IrType Type, byte Operation, int Result, int A, int B, int C, int Extra, int Alignment, Instruction Source);

/// <summary>A jump and the phis that it feeds.</summary>
internal readonly record struct Edge(int Target, (int To, int From)[] Copies);

/// <summary>The IR as an array of steps over numbered registers: what the interpreter runs.</summary>
internal sealed class CheckedProgram
{
    private readonly Dictionary<Value, int> registers = [];
    private readonly List<Step> steps = [];
    private readonly List<Edge> edges = [];
    private readonly Dictionary<BasicBlock, int> starts = [];
    private readonly List<(int Register, ulong Bits)> constants = [];

    public CheckedProgram(IrKernel kernel)
    {
        Kernel = kernel;
        foreach (Parameter parameter in kernel.Parameters)
            RegisterOf(parameter);
        PlaceAllocations();
        foreach (BasicBlock block in kernel.Blocks)
        {
            starts[block] = steps.Count;
            foreach (Instruction instruction in block.Body)
                Add(instruction);
            AddTerminator(block);
        }
        Steps = [.. steps];
        // Targets are known only now.
        Edges = [.. edges.Select(e => e with { Target = starts[kernel.Blocks[e.Target]] })];
        Constants = [.. constants];
        RegisterCount = registers.Count;
        GlobalGranule = Granule(AddressSpace.Global);
        SharedGranule = Granule(AddressSpace.Shared);
        HasDeviceFence = kernel.Instructions.Any(i => i is Fence { Level: not FenceLevel.Group });
        HasRawPointers = kernel.Parameters.Any(p => p is { Type: IrType.Pointer, Kind: ParameterKind.Scalar });
    }

    public IrKernel Kernel { get; }
    public Step[] Steps { get; }
    public Edge[] Edges { get; }
    public (int Register, ulong Bits)[] Constants { get; }
    public int RegisterCount { get; }

    /// <summary>Where each allocation starts in the group's shared or the thread's local memory; dynamic memory comes behind.</summary>
    public List<(int Register, Allocation Allocation, int Offset)> Allocations { get; } = [];
    public int SharedBytes { get; private set; }
    public int LocalBytes { get; private set; }

    /// <summary>The narrowest access, which is how finely races are told apart.</summary>
    public int GlobalGranule { get; }
    public int SharedGranule { get; }

    /// <summary>Groups may talk to each other by fences and atomics, which race detection between groups would not understand.</summary>
    public bool HasDeviceFence { get; }
    public bool HasRawPointers { get; }

    public int RegisterOf(Value value)
    {
        if (!registers.TryGetValue(value, out int register))
        {
            register = registers.Count;
            registers[value] = register;
            if (value is Constant constant)
                constants.Add((register, constant.Bits));
        }
        return register;
    }

    private void PlaceAllocations()
    {
        foreach (Allocation allocation in Kernel.Allocations.OrderBy(a => a.IsDynamic))
        {
            bool isShared = allocation.Space == AddressSpace.Shared;
            int offset = isShared ? SharedBytes : LocalBytes;
            Allocations.Add((RegisterOf(allocation), allocation, offset));
            int end = (offset + allocation.SizeInBytes + 15) / 16 * 16;
            if (isShared)
                SharedBytes = end;
            else
                LocalBytes = end;
        }
    }

    private void Add(Instruction instruction)
    {
        // Conversions and comparisons are told by what goes in.
        IrType type = instruction is MemoryAccess access ? access.AccessType
            : instruction is Select || instruction.Operands.Count == 0 ? instruction.Type
            : instruction.Operands[0].Type;
        (StepKind kind, byte operation, int extra, int alignment) = instruction switch
        {
            Unary unary => (StepKind.Unary, (byte)unary.Op, 0, 0),
            Binary binary => (Fast(binary), (byte)binary.Op, 0, 0),
            Compare compare =>
                (compare is { Op: CompareOp.Lt, Left.Type: IrType.I32 } ? StepKind.LessI32 : StepKind.Compare, (byte)compare.Op, 0, 0),
            Convert convert => (StepKind.Convert, (byte)convert.Op, (int)convert.Type, 0),
            Fma => (StepKind.Fma, (byte)0, 0, 0),
            Select => (StepKind.Select, (byte)0, 0, 0),
            ElementAddress address => (StepKind.Address, (byte)address.Index.Type, address.Offset, address.ElementSize),
            Load load => (StepKind.Load, (byte)load.Pointer.Space, 0, load.Alignment),
            Store store => (StepKind.Store, (byte)store.Pointer.Space, 0, store.Alignment),
            Atomic atomic => (StepKind.Atomic, (byte)atomic.Pointer.Space, (int)atomic.Op, atomic.Operand.Type.SizeOf()),
            AtomicCompareExchange exchange =>
                (StepKind.CompareExchange, (byte)exchange.Pointer.Space, 0, exchange.Replacement.Type.SizeOf()),
            Geometry geometry => (StepKind.Geometry, (byte)geometry.Kind, 0, 0),
            BoundsCheck => (StepKind.BoundsCheck, (byte)0, 0, 0),
            Assert => (StepKind.Assert, (byte)0, 0, 0),
            Print => (StepKind.Print, (byte)0, 0, 0),
            // Threads of a group run in turn on one OS thread, so memory is always consistent.
            Fence or Prefetch => (StepKind.Nothing, (byte)0, 0, 0),
            Barrier or GroupBroadcast or Shuffle => (StepKind.Wait, (byte)0, 0, 0),
            _ => throw new NotSupportedException($"The checked mode does not know {instruction.GetType().Name}."),
        };
        int[] operands = [.. instruction.Operands.Select(RegisterOf)];
        int result = instruction.Type == IrType.Void ? -1 : RegisterOf(instruction);
        steps.Add(new Step(kind, type, operation, result, At(0), At(1), At(2), extra, alignment, instruction));

        int At(int index) => index < operands.Length ? operands[index] : -1;
    }

    private static StepKind Fast(Binary binary) => (binary.Op, binary.Type) switch
    {
        (BinaryOp.Add, IrType.I32) => StepKind.AddI32,
        (BinaryOp.Sub, IrType.I32) => StepKind.SubI32,
        (BinaryOp.Mul, IrType.I32) => StepKind.MulI32,
        (BinaryOp.Add, IrType.F32) => StepKind.AddF32,
        (BinaryOp.Sub, IrType.F32) => StepKind.SubF32,
        (BinaryOp.Mul, IrType.F32) => StepKind.MulF32,
        _ => StepKind.Binary,
    };

    private void AddTerminator(BasicBlock block)
    {
        Terminator terminator = block.Terminator!;
        Step step = terminator switch
        {
            Branch branch => new Step(StepKind.Jump, IrType.Void, 0, -1, -1, -1, -1, EdgeTo(branch.Target), 0, terminator),
            ConditionalBranch branch => new Step(
                StepKind.Branch, IrType.Void, 0, -1,
                RegisterOf(branch.Condition), EdgeTo(branch.WhenTrue), EdgeTo(branch.WhenFalse), 0, 0, terminator),
            _ => new Step(StepKind.Return, IrType.Void, 0, -1, -1, -1, -1, 0, 0, terminator),
        };
        steps.Add(step);

        int EdgeTo(BasicBlock target)
        {
            IEnumerable<(int, int)> copies = target.Phis.Select(p => (RegisterOf(p), RegisterOf(p.ValueFrom(block))));
            edges.Add(new Edge(Kernel.Blocks.IndexOf(target), [.. copies]));
            return edges.Count - 1;
        }
    }

    private int Granule(AddressSpace space) => Kernel.Instructions.OfType<MemoryAccess>()
        .Where(a => a.Pointer.Space == space)
        .Select(a => a.AccessType.SizeOf()).DefaultIfEmpty(8).Min();
}
