using GpuVae.Simd.Analyses;
using GpuVae.Simd.Ir;
using GpuVae.Simd.Passes;
using Convert = GpuVae.Simd.Ir.Convert;

namespace GpuVae.Simd.Tests.Passes;

/// <summary>What each pass makes of a few instructions, and what it leaves alone because it must.</summary>
public class PassTests
{
    private readonly SsaBuilder b = new();
    private readonly Parameter input;
    private readonly Parameter output;
    private readonly Parameter n;
    private readonly Parameter x;

    public PassTests()
    {
        input = b.View("input", IrType.F32);
        output = b.View("output", IrType.F32);
        n = b.Scalar("n", IrType.I32);
        x = b.Scalar("x", IrType.F32);
    }

    private IEnumerable<Instruction> Body => b.Kernel.Blocks.SelectMany(block => block.Body);

    [Fact]
    public void RegroupsIntegerConstants()
    {
        // ((n + 3) * 4 - 12) / 4 unsigned = n * 4 >> 2.
        Value value = b.Binary(BinaryOp.Add, n, Constant.Int(3));
        value = b.Binary(BinaryOp.Mul, value, Constant.Int(4));
        value = b.Binary(BinaryOp.Sub, value, Constant.Int(12));
        Value result = Simplified(b.Binary(BinaryOp.DivUnsigned, value, Constant.Int(4)));

        Binary shift = Assert.IsType<Binary>(result);
        Assert.Equal(BinaryOp.ShrUnsigned, shift.Op);
        Binary product = Assert.IsType<Binary>(shift.Left);
        Assert.Equal(BinaryOp.Mul, product.Op);
        Assert.Same(n, product.Left);
    }

    [Fact]
    public void KeepsFloatSumsWithPositiveZero()
    {
        // -0 + 0 is +0, so x + 0 is not x; x + -0 and x * 1 are.
        Assert.IsType<Binary>(Simplified(b.Binary(BinaryOp.Add, x, Constant.Float(0f))));
        Assert.Same(x, Simplified(b.Binary(BinaryOp.Add, x, Constant.Float(-0f))));
        Assert.Same(x, Simplified(b.Binary(BinaryOp.Mul, x, Constant.Float(1f))));
    }

    [Fact]
    public void DividesByMultiplyingOnlyWhereThatIsExact()
    {
        Assert.Equal(BinaryOp.Mul, Assert.IsType<Binary>(Simplified(b.Binary(BinaryOp.Div, x, Constant.Float(8f)))).Op);
        Assert.Equal(BinaryOp.Div, Assert.IsType<Binary>(Simplified(b.Binary(BinaryOp.Div, x, Constant.Float(3f)))).Op);
        // 1 / 2^-127 is 2^127, but 1 / 2^127 is subnormal, which some devices flush.
        Assert.Equal(BinaryOp.Div, Assert.IsType<Binary>(Simplified(b.Binary(BinaryOp.Div, x, Constant.Float(MathF.ScaleB(1, 127))))).Op);
    }

    [Fact]
    public void DoesNotFoldADivisionThatThrows()
    {
        Assert.IsType<Binary>(Simplified(b.Binary(BinaryOp.Div, Constant.Int(1), Constant.Int(0))));
        Assert.IsType<Binary>(Simplified(b.Binary(BinaryOp.Rem, Constant.Int(int.MinValue), Constant.Int(-1))));
    }

    [Fact]
    public void InvertsOrderedFloatComparisonsToUnordered()
    {
        Value result = Simplified(b.Add(new Unary(UnaryOp.Not, b.Compare(CompareOp.Lt, x, Constant.Float(1f)))));
        Assert.Equal(CompareOp.GeOrUnordered, Assert.IsType<Compare>(result).Op);
    }

    [Fact]
    public void MakesTheHighHalfOfAProductOneOperation()
    {
        Value wide = b.Binary(
            BinaryOp.Mul, b.Add(new Convert(ConvertOp.ZeroExtend, n, IrType.I64)), Constant.FromBits(IrType.I64, 0xD2511F53));
        Convert high = b.Add(new Convert(ConvertOp.Truncate, b.Binary(BinaryOp.ShrUnsigned, wide, Constant.Int(32)), IrType.I32));
        Assert.Equal(BinaryOp.MulHighUnsigned, Assert.IsType<Binary>(Simplified(high)).Op);
    }

