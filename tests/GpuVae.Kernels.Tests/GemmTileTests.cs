using GpuVae.Kernels.Gemm.Gpu;
using GpuVae.Kernels.Gemm.Planning;
using GpuVae.Kernels.Tests.Ops;

namespace GpuVae.Kernels.Tests;

/// <summary>
/// The kernels for GPUs on every device of the machine, each shape of tile and several numbers of slices. The checked mode finds races,
/// divergent barriers, wrong promises of alignment and reads of what nothing wrote.
/// </summary>
public sealed class GemmTileTests
{
    public static TheoryData<string, GemmVariant, int> Cases
    {
        get
        {
            var cases = new TheoryData<string, GemmVariant, int>();
            foreach (string device in TestDevices.Names)
            {
                // One vector width stands for all, and one of the emulator's devices whose groups are large enough for every shape.
                if (device.StartsWith("SIMD ", StringComparison.Ordinal) && device is not ("SIMD 128" or "SIMD checked"))
                    continue;
                if (device == "ILGPU CPU 16×64")
                    continue;
                for (GemmVariant shape = GemmVariant.Tile16x16; shape <= GemmVariant.Tile128x128; shape++)
                {
                    using var launch = new GemmTileLaunch(TestDevices.Open(device), MatrixPrecision.Float32);
                    if (GemmTileRule.Extents(shape).Threads > launch.MaxThreads)
                        continue;
                    cases.Add(device, shape, 1);
                    if (launch.MayCutDepth)
                        cases.Add(device, shape, 3);
                }
            }
            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void ProductsAgreeWithTheReference(string device, GemmVariant shape, int slices)
    {
        foreach (Op op in GemmOps.TileRows(new GemmChoice(shape, slices, slices)))
            OpTests.Execute(TestDevices.Open(device), op);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void LayersAgreeWithTheReference(string device, GemmVariant shape, int slices)
    {
        foreach (Op op in LinearOps.TileRows(new GemmChoice(shape, slices, slices)))
            OpTests.Execute(TestDevices.Open(device), op);
    }

    [Theory]
    [InlineData(4096, 4096, 4096, GemmVariant.Tile128x128, 1)]
    [InlineData(16, 16, 4, GemmVariant.Tile32x32, 1)]
    public void TheRuleTakesLargeTilesForLargeProducts(int m, int n, int k, GemmVariant shape, int slices) =>
        Assert.Equal(
            new GemmChoice(shape, slices), GemmTileRule.Choose(new GemmProblem(GemmUse.Product, false, false, m, n, k), 132, 1024, true));

    [Fact]
    public void TheRuleCutsTheDepthOnlyWhereTilesAreFew()
    {
        var deep = new GemmProblem(GemmUse.WeightGradient, true, false, 64, 64, 8192);
        Assert.True(GemmTileRule.Choose(deep, 132, 1024, true).Slices >= 8);
        Assert.Equal(1, GemmTileRule.Choose(deep, 132, 1024, mayCutDepth: false).Slices);
        Assert.Equal(1, GemmTileRule.Choose(deep with { M = 8192, N = 8192 }, 132, 1024, true).Slices);
    }

    [Fact]
    public void TheRuleStaysWithinTheGroupsOfTheDevice()
    {
        var problem = new GemmProblem(GemmUse.Gradients, true, false, 784, 512, 128);
        foreach (int threads in new[] { 16, 64, 128, 256, 1024 })
            Assert.True(GemmTileRule.Extents(GemmTileRule.Choose(problem, 8, threads, true).Variant).Threads <= threads);
    }
}
