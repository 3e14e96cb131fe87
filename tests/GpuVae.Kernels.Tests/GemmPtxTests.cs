#if BUNDLED_RUNTIME
using GpuVae.Ilgpu.Tests.Cuda;
using GpuVae.Kernels.Tests.Ops;
using ILGPU;
using ILGPU.Algorithms;

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

    private static PtxKernel Run(GemmVariant shape, bool ta, bool tb, int m, int n, int k)
    {
        using Context context = Context.Create(builder => builder.EnableAlgorithms());
        using var accelerator = (PtxAccelerator)new PtxDevice(80, 8).CreateAccelerator(context);
        OpTests.Execute(accelerator, new Op("tiles", 2e-6, run =>
            GemmOps.Plain(run, ta, tb, m, n, k, 1f, 0f, 0, new GemmChoice(shape))));
        return accelerator.Kernels[^1];
    }
}
#endif
