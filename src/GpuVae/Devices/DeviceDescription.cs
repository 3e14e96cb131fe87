namespace GpuVae.Devices;

/// <summary>A device that <see cref="ComputeDevice.Open"/> can open.</summary>
/// <param name="Name">What <see cref="ComputeDevice.Open"/> takes: <c>cpu</c>, <c>cuda:0</c>, <c>opencl:1</c>, <c>ilgpu-cpu</c>.</param>
/// <param name="Type">The kind of device.</param>
/// <param name="Hardware">The name that its driver reports.</param>
/// <param name="MemoryBytes">Its memory.</param>
/// <param name="Multiprocessors">Multiprocessors, compute units or worker threads.</param>
/// <param name="WarpSize">Threads that run in lockstep; vector lanes on a CPU; 0 where the driver does not say.</param>
public sealed record DeviceDescription(
    string Name, AcceleratorType Type, string Hardware, long MemoryBytes, int Multiprocessors, int WarpSize);
