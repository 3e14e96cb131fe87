using System.Text.Json.Nodes;
using GpuVae.Imaging;
using Tensorboard;

namespace GpuVae.Tests.Cli;

/// <summary>What people are used to: files of options, TensorBoard, runs beside each other, completion, forgiven typing errors.</summary>
public sealed class HabitTests(TrainedRun run) : IClassFixture<TrainedRun>, IDisposable
{
    private readonly TemporaryFolder folder = new();

    [Fact]
    public void OptionsThatARunWritesMakeTheSameRun()
    {
        string written = File.ReadAllText(run["train.json"]);
        string printed = Gpuvae.Succeed(run.Root, "train", "--config", run["train.json"], "--print-config", "--beta", "2");
        JsonObject expected = JsonNode.Parse(written)!.AsObject(), actual = JsonNode.Parse(printed)!.AsObject();
        Assert.Equal("64,32", string.Join(',', expected["hidden"]!.AsArray()));
        Assert.Equal(2, (int)actual["beta"]!);
        actual["beta"] = 1;
        Assert.Equal(expected.ToJsonString(), actual.ToJsonString());
    }

    [Theory]
    [InlineData("""{ "epoch": 3 }""", "there is no option 'epoch'; did you mean epochs?")]
    [InlineData("""{ "epochs": { } }""", "the value of 'epochs' is neither a word")]
    [InlineData("""{ "epochs": 0 }""", "--epochs 0: choose a whole number from 1 on")]
    [InlineData("[]", "is no file of options")]
    public void AFileOfOptionsThatIsWrongIsRefused(string content, string fragment)
    {
        File.WriteAllText(folder["train.json"], content);
        Refuse(fragment, "train", "--config", "train.json");
    }

    [Fact]
    public void WhatIsNearToAWrongWordIsNamed()
    {
        Refuse("There is no option --epohcs of 'gpuvae train'; did you mean --epochs?", "train", "--epohcs", "3");
        Refuse("There is no command 'trian'; did you mean train?", "trian");
    }

    [Fact]
    public void RunsAreListedAndComparedByWhatDiffers()
    {
        string[] tiny = ["--images", "64", "--size", "8", "--hidden", "8", "--latent", "2", "--batch", "16", "--device", "cpu"];
        string root = folder.FullPath;
        Gpuvae.Succeed(root, ["train", .. tiny, "--epochs", "1", "--name", "a", "--tensorboard"]);
        string output = Gpuvae.Succeed(root, ["train", .. tiny, "--epochs", "2", "--init", "runs/a", "--beta", "0.5", "--name", "b"]);
        Assert.Contains("epoch 2/2", output, StringComparison.Ordinal);

        string[] lines = [.. Gpuvae.Succeed(root, "runs").Split('\n').Where(line => line.Contains("runs/", StringComparison.Ordinal))];
        Assert.Equal(["runs/b", "runs/a"], lines.Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[0]));
        string table = Gpuvae.Succeed(root, "compare", "runs/a", "runs/b", "--out", "page.html");
        Assert.Matches(@"--beta +1 +0\.5", table);
        Assert.Matches(@"--epochs +1 +2", table);
        Assert.DoesNotContain("--latent", table, StringComparison.Ordinal);
        Assert.Contains("<polyline", File.ReadAllText(folder["page.html"]), StringComparison.Ordinal);

        IReadOnlyList<(long Step, Summary.Types.Value Value)> events = EventReader.Read(
            Assert.Single(Directory.GetFiles(folder["runs/a"], "events.out.tfevents.*")));
        JsonNode metrics = JsonNode.Parse(File.ReadAllLines(folder["runs/a/metrics.jsonl"])[0])!;
        Assert.Equal((float)metrics["test_loss"]!, Of("epoch/test_loss").SimpleValue);
        Assert.Equal(4, events.Single(of => of.Value.Tag == "epoch/test_loss").Step);
        // Samples may be drawn from what was fitted after the last epoch; reconstructions are still those of the epoch.
        Assert.NotEmpty(Of("samples").Image.EncodedImageString);
        Summary.Types.Image picture = Of("reconstructions").Image;
        byte[] file = File.ReadAllBytes(folder["runs/a/reconstructions.png"]);
        Image decoded = ImageFile.Decode(file, "reconstructions.png");
        Assert.Equal(file, picture.EncodedImageString.ToByteArray());
        Assert.Equal((decoded.Width, decoded.Height, decoded.Channels), (picture.Width, picture.Height, picture.Colorspace));
        HistogramProto units = Of("units/kl").Histo;
        Assert.Equal((2, 2), (units.Num, units.Bucket.Sum()));
        Assert.Equal(units.Max, units.BucketLimit[^1], 1e-9);

        Refuse(
            "is of another architecture. Of 10 tensors", "train", "--images", "64", "--size", "8", "--latent", "2", "--hidden", "9",
            "--init", "runs/a", "--device", "cpu");

        Summary.Types.Value Of(string tag) => events.Single(of => of.Value.Tag == tag).Value;
    }

    [Fact]
    public void TheNewestRunIsNamed() =>
        Assert.StartsWith(
            "run runs/small, the newest",
            Gpuvae.Succeed(run.Root, "generate", "--count", "1", "--out", "one.png", "--device", "cpu"), StringComparison.Ordinal);

    [Fact]
    public void ShellsAreToldWhatMayFollow()
    {
        string values = Gpuvae.Succeed(run.Root, "[suggest:26]", "gpuvae train --likelihood ");
        Assert.Contains("gaussian-shared", values.Split('\n', StringSplitOptions.TrimEntries));
    }

    [Fact]
    public void RatesAreTriedWithoutATraining()
    {
        string output = Gpuvae.Succeed(
            folder.FullPath, "train", "--images", "64", "--size", "8", "--hidden", "8", "--find-lr", "--device", "cpu");
        Assert.Matches(@"gpuvae train --lr \d\.\de-?\d", output);
        Assert.False(Directory.Exists(folder["runs"]));
    }

    public void Dispose() => folder.Dispose();

    private void Refuse(string fragment, params string[] arguments)
    {
        CommandResult result = Gpuvae.Run(folder.FullPath, arguments);
        Assert.True(result.ExitCode == 2, result.ToString());
        Assert.Contains(fragment, result.Error, StringComparison.Ordinal);
    }
}