    [Fact]
    public void SharesEqualOperationsAndReadOnlyLoads()
    {
        Value sum = b.Binary(BinaryOp.Add, b.Load(input, n, IrType.F32), b.Load(input, n, IrType.F32));
        b.Store(output, Constant.Int(0), sum);
        b.Return();

        ReadOnlyMemory.Run(b.Kernel);
        Assert.True(CommonSubexpressions.Run(b.Kernel));
        Assert.Single(Body.OfType<Load>());
    }

    [Fact]
    public void ReloadsAfterAStoreThatMayAlias()
    {
        // Both views are written, so neither is read-only, and they may be the same buffer.
        b.Store(input, Constant.Int(5), x);
        Value first = b.Load(input, n, IrType.F32);
        b.Store(output, Constant.Int(0), first);
        Value second = b.Load(input, n, IrType.F32);
        b.Store(output, Constant.Int(1), second);
        b.Return();

        ReadOnlyMemory.Run(b.Kernel);
        CommonSubexpressions.Run(b.Kernel);
        Assert.Equal(2, Body.OfType<Load>().Count());
        Assert.All(Body.OfType<Load>(), load => Assert.False(load.IsReadOnly));
    }

    [Fact]
    public void ForwardsAStoreToTheNextLoad()
    {
        b.Store(output, n, x);
        b.Store(output, Constant.Int(7), b.Load(output, n, IrType.F32));
        b.Return();

        CommonSubexpressions.Run(b.Kernel);
        Assert.DoesNotContain(Body, i => i is Load);
    }

    [Fact]
    public void DoesNotShareLoadsAcrossABarrier()
    {
        b.Store(output, Constant.Int(0), b.Load(output, n, IrType.F32));
        b.Add(new GpuVae.Simd.Ir.Barrier(BarrierKind.Group));
        b.Store(output, Constant.Int(0), b.Load(output, n, IrType.F32));
        b.Return();

        CommonSubexpressions.Run(b.Kernel);
        Assert.Equal(2, Body.OfType<Load>().Count());
    }

    [Fact]
    public void HoistsWhatALoopDoesNotChange()
    {
        Loop(n, i =>
        {
            Value scale = b.Binary(BinaryOp.Mul, x, x);
            Value quotient = b.Binary(BinaryOp.Div, Constant.Int(100), n);
            b.Store(output, b.Binary(BinaryOp.Add, i, quotient), scale);
        });

        LoopInvariantCodeMotion.Run(b.Kernel);
        Instruction[] inLoop = LoopBlocks().SelectMany(block => block.Body).ToArray();
        Assert.DoesNotContain(inLoop, i => i is Binary { Op: BinaryOp.Mul });
        // The loop may have no turn, and then n may be 0: the division stays.
        Assert.Contains(inLoop, i => i is Binary { Op: BinaryOp.Div });
    }

    [Fact]
    public void UnrollsALoopOverALocalArrayIntoRegisters()
    {
        Allocation local = b.Local(IrType.F32, 8);
        Loop(Constant.Int(8), i => b.Store(local, i, b.Load(input, i, IrType.F32)));
        Loop(Constant.Int(8), i => b.Store(output, i, b.Load(local, i, IrType.F32)));
        b.Return();

        Optimize();
        Assert.Empty(b.Kernel.Allocations);
        Assert.Single(b.Kernel.Blocks);
        Assert.Equal(8, Body.OfType<Load>().Count());
        Assert.Equal(8, Body.OfType<Store>().Count());
    }

    [Fact]
    public void KeepsALongLoopALoop()
    {
        Loop(Constant.Int(1000), i => b.Store(output, i, x));
        b.Return();

        Optimize();
        Assert.Single(new Loops(b.Kernel, new Dominators(b.Kernel)).OuterFirst);
    }

