using GpuVae.Devices;
using GpuVae.Scheduling;

namespace GpuVae.Layers;

/// <summary>
/// The encoder's way up to a hierarchy of latent variables: the features of an image in stages, each made of those before it, and out of
/// them what the encoder tells every level, y = [c_0 | c_1 | …] (the deterministic path of Kingma et al. 2016, arXiv:1606.04934, and Child
/// 2021, arXiv:2011.10650).
/// </summary>
internal sealed class BottomUp : Layer
{
    private readonly Network[] contexts;
    private readonly int[] firsts;

    /// <param name="name">As everywhere.</param>
    /// <param name="stages">One after the other.</param>
    /// <param name="contexts">Of the levels, the top one first, each with the number of the stage that it sees.</param>
    public BottomUp(string name, IReadOnlyList<Network> stages, IReadOnlyList<(Network Context, int Stage)> contexts)
        : base(name, stages[0].Inputs, contexts.Sum(level => level.Context.Outputs), null)
    {
        Stages = stages;
        this.contexts = [.. contexts.Select(level => level.Context)];
        StageOf = [.. contexts.Select(level => level.Stage)];
        firsts = Columns.Firsts(this.contexts.Select(context => context.Outputs));
    }

    public IReadOnlyList<Network> Stages { get; }

    /// <summary>What makes a level's context of the features of its stage.</summary>
    public IReadOnlyList<Network> Contexts => contexts;

    /// <summary>The stage that a level sees.</summary>
    public IReadOnlyList<int> StageOf { get; }

    public override IEnumerable<(string Name, int[] Shape)> ParameterShapes => All.SelectMany(network => network.ParameterShapes);

    private IEnumerable<Network> All => Stages.Concat(contexts);

    public override void Attach(ParameterStore store)
    {
        foreach (Network network in All)
            network.Attach(store);
    }

    public override LayerPass Forward(LayerContext context, LayerOutput x)
    {
        PlannedTensor y = context.Builder.Tensor($"{Name} output", x.Value.Rows, Outputs);
        (LayerPass[] ofStages, LayerPass[] ofContexts) = Append(context, x, y);
        return new LayerPass(LayerOutput.Of(y), (back, dy, wantsInput) =>
        {
            PlannedTensor? ofNext = null;
            for (int stage = Stages.Count - 1; stage >= 0; stage--)
            {
                // All that looks at the features has gone back through their activation already.
                PlannedTensor? sum = ofNext;
                for (int i = 0; i < contexts.Length; i++)
                {
                    if (StageOf[i] != stage)
                        continue;
                    PlannedTensor dContext = Columns.Take(back, dy, firsts[i], contexts[i].Outputs, $"{Name} gradient of level {i}");
                    PlannedTensor dFeatures = ofContexts[i].Backward(back, dContext, wantsInput: true)!;
                    if (sum is not null)
                        Sums.Append(back, $"{Name} sum of gradients from level {i}", sum, dFeatures);
                    sum = dFeatures;
                }
                ofNext = ofStages[stage].Backward(back, sum!, wantsInput || stage > 0);
            }
            return ofNext;
        });
    }

    public override void Infer(LayerContext context, PlannedTensor x, PlannedTensor y, Activation? activation) =>
        Append(context, LayerOutput.Of(x), y);

    private (LayerPass[] Stages, LayerPass[] Contexts) Append(LayerContext context, LayerOutput x, PlannedTensor y)
    {
        var ofStages = new LayerPass[Stages.Count];
        for (int stage = 0; stage < ofStages.Length; stage++)
        {
            ofStages[stage] = Stages[stage].Forward(context, x);
            x = ofStages[stage].Output;
        }
        var ofContexts = new LayerPass[contexts.Length];
        for (int i = 0; i < ofContexts.Length; i++)
        {
            ofContexts[i] = contexts[i].Forward(context, ofStages[StageOf[i]].Output);
            Columns.Put(context, ofContexts[i].Output.Value, y, firsts[i]);
        }
        return (ofStages, ofContexts);
    }
}
