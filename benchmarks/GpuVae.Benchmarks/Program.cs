using System.CommandLine;
using GpuVae.Benchmarks.Peers;

var root = new RootCommand("Benchmarks of GpuVae over the devices of this machine.")
{
    PeersCommand.Create(),
};
return root.Parse(args).Invoke();
