using System.Reflection;
using GpuVae.Ilgpu.Backends.Cuda;
using GpuVae.Ilgpu.Tests.Kernels;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace GpuVae.Ilgpu.Tests.Cuda;

public class PtxKernelTests
{
    private static readonly int[] Architectures = [70, 75, 80, 90];

    public static TheoryData<string, int> KernelsAndArchitectures
    {
        get
        {
            var data = new TheoryData<string, int>();
            foreach (var method in typeof(DeviceKernels).GetMethods(BindingFlags.Public | BindingFlags.Static | BindingFlags.DeclaredOnly))
            {
                foreach (int arch in Architectures)
                    data.Add(method.Name, arch);
            }
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(KernelsAndArchitectures))]
    public void PtxIsWellFormed(string kernel, int arch) => PtxVerifier.Verify(Compile(typeof(DeviceKernels), kernel, arch));

    [Theory]
    [InlineData("Functions", 70)]
    [InlineData("Functions", 90)]
    [InlineData("DoubleFunctions", 80)]
    [InlineData("Floats", 75)]
    public void FastPtxIsWellFormed(string kernel, int arch) =>
        PtxVerifier.Verify(Compile(typeof(DeviceKernels), kernel, arch, fastMath: true), allowApproximate: true);

    [Fact]
    public void FastMathUsesTheHardwareFunctions()
    {
        string fast = Compile(typeof(DeviceKernels), nameof(DeviceKernels.Functions), 80, fastMath: true);
        Assert.Contains("ex2.approx.f32", fast);
        Assert.Contains("tanh.approx.f32", fast);
        Assert.Contains("rsqrt.approx.f32", fast);
        Assert.DoesNotContain(".approx", Compile(typeof(DeviceKernels), nameof(DeviceKernels.DoubleFunctions), 80, fastMath: true));
    }

    [Fact]
    public void ElementsOfSixteenBytesMoveAtOnce()
    {
        string ptx = Compile(typeof(PtxKernels), nameof(PtxKernels.ScaleVectors), 80);
        PtxVerifier.Verify(ptx);
        Assert.Contains("ld.global.nc.v4.f32", ptx);
        Assert.Contains("st.global.v4.f32", ptx);
    }

    [Theory]
    [InlineData(nameof(PtxKernels.AddAligned), "v4")]
    [InlineData(nameof(PtxKernels.AddAlignedPairs), "v2")]
    [InlineData(nameof(PtxKernels.AddBehindPrefix), "v4")]
    public void PromisedAlignmentGivesVectorAccesses(string kernel, string width)
    {
        string ptx = Compile(typeof(PtxKernels), kernel, 80);
        PtxVerifier.Verify(ptx);
        Assert.Contains($"ld.global.nc.{width}.f32", ptx);
        Assert.Contains($"st.global.{width}.f32", ptx);
        Assert.DoesNotMatch(@"(ld|st)\.global(\.nc)?\.f32", ptx);
    }

    [Theory]
    [InlineData(nameof(PtxKernels.AddUnaligned), @"\.v[24]")]
    [InlineData(nameof(PtxKernels.AddAlignedAtOddIndex), @"\.v4")]
    public void WithoutKnownAlignmentElementsMoveOneByOne(string kernel, string width) =>
        Assert.DoesNotMatch($@"(ld|st)\.global(\.nc)?{width}", Compile(typeof(PtxKernels), kernel, 80));

    [Fact]
    public void SharedMemoryIsAligned()
    {
        string ptx = Compile(typeof(PtxKernels), nameof(PtxKernels.SumRows), 80);
        PtxVerifier.Verify(ptx);
        Assert.Contains("ld.shared.v4.f32", ptx);
        Assert.DoesNotContain("ld.shared.f32", ptx);
    }

    [Fact]
    public void ShortBranchesArePredicated()
    {
        string ptx = Compile(typeof(PtxKernels), nameof(PtxKernels.StorePositive), 80);
        PtxVerifier.Verify(ptx);
        Assert.Matches(@"@!?%p\d+ st\.global\.f32", ptx);
    }

    [Fact]
    public void SharedMemoryBeyondTheStaticLimitBecomesDynamic()
    {
        var entry = KernelMethod.EntryOf(typeof(PtxKernels).GetMethod(nameof(PtxKernels.LargeShared))!, isImplicit: false);
        var source = PtxCompiler.Compile(entry, PtxTarget.ForArch(80), PtxCompiler.TargetOf(fastMath: false, assertions: false));
        PtxVerifier.Verify(source.Text);
        Assert.Equal(64 * 1024, source.FixedDynamicBytes);
        Assert.Contains(".extern .shared .align 16 .b8", source.Text);
        Assert.Equal(0, source.StaticSharedBytes);
    }

