using GpuVae.Ilgpu.Compiler;
using GpuVae.Ilgpu.Compiler.Frontend;
using GpuVae.Ilgpu.Compiler.Ir;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace GpuVae.Ilgpu.Tests.Frontend;

/// <summary>What the front end makes of a kernel, as text.</summary>
public sealed class PrintedIrTests
{
    private static void Saxpy(Index1D i, ArrayView<float> x, ArrayView<float> y, float a) => y[i] = (a * x[i]) + y[i];

    [Fact]
    public void An_implicitly_grouped_kernel_guards_its_index()
    {
        var method = ((Action<Index1D, ArrayView<float>, ArrayView<float>, float>)Saxpy).Method;
        var kernel = KernelCompiler.Compile(KernelHarness.EntryOf(method, isImplicitlyGrouped: true), new(TargetKind.OpenCL));
        string text = IrPrinter.Print(kernel);
        Assert.Contains(
            "kernel PrintedIrTests.Saxpy(pointer.global %x.pointer@0, i64 %x.length@2, pointer.global %y.pointer@3, i64 %y.length@5, "
                + "f32 %a@6, i32 %extent.x@7)",
            text);
        Assert.Contains("lt i32", text);
        Assert.Contains("fma f32", text);
        Assert.DoesNotContain("boundscheck", text);
        Assert.Equal(1, text.Split("store f32").Length - 1);
    }

    [Fact]
    public void The_checked_target_keeps_bounds_checks_and_locations()
    {
        var method = ((Action<Index1D, ArrayView<float>, ArrayView<float>, float>)Saxpy).Method;
        var kernel = KernelCompiler.Compile(KernelHarness.EntryOf(method, isImplicitlyGrouped: true), new(TargetKind.Checked));
        var checks = kernel.Instructions.OfType<BoundsCheck>().ToArray();
        Assert.Equal(3, checks.Length);
        Assert.All(checks, c => Assert.Matches(@"Saxpy \(PrintedIrTests\.cs:\d+\)", c.Location!.ToString()));
    }

    private static void Guarded(ArrayView<int> output)
    {
        bool supported = CudaAsm.IsSupported;
        for (int i = 0; i < output.IntLength; i++)
        {
            if (supported)
                CudaAsm.Emit("mov.u32 %0, %laneid;", out output[i]);
            else
                output[i] = Accelerator.CurrentType == AcceleratorType.OpenCL ? 2 : 1;
        }
    }

    [Fact]
    public void Branches_on_what_the_target_decides_are_not_visited()
    {
        string cpu = KernelHarness.Print(Guarded, new(TargetKind.Cpu));
        Assert.DoesNotContain("asm", cpu);
        Assert.Matches(@"store i32 %\d+, 1", cpu);
        string openCl = KernelHarness.Print(Guarded, new(TargetKind.OpenCL));
        Assert.Matches(@"store i32 %\d+, 2", openCl);
        string cuda = KernelHarness.Print(Guarded, new(TargetKind.Cuda));
        Assert.Contains("asm \"mov.u32 %0, %laneid;\"", cuda);
        Assert.Contains("asmresult i32 0", cuda);
    }

    private static void Specialized(ArrayView<float> output, SpecializedValue<int> size)
    {
        var memory = LocalMemory.Allocate<float>(size.Value);
        for (int i = 0; i < size; i++)
            memory[i] = output[i];
        output[0] = memory[size - 1];
    }

    [Fact]
    public void Specialized_values_are_constants()
    {
        var entry = KernelHarness.EntryOf(((Action<ArrayView<float>, SpecializedValue<int>>)Specialized).Method);
        var specialized = entry with { SpecializedSlots = new Dictionary<int, ulong> { [3] = 6 } };
        var kernel = KernelBuilder.Build(specialized, new(TargetKind.Cpu));
        IrVerifier.Verify(kernel);
        Assert.Equal(6, Assert.Single(kernel.Allocations).Count);
        Assert.DoesNotContain(kernel.Parameters, p => p.Name.StartsWith("size", StringComparison.Ordinal));
    }

    private static void Asm(ArrayView<float> output)
    {
        Input<float> a = output[0];
        Ref<int> b = 7;
        Output<float> c = default;
        CudaAsm.EmitRef("{ %0 %1 %2 }", ref a, ref b, ref c);
        output[1] = c.Value + b.Value;
    }

    [Fact]
    public void Inline_assembly_takes_inputs_outputs_and_both()
    {
        var kernel = KernelBuilder.Build(KernelHarness.EntryOf(((Action<ArrayView<float>>)Asm).Method), new(TargetKind.Cuda));
        IrVerifier.Verify(kernel);
        var asm = Assert.Single(kernel.Instructions.OfType<InlineAsm>());
        Assert.Equal([new(0, IrType.Void), new(1, IrType.I32), new(-1, IrType.F32)], asm.Arguments);
        Assert.Equal([2, 1], kernel.Instructions.OfType<AsmResult>().Where(r => r.Users.Count > 0).Select(r => r.Index).OrderDescending());
    }

    private static void Dimensions(ArrayView<int> output)
    {
        if (Group.DimX == 32)
            output[Group.IdxX] = Group.DimY + Warp.WarpSize;
        else
            Group.Barrier();
    }

    [Fact]
    public void A_known_group_shape_is_constant()
    {
        string text = KernelHarness.Print(Dimensions, new(TargetKind.Cpu) { GroupDim = (32, 1, 1), WarpSize = 8 });
        Assert.DoesNotContain("barrier", text);
        Assert.Contains("9 align 4", text);
    }

    private readonly record struct Weights(ArrayView<float> Values, ArrayView2D<float, Stride2D.DenseX> Matrix, float Bias);

    private static void Nested(Weights weights, ArrayView<float> output) =>
        output[0] = weights.Values[1] + weights.Matrix[2, 3] + weights.Bias;

    [Fact]
    public void Struct_parameters_are_taken_apart_by_path()
    {
        var kernel = KernelBuilder.Build(KernelHarness.EntryOf(((Action<Weights, ArrayView<float>>)Nested).Method), new(TargetKind.Cpu));
        IrVerifier.Verify(kernel);
        string[] names = [.. kernel.Parameters.Select(p => p.Name)];
        Assert.Contains("weights.Values.pointer", names);
        Assert.Contains("weights.Matrix.Stride.YStride", names);
        Assert.Contains("weights.Bias", names);
        Assert.Equal(IrType.F32, kernel.Parameters.First(p => p.Name == "output.pointer").ElementType);
    }
}
