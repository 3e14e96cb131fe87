using System.Text.Json.Nodes;
using GpuVae.Imaging;
using static GpuVae.Tests.Data.FormatFiles;

namespace GpuVae.Tests.Cli;

public class DataCommandTests
{
    [Fact]
    public void TellsWhatIsInASetAndWritesItsPicture()
    {
        using var folder = new TemporaryFolder();
        var random = new Random(1);
        for (int i = 0; i < 40; i++)
        {
            var image = new Image(6, 4, 1);
            random.NextBytes(image.Pixels);
            byte[] png = ImageFile.Encode(image);
            folder.Write($"set/{(i % 4 == 0 ? "cats" : "dogs")}/{i:D2}.png", png);
            if (i == 7)
                folder.Write("set/dogs/copy.png", png);
        }
        folder.Write("set/cats/blank.png", Png(6, 4, 1, 9));
        string output = Gpuvae.Succeed(
            folder.FullPath, "data", "set", "--test-split", "0.0001", "--json", "set.json", "--out", "set.png");
        JsonNode json = JsonNode.Parse(File.ReadAllText(folder["set.json"]))!;
        int training = (int)json["training"]!;
        Assert.Equal(41, training);
        Assert.Equal(1, (int)json["testing"]!);
        Assert.Contains("6×4×1", output, StringComparison.Ordinal);
        Assert.Contains("cats", output, StringComparison.Ordinal);
        Assert.Equal(41, (int)json["labels"]!["cats"]! + (int)json["labels"]!["dogs"]!);
        Assert.Contains("0.0001 of it for testing, seed 1", (string)json["data"]!, StringComparison.Ordinal);
        // Which image is for testing is the seed's business; one of these may be it.
        int odd = (int)json["odd"]!["constant"]!["count"]! + (int)json["odd"]!["duplicates"]!["count"]!;
        Assert.InRange(odd, 1, 2);
        Assert.True(ImageFile.Read(folder["set.png"]).Width > 90);
    }

    [Fact]
    public void ATrainingKeepsItsPartsAndSaysSo()
    {
        using var folder = new TemporaryFolder();
        folder.Write("x.npy", Npy("<f4", [60, 8], Bytes([.. Enumerable.Range(0, 480).Select(i => 3 * MathF.Sin(i))])));
        string output = Gpuvae.Succeed(
            folder.FullPath, "train", "--data", "x.npy", "--test-split", "0.25", "--validation-split", "0.2", "--stream", "--epochs", "1",
            "--batch", "12", "--hidden", "4", "--latent", "2", "--shift", "1", "--device", "cpu", "--out", "run");
        Assert.Contains("36 training, 9 validation and 15 test images of 8×1×1", output, StringComparison.Ordinal);
        JsonNode data = JsonNode.Parse(File.ReadAllText(folder["run/data.json"]))!;
        Assert.Equal((0.25, 0.2, true), ((double)data["testSplit"]!, (double)data["validationSplit"]!, (bool)data["isStreamed"]!));
        const string parts = "0.25 of it for testing, 0.2 of the rest for validation, streamed, seed 1";
        Assert.Contains(parts, File.ReadAllText(folder["run/report.html"]), StringComparison.Ordinal);
        Gpuvae.Succeed(folder.FullPath, "train", "--resume", "run", "--epochs", "2", "--device", "cpu");
        Assert.Contains("15 images", Gpuvae.Succeed(folder.FullPath, "evaluate", "--run", "run", "--metrics", "elbo", "--device", "cpu"),
            StringComparison.Ordinal);
    }
}
