using System.Runtime.InteropServices;
using GpuVae.Simd.Emit;
using GpuVae.Simd.Ir;
using GpuVae.Simd.Passes;
using GpuVae.Simd.Tests.Passes;

namespace GpuVae.Simd.Tests.Emit;

/// <summary>
/// Random programs with a different input in every thread, so that each branch and loop is divergent, against the interpreter run thread by
/// thread. The seed names the program.
/// </summary>
public sealed unsafe class SimdRandomIrTests
{
    private const int Threads = 64;
    private const int ResultsPerThread = 16;

    private static readonly int Programs = Environment.GetEnvironmentVariable("GPUVAE_NIGHTLY") is null ? 60 : 2_000;

    public static TheoryData<int, int, bool> Cases => new()
    {
        { 16, 512, true }, { 16, 512, false }, { 8, 256, true }, { 4, 128, false }, { 1, 0, true }, { 32, 256, true }, { 64, 512, false },
    };

    [Theory, MemberData(nameof(Cases))]
    public void StoresWhatTheInterpreterStores(int lanes, int bits, bool optimized)
    {
        for (int seed = 0; seed < Programs; seed++)
            Check(seed, lanes, bits, optimized);
    }

    /// <summary>
    /// Copies to a join stand in the arm that jumps there and behind the branch: the second must not run before the first.
    /// </summary>
    [Fact]
    public void JumpingArmRunsBeforeWhatFollowsTheBranch() => Check(468, 16, 512, true);

    /// <summary>Lanes that leave an inner label in a branch meet the others, which leave an outer one together, behind both.</summary>
    [Fact]
    public void LanesThatPartAtAJumpFurtherInMeetAtTheOuterJoin() => Check(773, 16, 512, true);

    private static void Check(int seed, int lanes, int bits, bool optimized)
    {
        (Passes.SsaBuilder? builder, Parameter? n) = RandomIr.Make(seed);
        int[] inputs = [.. Enumerable.Range(0, Threads).Select(i => i % 5 == 4 ? i * 1000003 : (i * 7 % 23) - 6)];
        IReadOnlyDictionary<long, ulong>[] expected = inputs
            .Select(x => new IrEvaluator(new Dictionary<Parameter, long> { [n] = x }).RunGraph(builder.Kernel).Global).ToArray();
        Spread(builder.Kernel, n);
        if (optimized)
            Optimizer.Run(builder.Kernel, new KernelTarget(TargetKind.Simd) { WarpSize = lanes, GroupDim = (Threads, 1, 1) });
        int[] actual = Run(builder.Kernel, new SimdConfiguration(lanes, bits), inputs);
        for (int thread = 0; thread < Threads; thread++)
        {
            for (int i = 0; i < ResultsPerThread; i++)
            {
                int value = (int)expected[thread].GetValueOrDefault(i * 4L);
                int got = actual[(thread * ResultsPerThread) + i];
                Assert.True(
                    value == got, $"seed {seed}, thread {thread} (n = {inputs[thread]}), result {i}: expected {value}, got {got}");
            }
        }
    }

    /// <summary>Makes the scalar parameter a value per thread and gives each thread its own part of the output.</summary>
    private static void Spread(IrKernel kernel, Parameter n)
    {
        Parameter output = kernel.Parameters.Single(p => p.Kind == ParameterKind.ViewPointer);
        var inputs = new Parameter("inputs", ParameterKind.ViewPointer, IrType.Pointer, 10, IrType.I32.SizeOf());
        kernel.Parameters.Add(inputs);
        Instruction[] outputUsers = output.Users.Distinct().ToArray();
        var thread = new Geometry(GeometryKind.GroupIdxX);
        var address = new ElementAddress(inputs, thread, 4);
        var load = new Load(address, IrType.I32, 4);
        n.ReplaceAllUsesWith(load);
        var part = new ElementAddress(output, thread, 4 * ResultsPerThread);
        foreach (Instruction? user in outputUsers)
            user.SetOperand(0, part);
        int at = 0;
        foreach (Instruction instruction in (Instruction[])[thread, address, load, part])
        {
            kernel.Entry.Body.Insert(at++, instruction);
            instruction.Block = kernel.Entry;
        }
    }

    private static int[] Run(IrKernel kernel, SimdConfiguration configuration, int[] inputs)
    {
        SimdProgram program = SimdEmitter.Compile(kernel, configuration, new GroupShape(Threads, 1, 1));
        int[] results = new int[Threads * ResultsPerThread];
        int bytes = program.ScratchBytes(0);
        byte* scratch = (byte*)NativeMemory.AlignedAlloc((nuint)bytes, 64);
        NativeMemory.Clear(scratch, (nuint)bytes);
        fixed (int* input = inputs, output = results)
        {
            ulong* slots = stackalloc ulong[16];
            slots[0] = (ulong)output;
            slots[10] = (ulong)input;
            var invocation = new SimdInvocation { Slots = slots, GridX = 1, GridY = 1, GridZ = 1 };
            program.Body(&invocation, scratch, 0, 1);
        }
        NativeMemory.AlignedFree(scratch);
        return results;
    }
}
