using GpuVae.Simd.Analyses;
using GpuVae.Simd.Ir;
using GpuVae.Simd.Passes;

namespace GpuVae.Simd.Tests.Passes;

/// <summary>On random programs, every pass keeps what the program stores, and the control tree stores the same as the graph.</summary>
public class RandomIrTests
{
    private static readonly int Programs = Environment.GetEnvironmentVariable("GPUVAE_NIGHTLY") is null ? 300 : 10_000;

    private static readonly int[] Inputs = [0, 1, 5, -3, 1000003];

    [Fact]
    public void ControlTreeDoesWhatTheGraphDoes() => Check((kernel, _) => { });

    [Fact]
    public void OptimizerKeepsWhatIsStored() => Check((kernel, verify) => Optimizer.Run(kernel, new KernelTarget(TargetKind.Simd), verify));

    private static void Check(Action<IrKernel, Action<string>> transform)
    {
        for (int seed = 0; seed < Programs; seed++)
        {
            (SsaBuilder builder, Parameter n) = RandomIr.Make(seed);
            IReadOnlyDictionary<long, ulong>[] expected = Inputs.Select(x => Evaluator(n, x).RunGraph(builder.Kernel).Global).ToArray();
            var passes = new List<string>();
            try
            {
                transform(builder.Kernel, pass =>
                {
                    passes.Add(pass);
                    Compare(x => Evaluator(n, x).RunGraph(builder.Kernel));
                });
                ControlNode tree = Structurizer.Build(builder.Kernel);
                Compare(x => Evaluator(n, x).RunTree(tree));
                AssertLoopClosed(builder.Kernel);
            }
            catch (Exception exception)
            {
                throw new InvalidOperationException($"seed {seed} after {string.Join(" ", passes)}: {exception.Message}", exception);
            }

            void Compare(Func<int, IrEvaluator> run)
            {
                for (int i = 0; i < Inputs.Length; i++)
                    Assert.Equal(expected[i].OrderBy(m => m.Key), run(Inputs[i]).Global.OrderBy(m => m.Key));
            }
        }
    }

    private static void AssertLoopClosed(IrKernel kernel)
    {
        var loops = new Loops(kernel, new Dominators(kernel));
        foreach (Loop loop in loops.OuterFirst)
        {
            foreach (Instruction? definition in loop.Blocks.SelectMany(b => b.Phis.Concat(b.Body)))
            {
                foreach (Instruction user in definition.Users)
                {
                    for (int i = 0; i < user.Operands.Count; i++)
                    {
                        if (ReferenceEquals(user.Operands[i], definition))
                            Assert.True(loop.Contains(user is Phi phi ? phi.IncomingBlocks[i] : user.Block!),
                                "a value of a loop is used outside");
                    }
                }
            }
        }
    }

    private static IrEvaluator Evaluator(Parameter n, int value) => new(new Dictionary<Parameter, long> { [n] = value });
}
