using GpuVae.Simd.Analyses;
using GpuVae.Simd.Ir;

namespace GpuVae.Simd.Passes;

/// <summary>
/// The passes in order. Cleaning up runs to a fixpoint; unrolling and promotion feed it with constants; what changes the shape of
/// expressions for the machine (row pointers, fused multiply-add, shifts) comes last.
/// </summary>
internal static class Optimizer
{
    // Each round only simplifies; kernels settle in three or four. The bound keeps a rule that undoes another from hanging a launch.
    private const int MaximumRounds = 12;

    /// <param name="kernel">Optimised in place.</param>
    /// <param name="target">What is known of the launch becomes constants.</param>
    /// <param name="afterPass">Called with the name of each pass that changed something; tests verify and print here.</param>
    public static void Run(IrKernel kernel, KernelTarget target, Action<string>? afterPass = null)
    {
        Step(nameof(LaunchConstants), k => LaunchConstants.Run(k, target));
        Step(nameof(UnreachableCode), UnreachableCode.Run);
        Clean(kernel, afterPass);
        while (Step(nameof(LoopUnrolling), LoopUnrolling.Run) | Step(nameof(LocalMemoryPromotion), LocalMemoryPromotion.Run))
            Clean(kernel, afterPass);
        if (Step(nameof(IfConversion), IfConversion.Run))
            Clean(kernel, afterPass);
        if (!target.ViewsOverlap)
            ReadOnlyMemory.Run(kernel);
        Step(nameof(AlignmentPropagation), AlignmentPropagation.Run);
        Step(nameof(AddressArithmetic), AddressArithmetic.Run);
        Step(nameof(CommonSubexpressions), CommonSubexpressions.Run);
        Step(nameof(LoopInvariantCodeMotion), LoopInvariantCodeMotion.Run);
        Clean(kernel, afterPass);
        Step(nameof(FmaContraction), FmaContraction.Run);
        if (target.Kind == TargetKind.Simd)
            Step(nameof(ElementaryFunctions), ElementaryFunctions.Run);
        Step(nameof(FinalForms), FinalForms.Run);
        Step(nameof(CommonSubexpressions), CommonSubexpressions.Run);
        Step(nameof(DeadCode), DeadCode.Run);

        bool Step(string name, Func<IrKernel, bool> pass) => Optimizer.Step(kernel, name, pass, afterPass);
    }

    /// <summary>Folds what has become constant, joins blocks and removes what nobody uses, until nothing changes.</summary>
    public static void Clean(IrKernel kernel, Action<string>? afterPass = null)
    {
        for (int round = 0; round < MaximumRounds; round++)
        {
            bool changed = Step(kernel, nameof(InstructionSimplification), InstructionSimplification.Run, afterPass);
            changed |= Step(kernel, nameof(ControlFlowSimplification), ControlFlowSimplification.Run, afterPass);
            changed |= Step(kernel, nameof(CommonSubexpressions), CommonSubexpressions.Run, afterPass);
            changed |= Step(kernel, nameof(DeadCode), DeadCode.Run, afterPass);
            if (!changed)
                return;
        }
    }

    private static bool Step(IrKernel kernel, string name, Func<IrKernel, bool> pass, Action<string>? afterPass)
    {
        if (!pass(kernel))
            return false;
        afterPass?.Invoke(name);
        return true;
    }
}
