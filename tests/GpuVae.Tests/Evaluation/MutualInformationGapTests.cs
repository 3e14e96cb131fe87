using GpuVae.Data;
using GpuVae.Evaluation;
using GpuVae.Options;

namespace GpuVae.Tests.Evaluation;

public sealed class MutualInformationGapTests
{
    // Every combination of a shape out of 4 and a size out of 5, ten times.
    private static readonly int[] Shapes = [.. Enumerable.Range(0, 200).Select(i => i % 4)];
    private static readonly int[] Sizes = [.. Enumerable.Range(0, 200).Select(i => i / 4 % 5)];

    [Fact]
    public void AUnitForEachFactorHasTheGapOne()
    {
        MutualInformationGap mig = Gap(i => [Sizes[i] * -2f, 0.5f, Shapes[i] * Shapes[i]]);
        Assert.Equal(1, mig.Score, 1e-9);
        Assert.Equal(["shape", "size"], mig.Factors.Select(factor => factor.Factor));
        Assert.Equal([2, 0], mig.Factors.Select(factor => factor.Unit));
        Assert.Equal(Math.Log(4), mig.Factors[0].Entropy, 1e-9);
        Assert.Equal(Math.Log(5), mig.Factors[1].Information, 1e-9);
    }

    [Fact]
    public void UnitsThatAllKnowTheSameHaveTheGapZero()
    {
        MutualInformationGap mig = Gap(i => [Shapes[i] * 5 + Sizes[i], -Shapes[i] * 5 - Sizes[i]]);
        Assert.Equal(0, mig.Score, 1e-9);
        Assert.All(mig.Factors, factor => Assert.Equal(factor.Entropy, factor.Information, 1e-9));
    }

    [Fact]
    public void AUnitThatKnowsHalfOfAFactorHalvesItsGap()
    {
        // The second unit tells two of the four shapes from the other two.
        MutualInformationGap mig = Gap(i => [Shapes[i], Shapes[i] / 2, Sizes[i]]);
        Assert.Equal(0.5, mig.Factors[0].Gap, 1e-9);
        Assert.Equal(1, mig.Factors[1].Gap, 1e-9);
        Assert.Equal(0.75, mig.Score, 1e-9);
    }

    [Fact]
    public void NumbersFallIntoBinsOfEqualWidth()
    {
        int[] bins = MutualInformationGap.Binned([-1f, 1f, 0f, -0.91f, 0.999f]);
        Assert.Equal([0, MutualInformationGap.Bins - 1, 10, 0, MutualInformationGap.Bins - 1], bins);
        Assert.Equal([0, 0], MutualInformationGap.Binned([3f, 3f]));
    }

    [Fact]
    public void FactorsThatNeverChangeAreBadInput() => Assert.Throws<BadInputException>(
        () => MutualInformationGap.Of(new float[4], 2, [Factor.Continuous("constant", [1, 1], 0)]));

    private static MutualInformationGap Gap(Func<int, float[]> code) => MutualInformationGap.Of(
        Enumerable.Range(0, 200).SelectMany(code).ToArray(), code(0).Length,
        [
            Factor.Categorical("shape", ["a", "b", "c", "d"], Shapes),
            Factor.Continuous("size", Array.ConvertAll(Sizes, size => (float)size), 2),
        ]);
}
