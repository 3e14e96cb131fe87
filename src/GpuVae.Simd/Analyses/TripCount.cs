using GpuVae.Simd.Ir;

namespace GpuVae.Simd.Analyses;

/// <summary>
/// How often a loop turns, found by running its exit test on constants: start values of the header's phis, the test, the next values,
/// and so on.
/// Any recurrence of pure operations on constants will do, not only <c>i += c</c>.
/// </summary>
internal sealed class TripCount
{
    private readonly Loop loop;
    private readonly Dictionary<Value, Constant?> values = [];

    private TripCount(Loop loop) => this.loop = loop;

    /// <param name="Exit">The block whose branch ends the loop.</param>
    /// <param name="Turns">How often that branch is passed without leaving the loop.</param>
    /// <param name="WhenTrueStays">Which way stays in the loop.</param>
    internal readonly record struct Result(BasicBlock Exit, int Turns, bool WhenTrueStays);

    /// <summary>Null where no exit is decided by constants alone within <paramref name="maximum"/> turns.</summary>
    public static Result? Of(Loop loop, Loops loops, Dominators dominators, int maximum)
    {
        if (loop.Latches.Count != 1)
            return null;
        foreach ((BasicBlock from, _) in loop.Exits)
        {
            // The test must take place once in every turn.
            if (from.Terminator is not ConditionalBranch branch || loops.InnermostOf(from) != loop ||
                !dominators.Dominates(from, loop.Latches[0]) || loop.Contains(branch.WhenTrue) == loop.Contains(branch.WhenFalse))
            {
                continue;
            }
            bool whenTrueStays = loop.Contains(branch.WhenTrue);
            if (new TripCount(loop).Run(branch.Condition, whenTrueStays, maximum) is { } turns)
                return new Result(from, turns, whenTrueStays);
        }
        return null;
    }

    private int? Run(Value condition, bool whenTrueStays, int maximum)
    {
        BasicBlock latch = loop.Latches[0];
        List<Phi> phis = loop.Header.Phis;
        foreach (Phi phi in phis)
        {
            // Only one way in: else the start is whichever was taken.
            Value[] starts = [.. phi.Operands.Where((_, i) => phi.IncomingBlocks[i] != latch)];
            values[phi] = starts is [Constant start] ? start : null;
        }

        var next = new Constant?[phis.Count];
        for (int turn = 0; turn <= maximum; turn++)
        {
            if (Evaluate(condition, 0) is not { } decision)
                return null;
            if ((decision.Bits != 0) != whenTrueStays)
                return turn;
            for (int i = 0; i < phis.Count; i++)
                next[i] = Evaluate(phis[i].ValueFrom(latch), 0);
            values.Clear();
            for (int i = 0; i < phis.Count; i++)
                values[phis[i]] = next[i];
        }
        return null;
    }

    private Constant? Evaluate(Value value, int depth)
    {
        if (value is Constant constant)
            return constant;
        if (values.TryGetValue(value, out Constant? known))
            return known;
        Constant? result = depth < 16 && loop.Contains(value)
            ? ConstantEvaluator.Evaluate((Instruction)value, operand => Evaluate(operand, depth + 1))
            : null;
        return values[value] = result;
    }
}
