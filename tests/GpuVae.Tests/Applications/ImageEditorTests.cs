using GpuVae.Applications;
using GpuVae.Data;
using GpuVae.Models;
using GpuVae.Options;

namespace GpuVae.Tests.Applications;

/// <summary>Attributes and edits on a model whose two units are two of the pixels, so that the right answer is known.</summary>
public sealed class ImageEditorTests : IClassFixture<CpuDevice>, IDisposable
{
    // Pixels: glasses, smile, and one that the model cannot see.
    private const int Pixels = 3;

    private readonly Vae model;

    public ImageEditorTests(CpuDevice cpu)
    {
        model = new Vae(
            cpu.Device, new VaeOptions { Shape = new ImageShape(Pixels, 1), Hidden = [], Latent = 2, Likelihood = Likelihood.Gaussian });
        // Means are the first two pixels, log-variances 0; decoded are the means, and 0.5 for the third pixel.
        Set("encoder.0.weight", 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0);
        Set("encoder.0.bias", 0, 0, 0, 0);
        Set("decoder.0.weight", 1, 0, 0, 1, 0, 0);
        Set("decoder.0.bias", 0, 0, 0.5f);
    }

    public void Dispose() => model.Dispose();

    [Fact]
    public void ADirectionLeavesAnAttributeAloneThatOftenGoesWithIt()
    {
        var directions = AttributeDirections.Learn(model, Faces());
        Assert.Equal(["glasses", "glasses=none", "glasses=round", "smile"], directions.Attributes);
        float[] plain = [0.2f, 0.25f], smilingWithGlasses = [0.8f, 0.75f];
        // With glasses pixel 0 is 0.8, without 0.2. The difference of means would have some of the smile, too.
        AssertNear([0.6f, 0], directions.Changes(plain, new AttributeEdit("glasses")));
        AssertNear([-0.6f, 0], directions.Changes(smilingWithGlasses, new AttributeEdit("Glasses=None")));
        // Smiles are 0.25 and 0.75.
        AssertNear([0, 0.5f], directions.Changes(plain, new AttributeEdit("smile")));
    }

    [Fact]
    public void SeveralEditsAddUp() => AssertNear(
        [-0.3f, 1, 0, 1],
        AttributeDirections.Learn(model, Faces())
            .Changes([0.8f, 0.25f, 0.2f, 0.25f], new AttributeEdit("glasses", -0.5), AttributeEdit.Parse("smile:2")));

    // Codes of the values are 0.1, 0.4 and 0.9: a step that is the same for all reaches one from no two of them.
    [Theory]
    [InlineData("hair=black", 0.1f, 0.1f, 0.1f)]
    [InlineData("hair=brown", 0.4f, 0.4f, 0.4f)]
    [InlineData("hair=blond", 0.9f, 0.9f, 0.9f)]
    [InlineData("hat=top", 0.9f, 0.9f, 0.9f)]
    [InlineData("hat=none", 0.1f, 0.1f, 0.1f)]
    [InlineData("hat", 0.65f, 0.4f, 0.9f)]
    [InlineData("hat=top:-1", 0.1f, 0.4f, 0.1f)]
    [InlineData("hat:-1", 0.1f, 0.1f, 0.1f)]
    public void AValueIsReachedFromTheOneThatTheImageHas(string edit, float fromFirst, float fromSecond, float fromThird)
    {
        byte[] levels = [26, 102, 230];
        int[] values = [.. Enumerable.Range(0, 300).Select(i => i % 3)];
        ImageSet images = new(
            "people", Pixels, 1, 1, [.. values.SelectMany(value => new byte[] { levels[value], 0, 0 })],
            factors: [edit.Contains("hat")
                ? Factor.Categorical("hat", ["none", "cap", "top"], values)
                : Factor.Categorical("hair", ["black", "brown", "blond"], values)]);
        var editor = new ImageEditor(model, images.Select([0, 1, 2])) { KeepsDetails = false };
        float[] edited = editor.Edit(AttributeDirections.Learn(model, images).Changes(editor.Codes, AttributeEdit.Parse(edit)));
        AssertNear([fromFirst, 0, 0.5f, fromSecond, 0, 0.5f, fromThird, 0, 0.5f], edited);
    }

