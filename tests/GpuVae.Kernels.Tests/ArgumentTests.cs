using GpuVae.Kernels.Common;
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
        using MemoryBuffer1D<float, Stride1D.Dense> small = accelerator.Allocate1D<float>(11);

        ArgumentException tooSmall = Assert.Throws<ArgumentException>(() => new MatrixView(small.View, 3, 4));
        Assert.Contains("small.View is 3 × 4", tooSmall.Message, StringComparison.Ordinal);
        Assert.Contains("needs 12 elements, but its view has 11", tooSmall.Message, StringComparison.Ordinal);
        ArgumentException tooNarrow = Assert.Throws<ArgumentException>(() => new MatrixView(small.View, 3, 4, pitch: 3));
        Assert.Contains("pitch of small.View is 3", tooNarrow.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => new MatrixView(small.View, -1, 4));
        Assert.Equal(11, new MatrixView(small.View, 2, 5, pitch: 6).View.Length);
    }

    [Fact]
    public void MatricesThatDoNotGoTogetherAreRefused()
    {
        Accelerator accelerator = TestDevices.Open(TestDevices.Names[0]);
        using var gemm = new GemmContext(accelerator);
        using MemoryBuffer1D<float, Stride1D.Dense> a = accelerator.Allocate1D<float>(12), c = accelerator.Allocate1D<float>(12);
        Gemm<PlainEpilogue> product = gemm.With<PlainEpilogue>();
        void Multiply(MatrixView left, MatrixView right, MatrixView result) =>
            product.Run(accelerator.DefaultStream, left, right, result, default);

        MatrixView wide = new(a.View, 3, 4), square = new(c.View, 3, 3);
        ArgumentException unequal = Assert.Throws<ArgumentException>(() => Multiply(wide, wide, square));
        Assert.Contains("A is 3 × 4 and B is 3 × 4", unequal.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => Multiply(wide, wide.Transposed, square.Transposed));
        Multiply(wide, wide.Transposed, square);
    }

    [Fact]
    public void AdamRefusesOptionsOutsideTheirRange()
    {
        Accelerator accelerator = TestDevices.Open(TestDevices.Names[0]);
        Assert.Throws<ArgumentOutOfRangeException>(() => new Adam(accelerator, new AdamOptions { Beta1 = 1 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Adam(accelerator, new AdamOptions { Beta2 = double.NaN }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Adam(accelerator, new AdamOptions { WeightDecay = -1 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Adam(accelerator, new AdamOptions { SkippedGradientNorm = -1 }));
    }
}
