using System.Reflection;
using GpuVae.Simd.Analyses;
using GpuVae.Simd.Frontend;
using GpuVae.Simd.Ir;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace GpuVae.Simd.Tests.Frontend;

/// <summary>What the front end makes of a kernel, as text.</summary>
public sealed class PrintedIrTests
{
    private static void Saxpy(Index1D i, ArrayView<float> x, ArrayView<float> y, float a) => y[i] = (a * x[i]) + y[i];

    [Fact]
    public void AnImplicitlyGroupedKernelGuardsItsIndex()
    {
        MethodInfo method = ((Action<Index1D, ArrayView<float>, ArrayView<float>, float>)Saxpy).Method;
        IrKernel kernel = KernelCompiler.Compile(KernelHarness.EntryOf(method, isImplicitlyGrouped: true), new(TargetKind.Simd));
        string text = IrPrinter.Print(kernel);
        Assert.Contains(
            "kernel PrintedIrTests.Saxpy(pointer.global %x.pointer@0, i64 %x.length@1, pointer.global %y.pointer@2, i64 %y.length@3, "
                + "f32 %a@4, i32 %extent.x@5)",
            text);
        Assert.Contains("lt i32", text);
        Assert.Contains("fma f32", text);
        Assert.DoesNotContain("boundscheck", text);
        Assert.Equal(1, text.Split("store f32").Length - 1);
    }

    [Fact]
    public void TheCheckedTargetKeepsBoundsChecksAndLocations()
    {
        MethodInfo method = ((Action<Index1D, ArrayView<float>, ArrayView<float>, float>)Saxpy).Method;
        IrKernel kernel = KernelCompiler.Compile(KernelHarness.EntryOf(method, isImplicitlyGrouped: true), new(TargetKind.Checked));
        BoundsCheck[] checks = kernel.Instructions.OfType<BoundsCheck>().ToArray();
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
    public void BranchesOnWhatTheAcceleratorDecidesAreNotVisited()
    {
        string text = KernelHarness.Print(Guarded, new(TargetKind.Simd));
        Assert.Matches(@"store i32 %\d+, 1", text);
        Assert.DoesNotMatch(@"store i32 %\d+, 2", text);
    }

    private static void Specialized(ArrayView<float> output, SpecializedValue<int> size)
    {
        ArrayView<float> memory = LocalMemory.Allocate<float>(size.Value);
        for (int i = 0; i < size; i++)
            memory[i] = output[i];
        output[0] = memory[size - 1];
    }

    [Fact]
    public void SpecializedValuesAreConstants()
    {
        KernelEntry entry = KernelHarness.EntryOf(((Action<ArrayView<float>, SpecializedValue<int>>)Specialized).Method);
        KernelEntry specialized = entry with { SpecializedSlots = new Dictionary<int, ulong> { [2] = 6 } };
        IrKernel kernel = KernelBuilder.Build(specialized, new(TargetKind.Simd));
        IrVerifier.Verify(kernel);
        Assert.Equal(6, Assert.Single(kernel.Allocations).Count);
        Assert.DoesNotContain(kernel.Parameters, p => p.Name.StartsWith("size", StringComparison.Ordinal));
    }

    private static void Dimensions(ArrayView<int> output)
    {
        if (Group.DimX == 32)
            output[Group.IdxX] = Group.DimY + Warp.WarpSize;
        else
            Group.Barrier();
    }

    [Fact]
    public void AKnownGroupShapeIsConstant()
    {
        string text = KernelHarness.Print(Dimensions, new(TargetKind.Simd) { GroupDim = (32, 1, 1), WarpSize = 8 });
        Assert.DoesNotContain("barrier", text);
        Assert.Contains("9 align 4", text);
    }

    private readonly record struct Weights(ArrayView<float> Values, ArrayView2D<float, Stride2D.DenseX> Matrix, float Bias);

    private static void Nested(Weights weights, ArrayView<float> output) =>
        output[0] = weights.Values[1] + weights.Matrix[2, 3] + weights.Bias;

    [Fact]
    public void StructParametersAreTakenApartByPath()
    {
        IrKernel kernel =
            KernelBuilder.Build(KernelHarness.EntryOf(((Action<Weights, ArrayView<float>>)Nested).Method), new(TargetKind.Simd));
        IrVerifier.Verify(kernel);
        string[] names = [.. kernel.Parameters.Select(p => p.Name)];
        Assert.Contains("weights.Values.pointer", names);
        Assert.Contains("weights.Matrix.Stride.YStride", names);
        Assert.Contains("weights.Bias", names);
        Assert.Equal(sizeof(float), kernel.Parameters.First(p => p.Name == "output.pointer").ElementSize);
    }
}
