namespace ILGPU.Backends;

/// <summary>The code of a kernel as its backend made it.</summary>
public class CompiledKernel
{
    internal CompiledKernel(string name) => Name = name;

    /// <summary>The kernel's name.</summary>
    public string Name { get; }
}
