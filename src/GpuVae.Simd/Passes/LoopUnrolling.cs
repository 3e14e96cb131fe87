using GpuVae.Simd.Analyses;
using GpuVae.Simd.Ir;

namespace GpuVae.Simd.Passes;

/// <summary>
/// Replaces loops with a known number of turns by that many copies of their body. Small loops always; larger ones where the loop's counter
/// indexes a local array, which can live in registers only when every index is a constant.
/// </summary>
internal static class LoopUnrolling
{
    private const int SmallBudget = 256;
    private const int SmallTurns = 16;
    private const int LocalArrayBudget = 8192;
    private const int LocalArrayTurns = 512;

    public static bool Run(IrKernel kernel)
    {
        bool changed = false;
        var refused = new HashSet<BasicBlock>();
        while (true)
        {
            var dominators = new Dominators(kernel);
            var loops = new Loops(kernel, dominators);
            if (loops.OuterFirst.Count == 0)
                return changed;
            bool unrolled = false;
            // Inner loops first, neighbours in the order in which values flow: unrolling puts the values that enter a loop in the place of
            // its phis, and those may be what closes the loop before.
            foreach (Loop loop in loops.OuterFirst)
            {
                if (loop.Parent is null)
                    UnrollTree(loop);
            }
            if (!unrolled)
                return changed;
            changed = true;
            while (InstructionSimplification.Run(kernel) | ControlFlowSimplification.Run(kernel))
            {
            }
            DeadCode.Run(kernel);

            // What is left of the loops around an unrolled one is judged by its size when it has been simplified, in the next round.
            bool UnrollTree(Loop loop)
            {
                bool inside = false;
                foreach (Loop child in loop.Children)
                    inside |= UnrollTree(child);
                if (inside)
                {
                    refused.Remove(loop.Header);
                    return true;
                }
                // Where an unrolled loop turned out to leave another way, what followed it may be gone.
                if (refused.Contains(loop.Header) || loop.Header.Terminator is null)
                    return false;
                if (Plan(loop, loops, dominators) is not { } trip)
                {
                    refused.Add(loop.Header);
                    return false;
                }
                if (!unrolled)
                    LoopClosedSsa.Run(dominators, loops);
                unrolled = true;
                Unroll(kernel, loop, trip);
                return true;
            }
        }
    }

    private static TripCount.Result? Plan(Loop loop, Loops loops, Dominators dominators)
    {
        int size = 0;
        bool communicates = false;
        foreach (BasicBlock block in loop.Blocks)
        {
            size += block.Phis.Count + block.Body.Count + 1;
            foreach (Instruction instruction in block.Body)
                communicates |= instruction is Ir.Barrier or GroupBroadcast;
        }
        if (size > LocalArrayBudget)
            return null;
        bool indexesLocal = IndexesLocalArray(loop);
        int maximum = indexesLocal ? LocalArrayTurns : SmallTurns;
        if (TripCount.Of(loop, loops, dominators, maximum) is not { } trip)
            return null;
        long total = (long)size * (trip.Turns + 1);
        if (indexesLocal)
            return total <= LocalArrayBudget ? trip : null;
        // Copies of a barrier split the kernel into more regions on the CPU, for no gain.
        return total <= SmallBudget && !communicates ? trip : null;
    }

    /// <summary>Whether a value that changes with the loop's turns is an index into local memory.</summary>
    private static bool IndexesLocalArray(Loop loop)
    {
        var work = new Stack<Value>();
        var seen = new HashSet<Value>();
        foreach (Phi phi in loop.Header.Phis)
            work.Push(phi);
        while (work.TryPop(out Value? value))
        {
            if (!seen.Add(value))
                continue;
            foreach (Instruction user in value.Users)
            {
                if (!loop.Contains(user.Block!))
                    continue;
                if (user is ElementAddress { Space: AddressSpace.Local })
                    return true;
                if (user is Binary or Unary or Ir.Convert or Select or Phi)
                    work.Push(user);
            }
        }
        return false;
    }

