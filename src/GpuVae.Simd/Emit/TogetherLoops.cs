using GpuVae.Simd.Ir;

namespace GpuVae.Simd.Emit;

/// <summary>
/// Divergent loops whose turns can be started again where lanes part: nothing that can be noticed happens before any branch that some of
/// them leave by. A copy of such a loop can run all lanes without masks and hand over to the masked one in the turn in which they part.
/// </summary>
internal static class TogetherLoops
{
    /// <summary>Larger loops are not copied.</summary>
    private const int MaximumSize = 300;

    public static bool CanRestart(LoopNode loop, DivergenceWalk lanes, InlinePlan plan)
    {
        bool can = SizeOf(loop.Body) <= MaximumSize;
        Visit(loop.Body, pure: true);
        return can;

        // Returns whether nothing has happened yet behind the node.
        bool Visit(ControlNode node, bool pure)
        {
            switch (node)
            {
                case SequenceNode sequence:
                    foreach (ControlNode child in sequence.Children)
                        pure = Visit(child, pure);
                    return pure;
                case BlockNode { Block: var block }:
                    return pure && block.Body.TrueForAll(instruction =>
                        !instruction.HasSideEffects && ReferenceEquals(plan.VariableOf(instruction), instruction));
                case EdgeCopies copies:
                    return pure && !ReferenceEquals(copies.To, loop.Header);
                case IfNode branch:
                    if (lanes.IsDivergent(branch) && lanes.IsCrossed(branch))
                        can &= pure;
                    // Not &&: both arms are to be seen.
                    return Visit(branch.Then, pure) & Visit(branch.Else, pure);
                case TargetNode:
                    can &= !lanes.IsCrossed(node);
                    return false;
                default:
                    return pure;
            }
        }
    }

    private static int SizeOf(ControlNode node) => (node as BlockNode)?.Block.Body.Count ?? node.Inner.Sum(SizeOf);
}
