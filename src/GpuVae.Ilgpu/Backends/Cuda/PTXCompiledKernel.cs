namespace ILGPU.Backends.PTX;

/// <summary>A kernel as PTX.</summary>
public sealed class PTXCompiledKernel : CompiledKernel
{
    internal PTXCompiledKernel(string name, string assembly) : base(name) => PTXAssembly = assembly;

    /// <summary>The PTX text; empty before a kernel with specialised values is first launched.</summary>
    public string PTXAssembly { get; }
}
