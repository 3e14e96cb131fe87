namespace ILGPU.Runtime;

/// <summary>The target of a launcher delegate.</summary>
internal interface IKernelLauncher
{
    Kernel Kernel { get; }
}
