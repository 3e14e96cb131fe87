using System.CommandLine;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using GpuVae.Benchmarks.Limits;
using GpuVae.Benchmarks.Peers;
using GpuVae.Benchmarks.Suites;

var devices = new Option<string[]>("--device") { Description = "Devices to run on; all that are present if not given.", AllowMultipleArgumentsPerToken = true };
var rest = new Argument<string[]>("arguments") { Description = "Passed to BenchmarkDotNet, such as --filter *Gemm*.", Arity = ArgumentArity.ZeroOrMore };
var suites = new Command("suites", "Runs the BenchmarkDotNet suites.") { devices, rest };
suites.TreatUnmatchedTokensAsErrors = false;
suites.SetAction(parsed =>
{
    DeviceSuite.Wanted = parsed.GetValue(devices) is { Length: > 0 } wanted ? wanted : null;
    // In this process: the devices stay open, and nothing is built that a bare machine could not build.
    var config = DefaultConfig.Instance.AddJob(Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance));
    string[] arguments = [.. parsed.GetValue(rest) ?? [], .. parsed.UnmatchedTokens];
    BenchmarkSwitcher.FromAssembly(typeof(DeviceSuite).Assembly).Run(arguments.Length > 0 ? arguments : ["--filter", "*"], config);
});

var root = new RootCommand("Benchmarks of GpuVae over the devices of this machine.") { PeersCommand.Create(), LimitsCommand.Create(), suites };
return root.Parse(args).Invoke();
