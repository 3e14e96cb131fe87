using GpuVae.Applications;
using GpuVae.Data;
using GpuVae.Models;
using GpuVae.Options;

namespace GpuVae.Tests.Applications;

public sealed class LabelGuessTests(CpuDevice cpu) : IClassFixture<CpuDevice>
{
    [Fact]
    public void PicturesWithoutLabelsGetSomeOfAModelWhoseClassesHaveNoNames()
    {
        using var model = new Vae(cpu.Device, new VaeOptions { Shape = new(4, 4), Hidden = [6], Latent = 2, Classes = 3 });
        ImageSet guessed = LabelGuess.Complete(model, TestImages.Random(5, model.Options.Shape));
        Assert.All(guessed.Labels!, label => Assert.InRange(label, 0, 2));
        Assert.Null(guessed.LabelNames);
    }
}