    [Fact]
    public void AStripGoesFromTheOriginalToAllOfTheChange()
    {
        float[] strips = new ImageEditor(model, Images(51, 102, 255, 204, 102, 0)).Strips([0.2f, 0, 0.2f, 0], steps: 2);
        // All of the change is 0.2 − 0.05²/0.2 = 0.1875, half of it 0.1 − 0.05²/0.1 = 0.075.
        float[] expected =
        [
            0.2f, 0.4f, 1, 0.2f, 0.4f, 0.5f, 0.275f, 0.4f, 1, 0.3875f, 0.4f, 1,
            0.8f, 0.4f, 0, 0.8f, 0.4f, 0.5f, 0.875f, 0.4f, 0, 0.9875f, 0.4f, 0,
        ];
        AssertNear(expected, strips);
    }

    [Fact]
    public void ChangesTooSmallToBeMeantAreLeftOut() =>
        AssertNear([0.2f, 0.4f, 1], new ImageEditor(model, Images(51, 102, 255)).Edit([0.04f, -0.04f]));

    [Fact]
    public void WhereAnEditPaintsSomethingElseDetailsGo()
    {
        // The model misses 0.2 of pixel 0, of which 0.15²/(0.4² + 0.15²) is left where 0.4 · (1 − 0.05²/0.4²) is added.
        Set("decoder.0.bias", -0.2f, 0, 0.5f);
        AssertNear([0.42f, 0.4f, 1], new ImageEditor(model, Images(51, 102, 255)).Edit([0.4f, 0]));
    }

    [Fact]
    public void WithoutDetailsTheModelsPictureIsShown() => AssertNear(
        [0.4f, 0.4f, 0.5f], new ImageEditor(model, Images(51, 102, 255)) { KeepsDetails = false }.Edit([0.2f, 0]));

    [Theory]
    [InlineData("hat", "glasses, glasses=none, glasses=round, smile")]
    [InlineData("smile:nan", "from -100 to 100")]
    [InlineData("smile:-101", "from -100 to 100")]
    [InlineData("smile:", "from -100 to 100")]
    public void EditsThatCannotBeAreRefused(string edit, string fragment)
    {
        var directions = AttributeDirections.Learn(model, Faces());
        Assert.Contains(fragment, Assert.Throws<BadInputException>(() => directions.Changes([0, 0], AttributeEdit.Parse(edit))).Message);
    }

    [Fact]
    public void ImagesWithoutAttributesAreRefused()
    {
        var images = new ImageSet("plain", Pixels, 1, 1, new byte[Pixels * 4]);
        Assert.Contains("attributes.csv", Assert.Throws<BadInputException>(() => AttributeDirections.Learn(model, images)).Message);
    }

    /// <summary>Three of four with glasses smile, one of four without.</summary>
    private static ImageSet Faces()
    {
        const int count = 64;
        int[] glasses = new int[count];
        float[] smile = new float[count];
        byte[] pixels = new byte[count * Pixels];
        for (int i = 0; i < count; i++)
        {
            glasses[i] = i % 2;
            smile[i] = i / 2 % 4 == 0 ? 1 - glasses[i] : glasses[i];
            pixels[i * Pixels] = (byte)(51 + 153 * glasses[i]);
            pixels[i * Pixels + 1] = (byte)(64 + 127.5f * smile[i]);
        }
        return new ImageSet(
            "faces", Pixels, 1, 1, pixels,
            factors: [Factor.Categorical("glasses", ["none", "round"], glasses), Factor.Continuous("smile", smile, 0.5f)]);
    }

    private static ImageSet Images(params byte[] pixels) => new("images", Pixels, 1, 1, pixels);

    private void Set(string name, params float[] values) => model.Parameters.Write(model.Parameters[name], values);

    // The regression's ridge shortens directions by less than a hundredth.
    private static void AssertNear(float[] expected, float[] actual) => Assert.Equal(expected, actual, (a, b) => Math.Abs(a - b) < 0.008f);
}
