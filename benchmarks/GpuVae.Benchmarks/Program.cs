using System.CommandLine;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using GpuVae.Benchmarks.Limits;
using GpuVae.Benchmarks.Peers;
using GpuVae.Benchmarks.Scaling;
using GpuVae.Benchmarks.Suites;

var device = new Option<string[]>("--device")
{
    Description = "A device to run on, repeatable; all that are present if not given.",
};
var filter = new Option<string[]>("--filter")
{
    Description = "Which benchmarks, such as '*Gemm*', repeatable; all if not given.",
};
var suites = new Command("suites", "Runs the BenchmarkDotNet suites.") { device, filter };
suites.SetAction(parsed =>
{
    DeviceSuite.Wanted = parsed.GetValue(device) is { Length: > 0 } wanted ? wanted : null;
    // In this process: the devices stay open, and nothing is built that a bare machine could not build.
    ManualConfig config = DefaultConfig.Instance.AddJob(Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance));
    string[] filters = parsed.GetValue(filter) is { Length: > 0 } given ? given : ["*"];
    BenchmarkSwitcher.FromAssembly(typeof(DeviceSuite).Assembly).Run(["--filter", .. filters], config);
});

var root = new RootCommand("Benchmarks of GpuVae over the devices of this machine.")
{
    PeersCommand.Create(), ScalingCommand.Create(), LimitsCommand.Create(), suites,
};
return root.Parse(args).Invoke();
