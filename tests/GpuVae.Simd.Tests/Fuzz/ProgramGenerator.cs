namespace GpuVae.Simd.Tests.Fuzz;

/// <summary>
/// Makes random kernels. Threads wait for one another only where all of them arrive: at the top level and in loops that nobody leaves
/// early.
/// </summary>
internal sealed class ProgramGenerator
{
    private static readonly FuzzType[] Types = Enum.GetValues<FuzzType>();
    private static readonly (int X, int Y, int Z)[] Shapes =
        [(32, 1, 1), (16, 1, 1), (64, 1, 1), (24, 1, 1), (8, 4, 1), (5, 3, 1), (1, 1, 1), (33, 1, 1), (4, 3, 2), (16, 1, 3)];

    // Shuffles need whole warps of whatever size the device has; 64 is the largest.
    private static readonly (int X, int Y, int Z)[] ShapesOfWholeWarps = [(64, 1, 1), (64, 1, 1), (16, 4, 1), (8, 2, 4)];

    private readonly Random random;
    private readonly FuzzType[] types;
    private readonly bool communicates;
    private int budget;
    private int loops;
    private int counters;

    private ProgramGenerator(int seed, bool halves)
    {
        random = new Random(seed);
        types = halves ? Types : [.. Types.Where(type => type != FuzzType.Half)];
        communicates = random.Next(3) == 0;
        budget = random.Next(8, 40);
    }

    /// <summary>The variables of each type: v0, v1, … with the type's name before.</summary>
    public static string Variable(FuzzType type, int index) => $"{SourceWriter.Name(type)}{index}";

    /// <param name="seed">Which kernel.</param>
    /// <param name="halves">It may compute with Half.</param>
    public static Program Make(int seed, bool halves)
    {
        var generator = new ProgramGenerator(seed, halves);
        (int X, int Y, int Z)[] shapes = generator.communicates ? ShapesOfWholeWarps : Shapes;
        (int x, int y, int z) = shapes[generator.random.Next(shapes.Length)];
        Block body = generator.Statements(0, uniform: true, loop: false);
        int groups = generator.random.Next(1, 4);
        return new Program(seed, body, groups, x, y, z) { IsImplicit = !generator.communicates && generator.Chance(2) };
    }

    private bool Chance(int of) => random.Next(of) == 0;

    private T Pick<T>(params ReadOnlySpan<T> choices) => choices[random.Next(choices.Length)];

    private FuzzType AnyType() => types[random.Next(types.Length)];

    private string AnyVariable(FuzzType type) => Variable(type, random.Next(2));

    private Block Statements(int depth, bool uniform, bool loop)
    {
        var result = new List<Statement>();
        for (int count = random.Next(1, depth == 0 ? 12 : 5); count > 0 && budget > 0; count--)
        {
            budget--;
            Statement statement = Next(depth, uniform, loop);
            result.Add(statement);
            if (statement is Break or Continue or Return)
                break;
        }
        return new Block([.. result]);
    }

    private Statement Next(int depth, bool uniform, bool loop)
    {
        FuzzType type = AnyType();
        switch (random.Next(depth < 4 ? 20 : 12))
        {
            case < 6:
                return new Assign(type, AnyVariable(type), Expression(type, 3));
            case < 8:
                return new Output(random.Next(4), Expression(type, 2));
            case 8:
                return new LocalWrite(Expression(FuzzType.Int, 1), Expression(FuzzType.Int, 2));
            case 9 when Chance(3):
                return new AtomicFetch(
                    AnyVariable(FuzzType.Int), Pick("Add", "Min", "Max", "And", "Or", "Xor", "Exchange"), Expression(FuzzType.Int, 2));
            case 9:
                return new AtomicUpdate(Pick("Add", "Min", "Max", "And", "Or", "Xor"), Expression(FuzzType.Int, 1),
                    Expression(FuzzType.Int, 2));
            case 10:
                return new Elementary(
                    random.Next(4), Pick("Exp", "Log", "Sqrt", "Tanh", "Sin", "Cos", "Rsqrt"),
                        new Cast(FuzzType.Float, Expression(FuzzType.Int, 1)));
            case 11:
                if (loop && Chance(2))
                    return Chance(2) ? new Break() : new Continue();
                return depth > 0 && !communicates && Chance(3) ? new Return() : new Assign(type, AnyVariable(type), Expression(type, 2));
            case < 15:
                return new If(Condition(), Statements(depth + 1, false, loop),
                    Chance(2) ? new Block() : Statements(depth + 1, false, loop));
            case < 18 when loops < 3:
                return Loop(depth, uniform);
            default:
                return uniform && communicates ? Communicate() : new Assign(type, AnyVariable(type), Expression(type, 3));
        }
    }

