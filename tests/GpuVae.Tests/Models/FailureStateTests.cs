using System.Runtime.CompilerServices;
using GpuVae.Applications;
using GpuVae.Data;
using GpuVae.Devices;
using GpuVae.Evaluation;
using GpuVae.Models;
using GpuVae.Options;
using GpuVae.Simd;
using GpuVae.Training;

namespace GpuVae.Tests.Models;

/// <summary>What a call leaves that finds no memory: every allocation of it is made to fail in turn.</summary>
public sealed class FailureStateTests
{
    private static readonly VaeOptions Small = new() { Shape = new(8, 8), Hidden = [16], Latent = 3, Classes = 2 };

    private static readonly ImageSet Images = Labelled();

    /// <summary>What is done with a model, by its name.</summary>
    public static TheoryData<string> Uses => [.. Calls.Keys];

    private static Dictionary<string, Func<Vae, float[]>> Calls { get; } = new()
    {
        ["Encode"] = model => LatentCodes.Means(model, Images),
        ["Reconstruct"] = Reconstruct,
        ["Generate"] = model => model.Generate(5, seed: 1),
        ["SamplePrior"] = model => model.SamplePrior(5, seed: 1),
        ["SampleCodes"] = model => model.SampleCodes(5, seed: 1),
        ["Evaluate"] = model => [(float)model.Evaluate(Images).Loss],
        ["ModelEvaluation"] = model => [(float)ModelEvaluation.Run(model, Images).Reconstruction!.Value.Mse],
        ["ImportanceSampling"] = model => Array.ConvertAll(ImportanceSampling.LogLikelihoods(model, Images, 3), value => (float)value),
        ["Inpainting"] = model => Inpainting.Sample(
            model, PictureInput.Rows(Images), Mask.Half(8, 8, ImageHalf.Upper), 2, new InpaintingOptions { SamplingSteps = 4 }),
        ["Upscaling"] = model => Upscaling.Enlarge(model, PictureInput.Rows(Images).AsSpan(0, 32), 2, new UpscalingOptions { Steps = 2 }),
        ["Trainer"] = model =>
        {
            using var trainer = new Trainer(
                model, Images, new TrainingOptions { BatchSize = 4, Epochs = 1, LearningRate = 1e-30, GradientClip = 1 }, Images);
            return [(float)trainer.Run().LastEpoch!.Test!.Value.Loss];
        },
        ["another model"] = model =>
        {
            using var other = new Vae(model.Device, Small with { Prior = Prior.Mixture, PriorComponents = 3 });
            return other.Generate(2, seed: 3);
        },
    };

    [Theory]
    [MemberData(nameof(Uses))]
    public void WithoutMemoryACallFailsAndTheNextIsRight(string use)
    {
        Func<Vae, float[]> call = Calls[use];
        (float[] expected, _, int left) = Run(call, failing: int.MaxValue);
        int failing = 0;
        for (bool hasFailed = true; hasFailed; failing++)
        {
            (float[] actual, hasFailed, int leftNow) = Run(call, failing);
            Assert.Equal(expected, actual);
            Assert.Equal(left, leftNow);
        }
        Assert.True(failing > 1, $"{use} allocates nothing");
    }

    /// <summary>
    /// What a call gives, once more if it fails for want of memory; and the buffers that the device still has when the model is gone: its
    /// own workspaces.
    /// </summary>
    private static (float[] Result, bool HasFailed, int Left) Run(Func<Vae, float[]> call, int failing)
    {
        using var device = ComputeDevice.Open("cpu");
        var accelerator = (SimdAccelerator)device.Accelerator;
        var model = new Vae(device, Small with { Prior = Prior.Vamp, PriorComponents = 4 });
        bool hasFailed = false;
        OnAllocation(accelerator, _ =>
        {
            if (failing-- == 0)
                throw new SimdAcceleratorException("no memory in this test");
        });
        float[] result;
        try
        {
            result = call(model);
        }
        catch (SimdAcceleratorException)
        {
            hasFailed = true;
            result = call(model);
        }
        model.Dispose();
        return (result, hasFailed, LiveBuffers.Of(accelerator));
    }

    private static float[] Reconstruct(Vae model)
    {
        float[] results = new float[Images.Pixels.Length];
        model.Reconstruct(PictureInput.Rows(Images), results, Images.Labels);
        return results;
    }

    private static ImageSet Labelled()
    {
        int[] labels = [.. Enumerable.Range(0, 6).Select(i => i % 2)];
        return new ImageSet("labelled", 8, 8, 1, TestImages.Random(6, Small.Shape).Pixels, labels);
    }

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "set_Allocating")]
    private static extern void OnAllocation(SimdAccelerator accelerator, Action<long>? told);
}
