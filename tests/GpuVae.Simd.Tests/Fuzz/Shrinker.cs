namespace GpuVae.Simd.Tests.Fuzz;

/// <summary>
/// Makes a failing kernel smaller as long as it fails: drops statements, unwraps ifs, replaces expressions by their parts.
/// </summary>
internal static class Shrinker
{
    public static Program Shrink(Program program, Func<Program, bool> fails, TimeSpan limit)
    {
        DateTime deadline = DateTime.UtcNow + limit;
        bool progress = true;
        while (progress)
        {
            progress = false;
            foreach (Program candidate in Variants(program))
            {
                if (DateTime.UtcNow > deadline)
                    return program;
                if (!fails(candidate))
                    continue;
                program = candidate;
                progress = true;
                break;
            }
        }
        return program;
    }

    private static IEnumerable<Program> Variants(Program program)
    {
        if (program.Groups > 1)
            yield return program with { Groups = 1 };
        if (program.DimZ > 1)
            yield return program with { DimX = program.DimX * program.DimZ, DimZ = 1 };
        foreach (Block body in Variants(program.Body))
            yield return program with { Body = body };
    }

    private static IEnumerable<Block> Variants(Block block)
    {
        Statement[] statements = block.Statements;
        for (int half = statements.Length / 2; half > 1; half /= 2)
        {
            for (int start = 0; start + half <= statements.Length; start += half)
                yield return new Block([.. statements[..start], .. statements[(start + half)..]]);
        }
        for (int i = 0; i < statements.Length; i++)
        {
            int at = i;
            yield return new Block([.. statements[..at], .. statements[(at + 1)..]]);
            foreach (Statement variant in Variants(statements[at]))
            {
                Statement[] inner = variant is Block nested ? nested.Statements : [variant];
                yield return new Block([.. statements[..at], .. inner, .. statements[(at + 1)..]]);
            }
        }
    }

    private static IEnumerable<Statement> Variants(Statement statement) => statement switch
    {
        If s => Variants(s.Then).Select(t => (Statement)(s with { Then = t }))
            .Concat(Variants(s.Else).Select(e => s with { Else = e }))
            .Concat(Variants(s.Condition).Select(c => s with { Condition = c }))
            .Prepend(s.Else).Prepend(s.Then),
        For s => Variants(s.Body).Select(t => (Statement)(s with { Body = t })).Concat(Variants(s.Turns).Select(t => s with { Turns = t })),
        Assign s => Variants(s.Value).Select(v => s with { Value = v }),
        Output s => Variants(s.Value).Select(v => s with { Value = v }),
        LocalWrite s => Variants(s.Index).Select(v => (Statement)(s with { Index = v }))
            .Concat(Variants(s.Value).Select(v => s with { Value = v })),
        AtomicUpdate s => Variants(s.Index).Select(v => (Statement)(s with { Index = v }))
            .Concat(Variants(s.Value).Select(v => s with { Value = v })),
        AtomicFetch s => Variants(s.Value).Select(v => s with { Value = v }),
        Exchange s => Variants(s.From).Select(v => (Statement)(s with { From = v }))
            .Concat(Variants(s.Value).Select(v => s with { Value = v })),
        ShuffleInto s => Variants(s.Lane).Select(v => (Statement)(s with { Lane = v }))
            .Concat(Variants(s.Value).Select(v => s with { Value = v })),
        Vote s => Variants(s.Condition).Select(c => s with { Condition = c }),
        _ => [],
    };

    private static IEnumerable<Expression> Variants(Expression expression)
    {
        if (expression is Literal)
            yield break;
        if (expression is not Read)
            yield return new Read(expression.Type, ProgramGenerator.Variable(expression.Type, 0));
        yield return new Literal(expression.Type, 1);
        IEnumerable<Expression> parts = expression switch
        {
            UnaryExpression e => Variants(e.Operand).Select(o => (Expression)(e with { Operand = o })).Prepend(e.Operand),
            BinaryExpression e => Variants(e.Left).Select(o => (Expression)(e with { Left = o }))
                .Concat(Variants(e.Right).Select(o => e with { Right = o })).Prepend(e.Right).Prepend(e.Left),
            Choice e => Variants(e.WhenTrue).Select(o => (Expression)(e with { WhenTrue = o }))
                .Concat(Variants(e.WhenFalse).Select(o => e with { WhenFalse = o }))
                .Concat(Variants(e.Condition).Select(o => e with { Condition = o })).Prepend(e.WhenFalse).Prepend(e.WhenTrue),
            Cast e => Variants(e.Operand).Select(o => (Expression)(e with { Operand = o })),
            Input e => Variants(e.Index).Select(o => (Expression)(e with { Index = o })),
            LocalRead e => Variants(e.Index).Select(o => (Expression)(e with { Index = o })),
            _ => [],
        };
        foreach (Expression? part in parts)
            yield return part;
    }

    private static IEnumerable<Condition> Variants(Condition condition) => condition switch
    {
        Logic c => Variants(c.Left).Select(l => (Condition)(c with { Left = l }))
            .Concat(Variants(c.Right).Select(r => c with { Right = r }))
            .Prepend(c.Right).Prepend(c.Left),
        Comparison c => Variants(c.Left).Select(l => (Condition)(c with { Left = l }))
            .Concat(Variants(c.Right).Select(r => c with { Right = r })),
        _ => [],
    };
}
