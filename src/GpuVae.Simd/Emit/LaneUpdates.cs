using GpuVae.Simd.Ir;

namespace GpuVae.Simd.Emit;

/// <summary>What a store does to its place: <c>p[i] = p[i] ∘ x</c>.</summary>
/// <param name="Load">Reads the place.</param>
/// <param name="Operation">Of the old value and <see cref="Operand"/>; only the store wants it.</param>
/// <param name="Operand">The other operand.</param>
internal sealed record LaneUpdate(Load Load, Binary Operation, Value Operand);

/// <summary>
/// Stores of <c>p[i] = p[i] ∘ x</c> where the lanes' addresses lie anywhere. Such a store goes lane by lane, and its load then does, too:
/// in one instruction with it, where a gather would wait until the stores of the turn before have reached the cache. Threads that
/// meet at one address without a barrier between them may do so in any order, so one after the other will do.
/// </summary>
internal sealed class LaneUpdates
{
    private readonly Dictionary<Store, LaneUpdate> updates = [];
    private readonly HashSet<Instruction> parts = [];

    public LaneUpdates(IrKernel kernel, ShapeAnalysis shapes)
    {
        foreach (BasicBlock block in kernel.Blocks)
        {
            // Loads that nothing has been written behind.
            var fresh = new List<Load>();
            for (int i = 0; i < block.Body.Count; i++)
            {
                Instruction instruction = block.Body[i];
                if (instruction is Load load && shapes[load.Pointer].IsVarying)
                    fresh.Add(load);
                if (instruction is Store store && fresh.Find(l => ReferenceEquals(l.Pointer, store.Pointer)) is { } own &&
                    Match(store, own) is { } update && !IsReadBefore(own, update.Operation, block, i))
                {
                    updates.Add(store, update);
                    parts.Add(own);
                    parts.Add(update.Operation);
                }
                if (instruction.HasSideEffects)
                    fresh.Clear();
            }
        }
    }

    public LaneUpdate? Of(Store store) => updates.GetValueOrDefault(store);

    /// <summary>The instruction has no place of its own: the store that it belongs to does it.</summary>
    public bool IsPart(Instruction instruction) => parts.Contains(instruction);

    private static LaneUpdate? Match(Store store, Load own)
    {
        if (store.StoredValue is not Binary { Users.Count: 1, Type: IrType.I32 or IrType.I64 or IrType.F32 or IrType.F64 } operation)
            return null;
        bool commutes = operation.Op is BinaryOp.Add or BinaryOp.And or BinaryOp.Or or BinaryOp.Xor;
        if (!commutes && operation.Op != BinaryOp.Sub)
            return null;
        Value operand = ReferenceEquals(operation.Left, own) ? operation.Right : operation.Left;
        bool fits = ReferenceEquals(operation.Left, own) || (commutes && ReferenceEquals(operation.Right, own));
        return fits && !ReferenceEquals(operand, own) ? new(own, operation, operand) : null;
    }

    private static bool IsReadBefore(Load load, Binary operation, BasicBlock block, int position) =>
        block.Body.Take(position).Any(i => !ReferenceEquals(i, operation) && i.Operands.Contains(load));
}