    [Fact]
    public void LaunchBoundsAreWritten()
    {
        var entry = KernelMethod.EntryOf(typeof(PtxKernels).GetMethod(nameof(PtxKernels.StorePositive))!, isImplicit: true);
        var target = PtxTarget.ForArch(80) with { MaxThreadsPerGroup = 128, MinGroupsPerMultiprocessor = 4 };
        string ptx = PtxCompiler.Compile(entry, target, PtxCompiler.TargetOf(fastMath: false, assertions: false)).Text;
        PtxVerifier.Verify(ptx);
        Assert.Contains(".maxntid 128, 1, 1", ptx);
        Assert.Contains(".minnctapersm 4", ptx);
    }

    [Fact]
    public void InlineAssemblyNamesItsArguments()
    {
        string ptx = Compile(typeof(PtxKernels), nameof(PtxKernels.Inline), 80);
        PtxVerifier.Verify(ptx);
        Assert.Matches(@"add\.rn\.f32 %f\d+, %f\d+, %f\d+;", ptx);
        Assert.Matches(@"mov\.u32 %r\d+, %laneid;", ptx);
        Assert.Matches(@"mma\.sync\.aligned\.m16n8k8\.row\.col\.f32\.tf32\.tf32\.f32 \{%f\d+, %f\d+, %f\d+, %f\d+\}", ptx);
    }

    [Fact]
    public void AssertionsPrintAndTrap()
    {
        var entry = KernelMethod.EntryOf(typeof(PtxKernels).GetMethod(nameof(PtxKernels.Asserting))!, isImplicit: true);
        string ptx = PtxCompiler.Compile(entry, PtxTarget.ForArch(80), PtxCompiler.TargetOf(fastMath: false, assertions: true)).Text;
        PtxVerifier.Verify(ptx);
        Assert.Contains("vprintf", ptx);
        Assert.Contains("trap;", ptx);
    }

    [Theory]
    [InlineData(90, 12020, 90, 82)]
    [InlineData(90, 11040, 87, 74)]
    [InlineData(75, 11020, 75, 72)]
    [InlineData(80, 10020, 75, 65)]
    [InlineData(120, 13000, 120, 90)]
    [InlineData(200, 14000, 121, 91)]
    public void TargetFollowsDeviceAndDriver(int arch, int driver, int targetArch, int isa) =>
        Assert.Equal(new PtxTarget(targetArch, isa), PtxTarget.For(arch, driver));

    [Fact]
    public void DevicesThatAreTooOldAreRefused()
    {
        Assert.Contains("7.0 (Volta)", Assert.Throws<NotSupportedException>(() => PtxTarget.For(61, 12000)).Message);
        Assert.Contains("10.1", Assert.Throws<NotSupportedException>(() => PtxTarget.For(70, 9020)).Message);
    }

    [Theory]
    [InlineData("add.rn.f32 %f0, %f1, %rd0;", "wants .f32")]
    [InlineData("add.s32 %r9, %r0, %r0;", "not declared")]
    [InlineData("bra $nowhere;", "unknown label")]
    [InlineData("cvt.f32.s32 %f0, %r0;", "rounding")]
    [InlineData("div.approx.f32 %f0, %f1, %f1;", "fast maths")]
    [InlineData("min.NaN.f32 %f0, %f1, %f1;", ".NaN")]
    [InlineData("add.s32 %r0, %r1, 1;", "before it is written")]
    [InlineData("ld.global.v4.f64 {%f0, %f1, %f0, %f1}, [%rd0];", "16 bytes")]
    public void VerifierFindsWhatIsWrong(string statement, string finding)
    {
        string ptx = ".version 6.3\n.target sm_75\n.address_size 64\n\n.visible .entry k(\n\t.param .u64 k_param_0\n)\n{\n" +
            "\t.reg .b32 %r<2>;\n\t.reg .f32 %f<2>;\n\t.reg .b64 %rd<1>;\n\tld.param.u64 %rd0, [k_param_0];\n" +
            "\tmov.b32 %r0, 1;\n\tmov.f32 %f1, 0f3F800000;\n\t" +
            statement + "\n\tret;\n}\n";
        Assert.Contains(PtxVerifier.Check(ptx), e => e.Contains(finding, StringComparison.Ordinal));
    }

