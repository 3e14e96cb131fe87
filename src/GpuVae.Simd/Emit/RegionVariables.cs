using GpuVae.Simd.Ir;

namespace GpuVae.Simd.Emit;

/// <summary>The variables that hold a value of each warp across a barrier, and where in the warp's block they wait.</summary>
internal sealed class RegionVariables
{
    private readonly RegionPlan regions;
    private readonly ShapeAnalysis shapes;
    private readonly InlinePlan plan;
    private readonly Dictionary<RegionStep, (HashSet<Value> Read, HashSet<Value> Written)> accesses = [];
    private readonly Dictionary<Value, int> offsets = new(ReferenceEqualityComparer.Instance);

    public RegionVariables(
        RegionPlan regions, ShapeAnalysis shapes, InlinePlan plan, SimdConfiguration configuration, ScratchLayout scratch)
    {
        this.regions = regions;
        this.shapes = shapes;
        this.plan = plan;
        Visit(regions.Root);
        var seen = new Dictionary<Value, int>(ReferenceEqualityComparer.Instance);
        foreach ((HashSet<Value> read, HashSet<Value> written) in accesses.Values)
        {
            foreach (Value variable in read.Union(written))
                seen[variable] = seen.GetValueOrDefault(variable) + 1;
        }
        foreach ((Value variable, int count) in seen)
        {
            if (count < 2 || (shapes[variable].Kind == ShapeKind.GroupUniform && !(variable is Phi phi && regions.IsMixed(phi))))
                continue;
            int bytes = shapes[variable].IsScalar ? 8 : configuration.PartsOf(variable.Type) * configuration.BitsOf(variable.Type) / 8;
            offsets[variable] = scratch.AddPerWarp(bytes);
        }
    }

    public int OffsetOf(Value variable) => offsets[variable];

    /// <summary>
    /// What a region finds in the warp's block. A phi may keep its old value in some lanes, so it is fetched also where it is set.
    /// </summary>
    public IEnumerable<Value> LoadedIn(RegionStep region) =>
        accesses[region].Read.Union(accesses[region].Written.Where(v => v is Phi)).Where(offsets.ContainsKey);

    public IEnumerable<Value> StoredIn(RegionStep region) => accesses[region].Written.Where(offsets.ContainsKey);

    private void Visit(GroupStep step)
    {
        switch (step)
        {
            case GroupSequence sequence:
                sequence.Steps.ForEach(Visit);
                break;
            case GroupIf branch:
                Visit(branch.Then);
                Visit(branch.Else);
                break;
            case GroupTarget target:
                Visit(target.Body);
                break;
            case RegionStep region:
                var sets = (new HashSet<Value>(ReferenceEqualityComparer.Instance), new HashSet<Value>(ReferenceEqualityComparer.Instance));
                accesses[region] = sets;
                foreach (RegionPiece piece in region.Pieces)
                    Collect(piece.Node, piece, sets.Item1, sets.Item2);
                break;
        }
    }

    private void Collect(ControlNode node, RegionPiece piece, HashSet<Value> read, HashSet<Value> written)
    {
        switch (node)
        {
            case BlockNode block:
                int to = piece.Node is null ? block.Block.Body.Count : piece.To;
                for (int i = piece.Node is null ? 0 : piece.From; i < to; i++)
                {
                    Instruction instruction = block.Block.Body[i];
                    if (plan.IsInlined(instruction) || instruction is Geometry)
                        continue;
                    foreach (Value operand in instruction.Operands)
                        Read(operand);
                    if (instruction.Type != IrType.Void)
                        written.Add(plan.VariableOf(instruction));
                }
                break;
            case EdgeCopies copies:
                foreach (Phi phi in copies.To.Phis.Where(p => !regions.IsGroupVariable(p)))
                {
                    Read(phi.ValueFrom(copies.From));
                    written.Add(phi);
                }
                break;
            case IfNode branch:
                Read(branch.Branch.Condition);
                break;
        }
        foreach (ControlNode inner in node.Inner)
            Collect(inner, default, read, written);

        void Read(Value value)
        {
            if (value is not Instruction instruction || value is Geometry)
                return;
            if (!plan.IsInlined(value))
            {
                read.Add(plan.VariableOf(value));
                return;
            }
            foreach (Value operand in instruction.Operands)
                Read(operand);
        }
    }
}
