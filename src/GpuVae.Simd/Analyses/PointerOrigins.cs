using GpuVae.Simd.Ir;

namespace GpuVae.Simd.Analyses;

/// <summary>The parameter, allocation or table that a pointer was made from.</summary>
internal static class PointerOrigins
{
    /// <summary>Pointers that are merged more often on their way say nothing.</summary>
    private const int MaximumDepth = 8;

    /// <summary>A <see cref="Parameter"/>, <see cref="Allocation"/> or <see cref="Constant"/>; null where several may be meant.</summary>
    public static Value? Of(Value pointer) => Of(pointer, depth: 0);

    private static Value? Of(Value pointer, int depth)
    {
        while (pointer is ElementAddress or AlignedPointer)
            pointer = ((Instruction)pointer).Operands[0];
        // Phis may form cycles (p = p + 1); what a cycle adds to itself is no origin of its own.
        if (depth > MaximumDepth)
            return null;
        switch (pointer)
        {
            case Parameter or Allocation:
                return pointer;
            case Constant:
                return depth == 0 ? pointer : null;
            case Select select:
                Value? whenTrue = Of(select.WhenTrue, depth + 1);
                return whenTrue is not null && ReferenceEquals(whenTrue, Of(select.WhenFalse, depth + 1)) ? whenTrue : null;
            case Phi phi:
                Value? origin = null;
                foreach (Value operand in phi.Operands)
                {
                    if (ReferenceEquals(operand, phi) || operand is ElementAddress { Pointer: var step } && ReferenceEquals(step, phi))
                        continue;
                    Value? next = Of(operand, depth + 1);
                    if (next is null || (origin is not null && !ReferenceEquals(origin, next)))
                        return null;
                    origin = next;
                }
                return origin;
            default:
                return null;
        }
    }
}
