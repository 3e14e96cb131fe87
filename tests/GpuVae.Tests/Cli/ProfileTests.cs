using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace GpuVae.Tests.Cli;

public sealed partial class ProfileTests
{
    [Fact]
    public void ProfileListsEveryLaunchWithItsShareAndWritesATrace()
    {
        using var folder = new TemporaryFolder();
        string output = Gpuvae.Succeed(
            folder.FullPath, "profile", "--images", "64", "--batch", "16", "--hidden", "32,16", "--latent", "4", "--conditional",
            "--repeats", "3", "--trace", "step.json", "--device", "cpu");
        Assert.Contains("GFLOP/s in registers", output, StringComparison.Ordinal);
        Assert.Contains("encoder label forward", output, StringComparison.Ordinal);
        double[] shares = [.. Share().Matches(output).Select(m => double.Parse(m.Groups[1].Value, CultureInfo.InvariantCulture))];
        Assert.True(shares.Length > 8, output);
        // The sum's own line says 100 %, too.
        Assert.InRange(shares.Sum(), 199, 201);

        using var trace = JsonDocument.Parse(File.ReadAllBytes(folder["step.json"]));
        JsonElement[] events = [.. trace.RootElement.GetProperty("traceEvents").EnumerateArray()];
        Assert.Equal(shares.Length - 1, events.Length);
        Assert.All(events, e => Assert.True(e.GetProperty("ph").GetString() == "X" && e.GetProperty("dur").GetDouble() > 0));
        Assert.Equal("gather", events[0].GetProperty("name").GetString());
    }

    [Fact]
    public void CheckedModeTrainsOnTheCpuAndNowhereElse()
    {
        using var folder = new TemporaryFolder();
        string[] small = ["train", "--images", "16", "--batch", "8", "--hidden", "8", "--latent", "2", "--epochs", "1", "--checked"];
        Assert.Contains("report.html", Gpuvae.Succeed(folder.FullPath, small), StringComparison.Ordinal);
        CommandResult refused = Gpuvae.Run(folder.FullPath, [.. small, "--device", "opencl:0"]);
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains("--checked runs on the CPU", refused.Error, StringComparison.Ordinal);
    }

    [GeneratedRegex(@"(\d+\.\d) %  ")]
    private static partial Regex Share();
}
