using GpuVae.Simd.Analyses;
using GpuVae.Simd.Ir;
using GpuVae.Simd.Passes;

namespace GpuVae.Simd.Tests.Passes;

public class StructurizerTests
{
    private readonly SsaBuilder b = new();
    private readonly Parameter output;
    private readonly Parameter n;

    public StructurizerTests()
    {
        output = b.View("output", IrType.I32);
        n = b.Scalar("n", IrType.I32);
    }

    [Fact]
    public void IfElseWithJoinNeedsNoLabel()
    {
        BasicBlock then = b.NewBlock("then"), otherwise = b.NewBlock("else"), join = b.NewBlock("join");
        b.If(Test(), then, otherwise);
        b.Enter(then);
        b.Set("x", b.Binary(BinaryOp.Add, n, Constant.Int(1)));
        b.Goto(join);
        b.Enter(otherwise);
        b.Set("x", b.Binary(BinaryOp.Mul, n, Constant.Int(3)));
        b.Goto(join);
        b.Enter(join);
        b.Store(output, Constant.Int(0), b.Get("x"));
        b.Return();

        Assert.Equal("entry if(then then→join)else(else else→join) join", Structure());
    }

    [Fact]
    public void EarlyReturnBecomesNesting()
    {
        BasicBlock rest = b.NewBlock("rest"), end = b.NewBlock("end");
        b.If(Test(), end, rest);
        b.Enter(rest);
        Mark();
        b.Goto(end);
        b.Enter(end);
        b.Return();

        Assert.Equal("entry if()else(rest)", Structure());
    }

    [Fact]
    public void WhileLoopHasItsBreakInOneArmAndItsExitBehind()
    {
        BasicBlock header = b.NewBlock("header"), body = b.NewBlock("body"), after = b.NewBlock("after");
        b.Set("i", Constant.Int(0));
        b.Goto(header);
        b.EnterOpen(header);
        b.If(b.Compare(CompareOp.Lt, b.Get("i"), n), body, after);
        b.Enter(body);
        b.Set("i", b.Binary(BinaryOp.Add, b.Get("i"), Constant.Int(1)));
        b.Goto(header);
        b.Seal(header);
        b.Enter(after);
        b.Store(output, Constant.Int(0), b.Get("i"));
        b.Return();

        Assert.Equal("entry→header loop header {header if()else(header→after break header) body body→header} after", Structure());
        // Loop-closed: what is stored is a phi of the exit, not the loop's own phi.
        Store store = after.Body.OfType<Store>().Single();
        Assert.Equal(after, Assert.IsType<Phi>(store.StoredValue).Block);
    }

    [Fact]
    public void SearchLoopKeepsTheShortExitInItsArm()
    {
        BasicBlock header = b.NewBlock("header"), body = b.NewBlock("body"), found = b.NewBlock("found"),
            next = b.NewBlock("next"), after = b.NewBlock("after");
        b.Set("i", Constant.Int(0));
        b.Set("x", Constant.Int(-1));
        b.Goto(header);
        b.EnterOpen(header);
        b.If(b.Compare(CompareOp.Lt, b.Get("i"), n), body, after);
        b.Enter(body);
        b.If(b.Compare(CompareOp.Eq, b.Load(output, b.Get("i"), IrType.I32), n), found, next);
        b.Enter(found);
        b.Set("x", b.Binary(BinaryOp.Mul, b.Get("i"), Constant.Int(2)));
        b.Goto(after);
        b.Enter(next);
        b.Set("i", b.Binary(BinaryOp.Add, b.Get("i"), Constant.Int(1)));
        b.Goto(header);
        b.Seal(header);
        b.Enter(after);
        b.Store(output, Constant.Int(0), b.Get("x"));
        b.Return();

        Assert.Equal(
            "entry→header loop header {header if()else(header→after break header) body " +
            "if(body→found found found→after break header)else() next next→header} after",
            Structure());
    }

    [Fact]
    public void JoinOfAnEarlyExitAndAnInnerArmGetsALabel()
    {
        // a ? (b ? skip : s1) : nothing; s2; then `skip` joins behind s2.
        BasicBlock inner = b.NewBlock("inner"), s1 = b.NewBlock("s1"), s2 = b.NewBlock("s2"), end = b.NewBlock("end");
        b.If(Test(), inner, s2);
        b.Enter(inner);
        b.If(Test(), end, s1);
        b.Enter(s1);
        Mark();
        b.Goto(s2);
        b.Enter(s2);
        Mark();
        b.Goto(end);
        b.Enter(end);
        Mark();
        b.Return();

        Assert.Equal("entry label {if(inner if(break label)else() s1)else() s2} end", Structure());
    }

    [Fact]
    public void TwoEntriesToALoopAreRefused()
    {
        BasicBlock left = b.NewBlock("left"), right = b.NewBlock("right");
        b.If(Test(), left, right);
        b.EnterOpen(left);
        b.Goto(right);
        b.EnterOpen(right);
        b.Goto(left);

        KernelCompilationException error = Assert.Throws<KernelCompilationException>(() => Structure());
        Assert.Contains("entered at two places", error.Message);
    }

    private string Structure() => b.Print(Structurizer.Build(b.Kernel));

    private Value Test() => b.Compare(CompareOp.Lt, b.Load(output, n, IrType.I32), Constant.Int(7));

    private void Mark() => b.Store(output, n, Constant.Int(b.Kernel.Blocks.IndexOf(b.Block)));
}
