using GpuVae.Imaging;

namespace GpuVae.Tests.Cli;

/// <summary>The commands that complete and enlarge pictures.</summary>
public sealed class CompletionTests(TrainedRun run) : IClassFixture<TrainedRun>, IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void InpaintWritesARowForEachPicture()
    {
        string white = folder["mask.png"];
        var mask = new Image(28, 28, 1);
        mask.Pixels.AsSpan(0, 10 * 28).Fill(255);
        ImageFile.Write(white, mask);
        foreach (string[] hidden in (string[][])[["--half", "left"], ["--rect", "4,4,9,30"], ["--random", "0.5"], ["--mask", white]])
        {
            string output = folder["inpainted.png"];
            Gpuvae.Succeed(
                run.Root,
                [
                    "inpaint", .. hidden, "--count", "2", "--samples", "3", "--steps", "4", "--out", output, "--device", "cpu",
                    "--scale", "1",
                ]);
            Image strip = ImageFile.Read(output);
            Assert.Equal((6 * 30 + 2, 2 * 30 + 2 + 13), (strip.Width, strip.Height));
        }
    }

    [Fact]
    public void UpscaleShowsTestImagesOrEnlargesNamedOnes()
    {
        string picture = folder["upscaled.png"], small = folder["small.png"], large = folder["large"];
        Gpuvae.Succeed(run.Root, "upscale", "--count", "3", "--steps", "2", "--out", picture, "--device", "cpu", "--scale", "1");
        Image strip = ImageFile.Read(picture);
        Assert.Equal((4 * 30 + 2, 3 * 30 + 2 + 13), (strip.Width, strip.Height));

        ImageFile.Write(small, new Image(14, 14, 1));
        Gpuvae.Succeed(
            run.Root, "upscale", small, "--factor", "2", "--steps", "2", "--files", "--out", large, "--device", "cpu");
        Image enlarged = ImageFile.Read(Path.Combine(large, "0000.png"));
        Assert.Equal((28, 28), (enlarged.Width, enlarged.Height));
        Assert.InRange(enlarged.Pixels.Average(pixel => pixel), 0, 1);
    }

    [Theory]
    [InlineData("Say what is hidden", "inpaint")]
    [InlineData("Say what is hidden", "inpaint", "--half", "left", "--random", "0.5")]
    [InlineData("--samples 0", "inpaint", "--half", "left", "--samples", "0")]
    [InlineData("--half middle", "inpaint", "--half", "middle")]
    [InlineData("--rect 1,2,3", "inpaint", "--rect", "1,2,3")]
    [InlineData("--rect 50,50,3,3 lies outside the images, which have 28×28 pixels", "inpaint", "--rect", "50,50,3,3")]
    [InlineData("it is a folder", "inpaint", "--mask", ".")]
    [InlineData("--random 0", "inpaint", "--random", "0")]
    [InlineData("has 9×9 pixels, the model's images have 28×28", "inpaint", "--mask", "nine.png")]
    [InlineData("has 9×9×1 (width×height×channels), the model takes 28×28×1", "inpaint", "nine.png", "--half", "left")]
    [InlineData("has 9×9×1 (width×height×channels), the model takes 7×7×1", "upscale", "nine.png")]
    [InlineData("--factor 3: choose 2 or 4", "upscale", "--factor", "3")]
    [InlineData("does not know '3'; train with --conditional", "inpaint", "--half", "left", "--label", "3")]
    [InlineData("does not know '3'; train with --conditional", "upscale", "--label", "3")]
    public void BadInputIsSaidInOneLineAndLeavesNothing(string fragment, params string[] arguments)
    {
        ImageFile.Write(Path.Combine(run.Root, "nine.png"), new Image(9, 9, 1));
        CommandResult result = Gpuvae.Run(run.Root, [.. arguments, "--out", folder["out.png"], "--device", "cpu"]);
        Assert.Equal(2, result.ExitCode);
        Assert.Contains(fragment, result.Error, StringComparison.Ordinal);
        // What the command line itself forbids ends with where the help is.
        Assert.InRange(result.Error.Trim().Split('\n').Length, 1, 2);
        Assert.Empty(Directory.GetFiles(folder.FullPath));
    }
}
