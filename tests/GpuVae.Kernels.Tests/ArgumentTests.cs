using GpuVae.Kernels.Gemm;
using GpuVae.Kernels.Training;
using ILGPU;
using ILGPU.Runtime;

namespace GpuVae.Kernels.Tests;

public sealed class ArgumentTests
{
    [Fact]
    public void AViewThatIsTooSmallIsNamedWithWhatItNeeds()
    {
        Accelerator accelerator = TestDevices.Open(TestDevices.Names[0]);
        using var gemm = new GemmContext(accelerator);
        using MemoryBuffer1D<float, Stride1D.Dense> small = accelerator.Allocate1D<float>(11), enough = accelerator.Allocate1D<float>(12);
        Gemm<PlainEpilogue> product = gemm.With<PlainEpilogue>();
        void Multiply(ArrayView<float> a, int lda) =>
            product.Run(accelerator.DefaultStream, false, false, 3, 3, 4, 1f, a, lda, enough.View, 3, 0f, enough.View, 3, default);

        ArgumentException tooSmall = Assert.Throws<ArgumentException>(() => Multiply(small.View, 4));
        Assert.Contains("A is 3 × 4", tooSmall.Message, StringComparison.Ordinal);
        Assert.Contains("needs 12 elements, but its view has 11", tooSmall.Message, StringComparison.Ordinal);
        ArgumentException tooNarrow = Assert.Throws<ArgumentException>(() => Multiply(enough.View, 3));
        Assert.Contains("leading dimension of A is 3", tooNarrow.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AdamRefusesOptionsOutsideTheirRange()
    {
        Accelerator accelerator = TestDevices.Open(TestDevices.Names[0]);
        Assert.Throws<ArgumentOutOfRangeException>(() => new Adam(accelerator, new AdamOptions { Beta1 = 1 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Adam(accelerator, new AdamOptions { Beta2 = double.NaN }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Adam(accelerator, new AdamOptions { WeightDecay = -1 }));
    }
}
