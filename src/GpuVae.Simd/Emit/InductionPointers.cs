using GpuVae.Simd.Analyses;
using GpuVae.Simd.Ir;
using GpuVae.Simd.Passes;
using Convert = GpuVae.Simd.Ir.Convert;

namespace GpuVae.Simd.Emit;

/// <summary>
/// Strength reduction of addresses in innermost loops (cf. Cooper, Simpson and Vick 2001, "Operator Strength Reduction"): where a 32-bit
/// index grows by a fixed step, it is not widened and scaled anew in each turn. One pointer that it belongs to is bumped itself;
/// several share a 64-bit index, which addressing scales.
/// </summary>
internal static class InductionPointers
{
    /// <summary>Returns whether anything was changed; the control tree and the shapes are of before then.</summary>
    /// <param name="kernel">In loop-closed form.</param>
    /// <param name="index">The control tree of the kernel.</param>
    /// <param name="shapes">Over the lanes of a warp.</param>
    public static bool Run(IrKernel kernel, ControlIndex index, ShapeAnalysis shapes)
    {
        if (!index.HasLoops)
            return false;
        bool changed = false;
        foreach (Loop loop in new Loops(kernel, new Dominators(kernel)).OuterFirst)
        {
            // Lanes that leave alone keep their own addresses.
            if (loop.Children.Count > 0 || loop.Latches.Count != 1 ||
                index.LoopOf(loop.Header) is not { } node || shapes.LaneWalk.IsDivergent(node))
                continue;
            foreach (Phi phi in loop.Header.Phis.ToArray())
                changed |= Reduce(phi, loop, kernel, shapes);
        }
        return changed;
    }

    private static bool Reduce(Phi phi, Loop loop, IrKernel kernel, ShapeAnalysis shapes)
    {
        if (phi.Type != IrType.I32 || shapes[phi].IsVarying || phi.Operands.Count != 2)
            return false;
        BasicBlock latch = loop.Latches[0];
        if (phi.ValueFrom(latch) is not Binary { Op: BinaryOp.Add } next || StepOf(next, phi) is not { } step || loop.Contains(step) ||
            !shapes[step].IsUniform)
            return false;
        List<ElementAddress> addresses = [.. phi.Users.OfType<ElementAddress>().Where(address =>
            ReferenceEquals(address.Index, phi) && loop.Contains(address) && !loop.Contains(address.Pointer) &&
            address.Space is AddressSpace.Global or AddressSpace.Shared && !shapes[address.Pointer].IsVarying)];
        if (addresses.Count == 0)
            return false;
        LoopInvariantCodeMotion.EnsurePreheader(kernel, loop);
        BasicBlock preheader = loop.Preheader!;
        List<IGrouping<(Value Pointer, int Size), ElementAddress>> arrays = [.. addresses.GroupBy(a => (a.Pointer, a.ElementSize))];
        if (arrays is [{ Key: var (pointer, size) }])
        {
            Phi current = loop.Header.AppendPhi(new Phi(IrType.Pointer, pointer.Space) { Location = phi.Location });
            Value start = Before(new ElementAddress(pointer, phi.ValueFrom(preheader), size));
            Value bytes = step is Constant constant
                ? Constant.Long(constant.SignedValue * size)
                : Before(new Binary(BinaryOp.Mul, Wide(step), Constant.Long(size)));
            Value bumped = AtEnd(new ElementAddress(current, bytes, 1));
            current.AddIncoming(preheader, start);
            current.AddIncoming(latch, bumped);
            foreach (ElementAddress address in addresses)
            {
                address.SetOperand(0, current);
                address.SetOperand(1, Constant.Int(0));
            }
            return true;
        }
        Phi wide = loop.Header.AppendPhi(new Phi(IrType.I64) { Location = phi.Location });
        wide.AddIncoming(preheader, Wide(phi.ValueFrom(preheader)));
        wide.AddIncoming(latch, AtEnd(new Binary(BinaryOp.Add, wide, Wide(step))));
        foreach (ElementAddress address in addresses)
            address.SetOperand(1, wide);
        return true;

        Value Wide(Value value) => value is Constant known ? Constant.Long(known.SignedValue)
            : Before(new Convert(ConvertOp.SignExtend, value, IrType.I64));

        T Before<T>(T instruction) where T : Instruction => Placed(preheader, instruction);

        T AtEnd<T>(T instruction) where T : Instruction => Placed(latch, instruction);

        T Placed<T>(BasicBlock block, T instruction) where T : Instruction
        {
            instruction.Location = phi.Location;
            return block.Append(instruction);
        }
    }

    private static Value? StepOf(Binary next, Phi phi) =>
        ReferenceEquals(next.Left, phi) ? next.Right : ReferenceEquals(next.Right, phi) ? next.Left : null;
}
