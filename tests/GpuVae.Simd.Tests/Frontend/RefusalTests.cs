using System.Reflection;
using GpuVae.Simd.Frontend;
using GpuVae.Simd.Ir;
using ILGPU;
using ILGPU.Runtime.Cuda;
using Atomic = ILGPU.Atomic;

namespace GpuVae.Simd.Tests.Frontend;

/// <summary>What cannot be a kernel is refused at load time, with the place and a way out.</summary>
public sealed class RefusalTests
{
    private static int mutable = 3;

    public static int Mutable
    {
        get => mutable;
        set => mutable = value;
    }

    private sealed class Thing
    {
        public float Value { get; set; }
    }

    private interface IShape
    {
        float Area();
    }

    private struct Square : IShape
    {
        public readonly float Area() => 4;
    }

    private static int Fibonacci(int n) => n < 2 ? n : Fibonacci(n - 1) + Fibonacci(n - 2);

    private static float Area(IShape shape) => shape.Area();

    private static void Allocates(ArrayView<float> a) => a[0] = new Thing { Value = 2 }.Value;

    private static void Throws(ArrayView<float> a) => throw new InvalidOperationException(nameof(a));

    private static void Catches(ArrayView<float> a)
    {
        try
        {
            a[0] = 1;
        }
        finally
        {
            a[1] = 2;
        }
    }

    private static void Recurses(ArrayView<float> a) => a[0] = Fibonacci((int)a[1]);

    private static void CallsVirtually(ArrayView<float> a) => a[0] = Area(new Square());

    private static void CallsDelegate(ArrayView<float> a)
    {
        Func<float, float> twice = x => 2 * x;
        a[0] = twice(a[0]);
    }

    private static void Boxes(ArrayView<float> a)
    {
        object boxed = a[0];
        a[1] = boxed is float ? 1 : 2;
    }

    private static void UsesStrings(ArrayView<float> a) => a[0] = string.Concat("x", a.Length.ToString()).Length;

    private static void ReadsMutableStatic(ArrayView<float> a) => a[0] = mutable;

    private static void WritesStatic(ArrayView<float> a) => mutable = (int)a[0];

    private static void AllocatesDynamically(ArrayView<float> a)
    {
        int[] values = new int[a.IntLength];
        a[0] = values[0];
    }

    private static void AllocatesSharedDynamically(ArrayView<float> a) => a[0] = SharedMemory.Allocate<float>(a.IntLength)[0];

    private static void UsesFma(ArrayView<float> a) => a[0] = MathF.FusedMultiplyAdd(a[0], a[1], a[2]);

    private static void Clamps(ArrayView<float> a) => a[0] = Math.Clamp(a[0], a[1], a[2]);

    private static void UsesStackalloc(ArrayView<float> a)
    {
        Span<float> values = stackalloc float[4];
        a[0] = values[0];
    }

    private static void ReadsStaticObject(ArrayView<float> a) => a[0] = Shared.Value;

    private static readonly Thing Shared = new();

    private static void ChecksOverflow(ArrayView<float> a) => a[0] = checked(a.IntLength * 3);

    private static void MixesSpaces(ArrayView<float> a)
    {
        ArrayView<float> shared = SharedMemory.Allocate<float>(4);
        ArrayView<float> view = a[0] > 0 ? a : shared;
        view[0] = 1;
    }

    private static void MixesPlaces(ArrayView<float> a)
    {
        float x = 1, y = 2;
        ref float chosen = ref a[0] > 0 ? ref x : ref y;
        chosen = 3;
        a[1] = x + y;
    }

    private static void AtomicOnLocal(ArrayView<float> a)
    {
        int local = 0;
        Atomic.Add(ref local, 1);
        a[0] = local;
    }

    private static void UsesAsm(ArrayView<float> a)
    {
        CudaAsm.Emit("membar.gl;");
        a[0] = 1;
    }

    private static void NeverReturns(ArrayView<float> a)
    {
        while (true)
            a[0] += 1;
    }

    private static void Writes(ArrayView<float> a) => Console.WriteLine(a[0]);

