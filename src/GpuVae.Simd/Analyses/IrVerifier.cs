using GpuVae.Simd.Ir;
using Convert = GpuVae.Simd.Ir.Convert;

namespace GpuVae.Simd.Analyses;

/// <summary>
/// Checks the invariants every pass must keep: edges and phis agree, definitions dominate uses, use lists match operands, operand
/// types fit their operations.
/// </summary>
internal static class IrVerifier
{
    /// <exception cref="InvalidOperationException">An invariant is broken; the message quotes instruction and kernel.</exception>
    public static void Verify(IrKernel kernel)
    {
        var errors = new List<string>();
        var blocks = kernel.Blocks.ToHashSet();
        if (kernel.Blocks.Count != blocks.Count)
            errors.Add("a block is listed twice");
        if (kernel.Entry.Predecessors.Count > 0)
            errors.Add("the entry has predecessors");
        CheckEdges(kernel, blocks, errors);
        if (errors.Count == 0)
        {
            Dictionary<Value, (BasicBlock Block, int Position)> positions = Positions(kernel);
            var dominators = new Dominators(kernel);
            foreach (BasicBlock block in kernel.Blocks)
                CheckBlock(kernel, block, positions, dominators, errors);
        }
        if (errors.Count > 0)
            throw new InvalidOperationException($"invalid IR: {string.Join("; ", errors)}\n{IrPrinter.Print(kernel)}");
    }

    private static void CheckEdges(IrKernel kernel, HashSet<BasicBlock> blocks, List<string> errors)
    {
        foreach (BasicBlock block in kernel.Blocks)
        {
            int number = kernel.Blocks.IndexOf(block);
            if (block.Terminator is null)
                errors.Add($"b{number} has no terminator");
            if (block.Successors.Any(s => !blocks.Contains(s)))
                errors.Add($"b{number} leaves for a block that is not in the kernel");
            if (block.Successors.Distinct().Count() != block.Successors.Count)
                errors.Add($"both ways out of b{number} lead to the same block");
            if (block.Predecessors.Any(p => !blocks.Contains(p) || !p.Successors.Contains(block)))
                errors.Add($"b{number} lists a predecessor that does not lead to it");
        }
    }

    private static Dictionary<Value, (BasicBlock Block, int Position)> Positions(IrKernel kernel)
    {
        var positions = new Dictionary<Value, (BasicBlock, int)>();
        foreach (BasicBlock block in kernel.Blocks)
        {
            foreach (Phi phi in block.Phis)
                positions[phi] = (block, -1);
            for (int i = 0; i < block.Body.Count; i++)
                positions[block.Body[i]] = (block, i);
        }
        return positions;
    }

    private static void CheckBlock(
        IrKernel kernel,
        BasicBlock block,
        Dictionary<Value, (BasicBlock Block, int Position)> positions,
        Dominators dominators,
        List<string> errors)
    {
        if (!dominators.IsReachable(block))
            return;
        foreach (Phi phi in block.Phis)
        {
            if (phi.IncomingBlocks.Count != block.Predecessors.Count || phi.IncomingBlocks.Any(b => !block.Predecessors.Contains(b)))
                Report(phi, "its incoming blocks are not the block's predecessors");
            for (int i = 0; i < phi.Operands.Count; i++)
            {
                if (phi.Operands[i].Type != phi.Type || phi.Operands[i].Space != phi.Space)
                    Report(phi, "an operand has another type or address space");
                if (dominators.IsReachable(phi.IncomingBlocks[i]) && !IsAvailable(phi.Operands[i], phi.IncomingBlocks[i], int.MaxValue))
                    Report(phi, "an operand does not dominate its edge");
            }
        }
        for (int i = 0; i <= block.Body.Count; i++)
        {
            Instruction instruction = i < block.Body.Count ? block.Body[i] : block.Terminator!;
            if (instruction is Phi)
                Report(instruction, "a phi is in the body");
            if (i < block.Body.Count && instruction is Terminator)
                Report(instruction, "a terminator is in the body");
            foreach (Value operand in instruction.Operands)
            {
                if (!IsAvailable(operand, block, i))
                    Report(instruction, $"operand {operand.GetType().Name} is not defined before it on every path");
            }
            if (TypeError(instruction) is { } error)
                Report(instruction, error);
        }
        foreach (Instruction instruction in block.Phis.Concat(block.Body).Append(block.Terminator!))
        {
            if (!ReferenceEquals(instruction.Block, block))
                Report(instruction, "its block is another");
            foreach (Value operand in instruction.Operands.Distinct())
            {
                int uses = instruction.Operands.Count(o => ReferenceEquals(o, operand));
                if (operand.Users.Count(u => ReferenceEquals(u, instruction)) != uses)
                    Report(instruction, "the use list of an operand does not match");
            }
        }

        bool IsAvailable(Value operand, BasicBlock at, int position) => operand switch
        {
            Constant => true,
            Parameter parameter => kernel.Parameters.Contains(parameter),
            Allocation allocation => kernel.Allocations.Contains(allocation),
            _ => positions.TryGetValue(operand, out (BasicBlock Block, int Position) definition)
                && (ReferenceEquals(definition.Block, at) ? definition.Position < position : dominators.Dominates(definition.Block, at)),
        };

        void Report(Instruction instruction, string what) =>
            errors.Add($"{instruction.GetType().Name} in b{kernel.Blocks.IndexOf(block)}: {what}");
    }

