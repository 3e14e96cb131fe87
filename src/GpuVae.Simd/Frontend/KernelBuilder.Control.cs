using System.Reflection;
using GpuVae.Simd.Ir;
using ILOpCode = System.Reflection.Metadata.ILOpCode;

namespace GpuVae.Simd.Frontend;

/// <content>Blocks of IL and the jumps between them.</content>
internal sealed partial class KernelBuilder
{
    /// <summary>Interprets a body whose arguments are known. The frame's returns hold the open blocks that it ends in.</summary>
    private void Run(Frame callee, Operand[] arguments)
    {
        if (callee.Caller is null)
            RequireBody(callee.Body.Method);
        callee.Bind(arguments);
        List<IlBlock> blocks = callee.Body.ReversePostOrder;
        if (blocks[0].Predecessors.Count == 0)
        {
            callee.Entries[0] = new BlockEntry(ssa.Current, IsContinuation: true, []);
        }
        else
        {
            GoTo(blocks[0]);
        }
        var openLoops = new List<(int LastOrder, BasicBlock Head)>();
        for (int order = 0; order < blocks.Count; order++)
        {
            IlBlock block = blocks[order];
            if (callee.Entries[block.Index] is { } start)
            {
                Enter(block, start);
                if (block.Loop is { } loop)
                    openLoops.Add((loop.LastBackEdgeOrder, start.Block));
                Interpret(block);
            }
            foreach ((int last, BasicBlock head) in openLoops)
            {
                if (last == order)
                    ssa.Seal(head);
            }
        }
    }

    private void Enter(IlBlock block, BlockEntry start)
    {
        ssa.Current = start.Block;
        frame.Stack.Clear();
        if (start.IsContinuation)
        {
            frame.Stack.AddRange(start.Stack);
            return;
        }
        ssa.MoveToEnd(start.Block);
        if (block.Loop is null)
            ssa.Seal(start.Block);
        else
            ssa.EnterLoopHead(start.Block);
        for (int depth = 0; depth < start.Stack.Count; depth++)
        {
            Operand model = start.Stack[depth];
            int at = depth;
            frame.Stack.Add(model with { Leaves = [.. model.Leaves.Select((_, leaf) => ssa.ReadVariable(frame.StackVariable(at, leaf)))] });
        }
    }

    /// <summary>Ends the current block with a jump, or runs on where nothing else can jump there.</summary>
    private void GoTo(IlBlock target)
    {
        if (target.Predecessors.Count == 1 && target.Index != 0)
        {
            frame.Entries[target.Index] = new BlockEntry(ssa.Current, IsContinuation: true, [.. frame.Stack]);
            return;
        }
        BasicBlock block = PrepareEdge(target);
        ssa.Branch(block);
    }

    private void GoTo(Value condition, IlBlock whenTrue, IlBlock whenFalse)
    {
        condition = ssa.Resolve(condition);
        if (whenTrue == whenFalse)
            GoTo(whenTrue);
        else if (condition is Constant constant)
            GoTo(constant.Bits != 0 ? whenTrue : whenFalse);
        else
            ssa.Branch(condition, PrepareEdge(whenTrue), PrepareEdge(whenFalse));
    }

    /// <summary>The block of a jump's target, with what is on the stack handed over in the stack's variables.</summary>
    private BasicBlock PrepareEdge(IlBlock target)
    {
        if (frame.Entries[target.Index] is not { } start)
        {
            Frame owner = frame;
            BasicBlock block = ssa.CreateBlock(isSealed: false, target.Loop is { } loop ? v => owner.MayStore(loop, v) : null);
            start = new BlockEntry(block, IsContinuation: false, [.. frame.Stack]);
            frame.Entries[target.Index] = start;
        }
        if (start.Stack.Count != frame.Stack.Count)
            throw Refuse("the evaluation stack differs between two ways into a block", "The IL is malformed.");
        for (int depth = 0; depth < frame.Stack.Count; depth++)
        {
            Operand model = start.Stack[depth];
            Operand value = frame.Stack[depth];
            for (int leaf = 0; leaf < model.Leaves.Length; leaf++)
                ssa.WriteVariable(frame.StackVariable(depth, leaf), ToType(ssa.Resolve(value.Leaves[leaf]), model.Leaves[leaf].Type));
            start.Stack[depth] = model with { Alignment = Math.Min(model.Alignment, value.Alignment) };
        }
        return start.Block;
    }

    /// <summary>The instructions that end a block.</summary>
    private bool Terminate(IlBlock block, IlInstruction instruction)
    {
        switch (instruction.Code)
        {
            case ILOpCode.Ret:
                Type returnType = (frame.Body.Method as MethodInfo)?.ReturnType ?? typeof(void);
                frame.Returns.Add((ssa.Current, returnType == typeof(void) ? null : Coerce(Pop(), returnType)));
                return true;
            case ILOpCode.Br:
                GoTo(block.Successors[0]);
                return true;
            case ILOpCode.Brtrue:
                GoTo(PopCondition(), block.Successors[0], block.Successors[1]);
                return true;
            case ILOpCode.Brfalse:
                GoTo(PopCondition(), block.Successors[1], block.Successors[0]);
                return true;
            case >= ILOpCode.Beq and <= ILOpCode.Blt_un:
                GoTo(PopComparison(instruction.Code), block.Successors[0], block.Successors[1]);
                return true;
            case ILOpCode.Switch:
                Switch(block, Pop().Single);
                return true;
            case ILOpCode.Throw or ILOpCode.Rethrow:
                throw RefuseThrow();
            default:
                return false;
        }
    }

    private Value PopCondition()
    {
        Value value = ssa.Resolve(Pop().Single);
        return value switch
        {
            HostValue { Value: null } => Constant.Bool(false),
            PlaceValue => Constant.Bool(true),
            HostValue => throw Refuse("a reference is compared with null", "Kernels have no objects; use a bool or an empty view."),
            _ => Emit.ToBool(value),
        };
    }

    private void Switch(IlBlock block, Value value)
    {
        value = ssa.Resolve(value);
        IlBlock fallThrough = block.Successors[^1];
        if (value is Constant constant)
        {
            GoTo(constant.Bits < (ulong)(block.Successors.Count - 1) ? block.Successors[(int)constant.Bits] : fallThrough);
            return;
        }
        for (int i = 0; i < block.Successors.Count - 1; i++)
        {
            BasicBlock target = PrepareEdge(block.Successors[i]);
            bool isLast = i == block.Successors.Count - 2;
            BasicBlock next = isLast ? PrepareEdge(fallThrough) : ssa.CreateBlock(isSealed: false);
            ssa.Branch(Emit.Compare(CompareOp.Eq, value, Constant.Int(i)), target, next);
            if (isLast)
                return;
            ssa.Seal(next);
            ssa.Current = next;
        }
    }
}
