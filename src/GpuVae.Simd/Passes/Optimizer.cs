using GpuVae.Simd.Analyses;
using GpuVae.Simd.Ir;

namespace GpuVae.Simd.Passes;

/// <summary>
/// The passes in order. Cleaning up runs to a fixpoint; unrolling and promotion feed it with constants; what changes the shape of
/// expressions for the machine (row pointers, fused multiply-add, shifts) comes last.
/// </summary>
internal sealed class Optimizer
{
    // Each round only simplifies; kernels settle in three or four. The bound keeps a rule that undoes another from hanging a launch.
    private const int MaximumRounds = 12;

    private readonly IrKernel kernel;
    private readonly Action<string>? afterPass;

    private Optimizer(IrKernel kernel, Action<string>? afterPass) => (this.kernel, this.afterPass) = (kernel, afterPass);

    /// <param name="kernel">Optimised in place.</param>
    /// <param name="target">What is known of the launch becomes constants.</param>
    /// <param name="afterPass">Called with the name of each pass that changed something; tests verify and print here.</param>
    public static void Run(IrKernel kernel, KernelTarget target, Action<string>? afterPass = null) =>
        new Optimizer(kernel, afterPass).Run(target);

    /// <summary>Folds what has become constant, joins blocks and removes what nobody uses, until nothing changes.</summary>
    public static void Clean(IrKernel kernel) => new Optimizer(kernel, null).Clean();

    private void Run(KernelTarget target)
    {
        Step(nameof(LaunchConstants), k => LaunchConstants.Run(k, target));
        Step(nameof(UnreachableCode), UnreachableCode.Run);
        Clean();
        while (Step(nameof(LoopUnrolling), LoopUnrolling.Run) | Step(nameof(LocalMemoryPromotion), LocalMemoryPromotion.Run))
            Clean();
        if (Step(nameof(IfConversion), IfConversion.Run))
            Clean();
        if (!target.ViewsOverlap)
            ReadOnlyMemory.Run(kernel);
        Step(nameof(AlignmentPropagation), AlignmentPropagation.Run);
        // What is fixed during a loop has to stand before it to count as fixed.
        Step(nameof(LoopInvariantCodeMotion), LoopInvariantCodeMotion.Run);
        Step(nameof(AddressArithmetic), AddressArithmetic.Run);
        Step(nameof(CommonSubexpressions), CommonSubexpressions.Run);
        Step(nameof(LoopInvariantCodeMotion), LoopInvariantCodeMotion.Run);
        Clean();
        Step(nameof(FmaContraction), FmaContraction.Run);
        if (target.Kind == TargetKind.Simd)
            Step(nameof(ElementaryFunctions), ElementaryFunctions.Run);
        Step(nameof(FinalForms), FinalForms.Run);
        Step(nameof(CommonSubexpressions), CommonSubexpressions.Run);
        Step(nameof(DeadCode), DeadCode.Run);
    }

    private void Clean()
    {
        bool changed = true;
        for (int round = 0; changed && round < MaximumRounds; round++)
        {
            changed = Step(nameof(InstructionSimplification), InstructionSimplification.Run);
            changed |= Step(nameof(ControlFlowSimplification), ControlFlowSimplification.Run);
            changed |= Step(nameof(CommonSubexpressions), CommonSubexpressions.Run);
            changed |= Step(nameof(DeadCode), DeadCode.Run);
        }
    }

    private bool Step(string name, Func<IrKernel, bool> pass)
    {
        bool changed = pass(kernel);
        if (changed)
            afterPass?.Invoke(name);
        return changed;
    }
}
