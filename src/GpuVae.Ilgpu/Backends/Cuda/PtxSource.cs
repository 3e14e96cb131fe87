using GpuVae.Ilgpu.Compiler.Ir;

namespace GpuVae.Ilgpu.Backends.Cuda;

/// <summary>A kernel as PTX.</summary>
/// <param name="Text">The module.</param>
/// <param name="EntryPoint">The kernel's name in it.</param>
/// <param name="ParameterSlots">For each PTX parameter, in order, the slot whose low bytes are its value.</param>
/// <param name="FixedDynamicBytes">
/// Shared memory of constant extent that was placed in front of the dynamic one, because together it exceeds the 48 KiB that static
/// shared memory may have. The launch asks for that much more.
/// </param>
/// <param name="StaticSharedBytes">Static shared memory.</param>
internal sealed record PtxSource(
    string Text,
    string EntryPoint,
    IReadOnlyList<int> ParameterSlots,
    int FixedDynamicBytes,
    int StaticSharedBytes);

/// <summary>One parameter in memory order with its name in the PTX text.</summary>
internal readonly record struct PtxParameter(string Name, string Type, Parameter Value);
