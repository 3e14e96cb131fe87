using GpuVae.Simd.Frontend;
using GpuVae.Simd.Ir;
using Barrier = GpuVae.Simd.Ir.Barrier;

namespace GpuVae.Simd.Emit;

/// <summary>
/// Rewrites a kernel whose threads part before a barrier: every branch and loop with a barrier inside is taken by the whole group as long
/// as any thread wants it, and a flag per thread says who takes part. What holds no barrier runs under that flag. So a barrier waits for
/// the threads that reach it, and those that returned or left the loop are not waited for, as on GPUs and on ILGPU's CPU accelerator.
/// </summary>
internal sealed class BarrierConvergence
{
    private readonly IrKernel kernel;
    private readonly ControlIndex index;
    private readonly SsaBuilder ssa;
    private readonly Emitter emit;
    private readonly Dictionary<Value, Variable> variables = new(ReferenceEqualityComparer.Instance);

    // Jumps within a part without barriers stay jumps; others raise a flag and end the part.
    private readonly Dictionary<TargetNode, (BasicBlock Break, BasicBlock? Continue)> blocks = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<TargetNode, (Variable Break, Variable Continue)> flags = new(ReferenceEqualityComparer.Instance);
    private readonly Variable active = new("active", IrType.Bool);
    private BasicBlock partEnd = null!;
    private bool isReachable = true;

    private BarrierConvergence(IrKernel kernel, ControlIndex index)
    {
        this.kernel = kernel;
        this.index = index;
        ssa = new SsaBuilder(
            kernel, new Dictionary<int, AddressSpace>(), (what, advice) => new KernelCompilationException(what + ". " + advice));
        emit = new Emitter(ssa);
    }

    /// <summary>Returns the kernel anew; the old one is used up.</summary>
    public static IrKernel Run(IrKernel kernel, ControlIndex index)
    {
        var result = new IrKernel(kernel.Name) { DisjointViews = kernel.DisjointViews };
        result.Parameters.AddRange(kernel.Parameters);
        result.Allocations.AddRange(kernel.Allocations);
        result.Tables.AddRange(kernel.Tables);
        var rewriter = new BarrierConvergence(result, index);
        rewriter.Rewrite();
        foreach (Instruction instruction in kernel.Instructions.ToArray())
            instruction.Detach();
        return result;
    }

    private void Rewrite()
    {
        ssa.Current = ssa.CreateBlock(isSealed: true);
        Write(active, Constant.Bool(true));
        EmitGroup(index.Root);
        ssa.Current.Terminator = new Return();
        kernel.Blocks.RemoveAll(block => block.Terminator is null);
    }

    /// <summary>A node as the whole group runs it.</summary>
    private void EmitGroup(ControlNode node)
    {
        if (!index.ContainsBarrier(node))
        {
            EmitPart(() => EmitNode(node));
            return;
        }
        switch (node)
        {
            case SequenceNode sequence:
                for (int i = 0; i < sequence.Children.Count; i++)
                {
                    int from = i;
                    while (i < sequence.Children.Count && !index.ContainsBarrier(sequence.Children[i]))
                        i++;
                    int to = i;
                    if (from < to)
                        EmitPart(() => EmitChildren(sequence, from, to));
                    if (i < sequence.Children.Count)
                        EmitGroup(sequence.Children[i]);
                }
                break;
            case BlockNode block:
                EmitBarriers(block.Block);
                break;
            case IfNode branch:
                EmitIf(branch);
                break;
            case LoopNode loop:
                EmitLoop(loop);
                break;
            case LabeledNode labeled:
                Variable left = FlagsOf(labeled).Break;
                Write(left, Constant.Bool(false));
                EmitGroup(labeled.Body);
                Write(active, Or(Read(active), Read(left)));
                break;
        }
    }

