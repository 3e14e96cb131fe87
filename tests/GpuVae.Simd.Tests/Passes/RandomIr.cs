using GpuVae.Simd.Ir;

namespace GpuVae.Simd.Tests.Passes;

/// <summary>
/// Random structured programs over integer variables as IR: nested ifs, loops with breaks and continues out of several levels, early
/// returns, local arrays with constant, counted and computed indices. Every loop is bounded by a counter of its own.
/// </summary>
internal sealed class RandomIr
{
    private static readonly string[] Variables = ["a", "b", "c", "d"];
    private static readonly BinaryOp[] Operators =
    [
        BinaryOp.Add, BinaryOp.Sub, BinaryOp.Mul, BinaryOp.And, BinaryOp.Or, BinaryOp.Xor, BinaryOp.Min, BinaryOp.Max, BinaryOp.Shl,
            BinaryOp.Shr,
        BinaryOp.ShrUnsigned, BinaryOp.MinUnsigned, BinaryOp.MulHighUnsigned,
    ];

    private readonly Random random;
    private readonly SsaBuilder b = new();
    private readonly Parameter output;
    private readonly Parameter n;
    private readonly Allocation local;
    private readonly List<(BasicBlock Break, BasicBlock Continue)> loops = [];
    private int budget = 40;
    private int names;

    private RandomIr(int seed)
    {
        random = new Random(seed);
        output = b.View("output", IrType.I32);
        n = b.Scalar("n", IrType.I32);
        local = b.Local(IrType.I32, 4);
        foreach (string variable in Variables)
            b.Set(variable, random.Next(2) == 0 ? n : Constant.Int(random.Next(-4, 5)));
        if (Statements(0))
        {
            for (int i = 0; i < Variables.Length; i++)
                b.Store(output, Constant.Int(i), b.Get(Variables[i]));
            b.Return();
        }
    }

    public static (SsaBuilder Builder, Parameter N) Make(int seed)
    {
        var program = new RandomIr(seed);
        return (program.b, program.n);
    }

    private string Variable() => Variables[random.Next(Variables.Length)];

    private Value Operand() => random.Next(4) switch
    {
        0 => Constant.Int(random.Next(-9, 10)),
        1 => n,
        _ => b.Get(Variable()),
    };

    private Value Expression() => random.Next(8) switch
    {
        0 => b.Add(new Unary(random.Next(2) == 0 ? UnaryOp.Neg : UnaryOp.Not, Operand())),
        1 => b.Add(new Select(Condition(), Operand(), Operand())),
        2 => b.Add(new GpuVae.Simd.Ir.Convert(ConvertOp.ZeroExtend, Condition(), IrType.I32)),
        3 => Binary(random.Next(2) == 0 ? BinaryOp.Div : BinaryOp.Rem, Constant.Int(1 << random.Next(1, 6))),
        4 => Narrowed(),
        5 => b.Load(local, Binary(BinaryOp.And, Constant.Int(3)), IrType.I32),
        _ => Binary(Operators[random.Next(Operators.Length)], Operand()),
    };

    private Value Binary(BinaryOp op, Value right) => b.Binary(op, Operand(), right);

    private Value Narrowed()
    {
        Ir.Convert narrow = b.Add(new GpuVae.Simd.Ir.Convert(ConvertOp.Truncate, Operand(),
            random.Next(2) == 0 ? IrType.I8 : IrType.I16));
        return b.Add(new GpuVae.Simd.Ir.Convert(random.Next(2) == 0 ? ConvertOp.SignExtend : ConvertOp.ZeroExtend, narrow,
            IrType.I32));
    }

    private Value Condition()
    {
        Value condition = b.Compare((CompareOp)random.Next(10), Operand(), Operand());
        return random.Next(4) switch
        {
            0 => b.Add(new Unary(UnaryOp.Not, condition)),
            1 => b.Binary(random.Next(2) == 0 ? BinaryOp.And : BinaryOp.Or, condition, b.Compare(CompareOp.Lt, Operand(), Operand())),
            _ => condition,
        };
    }

