using GpuVae.Ilgpu.Compiler.Ir;
using Barrier = GpuVae.Ilgpu.Compiler.Ir.Barrier;

namespace GpuVae.Ilgpu.Backends.OpenCL;

/// <summary>
/// Finds the blocks that all threads of a group reach together, which is where a barrier may stand. Warp operations that are emulated
/// by group barriers are legal only there.
/// </summary>
internal sealed class GroupUniformity
{
    private readonly HashSet<Value> varying = [];
    private readonly HashSet<TargetNode> divergentTargets = [];
    private readonly HashSet<BasicBlock> divergentBlocks = [];
    private readonly Stack<TargetNode> enclosing = [];
    private bool changed;
    private bool divergentReturn;

    public GroupUniformity(ControlNode tree)
    {
        do
        {
            changed = false;
            divergentReturn = false;
            Visit(tree, divergent: false);
        }
        while (changed);
    }

    public bool IsUniform(BasicBlock block) => !divergentBlocks.Contains(block);

    private void Visit(ControlNode node, bool divergent)
    {
        switch (node)
        {
            case SequenceNode sequence:
                foreach (var child in sequence.Children)
                    Visit(child, divergent || divergentReturn);
                break;
            case BlockNode { Block: var block }:
                if (divergent)
                    changed |= divergentBlocks.Add(block);
                foreach (var instruction in block.Body)
                {
                    if (instruction.Type != IrType.Void && IsVarying(instruction))
                        MarkVarying(instruction);
                }
                break;
            case EdgeCopies edge:
                foreach (var phi in edge.To.Phis)
                {
                    if (divergent || varying.Contains(phi.ValueFrom(edge.From)))
                        MarkVarying(phi);
                }
                break;
            case IfNode branch:
                bool inner = divergent || varying.Contains(branch.Branch.Condition);
                Visit(branch.Then, inner);
                Visit(branch.Else, inner);
                break;
            case TargetNode target:
                // Threads that left early no longer take part: whatever of the target is reached after that is divergent, and a
                // loop's body is reached again.
                enclosing.Push(target);
                Visit(target.Body, divergent || divergentTargets.Contains(target));
                enclosing.Pop();
                break;
            case BreakNode leave when divergent:
                changed |= divergentTargets.Add(leave.Target);
                break;
            case ContinueNode again when divergent:
                changed |= divergentTargets.Add(again.Target);
                break;
            case ReturnNode when divergent:
                divergentReturn = true;
                foreach (var target in enclosing)
                    changed |= divergentTargets.Add(target);
                break;
        }
    }

    private void MarkVarying(Value value) => changed |= varying.Add(value);

    private bool IsVarying(Instruction instruction) => instruction switch
    {
        Geometry geometry => geometry.Kind is GeometryKind.GroupIdxX or GeometryKind.GroupIdxY or GeometryKind.GroupIdxZ
            or GeometryKind.LaneIndex or GeometryKind.WarpIndex,
        Barrier or GroupBroadcast => false,
        Load load => !load.IsReadOnly || varying.Contains(load.Pointer),
        Atomic or AtomicCompareExchange or Shuffle or AsmResult => true,
        _ => instruction.Operands.Any(varying.Contains),
    };
}
