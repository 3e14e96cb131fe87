using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace GpuVae.Kernels.Tests.Gpu;

/// <summary>NVIDIA's assembler, where there is one.</summary>
internal static partial class Ptxas
{
    /// <summary>The file that GPUVAE_PTXAS names, or the first on the path; null where there is none.</summary>
    public static string? Find() => Environment.GetEnvironmentVariable("GPUVAE_PTXAS") ??
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Select(folder => Path.Combine(folder, "ptxas")).FirstOrDefault(File.Exists);

    /// <summary>Assembles a module of one kernel.</summary>
    /// <param name="ptxas">The assembler.</param>
    /// <param name="ptx">The module.</param>
    /// <param name="architecture">Such as sm_80.</param>
    /// <exception cref="InvalidOperationException">It was refused; the message is the assembler's.</exception>
    public static Assembled Assemble(string ptxas, string ptx, string architecture)
    {
        string file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, ptx);
            using Process process = Process.Start(new ProcessStartInfo(ptxas, ["-arch", architecture, "-v", "-o", "/dev/null", file])
            {
                RedirectStandardError = true,
            })!;
            string report = process.StandardError.ReadToEnd();
            process.WaitForExit();
            if (process.ExitCode != 0)
                throw new InvalidOperationException(report.Replace(file, "the kernel", StringComparison.Ordinal));
            return new Assembled(
                Number(Registers(), report), Number(Shared(), report), Number(Stack(), report),
                Number(SpillStores(), report) + Number(SpillLoads(), report));
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static int Number(Regex pattern, string report) =>
        pattern.Match(report) is { Success: true } match ? int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) : 0;

    [GeneratedRegex(@"Used (\d+) registers")]
    private static partial Regex Registers();

    [GeneratedRegex(@"(\d+) bytes smem")]
    private static partial Regex Shared();

    [GeneratedRegex(@"(\d+) bytes stack frame")]
    private static partial Regex Stack();

    [GeneratedRegex(@"(\d+) bytes spill stores")]
    private static partial Regex SpillStores();

    [GeneratedRegex(@"(\d+) bytes spill loads")]
    private static partial Regex SpillLoads();
}