    /// <summary>False when control cannot reach the end of the statements.</summary>
    private bool Statements(int depth)
    {
        for (int count = random.Next(1, 5); count > 0 && budget > 0; count--)
        {
            budget--;
            if (!Statement(depth))
                return false;
        }
        return true;
    }

    private bool Statement(int depth)
    {
        switch (depth > 5 ? random.Next(4) : random.Next(12))
        {
            case < 4:
                b.Set(Variable(), Expression());
                return true;
            case 4:
                b.Store(output, Constant.Int(random.Next(4, 8)), b.Get(Variable()));
                return true;
            case 5:
                b.Store(local, random.Next(2) == 0 ? Constant.Int(random.Next(4)) : Binary(BinaryOp.And, Constant.Int(3)),
                    b.Get(Variable()));
                return true;
            case 6 or 7:
                return If(depth);
            case 8 when loops.Count < 3:
                Counted(depth);
                return true;
            case 9 when loops.Count < 3:
                Loop(depth);
                return true;
            case 10 when loops.Count > 0:
                (BasicBlock Break, BasicBlock Continue) target = loops[random.Next(loops.Count)];
                b.Goto(random.Next(2) == 0 ? target.Break : target.Continue);
                return false;
            case 11 when depth > 1 && random.Next(3) == 0:
                b.Return();
                return false;
            default:
                b.Set(Variable(), b.Load(local, Constant.Int(random.Next(4)), IrType.I32));
                return true;
        }
    }

    private BasicBlock Block(string kind) => b.NewBlock(kind + names++);

    private bool If(int depth)
    {
        BasicBlock then = Block("then"), otherwise = Block("else"), join = Block("join");
        b.If(Condition(), then, otherwise);
        b.Enter(then);
        bool falls = Statements(depth + 1);
        if (falls)
            b.Goto(join);
        b.Enter(otherwise);
        if (random.Next(2) == 0 || Statements(depth + 1))
        {
            b.Goto(join);
            falls = true;
        }
        if (falls)
            b.Enter(join);
        else
            b.Kernel.Blocks.Remove(join);
        return falls;
    }

    /// <summary>A loop with a constant number of turns that walks the local array.</summary>
    private void Counted(int depth)
    {
        BasicBlock header = Block("for"), body = Block("body"), next = Block("next"), after = Block("after");
        string counter = "i" + names++;
        b.Set(counter, Constant.Int(0));
        b.Goto(header);
        b.EnterOpen(header);
        b.If(b.Compare(CompareOp.Lt, b.Get(counter), Constant.Int(random.Next(1, 5))), body, after);
        b.Enter(body);
        b.Store(local, b.Get(counter), b.Binary(BinaryOp.Add, b.Load(local, b.Get(counter), IrType.I32), b.Get(Variable())));
        Body(depth, after, next);
        b.Set(counter, b.Binary(BinaryOp.Add, b.Get(counter), Constant.Int(1)));
        b.Goto(header);
        b.Seal(header);
        b.Enter(after);
    }

    private void Loop(int depth)
    {
        BasicBlock header = Block("loop"), body = Block("body"), next = Block("next"), after = Block("after");
        string fuel = "f" + names++;
        b.Set(fuel, Constant.Int(0));
        b.Goto(header);
        b.EnterOpen(header);
        if (random.Next(3) == 0)
            b.Set(Variable(), Expression());
        b.If(b.Compare(CompareOp.Lt, b.Get(fuel), b.Binary(BinaryOp.And, n, Constant.Int(7))), body, after);
        b.Enter(body);
        Body(depth, after, next);
        b.Set(fuel, b.Binary(BinaryOp.Add, b.Get(fuel), Constant.Int(1)));
        b.Goto(header);
        b.Seal(header);
        b.Enter(after);
    }

    private void Body(int depth, BasicBlock after, BasicBlock next)
    {
        loops.Add((after, next));
        if (Statements(depth + 1))
            b.Goto(next);
        loops.RemoveAt(loops.Count - 1);
        b.Enter(next);
    }
}
