// Compares the SIMD accelerator with ILGPU's own CPU accelerator and with plain C# on eight ordinary ILGPU programs.
//
//     dotnet run -c Release --project benchmarks/GpuVae.Simd.Benchmarks [PART OF A NAME …]
using System.Globalization;
using GpuVae.Simd;
using GpuVae.Simd.Benchmarks;
using GpuVae.Simd.Benchmarks.Programs;
using ILGPU;
using ILGPU.Runtime.CPU;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
BenchmarkProgram[] programs =
[
    new MatrixProductNaive(), new MatrixProductTiled(), new NBody(), new Mandelbrot(), new Reduction(), new Histogram(), new RadixSort(),
    new MonteCarlo(),
];
if (args.Length > 0)
    programs = [.. programs.Where(p => args.Any(part => p.Name.Contains(part, StringComparison.OrdinalIgnoreCase)))];

using var context = Context.Create(builder => builder.CPU().EnableAlgorithms());
Console.WriteLine("| program | size | SIMD | ILGPU's CPU accelerator | Parallel.For | over ILGPU's | over Parallel.For |");
Console.WriteLine("|---|---|---|---|---|---|---|");
List<Standing> standings = [];
foreach (BenchmarkProgram program in programs)
{
    Standing standing = Contest.Run(context, program);
    standings.Add(standing);
    string size = program.Size == program.EmulatorSize ? $"{program.Size}" : $"{program.Size}, ILGPU's {program.EmulatorSize}";
    Console.WriteLine(
        $"| {program.Name} | {size} | {standing.Simd:G4} {program.Unit}/s | {standing.Emulated:G3} {program.Unit}/s " +
        $"({standing.EmulatorShape}) | {standing.Plain:G4} {program.Unit}/s | {standing.OverEmulator:F0} | {standing.OverPlain:F2} |");
}
Console.WriteLine(
    $"| geometric mean | | | | | {GeometricMean(s => s.OverEmulator):F0} | {GeometricMean(s => s.OverPlain):F2} |");
Console.WriteLine();

using (SimdAccelerator simd = context.CreateSimdAccelerator())
{
    (double nanoseconds, double bytes) = EmptyLaunch.Measure(simd);
    Console.WriteLine($"Launch of an empty kernel: {nanoseconds:F0} ns, {bytes:F1} managed bytes.");
}

double GeometricMean(Func<Standing, double> factor) => Math.Exp(standings.Average(s => Math.Log(factor(s))));