    [Fact]
    public void KeepsALocalArrayWithAComputedIndexInMemory()
    {
        Allocation local = b.Local(IrType.F32, 4);
        b.Store(local, Constant.Int(1), x);
        b.Store(output, Constant.Int(0), b.Load(local, n, IrType.F32));
        b.Return();

        Optimize();
        Assert.Single(b.Kernel.Allocations);
    }

    [Fact]
    public void FoldsConstantIndicesIntoTheOffset()
    {
        Convert wide = b.Add(new Convert(ConvertOp.SignExtend, b.Binary(BinaryOp.Add, n, Constant.Int(3)), IrType.I64));
        b.Store(output, wide, x);
        b.Return();

        AddressArithmetic.Run(b.Kernel);
        DeadCode.Run(b.Kernel);
        ElementAddress address = Assert.Single(Body.OfType<ElementAddress>());
        Assert.Same(n, address.Index);
        Assert.Equal(12, address.Offset);
    }

    [Fact]
    public void TakesTheRowPointerOutOfTheLoop()
    {
        Value row = b.Binary(BinaryOp.Mul, n, Constant.Int(100));
        Loop(n, i => b.Store(output, b.Binary(BinaryOp.Add, row, i), x));
        b.Return();

        Optimize();
        Store store = Assert.Single(Body.OfType<Store>());
        ElementAddress address = Assert.IsType<ElementAddress>(store.Pointer);
        Assert.IsType<Phi>(address.Index);
        ElementAddress rowPointer = Assert.IsType<ElementAddress>(address.Pointer);
        Assert.DoesNotContain(rowPointer.Block!, LoopBlocks());
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public void ContractsProductsWithOneUse(bool adds, bool productFirst)
    {
        BinaryOp op = adds ? BinaryOp.Add : BinaryOp.Sub;
        Value product = b.Binary(BinaryOp.Mul, x, b.Load(input, n, IrType.F32));
        b.Store(output, Constant.Int(0), productFirst ? b.Binary(op, product, x) : b.Binary(op, x, product));
        b.Return();

        Assert.True(FmaContraction.Run(b.Kernel));
        Assert.Single(Body.OfType<Fma>());
        Assert.DoesNotContain(Body, i => i is Binary { Op: BinaryOp.Mul });
        Assert.Equal(adds ? 0 : 1, Body.Count(i => i is Unary { Op: UnaryOp.Neg }));
    }

    [Fact]
    public void KeepsAProductThatIsAlsoStored()
    {
        Value product = b.Binary(BinaryOp.Mul, x, x);
        b.Store(output, Constant.Int(0), b.Binary(BinaryOp.Add, product, x));
        b.Store(output, Constant.Int(1), product);
        b.Return();

        Assert.False(FmaContraction.Run(b.Kernel));
    }

    [Fact]
    public void MakesAShortIfASelect()
    {
        BasicBlock then = b.NewBlock("then"), join = b.NewBlock("join");
        b.Set("v", n);
        b.If(b.Compare(CompareOp.Lt, n, Constant.Int(0)), then, join);
        b.Enter(then);
        b.Set("v", b.Add(new Unary(UnaryOp.Neg, n)));
        b.Goto(join);
        b.Enter(join);
        b.Store(output, Constant.Int(0), b.Get("v"));
        b.Return();

        Optimize();
        Assert.Single(b.Kernel.Blocks);
        Assert.Single(Body.OfType<Select>());
    }

    [Fact]
    public void CombinesTwoCheapConditionsToOneBranch()
    {
        BasicBlock second = b.NewBlock("second"), then = b.NewBlock("then"), end = b.NewBlock("end");
        b.If(b.Compare(CompareOp.Lt, n, Constant.Int(10)), second, end);
        b.Enter(second);
        b.If(b.Compare(CompareOp.Lt, x, Constant.Float(1f)), then, end);
        b.Enter(then);
        b.Store(output, n, x);
        b.Goto(end);
        b.Enter(end);
        b.Return();

        Optimize();
        Assert.Equal(3, b.Kernel.Blocks.Count);
        Assert.Equal(BinaryOp.And, Assert.IsType<Binary>(Assert.IsType<ConditionalBranch>(b.Kernel.Entry.Terminator).Condition).Op);
    }

    [Fact]
    public void KeepsAnIfWithALoadABranch()
    {
        BasicBlock then = b.NewBlock("then"), join = b.NewBlock("join");
        b.Set("v", Constant.Int(0));
        b.If(b.Compare(CompareOp.Lt, n, Constant.Int(10)), then, join);
        b.Enter(then);
        // Out of bounds where the condition does not hold.
        b.Set("v", b.Load(input, n, IrType.I32));
        b.Goto(join);
        b.Enter(join);
        b.Store(output, Constant.Int(0), b.Get("v"));
        b.Return();

        Optimize();
        Assert.Equal(3, b.Kernel.Blocks.Count);
    }

    [Fact]
    public void FollowsABranchOnAPhiOfConstants()
    {
        // How debug builds write if (a && b).
        BasicBlock second = b.NewBlock("second"), no = b.NewBlock("no"), test = b.NewBlock("test"), then = b.NewBlock("then"),
            end = b.NewBlock("end");
        b.If(b.Compare(CompareOp.Lt, n, Constant.Int(10)), second, no);
        b.Enter(no);
        b.Goto(test);
        b.Enter(second);
        Value holds = b.Compare(CompareOp.Gt, b.Load(input, n, IrType.I32), Constant.Int(3));
        b.Goto(test);
        b.Enter(test);
        Phi both = test.AppendPhi(new Phi(IrType.Bool));
        both.AddIncoming(no, Constant.Bool(false));
        both.AddIncoming(second, holds);
        b.If(both, then, end);
        b.Enter(then);
        b.Store(output, Constant.Int(0), x);
        b.Goto(end);
        b.Enter(end);
        b.Return();

        Optimize();
        Assert.DoesNotContain(b.Kernel.Blocks, block => block.Phis.Count > 0);
        Assert.Equal(2, b.Kernel.Blocks.Count(block => block.Terminator is ConditionalBranch));
    }

    [Fact]
    public void KnowsTheLaunch()
    {
        b.Store(output, b.Add(new Geometry(GeometryKind.GroupIdxY)), x);
        b.Store(output, b.Add(new Geometry(GeometryKind.GroupDimX)), x);
        b.Return();

        Optimizer.Run(b.Kernel, new KernelTarget(TargetKind.Simd) { GroupDim = (64, 1, 1) });
        Assert.DoesNotContain(Body, i => i is Geometry);
        Assert.Equal(256, Body.OfType<ElementAddress>().Single().Offset);
    }

    /// <summary>Ends the kernel with a store of the value and returns what the simplification makes of it.</summary>
    private Value Simplified(Value value)
    {
        Store store = b.Add(new Store(output, value, 4));
        while (InstructionSimplification.Run(b.Kernel))
        {
        }
        return store.StoredValue;
    }

    private void Optimize() => Optimizer.Run(b.Kernel, new KernelTarget(TargetKind.Simd), pass => IrVerifier.Verify(b.Kernel));

    private IEnumerable<BasicBlock> LoopBlocks() => new Loops(b.Kernel, new Dominators(b.Kernel)).OuterFirst.SelectMany(l => l.Blocks);

    /// <summary><c>for (int i = 0; i &lt; turns; i++) body(i);</c></summary>
    private void Loop(Value turns, Action<Value> body)
    {
        BasicBlock header = b.NewBlock("header"), inside = b.NewBlock("inside"), after = b.NewBlock("after");
        b.Set("i", Constant.Int(0));
        b.Goto(header);
        b.EnterOpen(header);
        b.If(b.Compare(CompareOp.Lt, b.Get("i"), turns), inside, after);
        b.Enter(inside);
        body(b.Get("i"));
        b.Set("i", b.Binary(BinaryOp.Add, b.Get("i"), Constant.Int(1)));
        b.Goto(header);
        b.Seal(header);
        b.Enter(after);
    }
}
