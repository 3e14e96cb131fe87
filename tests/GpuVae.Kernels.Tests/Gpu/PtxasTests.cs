using System.Collections.Concurrent;
using System.Globalization;
using System.Reflection;
using System.Text;
using GpuVae.Kernels.Common;
using GpuVae.Kernels.Gemm.Gpu;
using GpuVae.Kernels.Gemm.Planning;

namespace GpuVae.Kernels.Tests.Gpu;

/// <summary>
/// What NVIDIA's assembler makes of every kernel instance that its GPUs can be given. GPUVAE_KERNEL_REPORT names a file that receives the
/// table of docs/gpu-kernels.md.
/// </summary>
public sealed class PtxasTests
{
    /// <summary>Threads of a group where no tile says otherwise.</summary>
    private const int UsualThreads = GroupShapes.MaxRowGroup;

    [Fact]
    public void AllAssembleIntoRegisters()
    {
        string? ptxas = Ptxas.Find();
        Assert.SkipWhen(ptxas is null, "no ptxas: benchmarks/fetch-ptxas.sh gets one, for GPUVAE_PTXAS to name");
        // ILGPU writes the same for sm_80 and newer.
        var sources = GpuKernels.All.ToDictionary(k => k.Key, k => GpuKernels.Compile(k.Value, "sm_80"));
        var assembled = new ConcurrentDictionary<(string Kernel, string Architecture), Assembled>();
        var faults = new ConcurrentBag<string>();
        IEnumerable<(string Key, string Value, string Architecture)> jobs =
            from source in sources
            from processor in Multiprocessor.All
            select (source.Key, source.Value, processor.Architecture);
        Parallel.ForEach(jobs, job =>
        {
            try
            {
                Assembled result = Ptxas.Assemble(ptxas!, job.Value, job.Architecture);
                assembled[(job.Key, job.Architecture)] = result;
                if (result.StackBytes != 0 || result.SpilledBytes != 0)
                {
                    faults.Add(
                        $"{job.Key}, {job.Architecture}: {result.StackBytes} bytes of stack, {result.SpilledBytes} of spilled registers");
                }
            }
            catch (InvalidOperationException exception)
            {
                faults.Add($"{job.Key}, {job.Architecture}: {exception.Message}");
            }
        });
        Assert.True(faults.IsEmpty, string.Join("\n", faults.Order()));
        if (Environment.GetEnvironmentVariable("GPUVAE_KERNEL_REPORT") is { Length: > 0 } report)
            File.WriteAllText(report, Report(assembled));
    }

    private static string Report(IReadOnlyDictionary<(string Kernel, string Architecture), Assembled> assembled)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"""
            # Kernels on NVIDIA GPUs

            What `ptxas` 11.8 makes of the {GpuKernels.All.Count} kernel instances that a GPU can be given, from the PTX of ILGPU's own
            backend; no device is needed. None has a stack frame, none spills a register. A row stands for all instances that
            differ in what becomes of an element (epilogues, likelihoods, activations, pixels), with the most that any of them
            takes. Occupancy is that of groups of {UsualThreads} threads, where no tile asks for others, on multiprocessors of 164 KiB
            (sm_80) and 228 KiB (sm_90) of shared memory.

            Written by

            ```sh
            GPUVAE_PTXAS=$(sh benchmarks/fetch-ptxas.sh) GPUVAE_KERNEL_REPORT=$PWD/docs/gpu-kernels.md \
                dotnet run -c Release --project tests/GpuVae.Kernels.Tests -- --filter-class '*.PtxasTests'
            ```

            | kernel | instances | threads | shared bytes | registers sm_80 | groups, occupancy | registers sm_90 | groups, occupancy |
            |---|--:|--:|--:|--:|--:|--:|--:|

            """);
        foreach (IGrouping<string, KeyValuePair<string, MethodInfo>> row in GpuKernels.All
            .GroupBy(k => Name(k.Value)).OrderBy(row => row.Key, StringComparer.Ordinal))
        {
            int threads = GpuKernels.TileOf(row.First().Value) is { } tile ? GemmTileLaunch.Threads(tile) : UsualThreads;
            var most = Multiprocessor.All.ToDictionary(p => p, p => Most(row.Select(k => assembled[(k.Key, p.Architecture)])));
            text.Append(
                CultureInfo.InvariantCulture, $"| {row.Key} | {row.Count()} | {threads} | {most.Values.Max(m => m.SharedBytes):n0} |");
            foreach ((Multiprocessor processor, Assembled kernel) in most)
            {
                text.Append(
                    CultureInfo.InvariantCulture,
                    $" {kernel.Registers} | {processor.Groups(kernel, threads)}, {processor.Occupancy(kernel, threads):p0} |");
            }
            text.Append('\n');
        }
        return text.ToString();
    }

    private static Assembled Most(IEnumerable<Assembled> kernels) => kernels.Aggregate((a, b) => new Assembled(
        Math.Max(a.Registers, b.Registers), Math.Max(a.SharedBytes, b.SharedBytes), 0, 0));

    /// <summary>A kernel with the types that shape its loops.</summary>
    private static string Name(MethodInfo kernel)
    {
        Type[] shaping = [typeof(ITileShape), typeof(ITensorPrecision), typeof(IOperandLayout)];
        IEnumerable<string> types =
            GpuKernels.TypesOf(kernel).Where(type => shaping.Any(s => s.IsAssignableFrom(type))).Select(type => type.Name);
        return $"{kernel.DeclaringType!.Name.Split('`')[0]}.{kernel.Name} {string.Join(", ", types)}".TrimEnd();
    }
}
