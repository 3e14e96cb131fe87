using GpuVae.Simd;

namespace GpuVae.Kernels.Common
{
    /// <summary>Asks a CPU's caches for memory that is needed soon and follows no pattern; nothing on other devices.</summary>
    internal static class Prefetch
    {
        /// <summary>For an element of a view, with its neighbours in the other lanes.</summary>
        [Prefetch]
        public static void Of(ref float element)
        {
        }
    }
}

namespace GpuVae.Simd
{
    /// <summary>What the SIMD accelerator knows the method above by, without a reference to it.</summary>
    [AttributeUsage(AttributeTargets.Method)]
    internal sealed class PrefetchAttribute : Attribute;
}
