using System.Diagnostics;
using System.Globalization;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using System.Text.RegularExpressions;
using GpuVae.Kernels.Common;
using GpuVae.Kernels.Gemm;
using GpuVae.Kernels.Gemm.Planning;
using GpuVae.Simd;
using ILGPU;
using ILGPU.Runtime;

namespace GpuVae.Kernels.Tests;

/// <summary>What the just-in-time compiler makes of the inner loop of a product, read from its listing of another process.</summary>
public sealed partial class InnerLoopTests
{
    private const int M = 96, N = 128, K = 200;

    /// <summary>
    /// A processor that does two multiply-adds of 256 bits a cycle waits for its front end if the loop has many more instructions than
    /// these: 2 loads and 6 broadcasts for 12 multiply-adds, or 2 and 12 for 24, and the end of the loop. Sums never touch the stack; of
    /// the pointers to twelve rows three do, or five where the distance of B's rows is a variable, too, for which there is time enough at
    /// 512 bits. A panel in place is asked for ahead, in four instructions.
    /// </summary>
    [Theory]
    [InlineData(256, nameof(ACopiedPanelGivesTheProduct), 2.1)]
    [InlineData(512, nameof(ACopiedPanelGivesTheProduct), 2.0)]
    [InlineData(512, nameof(APanelInPlaceGivesTheProduct), 2.2)]
    public async Task TheInnerLoopIsLittleButMultiplyAdds(int bits, string product, double most)
    {
        Assert.SkipUnless(Fma.IsSupported, "This processor has no fused multiply-add of x86.");
        Assert.SkipWhen(bits == 512 && !Vector512.IsHardwareAccelerated, "This processor has no vectors of 512 bits.");
        string listing = Path.GetTempFileName();
        try
        {
            var start = new ProcessStartInfo(Path.ChangeExtension(typeof(InnerLoopTests).Assembly.Location, null))
            {
                ArgumentList = { "--filter-method", $"*.{nameof(InnerLoopTests)}.{product}" },
                Environment =
                {
                    ["DOTNET_JitStdOutFile"] = listing,
                    ["DOTNET_JitDisasm"] = "*loop*",
                    ["DOTNET_EnableAVX512"] = bits == 512 ? "1" : "0",
                },
                RedirectStandardOutput = true,
            };
            using Process child = Process.Start(start)!;
            string output = await child.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            await child.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.True(child.ExitCode == 0, output);

            string[] loop = LargestLoop(File.ReadAllLines(listing));
            int multiplyAdds = loop.Count(IsMultiplyAdd);
            Assert.Equal(bits == 512 ? 24 : 12, multiplyAdds);
            Assert.DoesNotContain(loop, line => line.Contains("mm") && (line.Contains("[rbp") || line.Contains("[rsp")));
            Assert.True(
                loop.Length <= most * multiplyAdds,
                string.Create(CultureInfo.InvariantCulture, $"{loop.Length} instructions for {multiplyAdds}:\n{string.Join('\n', loop)}"));
        }
        finally
        {
            File.Delete(listing);
        }
    }

    [Fact]
    public void ACopiedPanelGivesTheProduct() => Multiply(GemmVariant.Staged);

    [Fact]
    public void APanelInPlaceGivesTheProduct() => Multiply(GemmVariant.Lanes);

    private static void Multiply(GemmVariant variant)
    {
        using var context = Context.Create(builder => builder.Simd().EnableAlgorithms());
        using SimdAccelerator accelerator = context.CreateSimdAccelerator();
        using var gemms = new GemmContext(accelerator) { Forced = new GemmChoice(variant) };
        var random = new System.Random(7);
        float[] a = [.. Enumerable.Range(0, M * K).Select(_ => random.NextSingle())];
        float[] b = [.. Enumerable.Range(0, K * N).Select(_ => random.NextSingle())];
        using MemoryBuffer1D<float, Stride1D.Dense> onA = accelerator.Allocate1D(a);
        using MemoryBuffer1D<float, Stride1D.Dense> onB = accelerator.Allocate1D(b);
        using MemoryBuffer1D<float, Stride1D.Dense> onC = accelerator.Allocate1D<float>(M * N);
        gemms.With<PlainEpilogue>().Run(
            accelerator.DefaultStream, new(onA.View, M, K), new(onB.View, K, N), new(onC.View, M, N), default);
        float[] c = onC.GetAsArray1D();
        for (int i = 0; i < c.Length; i++)
        {
            double sum = 0;
            for (int k = 0; k < K; k++)
                sum += (double)a[i / N * K + k] * b[k * N + i % N];
            // Sums of 200 positive products in float32.
            Assert.Equal(sum, c[i], sum * 1e-5);
        }
    }

    /// <summary>The instructions of the loop with the most multiply-adds: between a label and a jump back to it.</summary>
    private static string[] LargestLoop(string[] listing)
    {
        var labels = new Dictionary<string, int>();
        string[] best = [];
        for (int i = 0; i < listing.Length; i++)
        {
            if (listing[i].StartsWith("; Assembly", StringComparison.Ordinal))
                labels.Clear();
            if (Label().Match(listing[i]) is { Success: true } label)
                labels[label.Groups[1].Value] = i;
            if (Jump().Match(listing[i]) is { Success: true } jump && labels.TryGetValue(jump.Groups[1].Value, out int from))
            {
                string[] loop = [.. listing[from..(i + 1)].Where(line => Instruction().IsMatch(line))];
                if (loop.Count(IsMultiplyAdd) > best.Count(IsMultiplyAdd))
                    best = loop;
            }
        }
        return best;
    }

    private static bool IsMultiplyAdd(string line) => line.Contains("vfmadd", StringComparison.Ordinal);

    [GeneratedRegex(@"^(G_M\w+_IG\d+):")]
    private static partial Regex Label();

    [GeneratedRegex(@"^\s+j\w+\s+(?:SHORT )?(G_M\w+_IG\d+)")]
    private static partial Regex Jump();

    [GeneratedRegex(@"^\s+(?!align)[a-z]")]
    private static partial Regex Instruction();
}