    private For Loop(int depth, bool uniform)
    {
        string counter = $"i{counters++}";
        bool stays = uniform && Chance(2);
        Expression turns = stays || Chance(2)
            ? new Literal(FuzzType.Int, random.Next(1, 6))
            : new BinaryExpression("&", Expression(FuzzType.Int, 1), new Literal(FuzzType.Int, 7));
        loops++;
        Block body = Statements(depth + 1, stays, loop: !stays);
        loops--;
        return new For(counter, turns, body);
    }

    private Statement Communicate()
    {
        FuzzType type = Pick(FuzzType.Int, FuzzType.Long, FuzzType.Float, FuzzType.Double);
        return random.Next(3) switch
        {
            0 => new Exchange(type, AnyVariable(type), Expression(type, 2), Expression(FuzzType.Int, 1), Chance(2)),
            1 => new ShuffleInto(
                type, AnyVariable(type), Pick("Shuffle", "ShuffleXor", "ShuffleUp", "ShuffleDown"), Expression(type, 2),
                    Expression(FuzzType.Int, 0)),
            _ => new Vote(AnyVariable(FuzzType.Int), Pick("BarrierPopCount", "BarrierAnd", "BarrierOr"), Condition()),
        };
    }

    private Condition Condition(int depth = 1)
    {
        if (depth > 0 && Chance(4))
            return new Logic(Chance(2), Condition(depth - 1), Condition(depth - 1));
        FuzzType type = AnyType();
        return new Comparison(Pick("<", "<=", ">", ">=", "==", "!="), Expression(type, 1), Expression(type, 1));
    }

    private Expression Expression(FuzzType type, int depth)
    {
        if (depth == 0)
            return Leaf(type);
        bool isFloat = type is FuzzType.Float or FuzzType.Double or FuzzType.Half;
        switch (random.Next(12))
        {
            case < 2:
                return Leaf(type);
            case 2:
                string function = type == FuzzType.Half ? Pick("-", "Abs") : isFloat ? Pick("-", "Abs", "Sqrt", "Floor") : Pick("-", "~");
                return new UnaryExpression(function, Expression(type, depth - 1));
            case 3:
                return new Choice(Condition(0), Expression(type, depth - 1), Expression(type, depth - 1));
            case 4:
                return new Cast(type, Expression(AnyType(), depth - 1));
            case 5 when type == FuzzType.Int:
                return new LocalRead(Expression(FuzzType.Int, depth - 1));
            case 6:
                return new Input(type, Expression(FuzzType.Int, depth - 1));
            case 7 when type is FuzzType.Float or FuzzType.Double:
                return ExactMultiplyAdd(type);
            default:
                string op = isFloat
                    ? Pick("+", "-", "*", "/", "Min", "Max")
                    : Pick("+", "-", "*", "/", "%", "&", "|", "^", "<<", ">>", "Min", "Max", "+", "-");
                return new BinaryExpression(op, Expression(type, depth - 1), Expression(type, depth - 1));
        }
    }

    /// <summary>Small whole numbers: exact whether or not it is contracted to one rounding.</summary>
    private BinaryExpression ExactMultiplyAdd(FuzzType type)
    {
        Expression Small() => new Cast(type, new BinaryExpression("&", Leaf(FuzzType.Int), new Literal(FuzzType.Int, 1023)));
        return new BinaryExpression(Chance(2) ? "+" : "-", new BinaryExpression("exact*", Small(), Small()), Small());
    }

    private Expression Leaf(FuzzType type) => random.Next(5) switch
    {
        0 => new Literal(type, Value(type)),
        1 when type == FuzzType.Int =>
            new Coordinate(communicates && Chance(4)
                ? "Warp.LaneIdx"
                : Pick("Group.IdxX", "Group.IdxY", "Group.IdxZ", "Grid.IdxX", "Group.DimX")),
        _ => new Read(type, AnyVariable(type)),
    };

    private double Value(FuzzType type) => type switch
    {
        FuzzType.Byte => random.Next(256),
        FuzzType.Short => random.Next(-300, 300),
        FuzzType.Int => Pick(random.Next(-10, 10), 1 << random.Next(31), int.MinValue, int.MaxValue, random.Next()),
        FuzzType.UInt => Pick((uint)random.Next(10), uint.MaxValue, 1u << random.Next(32), (uint)random.Next()),
        FuzzType.Long => Pick(random.Next(-10, 10), 1L << random.Next(50), -(1L << random.Next(50))),
        FuzzType.Half => Pick(random.Next(-8, 8), 0.5, 2048, 65504, -0.0, (double)(Half)random.NextSingle()),
        FuzzType.Float => Pick((float)random.Next(-8, 8), random.NextSingle(), 0.5f, 1e10f, -0f),
        _ => Pick(random.Next(-8, 8), random.NextDouble(), 0.5, 1e100, -0.0),
    };
}
