namespace GpuVae.Scheduling;

/// <summary>
/// Collects steps and the tensors they use, plans the arena from the resulting lifetimes and makes the <see cref="Schedule"/>. Planning and
/// binding are apart so that several schedules (a full batch and the last, smaller one) can share one block of memory.
/// </summary>
internal sealed class ScheduleBuilder
{
    private readonly List<ScheduleStep> steps = [];
    private readonly List<PlannedTensor> tensors = [];
    private readonly Dictionary<PlannedTensor, int> places = [];
    private ArenaPlan? plan;
    private bool varies;

    /// <summary>
    /// Images per run: the rows of every tensor of <see cref="Tensor(string, int)"/>. Of a run that goes through its images in parts, those
    /// of the part whose steps come next.
    /// </summary>
    public int Batch { get; set; }

    /// <summary>Before the names of the steps that come next.</summary>
    public string Prefix { get; set; } = "";

    public ScheduleBuilder(int batch)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batch);
        Batch = batch;
    }

    /// <summary>Declares a tensor [Batch, <paramref name="columns"/>] of the arena.</summary>
    public PlannedTensor Tensor(string name, int columns) => Tensor(name, Batch, columns);

    /// <summary>Declares a tensor [<paramref name="rows"/>, <paramref name="columns"/>] of the arena.</summary>
    public PlannedTensor Tensor(string name, int rows, int columns)
    {
        var tensor = new PlannedTensor(name, rows, columns);
        tensors.Add(tensor);
        return tensor;
    }

    /// <summary>Declares such a tensor, and appends a step that fills it with zeros.</summary>
    public PlannedTensor Zeros(string name, int rows, int columns)
    {
        PlannedTensor tensor = Tensor(name, rows, columns);
        Add(name, 0, 4.0 * tensor.Length, [tensor], stream => tensor.View.MemSetToZero(stream));
        return tensor;
    }

    /// <summary>Declares a tensor [Batch, <paramref name="columns"/>] outside the arena, whose view is set before every run.</summary>
    public PlannedTensor External(string name, int columns) => External(name, Batch, columns);

    /// <summary>The same with <paramref name="rows"/> rows.</summary>
    public PlannedTensor External(string name, int rows, int columns)
    {
        varies = true;
        return new PlannedTensor(name, rows, columns);
    }

    /// <summary>Wraps memory outside the arena, the same in every run, as a tensor of <paramref name="rows"/> rows.</summary>
    public static PlannedTensor Fixed(string name, ArrayView<float> view, int rows = 1) => new(name, rows, view.IntLength / rows)
    {
        View = view,
    };

    /// <summary>
    /// Appends a step. <paramref name="uses"/> are the arena tensors that it reads or writes: from them come the lifetimes. Memory outside
    /// the arena (parameters, the data set) is simply captured by <paramref name="launch"/>, which does nothing but launch kernels, copy
    /// and fill, unless it is a user's. Where its arguments differ from run to run, as a step <paramref name="varies"/>, none is recorded.
    /// </summary>
    public void Add(
        string name, double flops, double bytes, ReadOnlySpan<PlannedTensor> uses, Action<AcceleratorStream> launch, bool isOfUser = false,
        bool varies = false)
    {
        this.varies |= varies;
        foreach (PlannedTensor tensor in uses)
            tensor.UseAt(steps.Count);
        steps.Add(new ScheduleStep(Prefix + name, flops, bytes, launch) { IsOfUser = isOfUser });
    }

    /// <summary>Plans the arena; no step may be added afterwards.</summary>
    /// <returns>Elements of float32 that <see cref="Bind"/> needs.</returns>
    public long Plan()
    {
        if (plan is not null)
            return plan.Length;
        plan = new ArenaPlan();
        foreach (PlannedTensor tensor in tensors)
            if (tensor.IsUsed)
                places[tensor] = plan.Add(tensor.Length, tensor.First, tensor.Last);
        plan.Place();
        return plan.Length;
    }

    /// <summary>Places every tensor in <paramref name="memory"/> and makes the schedule.</summary>
    /// <exception cref="ArgumentException">The memory is shorter than <see cref="Plan"/> asks for.</exception>
    public Schedule Bind(ArrayView<float> memory)
    {
        long needed = Plan();
        if (memory.Length < needed)
            throw new ArgumentException($"The arena has {memory.Length} elements; the plan needs {needed}.", nameof(memory));
        foreach ((PlannedTensor tensor, int id) in places)
            tensor.View = memory.SubView(plan!.OffsetOf(id), tensor.Length);
        return new Schedule([.. steps], needed * sizeof(float), isFixed: !varies);
    }
}