    private void EmitBarriers(BasicBlock block)
    {
        int from = 0;
        for (int i = 0; i < block.Body.Count; i++)
        {
            Instruction instruction = block.Body[i];
            if (!ControlIndex.IsBarrier(instruction))
                continue;
            int first = from, last = i;
            if (first < last)
                EmitPart(() => EmitInstructions(block, first, last));
            from = i + 1;
            Instruction copy = instruction is Barrier { Kind: not BarrierKind.Group } barrier
                ? new Barrier(barrier.Kind, Participating(barrier.Kind, Map(barrier.Operands[0]))) { Location = barrier.Location }
                : instruction.Clone(Map);
            ssa.Emit(copy);
            if (copy.Type != IrType.Void)
                Write(VariableOf(instruction), copy);
        }
        if (from < block.Body.Count)
            EmitPart(() => EmitInstructions(block, from, block.Body.Count));
    }

    /// <summary>The predicate of a barrier, neutral in threads that take no part.</summary>
    private Value Participating(BarrierKind kind, Value predicate) => kind == BarrierKind.GroupAnd
        ? Or(Not(Read(active)), predicate)
        : And(Read(active), predicate);

    private void EmitIf(IfNode branch)
    {
        Value condition = Map(branch.Branch.Condition);
        Value before = Read(active);
        Value then = And(before, condition);
        Value otherwise = And(before, Not(condition));
        var afterThen = new Variable("active", IrType.Bool);
        EmitArm(branch.Then, then, afterThen);
        var afterElse = new Variable("active", IrType.Bool);
        EmitArm(branch.Else, otherwise, afterElse);
        Write(active, Or(Read(afterThen), Read(afterElse)));
    }

    private void EmitArm(ControlNode arm, Value taken, Variable after)
    {
        Write(active, taken);
        if (!index.ContainsBarrier(arm))
        {
            EmitGroup(arm);
            Write(after, Read(active));
            return;
        }
        Write(after, Constant.Bool(false));
        Barrier any = ssa.Emit(new Barrier(BarrierKind.GroupOr, taken));
        BasicBlock inside = ssa.CreateBlock(isSealed: false);
        BasicBlock end = ssa.CreateBlock(isSealed: false);
        ssa.Branch(any, inside, end);
        Continue(inside);
        EmitGroup(arm);
        Write(after, Read(active));
        JoinAt(end);
    }

    private void EmitLoop(LoopNode loop)
    {
        (Variable left, Variable next) = FlagsOf(loop);
        Write(left, Constant.Bool(false));
        BasicBlock header = ssa.CreateBlock(isSealed: false);
        BasicBlock body = ssa.CreateBlock(isSealed: false);
        BasicBlock exit = ssa.CreateBlock(isSealed: false);
        ssa.Branch(header);
        ssa.MoveToEnd(header);
        ssa.Current = header;
        Barrier any = ssa.Emit(new Barrier(BarrierKind.GroupOr, Read(active)));
        ssa.Branch(any, body, exit);
        Continue(body);
        Write(next, Constant.Bool(false));
        EmitGroup(loop.Body);
        Write(active, Or(Read(active), Read(next)));
        ssa.Branch(header);
        ssa.Seal(header);
        Continue(exit);
        Write(active, Read(left));
    }

    /// <summary>Runs what holds no barrier in the threads that take part.</summary>
    private void EmitPart(Action body)
    {
        BasicBlock end = partEnd = ssa.CreateBlock(isSealed: false);
        if (Read(active) is not Constant { Bits: 1 })
        {
            BasicBlock inside = ssa.CreateBlock(isSealed: false);
            ssa.Branch(Read(active), inside, end);
            Continue(inside);
        }
        body();
        if (isReachable)
            ssa.Branch(end);
        Continue(end);
    }

