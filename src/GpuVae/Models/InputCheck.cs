using System.Globalization;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;

namespace GpuVae.Models;

/// <summary>
/// Checks of what comes from the caller's memory, at the speed of reading it and without an allocation. What lies on a device is not
/// looked at: that would mean to wait for it.
/// </summary>
internal static class InputCheck
{
    /// <summary>Images hold numbers of [0, 1], or finite ones where the likelihood takes any.</summary>
    /// <exception cref="ArgumentException">
    /// One does not; the message says which and, where they look like bytes, what to divide by.
    /// </exception>
    public static void RequireImages(
        ReadOnlySpan<float> images, Likelihood likelihood, [CallerArgumentExpression(nameof(images))] string name = "")
    {
        if (likelihood.TakesAnyValue())
        {
            RequireFinite(images, name);
            return;
        }
        // The least and the greatest are NaN where a value is.
        if (images.IsEmpty || (TensorPrimitives.Min(images) >= 0 && TensorPrimitives.Max(images) <= 1))
            return;
        int at = 0;
        while (images[at] is >= 0 and <= 1)
            at++;
        bool lookLikeBytes = TensorPrimitives.Min(images) >= 0 && TensorPrimitives.Max(images) <= byte.MaxValue;
        throw new ArgumentException(
            $"{Describe(images, at, name)}; the values of an image lie in [0, 1]."
            + (lookLikeBytes ? " These look like pixels of 0 to 255: divide them by 255." : ""), name);
    }

    /// <summary>Codes are finite.</summary>
    /// <exception cref="ArgumentException">One is not; the message says which.</exception>
    public static void RequireFinite(ReadOnlySpan<float> values, [CallerArgumentExpression(nameof(values))] string name = "")
    {
        if (values.IsEmpty || TensorPrimitives.IsFiniteAll(values))
            return;
        int at = 0;
        while (float.IsFinite(values[at]))
            at++;
        throw new ArgumentException($"{Describe(values, at, name)}; it must be a finite number.", name);
    }

    private static string Describe(ReadOnlySpan<float> values, int at, string name) =>
        string.Create(CultureInfo.InvariantCulture, $"{name}[{at}] is {values[at]}");
}
