using System.Globalization;

namespace GpuVae.Simd.Tests.Fuzz;

/// <summary>
/// Random kernels give on every backend what direct .NET execution of the same IL gives. By default each backend runs the same few hundred
/// kernels; GPUVAE_NIGHTLY=1 makes it thousands, others each day; GPUVAE_FUZZ_SEED=n runs the one kernel of a failure's seed.
/// </summary>
public class FuzzTests(ITestOutputHelper output)
{
    private const int NightlyFactor = 20;
    private static readonly FuzzOracle Oracle = new();

    public static TheoryData<string> Backends => [.. FuzzBackend.All.Select(b => b.Name)];

    [Theory]
    [MemberData(nameof(Backends))]
    public void AgreesWithDirectExecution(string backendName)
    {
        FuzzBackend backend = FuzzBackend.All.Single(b => b.Name == backendName);
        int first = 0, count = backend.Kernels;
        if (Environment.GetEnvironmentVariable("GPUVAE_FUZZ_SEED") is { Length: > 0 } seed)
            (first, count) = (int.Parse(seed, CultureInfo.InvariantCulture), 1);
        else if (Environment.GetEnvironmentVariable("GPUVAE_NIGHTLY") == "1")
            (first, count) = ((int)(DateTime.UtcNow - DateTime.UnixEpoch).TotalDays * count * NightlyFactor, count * NightlyFactor);
        output.WriteLine($"seeds {first} to {first + count - 1}");
        for (int done = 0; done < count; done += FuzzBatch.Size)
        {
            FuzzBatch batch = Oracle.Batch(first + done, Math.Min(FuzzBatch.Size, count - done), backend.RoundsHalves);
            for (int i = 0; i < batch.Programs.Length; i++)
                Check(backend, batch, i);
        }
    }

    /// <summary>
    /// The rest of a sequence behind an arm that leaves ran before that arm, whose unblended copy to a phi then overwrote what the rest
    /// had set for the other lanes.
    /// </summary>
    [Theory]
    [MemberData(nameof(Backends))]
    public void RestBehindALeavingArmRunsLast(string backendName)
    {
        Expression int0 = new Read(FuzzType.Int, "int0"), float0 = new Read(FuzzType.Float, "float0"), one = new Literal(FuzzType.Float, 1);
        var leaves = new If(
            new Logic(true, new Comparison("<", one, float0), new Comparison("!=", one, float0)),
            new Block(),
            new Block(new LocalWrite(new Literal(FuzzType.Int, 1), new LocalRead(int0)), new Return()));
        var body = new Block(new If(
            new Comparison(">=", new Literal(FuzzType.Int, 1), int0),
            new Block(leaves, new Assign(FuzzType.Byte, "byte0", new Literal(FuzzType.Byte, 1))),
            new Block()));
        Check(FuzzBackend.All.Single(b => b.Name == backendName), new FuzzBatch(new Program(589, body, 1, 24, 1)), 0);
    }

    private static void Check(FuzzBackend backend, FuzzBatch batch, int index)
    {
        Program program = batch.Programs[index];
        if (!backend.CanRun(program) || Failure(backend, batch, index) is not { } failure)
            return;
        Program small = Shrinker.Shrink(
            program, p => backend.CanRun(p) && Failure(backend, new FuzzBatch(p), 0) is not null, TimeSpan.FromSeconds(20));
        string reduced = Failure(backend, new FuzzBatch(small), 0) ?? "no failure any more";
        Assert.Fail($"seed {program.Seed} on {backend.Name}: {failure}\nreduced: {reduced}\n{small.Source}");
    }

    private static string? Failure(FuzzBackend backend, FuzzBatch batch, int index)
    {
        FuzzMemory expected = Oracle.Result(batch, index, backend.WarpSize);
        try
        {
            (FuzzMemory? actual, IReadOnlySet<int>? threads) =
                backend.Run(batch.Kernels[index], batch.Programs[index], batch.Inputs[index]);
            return expected.Difference(actual, threads);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            Exception cause = exception.GetBaseException();
            return $"{cause.GetType().Name}: {cause.Message} {cause.StackTrace?.Split('\n')[0].Trim()}";
        }
    }
}
