using System.Runtime.CompilerServices;
using ILGPU.Runtime;

namespace GpuVae.Tests;

/// <summary>The memory that is allocated on an accelerator.</summary>
internal static class LiveBuffers
{
    /// <summary>How many buffers have not been disposed. ILGPU's own count holds the disposed ones until it tidies up.</summary>
    public static int Of(Accelerator accelerator)
    {
        int count = 0;
        foreach (WeakReference<AcceleratorObject> child in ChildrenOf(accelerator).ToArray())
        {
            if (child.TryGetTarget(out AcceleratorObject? target) && target is MemoryBuffer { IsDisposed: false })
                count++;
        }
        return count;
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "childObjects")]
    private static extern ref List<WeakReference<AcceleratorObject>> ChildrenOf(Accelerator accelerator);
}
