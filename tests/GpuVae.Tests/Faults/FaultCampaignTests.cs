namespace GpuVae.Tests.Faults;

/// <summary>
/// Trainings that are killed at the n-th write, renaming or flush, or refused it. What stands under a final name is whole at every moment,
/// and the resumed run ends with the bytes of one that nothing disturbed.
/// </summary>
public sealed class FaultCampaignTests(UndisturbedRun undisturbed) : IClassFixture<UndisturbedRun>
{
    private const int Seed = 11;

    /// <summary>Runs that are disturbed side by side: each waits for one process, which keeps hardly more than one core busy.</summary>
    private const int Runs = 2;

    /// <summary>Calls that a run cannot do without: when they fail, the command fails.</summary>
    private static readonly string[] Vital = ["write", "pwrite64", "rename", "fsync"];

    [Fact]
    public void KillsAndFailingCallsLoseNothing()
    {
        Strace.Require();
        int wanted = Nightly.IsOn ? 600 : 60;
        SystemCall[] calls = undisturbed.Calls;
        int[] struck = new int[Runs];
        Parallel.For(0, Runs, run => struck[run] = Disturb(calls, new Random(Seed + run), wanted / Runs));
        Assert.Equal(wanted, struck.Sum());
    }

    [Theory]
    [InlineData("fsync", "EIO")]
    [InlineData("fsync", "ENOSPC")]
    [InlineData("pwrite64", "EIO")]
    [InlineData("pwrite64", "ENOSPC")]
    [InlineData("rename", "EIO")]
    public void ACallThatFailsLeavesEveryFileAsItWas(string name, string error)
    {
        Strace.Require();
        SystemCall first = undisturbed.ContinuationCalls.First(call => call.Name == name);
        using var run = new DisturbedRun(undisturbed);
        undisturbed.CopyTo(run.Run);
        Dictionary<string, byte[]> before = run.Content();

        (CommandResult result, string? line) = run.InjectIntoContinuation(first, $"error={error}");
        Assert.NotNull(line);
        run.AssertTold(line, result, $"{line}\n{result}");
        Dictionary<string, byte[]> after = run.Content();
        Assert.Equal(before.Keys.Order(StringComparer.Ordinal), after.Keys.Order(StringComparer.Ordinal));
        Assert.All(before, file => Assert.Equal(file.Value, after[file.Key]));
    }

    /// <summary>Lets faults strike a run, and the next one where it has ended, until there were enough; returns how many struck.</summary>
    private int Disturb(SystemCall[] calls, Random random, int wanted)
    {
        using var run = new DisturbedRun(undisturbed);
        int struck = 0, completed = 0;
        for (int round = 0; struck < wanted; round++)
        {
            Assert.True(round < 2 * wanted, $"of {round} faults only {struck} struck");
            (SystemCall call, string fault) = Choose(calls, random);
            (CommandResult result, string? line) = run.Inject(call, fault);
            string what = $"round {round}, {fault} at {call.Name} {call.Ordinal}: {line}\n{result}";
            struck += line is null ? 0 : 1;
            if (line is not null && line != "killed")
                run.AssertTold(line, result, what);
            else
                Assert.True(result.ExitCode == (line is null ? 0 : 137), what);
            run.AssertWhole(what);
            if (result.ExitCode != 0)
                continue;
            run.AssertAsUndisturbed(what);
            Directory.Delete(run.Run, recursive: true);
            completed++;
        }
        run.Finish();
        run.AssertAsUndisturbed($"after {struck} faults");
        Assert.True(completed < wanted / 2, $"{completed} runs ended before they could be disturbed");
        return struck;
    }

    /// <summary>
    /// Any of the calls, most of all those that bring something to the disk, and the first ones, lest a run ends undisturbed that was
    /// resumed late.
    /// </summary>
    private static (SystemCall Call, string Fault) Choose(SystemCall[] calls, Random random)
    {
        string[] names = [.. Vital, .. Vital, "openat", "flock", "link", "unlink"];
        SystemCall[] ofName;
        do
        {
            string name = names[random.Next(names.Length)];
            ofName = [.. calls.Where(call => call.Name == name)];
        }
        while (ofName.Length == 0);
        double part = Math.Pow(random.NextDouble(), 3);
        SystemCall chosen = ofName[(int)(part * ofName.Length)];
        // Other calls may fail without harm, or harm the runtime.
        bool isKilled = !Vital.Contains(chosen.Name) || random.Next(3) > 0;
        string fault = isKilled ? "signal=KILL" : random.Next(2) == 0 ? "error=EIO" : "error=ENOSPC";
        return (chosen, fault);
    }
}
