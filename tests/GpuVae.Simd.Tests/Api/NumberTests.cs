using ILGPU;
using ILGPU.Algorithms;
using Half = ILGPU.Half;

namespace GpuVae.Ilgpu.Tests.Api;

public sealed class NumberTests
{
    [Fact]
    public void HalfHoldsEveryBitPatternAndRoundsToNearestEven()
    {
        for (int bits = 0; bits <= ushort.MaxValue; bits++)
        {
            var half = Interop.IntAsFloat((ushort)bits);
            float expected = (float)BitConverter.UInt16BitsToHalf((ushort)bits);
            Assert.Equal(expected, (float)half);
            if (!float.IsNaN(expected))
                Assert.Equal((ushort)bits, Interop.FloatAsInt((Half)expected));
        }
        Assert.Equal(2048f, (Half)2049f);
        Assert.Equal(2052f, (Half)2051f);
        Assert.True(Half.IsInfinity((Half)70000f));
        Assert.Equal(0.75f, (Half)0.5f + (Half)0.25f);
        Assert.True((Half)1f < (Half)2f);
        Assert.Equal(-1f, -Half.One);
    }

    [Fact]
    public void XMathAgreesWithItsDefinitions()
    {
        Assert.Equal(0.5f, XMath.Rsqrt(4f));
        Assert.Equal(8f, XMath.Exp2(3f));
        Assert.Equal(3.0, XMath.Log(8.0, 2.0), 12);
        Assert.Equal(3f, XMath.RoundAwayFromZero(2.5f));
        Assert.Equal(-3f, XMath.RoundAwayFromZero(-2.5f));
        Assert.Equal(2f, XMath.RoundToEven(2.5f));
        Assert.Equal(-1, XMath.Sign(-0.1));
        Assert.Equal(Math.IEEERemainder(7.5, 2), XMath.IEEERemainder(7.5, 2));
        Assert.Equal(MathF.PI, XMath.DegToRad(180f));
        Assert.Equal(3, XMath.Clamp(7, 1, 3));
        Assert.Equal(4, XMath.DivRoundUp(10, 3));
        Assert.Equal(27, XMath.LeadingZeroCount(16 + 1));
        Assert.Equal(2, IntrinsicMath.PopCount(17));
        Assert.Equal(Math.E, XMath.ED);
        XMath.SinCos(0.5f, out float sine, out float cosine);
        Assert.Equal((MathF.Sin(0.5f), MathF.Cos(0.5f)), (sine, cosine));
    }

    [Fact]
    public void BitsAndSizes()
    {
        Assert.Equal(0x3F800000u, Interop.FloatAsInt(1f));
        Assert.Equal(-2.0, Interop.IntAsFloat(0xC000000000000000));
        Assert.Equal(12, Interop.SizeOf<Index3D>());
        Assert.Equal(1u << 31, (uint)Interop.IntAsFloat(0x4F000000u));
    }
}
