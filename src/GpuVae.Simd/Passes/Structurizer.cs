using GpuVae.Simd.Analyses;
using GpuVae.Simd.Ir;

namespace GpuVae.Simd.Passes;

/// <summary>
/// Turns the control-flow graph into nested statements by walking the dominator tree, after Ramsey, "Beyond Relooper: Recursive Translation
/// of Unstructured Control Flow to Structured Control Flow" (ICFP 2022). What it promises beyond correctness:
/// a join directly behind its branch needs no label; a loop's exits stand behind the loop, so a loop with one conditional exit is
/// <c>Loop { …; If(branch) { [EdgeCopies] Break } … }</c> with the break in one arm and nothing in the other; where one arm of a branch
/// ends in a jump, the other arm follows the <see cref="IfNode"/> instead of nesting in it; falling off the end of the tree returns.
/// </summary>
internal static class Structurizer
{
    /// <summary>Brings the kernel into loop-closed SSA form and builds its control tree.</summary>
    /// <exception cref="KernelCompilationException">The graph is irreducible.</exception>
    public static ControlNode Build(IrKernel kernel)
    {
        UnreachableCode.Run(kernel);
        var dominators = new Dominators(kernel);
        var loops = new Loops(kernel, dominators);
        LoopClosedSsa.Run(dominators, loops);
        return new Builder(dominators, loops).Build(kernel.Entry);
    }

    private sealed class Builder
    {
        private readonly Dominators dominators;
        private readonly Loops loops;

        // Blocks that cannot stand where a branch to them is: joins, placed behind the node that dominates them, and exits, placed
        // behind their loop.
        private readonly Dictionary<BasicBlock, List<BasicBlock>> behindBlock = [];
        private readonly Dictionary<Loop, List<BasicBlock>> behindLoop = [];

        // What a branch to a placed block turns into at this point of the walk.
        private readonly Dictionary<BasicBlock, TargetNode> breaks = [];
        private readonly Dictionary<BasicBlock, LoopNode> continues = [];
        private readonly HashSet<TargetNode> usedLabels = [];

        // Stands for the end of the kernel where the walk asks what falling off a sequence leads to.
        private readonly BasicBlock end = new();

        public Builder(Dominators dominators, Loops loops)
        {
            this.dominators = dominators;
            this.loops = loops;
            foreach (BasicBlock block in dominators.Order)
                Place(block);
        }

        public ControlNode Build(BasicBlock entry)
        {
            var nodes = new List<ControlNode>();
            Emit(entry, nodes, end);
            return new SequenceNode(nodes);
        }

        private void Place(BasicBlock block)
        {
            if (dominators.ImmediateDominatorOf(block) is not { } dominator)
                return;
            Loop? left = null;
            for (Loop? loop = loops.InnermostOf(dominator); loop is not null && !loop.Contains(block); loop = loop.Parent)
                left = loop;
            if (left is not null && !StaysInside(block, left))
                Add(behindLoop, left);
            else if (ForwardPredecessors(block) > 1)
                Add(behindBlock, dominator);

            void Add<TKey>(Dictionary<TKey, List<BasicBlock>> map, TKey key) where TKey : notnull
            {
                if (!map.TryGetValue(key, out List<BasicBlock>? list))
                    map.Add(key, list = []);
                list.Add(block);
            }
        }

        /// <summary>
        /// <c>if (c) { x = 1; break; }</c> in a loop with other exits reads best as written: the few statements before the jump stay
        /// in the arm.
        /// </summary>
        private bool StaysInside(BasicBlock block, Loop loop) =>
            loop.Exits.Count > 1 && block.Predecessors.Count == 1 &&
            (block.Terminator is Return || (block.Terminator is Branch branch && ForwardPredecessors(branch.Target) > 1));

        private int ForwardPredecessors(BasicBlock block) =>
            block.Predecessors.Count(p => dominators.IsReachable(p) && !dominators.Dominates(block, p));