    private static string Compile(Type type, string kernel, int arch, bool fastMath = false)
    {
        var method = type.GetMethod(kernel)!;
        bool isImplicit = method.GetParameters()[0].ParameterType is { } first && typeof(IIndex).IsAssignableFrom(first);
        return PtxCompiler.Compile(KernelMethod.EntryOf(method, isImplicit), arch, fastMath);
    }

    private struct Vector
    {
        public float X;
        public float Y;
        public float Z;
        public float W;
    }

    private static class PtxKernels
    {
        public static void ScaleVectors(Index1D i, ArrayView<Vector> a, ArrayView<Vector> result, float scale)
        {
            var v = a[i];
            result[i] = new Vector { X = v.W * scale, Y = v.Z * scale, Z = v.Y * scale, W = v.X * scale };
        }

        public static void AddAligned(Index1D i, ArrayView<float> a, ArrayView<float> result, float x) =>
            AddFour(a.AsAligned16(), result.AsAligned16(), 4 * i.X, x);

        public static void AddUnaligned(Index1D i, ArrayView<float> a, ArrayView<float> result, float x) => AddFour(a, result, 4 * i.X, x);

        public static void AddAlignedAtOddIndex(Index1D i, ArrayView<float> a, ArrayView<float> result, float x) =>
            AddFour(a.AsAligned16(), result.AsAligned16(), 4 * i.X + 1, x);

        public static void AddAlignedPairs(Index1D i, ArrayView<float> a, ArrayView<float> result, float x) =>
            AddFour(a.AsAligned(8), result.AsAligned(8), 4 * i.X, x);

        /// <summary>In a loop, whose counter starts at a multiple of 8 and goes in steps of 4, behind what alignment cuts off.</summary>
        public static void AddBehindPrefix(Index1D i, ArrayView<float> a, ArrayView<float> result, float x)
        {
            var source = a.AlignTo16().Main;
            var target = result.AsAligned128();
            for (int k = 8 * i.X; k < source.IntLength; k += 4)
                AddFour(source, target, k, x);
        }

        public static void SumRows(ArrayView<float> result)
        {
            var rows = SharedMemory.Allocate<float>(1024);
            rows[Group.IdxX] = result[Group.IdxX];
            Group.Barrier();
            int row = 4 * Group.IdxX;
            result[Group.IdxX] = rows[row] + rows[row + 1] + rows[row + 2] + rows[row + 3];
        }

        private static void AddFour(ArrayView<float> a, ArrayView<float> result, int first, float x)
        {
            for (int k = 0; k < 4; k++)
                result[first + k] = a[first + k] + x;
        }

        public static void StorePositive(Index1D i, ArrayView<float> a, ArrayView<float> result)
        {
            float x = a[i];
            if (x > 0)
                result[i] = x;
        }

        public static void LargeShared(ArrayView<float> a)
        {
            var shared = SharedMemory.Allocate<float>(16 * 1024);
            shared[Group.IdxX] = a[Group.IdxX];
            Group.Barrier();
            a[Group.IdxX] = shared[Group.DimX - 1 - Group.IdxX];
        }

        public static void Inline(ArrayView<float> a, ArrayView<int> lanes)
        {
            if (!CudaAsm.IsSupported)
                return;
            float x = a[Group.IdxX];
            CudaAsm.Emit("add.rn.f32 %0, %1, %2;", out float sum, x, 2f);
            CudaAsm.Emit("mov.u32 %0, %%laneid;", out int lane);
            lanes[Group.IdxX] = lane;
            var c0 = new Ref<float>(sum);
            var c1 = new Ref<float>(x);
            var c2 = new Ref<float>(0f);
            var c3 = new Ref<float>(0f);
            var a0 = new Input<uint>(Interop.FloatAsInt(x));
            CudaAsm.EmitRef(
                "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0, %1, %2, %3}, {%4, %4, %4, %4}, {%4, %4}, {%0, %1, %2, %3};",
                ref c0, ref c1, ref c2, ref c3, ref a0);
            a[Group.IdxX] = c0.Value + c1.Value + c2.Value + c3.Value;
        }

        public static void Asserting(Index1D i, ArrayView<int> a)
        {
            System.Diagnostics.Debug.Assert(a[i] > 0, "positive {input}");
            System.Diagnostics.Trace.Assert(a[i] > 0, "positive {input}");
            a[i] = 1;
        }
    }
}
