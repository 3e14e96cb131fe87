namespace ILGPU.Backends.EntryPoints;

/// <summary>Names the entry point of a kernel in generated code.</summary>
/// <param name="kernelName">ASCII letters, digits and underscores.</param>
[AttributeUsage(AttributeTargets.Method)]
public sealed class KernelNameAttribute(string kernelName) : Attribute
{
    public string KernelName { get; } = kernelName;
}
