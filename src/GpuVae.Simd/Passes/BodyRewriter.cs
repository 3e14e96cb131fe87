using GpuVae.Simd.Ir;

namespace GpuVae.Simd.Passes;

/// <summary>
/// Asks a rule for every instruction, block by block in order. The rule may put new instructions in front of the one it looks at, and
/// a value in the place of it.
/// </summary>
internal sealed class BodyRewriter
{
    private readonly List<Instruction> output = [];

    /// <summary>The block that is walked.</summary>
    public BasicBlock Block { get; private set; } = null!;

    /// <summary>The instruction that the rule looks at.</summary>
    public Instruction Current { get; private set; } = null!;

    /// <param name="kernel">Changed in place.</param>
    /// <param name="rule">Gives what takes an instruction's place, or null where it stays.</param>
    /// <returns>Whether anything was replaced.</returns>
    public bool Run(IrKernel kernel, Func<Instruction, Value?> rule)
    {
        bool changed = false;
        foreach (BasicBlock block in kernel.Blocks)
            changed |= Run(block, rule);
        return changed;
    }

    /// <inheritdoc cref="Run(IrKernel, Func{Instruction, Value?})"/>
    public bool Run(BasicBlock block, Func<Instruction, Value?> rule)
    {
        Block = block;
        output.Clear();
        bool changed = false;
        foreach (Instruction instruction in block.Body)
        {
            Current = instruction;
            if (rule(instruction) is { } replacement && !ReferenceEquals(replacement, instruction))
            {
                instruction.DetachFor(replacement);
                changed = true;
            }
            else
            {
                output.Add(instruction);
            }
        }
        if (changed)
        {
            block.Body.Clear();
            block.Body.AddRange(output);
        }
        return changed;
    }

    /// <summary>Puts an instruction in front of the current one.</summary>
    public T Add<T>(T instruction) where T : Instruction
    {
        instruction.Block = Block;
        instruction.Location = Current.Location;
        output.Add(instruction);
        return instruction;
    }
}
