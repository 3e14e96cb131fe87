#if BUNDLED_RUNTIME
using GpuVae.Ilgpu.Tests.Cuda;
using GpuVae.Kernels.Tests.Ops;
using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;

namespace GpuVae.Kernels.Tests;

/// <summary>What the tiles for GPUs are meant to become: accesses of 16 bytes, and shared memory without bank conflicts.</summary>
public sealed class GemmPtxTests
{
    public static TheoryData<GemmVariant, int> Shapes
    {
        get
        {
            var data = new TheoryData<GemmVariant, int>();
            for (GemmVariant shape = GemmVariant.Tile32x32; shape <= GemmVariant.Tile128x128; shape++)
            {
                for (int transposes = 0; transposes < 4; transposes++)
                    data.Add(shape, transposes);
            }
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void TilesNeverWaitForABank(GemmVariant shape, int transposes)
    {
        var (rows, columns, _) = GemmTileRule.Extents(shape);
        PtxKernel kernel = Run(shape, (transposes & 1) != 0, (transposes & 2) != 0, rows, columns, 48);
        Assert.Contains(kernel.SharedAccesses, a => a.Line.Contains("ld.shared.v4.f32", StringComparison.Ordinal));
        Assert.All(kernel.SharedAccesses, access => Assert.True(access.Conflicts == 0, $"{access}"));
    }

    [Theory]
    [InlineData(GemmVariant.Tile128x128)]
    [InlineData(GemmVariant.Tile64x64)]
    public void RunsOfSixteenBytesAreReadAtOnce(GemmVariant shape)
    {
        var (rows, columns, _) = GemmTileRule.Extents(shape);
        string ptx = Run(shape, false, true, rows, columns, 16).Text;
        Assert.Contains("ld.global.nc.v4.f32", ptx);
        Assert.Contains("ld.shared.v4.f32", ptx);
        Assert.Contains("st.shared.v4.f32", ptx);
        Assert.DoesNotContain("ld.local", ptx);
    }

    public static TheoryData<MatrixPrecision, GemmVariant, int> TensorCases
    {
        get
        {
            var data = new TheoryData<MatrixPrecision, GemmVariant, int>();
            foreach (var precision in new[] { MatrixPrecision.Tf32, MatrixPrecision.Bf16 })
            {
                foreach (var shape in new[] { GemmVariant.Tile64x64, GemmVariant.Tile128x128 })
                {
                    data.Add(precision, shape, 1);
                    data.Add(precision, shape, 2);
                }
            }
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(TensorCases))]
    public void TensorCoresAgreeWithTheReference(MatrixPrecision precision, GemmVariant shape, int slices)
    {
        using Context context = Context.Create(builder => builder.EnableAlgorithms());
        using var accelerator = new PtxDevice(80, 8).CreateAccelerator(context);
        var choice = new GemmChoice(shape, slices, slices);
        foreach (Op op in GemmOps.TileRows(choice, precision).Concat(LinearOps.TileRows(choice, precision)))
            OpTests.Execute(accelerator, op);
    }

    /// <summary>The loop over k; what leaves the tile at the end may take a few turns more.</summary>
    [Theory]
    [MemberData(nameof(TensorCases))]
    public void TensorCoresNeverWaitForABank(MatrixPrecision precision, GemmVariant shape, int transposes)
    {
        var (rows, columns, _) = GemmTileRule.Extents(shape);
        for (int mask = 0; mask < 2; mask++)
        {
            PtxKernel kernel = Run(shape, transposes == 2, mask == 1, rows, columns, 64, precision);
            string[] loop = ["ldmatrix", "cp.async", "ld.shared.b32", "st.shared.v4.b32"];
            var accesses = kernel.SharedAccesses
                .Where(a => Array.Exists(loop, l => a.Line.Contains(l, StringComparison.Ordinal))).ToArray();
            Assert.NotEmpty(accesses);
            Assert.All(accesses, access => Assert.True(access.Conflicts == 0, $"{access}"));
        }
    }

    [Fact]
    public void TensorCoresAreRefusedElsewhere()
    {
        using Context context = Context.Create(builder => builder.CPU().EnableAlgorithms());
        using Accelerator accelerator = context.CreateCPUAccelerator(0);
        var exception = Assert.Throws<NotSupportedException>(() => new Gemm(accelerator, MatrixPrecision.Tf32));
        Assert.Contains("compute capability 8.0", exception.Message, StringComparison.Ordinal);
    }

    private static PtxKernel Run(
        GemmVariant shape, bool ta, bool tb, int m, int n, int k, MatrixPrecision precision = MatrixPrecision.Float32)
    {
        using Context context = Context.Create(builder => builder.EnableAlgorithms());
        using var accelerator = (PtxAccelerator)new PtxDevice(80, 8).CreateAccelerator(context);
        OpTests.Execute(accelerator, new Op("tiles", GemmOps.Tolerances(precision), run =>
            GemmOps.Plain(run, ta, tb, m, n, k, 1f, 0f, 0, new GemmChoice(shape), precision)));
        return accelerator.Kernels[^1];
    }
}
#endif