    private static string? TypeError(Instruction instruction)
    {
        IrType first = instruction.Operands.Count > 0 ? instruction.Operands[0].Type : IrType.Void;
        (bool holds, string otherwise) = instruction switch
        {
            Binary { IsShift: true, Right.Type: var count } =>
                (first.IsInteger() && count == IrType.I32, "a shift takes an integer and an I32 count"),
            Binary { Op: BinaryOp.And or BinaryOp.Or or BinaryOp.Xor } => (AreEqual() && IsLogical(first), "operand types differ"),
            Binary => (AreEqual() && IsNumber(first), "operand types differ or are no numbers"),
            Fma => (AreEqual() && first.IsFloat(), "operand types differ"),
            Unary { Op: UnaryOp.Not } => (IsLogical(first), "Not takes integers and Bool"),
            Unary => (IsNumber(first), "the operand is no number"),
            Compare => (AreEqual() && first is not (IrType.Void or IrType.F16), "operand types differ or cannot be compared"),
            Select { WhenTrue: var a, WhenFalse: var b } =>
                (first == IrType.Bool && a.Type == b.Type && a.Space == b.Space, "the condition is no Bool or the values differ in type"),
            Convert convert => (IsValid(convert), $"no {convert.Op} from {convert.Operand.Type} to {convert.Type}"),
            ElementAddress { Index.Type: var index } =>
                (first == IrType.Pointer && index is IrType.I32 or IrType.I64, "it needs a pointer and an index"),
            Load load => (first == IrType.Pointer && load.Alignment > 0, "it needs a pointer and an alignment"),
            Store store => (first == IrType.Pointer && store.AccessType != IrType.Void, "it needs a pointer and a value"),
            Atomic atomic => (first == IrType.Pointer && IsWord(atomic.AccessType), "it needs a pointer and a 32- or 64-bit value"),
            AtomicCompareExchange exchange =>
                (first == IrType.Pointer && exchange.Comparand.Type == exchange.Replacement.Type, "operand types differ"),
            Shuffle { Lane.Type: var lane } => (IsWord(first) && lane == IrType.I32, "it takes a 32- or 64-bit value and an I32 lane"),
            GroupBroadcast { Thread.Type: var thread } =>
                (IsWord(first) && thread == IrType.I32, "it takes a 32- or 64-bit value and an I32 thread"),
            ConditionalBranch => (first == IrType.Bool, "the condition is no Bool"),
            BoundsCheck => (AreEqual() && first == IrType.I64, "it compares I64"),
            _ => (true, ""),
        };
        return holds ? null : otherwise;

        bool AreEqual() => instruction.Operands.All(operand => operand.Type == first);
    }

    private static bool IsLogical(IrType type) => type.IsInteger() || type == IrType.Bool;

    private static bool IsValid(Convert convert)
    {
        (IrType from, IrType to) = (convert.Operand.Type, convert.Type);
        return convert.Op switch
        {
            ConvertOp.SignExtend => from.IsInteger() && to.IsInteger() && from < to,
            ConvertOp.ZeroExtend => (from.IsInteger() && to.IsInteger() && from < to) || (from == IrType.Bool && to.IsInteger()),
            ConvertOp.Truncate => from.IsInteger() && to.IsInteger() && from > to,
            ConvertOp.SignedToFloat or ConvertOp.UnsignedToFloat => from.IsInteger() && to is IrType.F32 or IrType.F64,
            ConvertOp.FloatToSigned or ConvertOp.FloatToUnsigned => from is IrType.F32 or IrType.F64 && to.IsInteger(),
            ConvertOp.FloatToFloat => from.IsFloat() && to.IsFloat() && from != to,
            _ => from.SizeOf() == to.SizeOf(),
        };
    }

    private static bool IsNumber(IrType type) => type.IsInteger() || type is IrType.F32 or IrType.F64;

    private static bool IsWord(IrType type) => type is IrType.I32 or IrType.I64 or IrType.F32 or IrType.F64;
}
