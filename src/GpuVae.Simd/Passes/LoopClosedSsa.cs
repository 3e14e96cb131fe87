using GpuVae.Simd.Analyses;
using GpuVae.Simd.Ir;

namespace GpuVae.Simd.Passes;

/// <summary>
/// Gives every value of a loop that is used outside it a phi in the loop's exits. Backends rely on it: a lane that has left a divergent
/// loop must keep the value it left with, while the loop goes on for the others.
/// </summary>
internal static class LoopClosedSsa
{
    public static void Run(Dominators dominators, Loops loops)
    {
        // In the order of the headers: the phi that closes one loop may stand in the header of the next, whose value it is then.
        foreach (Loop loop in loops.OuterFirst)
            new Closer(dominators, loop).Run();
    }

    private sealed class Closer(Dominators dominators, Loop loop)
    {
        private readonly Dictionary<BasicBlock, Phi> phis = [];

        public void Run()
        {
            if (loop.Exits.Count == 0)
                return;
            foreach (BasicBlock block in loop.Blocks)
            {
                foreach (Phi phi in block.Phis)
                    Close(phi);
                foreach (Instruction instruction in block.Body)
                {
                    if (instruction.Type != IrType.Void)
                        Close(instruction);
                }
            }
        }

        private void Close(Instruction definition)
        {
            phis.Clear();
            foreach (Instruction user in definition.Users.ToArray())
            {
                for (int i = 0; i < user.Operands.Count; i++)
                {
                    if (ReferenceEquals(user.Operands[i], definition) && PlaceOfUse(user, i) is var block && !loop.Contains(block))
                        user.SetOperand(i, AtEntry(block, definition));
                }
            }
        }

        /// <summary>A phi uses its operand at the end of the predecessor, so what flows along an exit edge is still used inside.</summary>
        private static BasicBlock PlaceOfUse(Instruction user, int operand) => user is Phi phi ? phi.IncomingBlocks[operand] : user.Block!;

        private Phi AtEntry(BasicBlock block, Instruction definition)
        {
            // Above the first dominator that is an exit, or that joins several exits, the value cannot change.
            while (!IsExit(block) && dominators.ImmediateDominatorOf(block) is { } dominator && !loop.Contains(dominator))
                block = dominator;
            if (phis.TryGetValue(block, out Phi? phi))
                return phi;
            phi = block.AppendPhi(new Phi(definition.Type, definition.Space) { Location = definition.Location });
            phis.Add(block, phi);
            foreach (BasicBlock predecessor in block.Predecessors)
                phi.AddIncoming(predecessor, loop.Contains(predecessor) ? definition : AtEntry(predecessor, definition));
            return phi;
        }

        private bool IsExit(BasicBlock block) => block.Predecessors.Any(loop.Contains);
    }
}
