using System.Diagnostics;
using System.Runtime.InteropServices;
using GpuVae.Tests.Onnx;
using GpuVae.Training;

namespace GpuVae.Tests.Cli;

public sealed partial class KillAndResumeTests : IDisposable
{
    // 1600 steps and 500 checkpoints of a network so small that all of it takes a second or two.
    private static readonly string[] Training =
    [
        "train", "--images", "256", "--size", "8", "--batch", "16", "--epochs", "100", "--checkpoint-every", "4", "--seed", "5",
        "--device", "cpu",
    ];

    private static readonly string[] FewUnits = ["--hidden", "16", "--latent", "2"];

    private readonly TemporaryFolder folder = new();
    private string[] training = [.. Training, .. FewUnits];

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("")]
    [InlineData("--adversarial --discriminator-channels 4 --adversarial-start 0.3")]
    [InlineData("--perceptual net.onnx")]
    [InlineData("--quantize codebook --code-levels 2 --codes 8 --code-size 4 --channels-per-stage 4")]
    public void ATrainingKilledAgainAndAgainEndsWithTheSameBytes(string options)
    {
        TinyNetwork.Write(folder["net.onnx"]);
        if (options.Length > 0)
        {
            bool hasCodes = options.Contains("--quantize", StringComparison.Ordinal);
            training = [.. Training, .. hasCodes ? [] : FewUnits, .. options.Split(' ')];
            training[Array.IndexOf(training, "--epochs") + 1] = "30";
        }
        Gpuvae.Succeed(folder.FullPath, [.. training, "--out", "whole"]);

        // The first kill comes at the earliest moment at which there is something on the disk, the others after some checkpoints.
        int kills = 0;
        foreach (int checkpoints in (int[])[0, 1, 7, 30, 90])
            kills += KillAfter(checkpoints, folder[checkpoints == 0 ? "killed" : "killed/checkpoint"], Next()) ? 1 : 0;
        Assert.True(kills >= 3, $"only {kills} of the runs were still training when they should be killed");
        Gpuvae.Succeed(folder.FullPath, Next());

        foreach (string file in (string[])["model.safetensors", "best.safetensors", "checkpoint"])
            Assert.Equal(File.ReadAllBytes(folder[$"whole/{file}"]), File.ReadAllBytes(folder[$"killed/{file}"]));
        Assert.Equal(Losses("whole"), Losses("killed"));
        Assert.Empty(Directory.GetFiles(folder["killed"], "*.tmp"));
    }

    [Theory]
    [InlineData("pixel-cnn", 2)]
    [InlineData("transformer", 1)]
    public void APriorKilledAgainAndAgainEndsWithTheSameBytes(string kind, int grids)
    {
        Gpuvae.Succeed(
            folder.FullPath, "train", "--images", "60", "--size", "8", "--quantize", "scalar", "--levels", "3,3", "--code-levels",
            $"{grids}", "--channels-per-stage", "4", "--batch", "20", "--epochs", "1", "--device", "cpu", "--out", "run");
        string[] command = ["train-prior", "--run", "run", "--device", "cpu"];
        string[] training = [.. command, "--model", kind, "--layers", "1", "--width", "8", "--batch", "20", "--epochs", "60"];
        Gpuvae.Succeed(folder.FullPath, [.. training, "--out", "whole.safetensors"]);

        string[] ofKilled = ["--out", "killed.safetensors"], resume = [.. command, "--resume", .. ofKilled];
        string checkpoint = folder["killed.checkpoint"];
        int kills = 0;
        foreach (int checkpoints in (int[])[1, 2, 15])
            kills += KillAfter(checkpoints, checkpoint, File.Exists(checkpoint) ? resume : [.. training, .. ofKilled]) ? 1 : 0;
        Assert.True(kills >= 2, $"only {kills} of the trainings were still going on when they should be killed");
        Gpuvae.Succeed(folder.FullPath, resume);

        foreach (string extension in (string[])["safetensors", "checkpoint", "png"])
            Assert.Equal(File.ReadAllBytes(folder[$"whole.{extension}"]), File.ReadAllBytes(folder[$"killed.{extension}"]));
        Assert.Empty(Directory.GetFiles(folder.FullPath, "*.tmp"));
    }

    [Fact]
    public void ATrainingKilledBetweenItsLastCheckpointAndItsPicturesHasThemAfterAResume()
    {
        string[] once = [.. training, "--out", "run"];
        once[Array.IndexOf(once, "--epochs") + 1] = "1";
        Gpuvae.Succeed(folder.FullPath, once);
        string[] pictures = [folder["run/samples.png"], folder["run/reconstructions.png"]];
        byte[][] drawn = [.. pictures.Select(File.ReadAllBytes)];
        foreach (string file in (string[])[.. pictures, folder["run/report.html"]])
            File.Delete(file);

        Gpuvae.Succeed(folder.FullPath, "train", "--resume", "run", "--device", "cpu");

        Assert.Equal(drawn, pictures.Select(File.ReadAllBytes));
        Assert.True(File.Exists(folder["run/report.html"]));
    }

    [Theory]
    [InlineData(2, "SIGINT")]
    [InlineData(15, "SIGTERM")]
    [InlineData(1, "SIGHUP")]
    public void ASignalEndsTheTrainingWithACheckpoint(int signal, string name)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), $"{name} is sent, and kept from being ignored, as Linux does it");
        string[] endless = [.. training, "--out", "stopped"];
        endless[Array.IndexOf(endless, "--epochs") + 1] = "1000000";
        using Process process = Start(endless);
        while (!File.Exists(folder["stopped/metrics.jsonl"]) && !process.HasExited)
            Thread.Sleep(10);
        Assert.Equal(0, Kill(process.Id, signal));
        var result = CommandResult.Wait(process);

        Assert.True(result is { ExitCode: 130, Error: "" }, result.ToString());
        Assert.Contains("go on with: gpuvae train --resume stopped", result.Output, StringComparison.Ordinal);
        long steps = TrainingCheckpoint.Read(folder["stopped/checkpoint"]).Step;
        Assert.Contains($"stopped at step {steps} of", result.Output, StringComparison.Ordinal);
        foreach (string file in (string[])["model.safetensors", "best.safetensors", "samples.png", "reconstructions.png", "report.html"])
            Assert.True(File.Exists(folder[$"stopped/{file}"]), file);
        Gpuvae.Succeed(folder.FullPath, "generate", "--run", "stopped", "--count", "4", "--device", "cpu", "--out", "some.png");
        Assert.Empty(Directory.GetFiles(folder["stopped"], "*.tmp"));
    }

    [Fact]
    public void ASignalWhileImagesAreLoadedLeavesNothing()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "SIGINT is sent, and kept from being ignored, as Linux does it");
        // Drawing so many faces takes far longer than a signal.
        using Process process = Start("train", "--data", "faces", "--images", "100000", "--device", "cpu", "--out", "run");
        Assert.Equal("loading faces …", process.StandardOutput.ReadLine());
        Assert.Equal(0, Kill(process.Id, 2));
        var result = CommandResult.Wait(process);

        Assert.Equal(new CommandResult(130, "", ""), result);
        Assert.Empty(Directory.GetFileSystemEntries(folder.FullPath));
    }

    [Fact]
    public void ASignalLeavesNoPictureHalfWritten()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "SIGINT is sent, and kept from being ignored, as Linux does it");
        Gpuvae.Succeed(
            folder.FullPath, "train", "--images", "20", "--size", "32", "--batch", "10", "--epochs", "1", "--hidden", "8", "--latent", "2",
            "--device", "cpu", "--out", "run");
        using Process process = Start("generate", "--run", "run", "--count", "100000", "--files", "--device", "cpu");
        while (!File.Exists(folder["generated/00002.png"]) && !process.HasExited)
            Thread.Sleep(10);
        Assert.Equal(0, Kill(process.Id, 2));
        var result = CommandResult.Wait(process);

        Assert.True(result is { ExitCode: 130, Error: "" }, result.ToString());
        Assert.All(Directory.GetFiles(folder["generated"]), file => Assert.EndsWith(".png", file, StringComparison.Ordinal));
    }

    [Fact]
    public void TwoTrainingsDoNotShareAFolder()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "SIGINT is sent, and kept from being ignored, as Linux does it");
        string[] endless = [.. training, "--out", "shared"];
        endless[Array.IndexOf(endless, "--epochs") + 1] = "1000000";
        using Process process = Start(endless);
        while (!File.Exists(folder["shared/checkpoint"]) && !process.HasExited)
            Thread.Sleep(10);
        CommandResult second = Gpuvae.Run(folder.FullPath, "train", "--resume", "shared", "--device", "cpu");
        Assert.Equal(0, Kill(process.Id, 2));

        Assert.True(second.ExitCode == 2, second.ToString());
        Assert.Contains("Another process is training into", second.Error, StringComparison.Ordinal);
        Assert.Equal(130, CommandResult.Wait(process).ExitCode);
    }

    [Fact]
    public void TrainingsThatBeginAtOnceTakeFoldersOfTheirOwn()
    {
        string[] tiny = ["train", "--images", "32", "--size", "6", "--hidden", "8", "--latent", "2", "--batch", "16", "--epochs", "1"];
        Process[] all = [.. Enumerable.Range(0, 3).Select(_ => Start([.. tiny, "--device", "cpu"]))];
        foreach (Process process in all)
        {
            var result = CommandResult.Wait(process);
            Assert.True(result.ExitCode == 0, result.ToString());
            process.Dispose();
        }
        string[] runs = ["digits", "digits-2", "digits-3"];
        Assert.Equal(runs, Directory.GetDirectories(folder["runs"]).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.All(runs, run => Assert.True(File.Exists(folder[$"runs/{run}/model.safetensors"])));
    }

    /// <summary>What runs in the background of a shell, as these tests may, inherits that SIGINT is ignored; env puts it back.</summary>
    private Process Start(params string[] arguments)
    {
        ProcessStartInfo direct = Gpuvae.StartInfo(folder.FullPath, arguments);
        string[] withEnv = ["--default-signal", direct.FileName, .. direct.ArgumentList];
        return CommandResult.Start(new ProcessStartInfo("/usr/bin/env", withEnv) { WorkingDirectory = folder.FullPath });
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);

    /// <summary>Runs a command and kills it when it has written so many checkpoints; false if it ended before.</summary>
    private bool KillAfter(int checkpoints, string watched, string[] command)
    {
        DateTime last = File.GetLastWriteTimeUtc(watched);
        using Process process = CommandResult.Start(Gpuvae.StartInfo(folder.FullPath, command));
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        for (int seen = 0; seen < Math.Max(checkpoints, 1) && !process.HasExited; Thread.Sleep(1))
        {
            DateTime now = File.GetLastWriteTimeUtc(watched);
            if (now != last)
                (last, seen) = (now, seen + 1);
        }
        bool killed = !process.HasExited;
        process.Kill(); // SIGKILL
        process.WaitForExit();
        return killed;
    }

    private string[] Next() =>
        File.Exists(folder["killed/checkpoint"]) ? ["train", "--resume", "killed", "--device", "cpu"] : [.. training, "--out", "killed"];

    private (int, double, double?)[] Losses(string run) =>
        [.. RunFolder.Open(folder[run]).ReadMetrics().Select(line => (line.Epoch, line.TrainLoss, line.TestLoss))];
}
