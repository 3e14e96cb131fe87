using GpuVae.Options;

namespace GpuVae.Tests.Options;

public class TrainingOptionsTests
{
    public static TheoryData<string, TrainingOptions> Bad => new()
    {
        { "epochs", new() { Epochs = 0 } },
        { "batch", new() { BatchSize = 0 } },
        { "batch", new() { BatchSize = -3 } },
        { "learning rate", new() { LearningRate = 0 } },
        { "learning rate", new() { LearningRate = double.NaN } },
        { "learning rate", new() { LearningRate = double.PositiveInfinity } },
        { "decay factor", new() { DecayFactor = 1.5 } },
        { "warm-up", new() { KlWarmupEpochs = -1 } },
        { "norm", new() { GradientClip = double.NaN } },
        { "weight decay", new() { WeightDecay = -0.1 } },
        { "betas", new() { AdamBeta2 = 1 } },
        { "epsilon", new() { AdamEpsilon = 0 } },
        { "checkpoints", new() { CheckpointEverySteps = -1 } },
        { "progress", new() { LogEverySteps = 0 } },
    };

    [Theory]
    [MemberData(nameof(Bad))]
    public void OutOfRangeIsBadInputThatNamesTheOption(string named, TrainingOptions options) =>
        Assert.Contains(named, Assert.Throws<BadInputException>(options.Validate).Message, StringComparison.OrdinalIgnoreCase);

    [Fact]
    public void CosineFallsFromTheFullRateToZero()
    {
        var options = new TrainingOptions { LearningRate = 0.2, Decay = LearningRateDecay.Cosine, Epochs = 4 };
        Assert.Equal(0.2, options.LearningRateAt(0, 10), 12);
        Assert.Equal(0.1, options.LearningRateAt(20, 10), 12);
        Assert.Equal(0, options.LearningRateAt(40, 10), 12);
    }

    [Fact]
    public void StepDecayHoldsTheRateWithinItsEpochs()
    {
        var options = new TrainingOptions { LearningRate = 1, Decay = LearningRateDecay.Step, DecayFactor = 0.5, DecayEpochs = 2 };
        Assert.Equal([1.0, 1.0, 0.5, 0.25], new long[] { 0, 19, 20, 40 }.Select(step => options.LearningRateAt(step, 10)));
    }

    [Fact]
    public void WarmUpRisesFromZeroToTheFullWeight()
    {
        var options = new TrainingOptions { KlWarmupEpochs = 2 };
        Assert.Equal([0, 0.5, 1, 1], new long[] { 0, 10, 20, 99 }.Select(step => options.KlWeightAt(step, 10)));
        Assert.Equal(1, new TrainingOptions().KlWeightAt(0, 10));
    }

    [Fact]
    public void CyclesRiseOverTheirFirstHalfAndStay()
    {
        // 4 epochs of 10 steps: two cycles of 20.
        var options = new TrainingOptions { Epochs = 4, KlCycles = 2 };
        Assert.Equal([0, 0.5, 1, 1, 0, 0.5, 1], new long[] { 0, 5, 10, 19, 20, 25, 39 }.Select(step => options.KlWeightAt(step, 10)));
    }
}
