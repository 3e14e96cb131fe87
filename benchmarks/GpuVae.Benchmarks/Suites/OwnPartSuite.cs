using BenchmarkDotNet.Attributes;
using GpuVae.Devices;
using GpuVae.Latent;
using GpuVae.Models;
using GpuVae.Options;
using OwnParts;

namespace GpuVae.Benchmarks.Suites;

/// <summary>A training step with the parts of samples/OwnParts, beside one with the built-in part that does the same job.</summary>
public class OwnPartSuite : DeviceSuite
{
    private const int Batch = 128;

    private NoiseTraining builtIn = null!, own = null!;

    [Params("likelihood", "activation", "prior")]
    public string Part { get; set; } = "";

    [Benchmark(Baseline = true)]
    public void BuiltIn() => Run(builtIn);

    [Benchmark]
    public void Own() => Run(own);

    protected override void Prepare()
    {
        // Of the built-in likelihoods with one number for a pixel that of grey levels also takes a logarithm.
        var options = new VaeOptions { Likelihood = Part == "likelihood" ? Likelihood.ContinuousBernoulli : Likelihood.Bernoulli };
        builtIn = Memory.Own(new NoiseTraining(Device, options, Batch));
        own = Memory.Own(new NoiseTraining(
            Part switch
            {
                "likelihood" => new Vae(Device, options, likelihood: PixelLikelihood.Of(new StudentT(0.1f))),
                "activation" => new Vae(Device, options, activation: Activation.Of<SquaredRelu>()),
                _ => new Vae(Device, options, prior: CodePrior.Of(new LaplacePrior())),
            },
            Batch));
    }

    private void Run(NoiseTraining training)
    {
        training.Trainer.RunStep();
        Device.Synchronize();
    }
}
