using System.Diagnostics.CodeAnalysis;
using ILGPU.Backends;

namespace ILGPU.Runtime;

/// <summary>What is behind a launcher delegate.</summary>
public static class KernelUtil
{
    /// <exception cref="ArgumentException">The delegate is no launcher of <see cref="KernelLoaders"/>.</exception>
    public static Kernel GetKernel<TDelegate>(this TDelegate launcher) where TDelegate : Delegate => launcher.TryGetKernel(out var kernel)
        ? kernel
        : throw new ArgumentException(
            "This delegate is no kernel launcher; it must come from LoadKernel, LoadStreamKernel or a relative.", nameof(launcher));

    public static bool TryGetKernel<TDelegate>(this TDelegate launcher, [NotNullWhen(true)] out Kernel? kernel) where TDelegate : Delegate
    {
        kernel = (launcher?.Target as IKernelLauncher)?.Kernel;
        return kernel is not null;
    }

    public static CompiledKernel GetCompiledKernel<TDelegate>(this TDelegate launcher) where TDelegate : Delegate =>
        launcher.GetKernel().CompiledKernel;

    public static KernelInfo? GetKernelInfo<TDelegate>(this TDelegate launcher) where TDelegate : Delegate => launcher.GetKernel().Info;
}