        /// <summary>
        /// Appends <paramref name="block"/> and all it dominates; falling off the appended nodes leads to <paramref name="follow"/>.
        /// With joins it makes <c>block Labeled₂ { Labeled₁ { branch } join₁ } join₂</c> in reverse postorder, so that all jumps go
        /// outwards and forwards; labels that nothing names are dropped. A loop serves as the label of the join right behind it.
        /// </summary>
        private void Emit(BasicBlock block, List<ControlNode> nodes, BasicBlock follow, bool insideLoop = false)
        {
            // The last join is a tail call: chains of ifs in unrolled code would be deep recursion.
            while (true)
            {
                Loop? loop = insideLoop ? null : loops.InnermostOf(block);
                if (loop?.Header != block)
                    loop = null;
                insideLoop = false;
                // Before any label: a barrier in the block must not come to stand under the condition of a jump behind it.
                if (loop is null && block.Body.Count > 0)
                    nodes.Add(new BlockNode(block));
                List<BasicBlock>? joins = loop is null ? behindBlock.GetValueOrDefault(block) : behindLoop.GetValueOrDefault(loop);
                if (joins is null)
                {
                    EmitWithoutJoins(block, loop, nodes, follow);
                    return;
                }

                var labels = new LabeledNode[joins.Count];
                for (int i = 0; i < joins.Count; i++)
                    breaks[joins[i]] = labels[i] = new LabeledNode();
                var current = new List<ControlNode>();
                EmitWithoutJoins(block, loop, current, joins[0]);
                for (int i = 0; i < joins.Count; i++)
                {
                    breaks.Remove(joins[i]);
                    if (usedLabels.Contains(labels[i]))
                    {
                        labels[i].Body = new SequenceNode(current);
                        current = [labels[i]];
                    }
                    if (i + 1 < joins.Count)
                        Emit(joins[i], current, joins[i + 1]);
                }
                nodes.AddRange(current);
                block = joins[^1];
            }
        }

        private void EmitWithoutJoins(BasicBlock block, Loop? loop, List<ControlNode> nodes, BasicBlock follow)
        {
            if (loop is null)
            {
                EmitTerminator(block, nodes, follow);
                return;
            }

            var node = new LoopNode(block);
            var body = new List<ControlNode>();
            TargetNode? outer = breaks.GetValueOrDefault(follow);
            breaks[follow] = node;
            continues[block] = node;
            Emit(block, body, block, insideLoop: true);
            continues.Remove(block);
            if (outer is null)
                breaks.Remove(follow);
            else
                breaks[follow] = outer;
            node.Body = new SequenceNode(body);
            nodes.Add(node);
        }

        private void EmitTerminator(BasicBlock block, List<ControlNode> nodes, BasicBlock follow)
        {
            if (block.Terminator is ConditionalBranch conditional)
                EmitConditional(block, conditional, nodes, follow);
            else if (block.Terminator is Branch branch)
                EmitEdge(block, branch.Target, nodes, follow);
            else
                EmitReturn(nodes, follow);
        }

        private void EmitConditional(BasicBlock block, ConditionalBranch branch, List<ControlNode> nodes, BasicBlock follow)
        {
            var then = new List<ControlNode>();
            var otherwise = new List<ControlNode>();
            EmitEdge(block, branch.WhenTrue, then, follow);
            EmitEdge(block, branch.WhenFalse, otherwise, follow);
            List<ControlNode>? rest = null;
            if (EndsInJump(then))
                (rest, otherwise) = (otherwise, []);
            else if (EndsInJump(otherwise))
                (rest, then) = (then, []);
            nodes.Add(new IfNode(branch, new SequenceNode(then), new SequenceNode(otherwise)));
            if (rest is not null)
                nodes.AddRange(rest);
        }

        private static bool EndsInJump(List<ControlNode> nodes) => nodes is [.., BreakNode or ContinueNode or ReturnNode];

        private void EmitEdge(BasicBlock from, BasicBlock to, List<ControlNode> nodes, BasicBlock follow)
        {
            if (to.Phis.Count > 0)
                nodes.Add(new EdgeCopies(from, to));
            if (ReferenceEquals(to, follow))
                return;
            // Breaks first: leaving an inner loop at the end of an outer one's body is a break, not a continue of the outer.
            // A jump to the bare end of the kernel is a return, not a label around everything.
            bool isReturn = to is { Phis.Count: 0, Body.Count: 0, Terminator: Return };
            if (breaks.TryGetValue(to, out TargetNode? label) && !(isReturn && label is LabeledNode))
            {
                usedLabels.Add(label);
                nodes.Add(new BreakNode(label));
            }
            else if (continues.TryGetValue(to, out LoopNode? loop))
            {
                nodes.Add(new ContinueNode(loop));
            }
            else if (isReturn)
            {
                EmitReturn(nodes, follow);
            }
            else
            {
                Emit(to, nodes, follow);
            }
        }

        private void EmitReturn(List<ControlNode> nodes, BasicBlock follow)
        {
            if (ReferenceEquals(follow, end))
                return;
            if (breaks.TryGetValue(end, out TargetNode? loop))
                nodes.Add(new BreakNode(loop));
            else
                nodes.Add(new ReturnNode());
        }
    }
}
