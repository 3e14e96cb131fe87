using GpuVae.Simd.Ir;

namespace GpuVae.Simd.Analyses;

/// <summary>The parameter, allocation or table that a pointer was made from.</summary>
internal static class PointerOrigins
{
    /// <summary>A <see cref="Parameter"/>, <see cref="Allocation"/> or <see cref="Constant"/>, or null where several may be meant.</summary>
    public static Value? Of(Value pointer)
    {
        while (true)
        {
            switch (pointer)
            {
                case ElementAddress address:
                    pointer = address.Pointer;
                    break;
                case AlignedPointer aligned:
                    pointer = aligned.Pointer;
                    break;
                case Parameter or Allocation or Constant:
                    return pointer;
                default:
                    return OfMerge(pointer, depth: 0);
            }
        }
    }

    private static Value? OfMerge(Value pointer, int depth)
    {
        // Phis may form cycles (p = p + 1); what a cycle adds to itself is no origin of its own.
        if (depth > 8)
            return null;
        switch (pointer)
        {
            case Parameter or Allocation:
                return pointer;
            case ElementAddress address:
                return OfMerge(address.Pointer, depth + 1);
            case AlignedPointer aligned:
                return OfMerge(aligned.Pointer, depth + 1);
            case Select select:
                Value? whenTrue = OfMerge(select.WhenTrue, depth + 1);
                return whenTrue is not null && ReferenceEquals(whenTrue, OfMerge(select.WhenFalse, depth + 1)) ? whenTrue : null;
            case Phi phi:
                Value? origin = null;
                foreach (Value operand in phi.Operands)
                {
                    if (ReferenceEquals(operand, phi) || operand is ElementAddress { Pointer: var step } && ReferenceEquals(step, phi))
                        continue;
                    Value? next = OfMerge(operand, depth + 1);
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