    [Theory]
    [InlineData(nameof(Allocates), "object of class RefusalTests.Thing is allocated", "use structs, LocalMemory or SharedMemory")]
    [InlineData(nameof(Throws), "an exception is thrown", "return early")]
    [InlineData(nameof(Catches), "try/catch/finally", "Kernels have no exceptions")]
    [InlineData(nameof(Recurses), "'RefusalTests.Fibonacci' calls itself", "as a loop")]
    [InlineData(nameof(CallsVirtually), "boxed", "generics with struct constraints")]
    [InlineData(nameof(CallsDelegate), "a delegate or lambda is made", "functor")]
    [InlineData(nameof(Boxes), "boxed", "generics with struct constraints")]
    [InlineData(nameof(UsesStrings), "String", "inlined")]
    [InlineData(nameof(ReadsMutableStatic), "'RefusalTests.mutable' is not readonly", "kernel parameter")]
    [InlineData(nameof(WritesStatic), "static field 'mutable' is written", "buffer")]
    [InlineData(nameof(AllocatesDynamically), "length that is not a constant", "view of a buffer")]
    [InlineData(nameof(AllocatesSharedDynamically), "extent that is not a positive constant", "GetDynamic")]
    [InlineData(nameof(UsesFma), "FusedMultiplyAdd", "a * b + c")]
    [InlineData(nameof(Clamps), "an exception is thrown", "XMath.Clamp")]
    [InlineData(nameof(UsesStackalloc), "stackalloc", "LocalMemory.Allocate")]
    [InlineData(nameof(ReadsStaticObject), "static field 'RefusalTests.Shared' is a", "Only static readonly scalars")]
    [InlineData(nameof(ChecksOverflow), "checked for overflow", "unchecked")]
    [InlineData(nameof(MixesSpaces), "points to global on one path and to shared memory on another", "one address space")]
    [InlineData(nameof(MixesPlaces), "ref to one local variable on one path", "if/else")]
    [InlineData(nameof(AtomicOnLocal), "applied to a local variable", "element of a view")]
    [InlineData(nameof(UsesAsm), "CudaAsm is used on an accelerator that is not CUDA", "CudaAsm.IsSupported")]
    [InlineData(nameof(NeverReturns), "never returns", "Give the loop a condition")]
    [InlineData(nameof(Writes), "Console", "Interop.WriteLine")]
    public void AKernelThatCannotBeCompiledSaysWhatWhereAndWhatInstead(string name, string what, string instead)
    {
        MethodInfo method = typeof(RefusalTests).GetMethod(
            name, System.Reflection.BindingFlags.NonPublic | System.Reflection.BindingFlags.Static)!;
        KernelCompilationException exception = Assert.Throws<KernelCompilationException>(
            () => KernelBuilder.Build(KernelHarness.EntryOf(method), new(TargetKind.Simd)));
        Assert.Contains($"Kernel 'RefusalTests.{name}'", exception.Message);
        Assert.Contains(what, exception.Message);
        Assert.Contains(instead, exception.Message);
        Assert.Matches(@"RefusalTests\.cs:\d+", exception.Message);
    }

    [Fact]
    public void TheChainOfCallsIsNamed()
    {
        MethodInfo method = ((Action<ArrayView<float>>)Recurses).Method;
        KernelCompilationException exception = Assert.Throws<KernelCompilationException>(
            () => KernelBuilder.Build(KernelHarness.EntryOf(method), new(TargetKind.Simd)));
        Assert.Contains("Called from RefusalTests.Recurses", exception.Message);
    }

    [Fact]
    public void ReferenceParametersAreRefusedByName()
    {
        Action<float[]> kernel = values => values[0] = 1;
        KernelCompilationException exception = Assert.Throws<KernelCompilationException>(
            () => KernelBuilder.Build(
                new KernelEntry(kernel.Method, false, new ParameterLayout([]), new Dictionary<int, ulong>()), new(TargetKind.Simd)));
        Assert.Contains("parameter 'values'", exception.Message);
        Assert.Contains("ArrayView", exception.Message);
    }

    [Fact]
    public void BarriersInImplicitlyGroupedKernelsAreRefused()
    {
        Action<Index1D, ArrayView<int>> kernel = static (i, view) =>
        {
            Group.Barrier();
            view[i] = 1;
        };
        KernelCompilationException exception = Assert.Throws<KernelCompilationException>(
            () => KernelBuilder.Build(KernelHarness.EntryOf(kernel.Method, isImplicitlyGrouped: true), new(TargetKind.Simd)));
        Assert.Contains("Group.Barrier is used in an implicitly grouped kernel", exception.Message);
        Assert.Contains("KernelConfig", exception.Message);
    }

    [Fact]
    public void LambdasThatCaptureAreRefused()
    {
        float factor = Environment.ProcessorCount;
        Action<ArrayView<float>> kernel = a => a[0] *= factor;
        KernelCompilationException exception = Assert.Throws<KernelCompilationException>(
            () => KernelBuilder.Build(KernelHarness.EntryOf(kernel.Method), new(TargetKind.Simd)));
        Assert.Contains("captures 'factor'", exception.Message);
        Assert.Contains("kernel parameter", exception.Message);
    }
}
