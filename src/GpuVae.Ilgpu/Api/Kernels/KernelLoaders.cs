namespace ILGPU.Runtime;

/// <summary>
/// Loads kernels and makes typed launchers. Loading compiles, so keep the launcher; a launch through it does not allocate. Launches are
/// asynchronous except on a CPU accelerator.
/// </summary>
public static partial class KernelLoaders;
