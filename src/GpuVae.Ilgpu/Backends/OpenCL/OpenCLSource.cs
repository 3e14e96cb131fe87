namespace GpuVae.Ilgpu.Backends.OpenCL;

internal enum OpenCLArgumentKind : byte
{
    /// <summary>A cl_mem from a slot.</summary>
    Buffer,

    /// <summary>The low <see cref="OpenCLArgument.Size"/> bytes of a slot.</summary>
    Scalar,

    /// <summary>Local memory: <see cref="OpenCLArgument.Size"/> bytes for each thread of the group.</summary>
    LocalPerThread,

    /// <summary>Local memory: the dynamic shared memory of the launch.</summary>
    DynamicShared,

    /// <summary>The number of bytes of dynamic shared memory.</summary>
    DynamicSharedBytes,
}

/// <summary>How one argument of the OpenCL kernel is filled from the slots of a launch.</summary>
internal readonly record struct OpenCLArgument(OpenCLArgumentKind Kind, int Slot, int Size);

/// <summary>A kernel as OpenCL C.</summary>
internal sealed record OpenCLSource(string Text, string EntryPoint, IReadOnlyList<OpenCLArgument> Arguments);
