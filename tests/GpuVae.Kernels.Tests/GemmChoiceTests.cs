using GpuVae.Kernels.Gemm;
using GpuVae.Kernels.Gemm.Planning;
using GpuVae.Kernels.Gemm.Simd;
using GpuVae.Kernels.Layers;
using GpuVae.Kernels.Tests.Ops;
using ILGPU.Runtime;

namespace GpuVae.Kernels.Tests;

/// <summary>Whatever a table may choose for a CPU gives the product.</summary>
public sealed class GemmChoiceTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("gpuvae-caches").FullName;

    public static TheoryData<string, int> Cases
    {
        get
        {
            var cases = new TheoryData<string, int>();
            foreach (string device in TestDevices.Names.Where(name => name.StartsWith("SIMD ", StringComparison.Ordinal)))
            {
                for (int transposes = 0; transposes < 4; transposes++)
                    cases.Add(device, transposes);
            }
            return cases;
        }
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [MemberData(nameof(Cases))]
    public void EveryCandidateGivesTheProduct(string device, int transposes)
    {
        Accelerator accelerator = TestDevices.Open(device);
        bool ta = (transposes & 1) != 0, tb = (transposes & 2) != 0;
        foreach ((int m, int n, int k) in TestDevices.IsSlow(device) ? [(29, 70, 33)] : new[] { (5, 70, 33), (77, 130, 540) })
        {
            using var gemm = new GemmContext(accelerator);
            GemmChoice[] candidates = [.. gemm.Candidates(new GemmProblem(GemmUse.Product, ta, tb, m, n, k))];
            Assert.True(candidates.Length >= 2);
            foreach (GemmChoice choice in candidates)
            {
                OpTests.Execute(accelerator, new Op($"{choice} {m}x{n}x{k}", GemmOps.Tolerances(MatrixPrecision.Float32), run =>
                    GemmOps.Plain(run, ta, tb, m, n, k, 1.25f, -0.5f, 3, choice)));
            }
        }
    }

    [Theory]
    [InlineData("SIMD 128")]
    [InlineData("SIMD 256")]
    [InlineData("SIMD checked")]
    public void OneRowIsTheProductWhateverVectorsAGroupTakes(string device)
    {
        Accelerator accelerator = TestDevices.Open(device);
        using var gemm = new GemmContext(accelerator);
        for (int vectors = GemmRow.LeastVectors; vectors <= GemmRow.MostVectors; vectors++)
        {
            // The last group is not full, and shares columns with the one before.
            int n = Enumerable.Range(1, 100).Select(i => i * accelerator.WarpSize + 1).First(columns =>
                columns > GemmRow.MostVectors * accelerator.WarpSize
                && GemmRow.Vectors(columns, accelerator.WarpSize, accelerator.NumMultiprocessors) == vectors);
            Assert.Equal(GemmVariant.Row, gemm.Rule(new GemmProblem(GemmUse.Product, false, false, 1, n, 37)).Variant);
            OpTests.Execute(accelerator, new Op(
                $"row of {vectors} vectors, {n} columns", GemmOps.Tolerances(MatrixPrecision.Float32),
                run => GemmOps.Plain(run, false, false, 1, n, 37, 1.25f, -0.5f, 3, new GemmChoice(GemmVariant.Row))));
        }
    }

    [Theory]
    [InlineData("SIMD 128")]
    [InlineData("SIMD 256")]
    public void TheDepthOfSlicesIsTriedToo(string device)
    {
        using var gemm = new GemmContext(TestDevices.Open(device));
        var problem = new GemmProblem(GemmUse.Product, false, false, 2048, 2048, 2048);
        GemmChoice rule = gemm.Rule(problem);
        Assert.True(rule.Slices > 1);
        GemmChoice[] candidates = [.. gemm.Candidates(problem)];
        Assert.Equal(candidates.Distinct(), candidates);
        int[] slices = [.. candidates.Where(candidate => candidate.Variant == rule.Variant).Select(candidate => candidate.Slices)];
        Assert.Contains(slices, number => number > rule.Slices);
        Assert.Contains(slices, number => number < rule.Slices);
        // Shallow slices would only take the sums to C and back.
        Assert.All(gemm.Candidates(problem with { K = 100 }), candidate => Assert.Equal(1, candidate.Slices));
    }

    [Fact]
    public void TablesDecideWhereTheyHaveAPossibleChoice()
    {
        Accelerator accelerator = TestDevices.Open("SIMD 128");
        var tuned = new GemmProblem(GemmUse.Product, false, false, 64, 64, 64);
        GemmProblem impossible = tuned with { TransposeB = true, M = 300 };
        using var gemm = new GemmContext(accelerator, tuned: new Dictionary<GemmProblem, GemmChoice>
        {
            [tuned] = new(GemmVariant.LanesPackedBoth),
            [impossible] = new(GemmVariant.Lanes),
        });
        Assert.Equal(GemmVariant.LanesPackedBoth, gemm.Choose(tuned).Variant);
        Assert.Equal(gemm.Rule(impossible), gemm.Choose(impossible));
        Assert.Equal(gemm.Rule(tuned with { M = 65 }), gemm.Choose(tuned with { M = 65 }));
        Assert.Equal(3, gemm.Problems.Count);
    }

    [Theory]
    [InlineData(GemmUse.Product, "SIMD 128")]
    [InlineData(GemmUse.WeightGradient, "SIMD 128")]
    [InlineData(GemmUse.Gradients, "SIMD 128")]
    [InlineData(GemmUse.Loss, "SIMD 128")]
    [InlineData(GemmUse.Product, "SIMD checked")]
    [InlineData(GemmUse.WeightGradient, "SIMD checked")]
    [InlineData(GemmUse.Gradients, "SIMD checked")]
    [InlineData(GemmUse.Loss, "SIMD checked")]
    public void TuningGivesOneOfTheCandidates(GemmUse use, string device)
    {
        Accelerator accelerator = TestDevices.Open(device);
        foreach (bool usesTiles in new[] { false, true })
        {
            int k = TestDevices.IsSlow(device) ? 8 : 128;
            var problem = new GemmProblem(use, use is GemmUse.Gradients or GemmUse.WeightGradient, false, 24, 20, k);
            var gemm = new GemmContext(accelerator, usesTiles);
            using var tuner = new GemmTuner(gemm, accelerator.DefaultStream);
            GemmTuning tuning = tuner.Tune(problem);
            Assert.Contains(tuning.Choice, gemm.Candidates(problem));
            Assert.InRange(tuning.Seconds, 0, tuning.RuleSeconds);
            Assert.Null(gemm.Forced);
        }
    }

    [Fact]
    public void CacheSizesAreReadWhereTheMachineListsThem()
    {
        WriteIndex(0, "1", "Data", "32K");
        WriteIndex(1, "1", "Instruction", "64K");
        WriteIndex(2, "2", "Unified", "2M");
        Assert.Equal(new CacheSizes(512 << 10), CacheSizes.Read(folder));
    }

    [Fact]
    public void CacheSizesThatAreMissingOrNonsenseAreTheDefaults()
    {
        var defaults = new CacheSizes(256 << 10);
        Assert.Equal(defaults, CacheSizes.Read(Path.Combine(folder, "none")));
        WriteIndex(0, "1", "Data", "x");
        WriteIndex(1, "2", "Unified", "-1K");
        Assert.Equal(defaults, CacheSizes.Read(folder));
    }

    private void WriteIndex(int index, string level, string type, string size)
    {
        string path = Directory.CreateDirectory(Path.Combine(folder, $"index{index}")).FullName;
        File.WriteAllText(Path.Combine(path, "level"), level + "\n");
        File.WriteAllText(Path.Combine(path, "type"), type + "\n");
        File.WriteAllText(Path.Combine(path, "size"), size + "\n");
    }
}
