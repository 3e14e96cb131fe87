using System.Diagnostics;
using System.Globalization;

namespace GpuVae.Ilgpu.Tests.Fuzz;

/// <summary>
/// Random kernels give on every backend what direct .NET execution of the same IL gives. By default a few hundred kernels in bounded time;
/// thousands with GPUVAE_NIGHTLY=1; GPUVAE_FUZZ_SEED=n runs the one kernel of a failure's seed.
/// </summary>
public class FuzzTests
{
    private const int BatchSize = 25;
    private static readonly Dictionary<int, FuzzBackend> oracles = [];

    public static TheoryData<string> Backends => [.. FuzzBackend.All.Select(b => b.Name)];

    [Theory]
    [MemberData(nameof(Backends))]
    public void AgreesWithDirectExecution(string backendName)
    {
        var backend = FuzzBackend.All.Single(b => b.Name == backendName);
        if (Environment.GetEnvironmentVariable("GPUVAE_FUZZ_SEED") is { Length: > 0 } seed)
        {
            Check(backend, [ProgramGenerator.Make(int.Parse(seed, CultureInfo.InvariantCulture))]);
            return;
        }
        bool nightly = Environment.GetEnvironmentVariable("GPUVAE_NIGHTLY") == "1";
        int count = nightly ? 5000 : 300;
        var limit = nightly ? TimeSpan.FromMinutes(10) : TimeSpan.FromSeconds(20.0 / FuzzBackend.All.Count);
        var clock = Stopwatch.StartNew();
        int done = 0;
        while (done < count && clock.Elapsed < limit)
        {
            var programs = new Program[BatchSize];
            for (int i = 0; i < programs.Length; i++)
                programs[i] = ProgramGenerator.Make(done + i);
            Check(backend, programs);
            done += programs.Length;
        }
        Assert.True(done > 0);
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
        Check(FuzzBackend.All.Single(b => b.Name == backendName), [new Program(589, body, 1, 24, 1)]);
    }

    private static void Check(FuzzBackend backend, Program[] programs)
    {
        programs = [.. programs.Where(backend.CanRun)];
        var kernels = KernelEmitter.Emit(programs);
        for (int i = 0; i < programs.Length; i++)
        {
            if (Failure(backend, programs[i], kernels[i]) is not { } failure)
                continue;
            var small = Shrinker.Shrink(
                programs[i], p => backend.CanRun(p) && Failure(backend, p, KernelEmitter.Emit(p)[0]) is not null, TimeSpan.FromSeconds(20));
            string reduced = Failure(backend, small, KernelEmitter.Emit(small)[0]) ?? "no failure any more";
            Assert.Fail($"seed {programs[i].Seed} on {backend.Name}: {failure}\nreduced: {reduced}\n{small.Source}");
        }
    }

    private static string? Failure(FuzzBackend backend, Program program, System.Reflection.MethodInfo kernel)
    {
        var memory = FuzzMemory.For(program);
        var expected = OracleFor(backend.WarpSize).Run(kernel, program, memory).Memory;
        try
        {
            var (actual, threads) = backend.Run(kernel, program, memory);
            return expected.Difference(actual, threads);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            return $"{exception.GetType().Name}: {exception.Message} {exception.StackTrace?.Split('\n')[0].Trim()}";
        }
    }

    private static FuzzBackend OracleFor(int warpSize)
    {
        lock (oracles)
        {
            if (!oracles.TryGetValue(warpSize, out var oracle))
                oracles[warpSize] = oracle = FuzzBackend.Oracle(warpSize);
            return oracle;
        }
    }
}
