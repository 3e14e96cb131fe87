using ILGPU.Algorithms.Transformers;
using ILGPU.Runtime;

namespace ILGPU.Algorithms.Transformers
{
    /// <summary>Computes one value from another.</summary>
    public interface ITransformer<TSource, TTarget>
        where TSource : unmanaged
        where TTarget : unmanaged
    {
        TTarget Transform(TSource value);
    }
}

namespace ILGPU.Algorithms
{
    /// <summary>Applies a function to all elements.</summary>
    public static class TransformExtensions
    {
        /// <summary>Stores the function of the source's i-th element in the target's i-th.</summary>
        /// <exception cref="ArgumentOutOfRangeException">The target is shorter than the source.</exception>
        public static void Transform<TSource, TTarget, TTransformer>(
            this Accelerator accelerator,
            AcceleratorStream stream,
            ArrayView<TSource> source,
            ArrayView<TTarget> target,
            TTransformer transformer)
            where TSource : unmanaged
            where TTarget : unmanaged
            where TTransformer : struct, ITransformer<TSource, TTarget>
        {
            if (target.Length < source.Length)
                throw new ArgumentOutOfRangeException(
                    nameof(target), $"The target has {target.Length} elements, but the source {source.Length}.");
            if (source.HasData())
                accelerator.LaunchAutoGrouped(Apply, stream, source.IntExtent, source, target, transformer);
        }

        private static void Apply<TSource, TTarget, TTransformer>(
            Index1D index, ArrayView<TSource> source, ArrayView<TTarget> target, TTransformer transformer)
            where TSource : unmanaged
            where TTarget : unmanaged
            where TTransformer : struct, ITransformer<TSource, TTarget> =>
            target[index] = transformer.Transform(source[index]);
    }
}
