using ILGPU.Runtime;

namespace ILGPU.Algorithms;

/// <summary>Fills views with a value.</summary>
public static class InitializeExtensions
{
    /// <summary>Compiles the operation and returns its launcher.</summary>
    public static Action<AcceleratorStream, ArrayView<T>, T> CreateInitializer<T>(this Accelerator accelerator) where T : unmanaged
    {
        var kernel = accelerator.LoadAutoGroupedKernel<Index1D, ArrayView<T>, T>(Store);
        return (stream, view, value) =>
        {
            if (view.HasData())
                kernel(stream, view.IntExtent, view, value);
        };
    }

    /// <summary>Stores the value in every element.</summary>
    public static void Initialize<T>(this Accelerator accelerator, AcceleratorStream stream, ArrayView<T> view, T value) where T : unmanaged
    {
        if (view.HasData())
            accelerator.LaunchAutoGrouped(Store, stream, view.IntExtent, view, value);
    }

    /// <inheritdoc cref="Initialize{T}(Accelerator, AcceleratorStream, ArrayView{T}, T)"/>
    public static void Initialize<T>(this Accelerator accelerator, ArrayView<T> view, T value) where T : unmanaged =>
        accelerator.Initialize(accelerator.DefaultStream, view, value);

    private static void Store<T>(Index1D index, ArrayView<T> view, T value) where T : unmanaged => view[index] = value;
}