    /// <summary>A node without barriers, as it is.</summary>
    private void EmitNode(ControlNode node)
    {
        switch (node)
        {
            case SequenceNode sequence:
                EmitChildren(sequence, 0, sequence.Children.Count);
                break;
            case BlockNode block:
                EmitInstructions(block.Block, 0, block.Block.Body.Count);
                break;
            case EdgeCopies copies:
                Value[] values = copies.To.Phis.Select(phi => Map(phi.ValueFrom(copies.From))).ToArray();
                for (int i = 0; i < values.Length; i++)
                    Write(VariableOf(copies.To.Phis[i]), values[i]);
                break;
            case IfNode branch:
                BasicBlock then = ssa.CreateBlock(isSealed: false);
                BasicBlock otherwise = ssa.CreateBlock(isSealed: false);
                BasicBlock end = ssa.CreateBlock(isSealed: false);
                ssa.Branch(Map(branch.Branch.Condition), then, otherwise);
                EmitBetween(then, branch.Then, end);
                EmitBetween(otherwise, branch.Else, end);
                Continue(end);
                break;
            case LoopNode loop:
                BasicBlock header = ssa.CreateBlock(isSealed: false);
                BasicBlock exit = ssa.CreateBlock(isSealed: false);
                blocks[loop] = (exit, header);
                ssa.Branch(header);
                ssa.MoveToEnd(header);
                ssa.Current = header;
                EmitNode(loop.Body);
                if (isReachable)
                    ssa.Branch(header);
                ssa.Seal(header);
                Continue(exit);
                break;
            case LabeledNode labeled:
                BasicBlock behind = ssa.CreateBlock(isSealed: false);
                blocks[labeled] = (behind, null);
                EmitNode(labeled.Body);
                if (isReachable)
                    ssa.Branch(behind);
                Continue(behind);
                break;
            case BreakNode { Target: var target }:
                Jump(target, blocks.GetValueOrDefault(target).Break, t => t.Break);
                break;
            case ContinueNode { Target: var target }:
                Jump(target, blocks.GetValueOrDefault(target).Continue, t => t.Continue);
                break;
            case ReturnNode:
                Jump(null, null, null);
                break;
        }
    }

    /// <summary>A node in a block of its own, with what follows in another.</summary>
    private void EmitBetween(BasicBlock start, ControlNode node, BasicBlock end)
    {
        Continue(start);
        EmitNode(node);
        if (isReachable)
            ssa.Branch(end);
    }

    private void Jump(TargetNode? target, BasicBlock? block, Func<(Variable Break, Variable Continue), Variable>? flag)
    {
        if (block is null)
        {
            if (flag is not null)
                Write(flag(FlagsOf(target!)), Constant.Bool(true));
            Write(active, Constant.Bool(false));
        }
        ssa.Branch(block ?? partEnd);
        isReachable = false;
    }

    private void EmitChildren(SequenceNode sequence, int from, int to)
    {
        for (int i = from; i < to && isReachable; i++)
            EmitNode(sequence.Children[i]);
    }

    private void EmitInstructions(BasicBlock block, int from, int to)
    {
        for (int i = from; i < to; i++)
        {
            Instruction copy = ssa.Emit(block.Body[i].Clone(Map));
            if (copy.Type != IrType.Void)
                Write(VariableOf(block.Body[i]), copy);
        }
    }

    private void JoinAt(BasicBlock block)
    {
        ssa.Branch(block);
        Continue(block);
    }

    /// <summary>Goes on in a block whose predecessors are all known; one that nothing reaches is left out.</summary>
    private void Continue(BasicBlock block)
    {
        isReachable = block.Predecessors.Count > 0;
        ssa.Seal(block);
        ssa.MoveToEnd(block);
        ssa.Current = block;
    }

    private (Variable Break, Variable Continue) FlagsOf(TargetNode target)
    {
        if (!flags.TryGetValue(target, out (Variable Break, Variable Continue) found))
            flags[target] = found = (new("left", IrType.Bool), new("next", IrType.Bool));
        return found;
    }

    private Variable VariableOf(Value value)
    {
        if (!variables.TryGetValue(value, out Variable? variable))
            variables[value] = variable = new("a value", value.Type) { Space = value.Space };
        return variable;
    }

    private Value Map(Value value) => value is Instruction ? Read(VariableOf(value)) : value;
    private Value Read(Variable variable) => ssa.Resolve(ssa.ReadVariable(variable));
    private void Write(Variable variable, Value value) => ssa.WriteVariable(variable, value);
    private Value Not(Value value) => emit.Unary(UnaryOp.Not, value);
    private Value And(Value left, Value right) => Fold(left, right, neutral: 1) ?? emit.Binary(BinaryOp.And, left, right);
    private Value Or(Value left, Value right) => Fold(left, right, neutral: 0) ?? emit.Binary(BinaryOp.Or, left, right);

    private static Value? Fold(Value left, Value right, ulong neutral) =>
        left is Constant a ? (a.Bits == neutral ? right : a)
        : right is Constant b ? (b.Bits == neutral ? left : b)
        : null;
}
