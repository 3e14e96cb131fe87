using ILGPU.Backends;

namespace ILGPU.Runtime.OpenCL;

/// <summary>A kernel as OpenCL C.</summary>
public sealed class CLCompiledKernel : CompiledKernel
{
    internal CLCompiledKernel(string name, string source) : base(name) => Source = source;

    /// <summary>The OpenCL C source; empty before a kernel with specialised values is first launched.</summary>
    public string Source { get; }
}
