using ILGPU;
using ILGPU.Runtime;

namespace GpuVae.Simd.Tests.Emit;

/// <summary>
/// Half is rounded to the nearest, ties to even, as on a GPU and by .NET; ILGPU's own conversion on the host drops the bits instead, so it
/// is no reference.
/// </summary>
public sealed class HalfTests
{
    private static readonly float[] Values =
    [
        0f, -0f, 1f, 0.1f, 1.0004883f, 65504f, 65519.99f, 65520f, 1e-7f, 5.9604645e-8f, -3.14159f, 2049f, 311.96f, float.NaN,
        float.PositiveInfinity, float.NegativeInfinity, 6.1e-5f, 6.0e-5f, -1e9f,
    ];

    public static TheoryData<string> Accelerators => TestAccelerators.All;

    [Theory, MemberData(nameof(Accelerators))]
    public void RoundsToNearestEven(string name)
    {
        SimdAccelerator accelerator = TestAccelerators.Open(name);
        using MemoryBuffer1D<float, Stride1D.Dense> x = accelerator.Allocate1D(Values);
        using MemoryBuffer1D<ILGPU.Half, Stride1D.Dense> halves = accelerator.Allocate1D<ILGPU.Half>(4 * Values.Length);
        accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<float>, ArrayView<ILGPU.Half>>(Convert)(
            Values.Length, x.View, halves.View);
        IEnumerable<System.Half> expected = Values.SelectMany(v => new[]
        {
            (System.Half)v,
            (System.Half)((float)(System.Half)v * (float)(System.Half)v),
            (System.Half)((float)(System.Half)v + 1.0009766f),
            (System.Half)((double)(System.Half)v / 3),
        });
        ushort[] bits = halves.View.BaseView.Cast<ushort>().GetAsArray();
        Assert.Equal(expected.Select(h => (float)h), bits.Select(b => (float)BitConverter.UInt16BitsToHalf(b)));
    }

    private static void Convert(Index1D i, ArrayView<float> x, ArrayView<ILGPU.Half> halves)
    {
        var half = (ILGPU.Half)x[i];
        halves[4 * i] = half;
        halves[4 * i + 1] = half * half;
        halves[4 * i + 2] = half + (ILGPU.Half)1.0009766f;
        halves[4 * i + 3] = (ILGPU.Half)((double)half / 3);
    }
}
