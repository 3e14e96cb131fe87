namespace GpuVae.Kernels.Tests.Gpu;

/// <summary>What a thread, or a group, of an assembled kernel takes.</summary>
/// <param name="Registers">Of 32 bits, per thread.</param>
/// <param name="SharedBytes">Static, per group.</param>
/// <param name="StackBytes">Local memory per thread.</param>
/// <param name="SpilledBytes">Stores and loads of registers that did not fit, per thread.</param>
internal readonly record struct Assembled(int Registers, int SharedBytes, int StackBytes, int SpilledBytes);
