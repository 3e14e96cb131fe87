using System.Globalization;
using System.Text;

namespace GpuVae.Simd.Tests.Fuzz;

/// <summary>Writes a random kernel as the C# that it stands for.</summary>
internal static class SourceWriter
{
    public static string Write(Program program)
    {
        var text = new StringBuilder();
        text.AppendLine(
            $"// seed {program.Seed}, {program.Groups} groups of {program.DimX} × {program.DimY} × {program.DimZ}" +
            (program.IsImplicit ? ", loaded as implicitly grouped" : ""));
        Write(text, program.Body, 0);
        return text.ToString();
    }

    public static string Name(FuzzType type) => type.ToString().ToLowerInvariant();

    private static void Write(StringBuilder text, Statement statement, int depth)
    {
        string indent = new(' ', depth * 2);
        switch (statement)
        {
            case Block block:
                foreach (Statement inner in block.Statements)
                    Write(text, inner, depth);
                return;
            case If branch:
                text.AppendLine($"{indent}if ({Text(branch.Condition)}) {{");
                Write(text, branch.Then, depth + 1);
                if (branch.Else.Statements.Length > 0)
                {
                    text.AppendLine($"{indent}}} else {{");
                    Write(text, branch.Else, depth + 1);
                }
                text.AppendLine($"{indent}}}");
                return;
            case For loop:
                text.AppendLine($"{indent}for (int {loop.Counter} = 0; {loop.Counter} < {Text(loop.Turns)}; {loop.Counter}++) {{");
                Write(text, loop.Body, depth + 1);
                text.AppendLine($"{indent}}}");
                return;
        }
        text.AppendLine(indent + statement switch
        {
            Assign s => $"{s.Variable} = {Text(s.Value)};",
            Output s => $"{Name(s.Value.Type)}Out[thread * 4 + {s.Slot}] = {Text(s.Value)};",
            Elementary s => $"approximate[thread * 4 + {s.Slot}] = {s.Function}({Text(s.Argument)});",
            LocalWrite s => $"local[{Text(s.Index)} & 3] = {Text(s.Value)};",
            Exchange s => $"{Shared(s)}[me] = {Text(s.Value)}; Group.Barrier(); " +
                $"{s.Variable} = {Shared(s)}[{Text(s.From)} % size]; Group.Barrier();",
            ShuffleInto s => $"{s.Variable} = Warp.{s.Kind}({Text(s.Value)}, {Text(s.Lane)});",
            Vote s => $"{s.Variable} = Group.{s.Kind}({Text(s.Condition)});",
            AtomicUpdate s => $"Atomic.{s.Operation}(ref atomics{s.Operation}[{Text(s.Index)} & 1], {Text(s.Value)});",
            AtomicFetch s => $"{s.Variable} = Atomic.{s.Operation}(ref ownAtomic[thread], {Text(s.Value)});",
            Break => "break;",
            Continue => "continue;",
            Return => "return;",
            _ => throw new NotSupportedException(statement.GetType().Name),
        });
    }

    private static string Shared(Exchange exchange) => exchange.IsDynamic ? "dynamic" : "shared";

    private static string Text(Expression expression) => expression switch
    {
        Literal e => $"({Name(e.Type)}){e.Value.ToString("R", CultureInfo.InvariantCulture)}",
        Read e => e.Variable,
        Input e => $"{Name(e.Type)}In[{Text(e.Index)} & 63]",
        LocalRead e => $"local[{Text(e.Index)} & 3]",
        Coordinate e => e.Name,
        UnaryExpression e => $"{e.Operator}({Text(e.Operand)})",
        BinaryExpression { Operator: "Min" or "Max" } e => $"{e.Operator}({Text(e.Left)}, {Text(e.Right)})",
        BinaryExpression e => $"({Text(e.Left)} {e.Operator} {Text(e.Right)})",
        Choice e => $"({Text(e.Condition)} ? {Text(e.WhenTrue)} : {Text(e.WhenFalse)})",
        Cast e => $"({Name(e.Type)}){Text(e.Operand)}",
        _ => throw new NotSupportedException(expression.GetType().Name),
    };

    private static string Text(Condition condition) => condition switch
    {
        Comparison c => $"{Text(c.Left)} {c.Operator} {Text(c.Right)}",
        Logic c => $"({Text(c.Left)} {(c.And ? "&&" : "||")} {Text(c.Right)})",
        _ => throw new NotSupportedException(condition.GetType().Name),
    };
}
