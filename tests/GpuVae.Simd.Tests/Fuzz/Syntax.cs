namespace GpuVae.Simd.Tests.Fuzz;

/// <summary>The types of fuzzed variables; the small integers are computed with as int, as in C#, and Half as float.</summary>
internal enum FuzzType
{
    Byte,
    Short,
    Int,
    UInt,
    Long,
    Float,
    Double,
    Half,
}

/// <summary>A random kernel's syntax tree. Everything is an immutable record, so that shrinking can rebuild parts.</summary>
internal abstract record Expression(FuzzType Type);

internal sealed record Literal(FuzzType Type, double Value) : Expression(Type);

internal sealed record Read(FuzzType Type, string Variable) : Expression(Type);

/// <summary><c>input[index &amp; 63]</c>, from the input view of the type.</summary>
internal sealed record Input(FuzzType Type, Expression Index) : Expression(Type);

/// <summary><c>local[index &amp; 3]</c></summary>
internal sealed record LocalRead(Expression Index) : Expression(FuzzType.Int);

/// <summary>Group.IdxX, Grid.IdxX, Group.DimX or Warp.LaneIdx.</summary>
internal sealed record Coordinate(string Name) : Expression(FuzzType.Int);

internal sealed record UnaryExpression(string Operator, Expression Operand) : Expression(Operand.Type);

/// <summary>Both operands and the result have one type. Shifts, divisions and float products are guarded when emitted.</summary>
internal sealed record BinaryExpression(string Operator, Expression Left, Expression Right) : Expression(Left.Type);

/// <summary><c>condition ? whenTrue : whenFalse</c></summary>
internal sealed record Choice(Condition Condition, Expression WhenTrue, Expression WhenFalse) : Expression(WhenTrue.Type);

internal sealed record Cast(FuzzType Type, Expression Operand) : Expression(Type);

/// <summary>A comparison, or two combined with <c>&amp;&amp;</c> or <c>||</c>.</summary>
internal abstract record Condition;

internal sealed record Comparison(string Operator, Expression Left, Expression Right) : Condition;

internal sealed record Logic(bool And, Condition Left, Condition Right) : Condition;

internal abstract record Statement;

internal sealed record Assign(FuzzType Type, string Variable, Expression Value) : Statement;

internal sealed record If(Condition Condition, Block Then, Block Else) : Statement;

/// <summary><c>for (int counter = 0; counter &lt; turns; counter++)</c>; the turns are at most 7.</summary>
internal sealed record For(string Counter, Expression Turns, Block Body) : Statement;

/// <summary>Breaks out of the innermost loop.</summary>
internal sealed record Break : Statement;

internal sealed record Continue : Statement;

internal sealed record Return : Statement;

/// <summary><c>output[thread · 4 + slot] = value</c>, to the output view of the value's type.</summary>
internal sealed record Output(int Slot, Expression Value) : Statement;

/// <summary>An elementary function of a float, stored at once so that its few ULP are not magnified.</summary>
internal sealed record Elementary(int Slot, string Function, Expression Argument) : Statement;

internal sealed record LocalWrite(Expression Index, Expression Value) : Statement;

/// <summary>
/// Every thread writes its slot of static or dynamic shared memory; behind a barrier it reads another's, and a second barrier follows.
/// </summary>
internal sealed record Exchange(FuzzType Type, string Variable, Expression Value, Expression From, bool IsDynamic) : Statement;

/// <summary>A warp shuffle into a variable.</summary>
internal sealed record ShuffleInto(FuzzType Type, string Variable, string Kind, Expression Value, Expression Lane) : Statement;

/// <summary>A group-wide count, conjunction or disjunction into an int.</summary>
internal sealed record Vote(string Variable, string Kind, Condition Condition) : Statement;

/// <summary>An atomic whose order does not matter, its result unused.</summary>
internal sealed record AtomicUpdate(string Operation, Expression Index, Expression Value) : Statement;

/// <summary>
/// An atomic on an element that only this thread touches, so that the old value, put into an int, is the same in any order.
/// </summary>
internal sealed record AtomicFetch(string Variable, string Operation, Expression Value) : Statement;

internal sealed record Block(params Statement[] Statements) : Statement;

/// <summary>A kernel and how it is launched.</summary>
internal sealed record Program(int Seed, Block Body, int Groups, int DimX, int DimY, int DimZ = 1)
{
    /// <summary>Its first parameter is the index of the thread, and the accelerator chooses the groups.</summary>
    public bool IsImplicit { get; init; }

    public int Threads => Groups * DimX * DimY * DimZ;

    /// <summary>Its threads wait for one another, or its result depends on the warp size.</summary>
    public bool Communicates => Nodes(Body).Any(s => s is Exchange or ShuffleInto or Vote) || UsesLanes;

    public bool UsesDynamicMemory => Nodes(Body).Any(s => s is Exchange { IsDynamic: true });

    public bool UsesLanes => Source.Contains("Warp.", StringComparison.Ordinal);

    /// <summary>What a thread reads depends on more than its arguments and inputs, so no thread can be evaluated alone.</summary>
    public bool ReadsAtomics => Nodes(Body).Any(s => s is AtomicFetch);

    public string Source => SourceWriter.Write(this);

    private static IEnumerable<Statement> Nodes(Statement statement) => statement switch
    {
        Block block => block.Statements.SelectMany(Nodes),
        If branch => Nodes(branch.Then).Concat(Nodes(branch.Else)),
        For loop => Nodes(loop.Body).Prepend(loop),
        _ => [statement],
    };
}