    private static void Unroll(IrKernel kernel, Loop loop, TripCount.Result trip)
    {
        BasicBlock header = loop.Header;
        BasicBlock latch = loop.Latches[0];
        int position = kernel.Blocks.IndexOf(header);
        var added = new List<BasicBlock>();
        BasicBlock[] outside = header.Predecessors.Where(p => !loop.Contains(p)).ToArray();

        // Copy k takes the place of turn k; the values of the header's phis are those that turn k-1 passed on.
        Dictionary<Value, Value>? previous = null;
        BasicBlock? previousLatch = null;
        BasicBlock? first = null;
        for (int turn = 0; turn <= trip.Turns; turn++)
        {
            var blocks = new Dictionary<BasicBlock, BasicBlock>(loop.Blocks.Count);
            var values = new Dictionary<Value, Value>();
            foreach (BasicBlock block in loop.Blocks)
            {
                var copy = new BasicBlock();
                blocks.Add(block, copy);
                added.Add(copy);
            }
            CopyHeaderPhis(turn, values, blocks[header]);
            foreach (BasicBlock block in loop.Blocks)
            {
                if (block == header)
                    continue;
                foreach (Phi phi in block.Phis)
                    values.Add(phi, blocks[block].AppendPhi(new Phi(phi.Type, phi.Space) { Location = phi.Location }));
            }
            // Reverse postorder: operands come before their users, except through phis.
            foreach (BasicBlock block in loop.Blocks)
            {
                foreach (Instruction instruction in block.Body)
                    values.Add(instruction, blocks[block].Append(instruction.Clone(Map)));
            }
            foreach (BasicBlock block in loop.Blocks)
            {
                CopyTerminator(block, turn, Map, blocks);
                if (block == header)
                    continue;
                foreach (Phi phi in block.Phis)
                {
                    var copy = (Phi)values[phi];
                    for (int i = 0; i < phi.Operands.Count; i++)
                        copy.AddIncoming(blocks[phi.IncomingBlocks[i]], Map(phi.Operands[i]));
                }
            }

            if (previousLatch is null)
                first = blocks[header];
            previous = values;
            previousLatch = blocks[latch];

            Value Map(Value value) => values.GetValueOrDefault(value, value);
        }

        foreach (BasicBlock block in outside)
            ControlFlowSimplification.Retarget(block, header, first!);
        kernel.Blocks.InsertRange(position, added);
        // The original loop is unreachable now, as is what follows the exit in the last copy.
        UnreachableCode.Run(kernel);

        void CopyHeaderPhis(int turn, Dictionary<Value, Value> values, BasicBlock copy)
        {
            foreach (Phi phi in header.Phis)
            {
                if (turn == 0)
                    values.Add(phi, phi.ValueFrom(outside, copy));
                else if (phi.ValueFrom(latch) is var passed)
                    values.Add(phi, previous!.GetValueOrDefault(passed, passed));
            }
            // The back edge of the copy before was left open for this header.
            if (turn > 0)
                ControlFlowSimplification.Retarget(previousLatch!, header, copy);
        }

        void CopyTerminator(BasicBlock block, int turn, Func<Value, Value> map, Dictionary<BasicBlock, BasicBlock> blocks)
        {
            BasicBlock copy = blocks[block];
            Terminator terminator = block.Terminator!;
            if (block == trip.Exit)
            {
                var branch = (ConditionalBranch)terminator;
                bool stays = turn < trip.Turns;
                terminator = new Branch(stays == trip.WhenTrueStays ? branch.WhenTrue : branch.WhenFalse) { Location = branch.Location };
            }
            // A back edge still names the old header: the next copy takes it over, and in the last copy it cannot be reached.
            copy.Terminator = terminator.WithTargets(map, b => b == header ? header : blocks.GetValueOrDefault(b, b));
            foreach (BasicBlock successor in terminator.Successors)
            {
                if (loop.Contains(successor))
                    continue;
                foreach (Phi phi in successor.Phis)
                    phi.AddIncoming(copy, map(phi.ValueFrom(block)));
            }
        }
    }
}
