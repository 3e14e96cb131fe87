using System.Numerics;
using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Algorithms.ScanReduceOperations;
using ILGPU.Runtime;
using static GpuVae.Simd.Tests.Frontend.Inputs;

namespace GpuVae.Simd.Tests.Frontend;

/// <summary>Arithmetic, comparisons, conversions and functions of numbers, against direct execution.</summary>
public sealed class NumberTests
{
    [Fact]
    public void ArithmeticAndBitOperations() => KernelHarness.Run<int>(
        static (input, output) =>
        {
            for (int i = 0; i < input.IntLength; i++)
            {
                int x = input[i];
                int y = input[(i + 5) % input.IntLength] | 3;
                output[i] = ((x + y) * (x - y)) ^ ((x & y) | ~x) ^ (x << (y & 15)) ^ (x >> 3) ^ (int)((uint)x >> 5) ^ (x >>> y) ^ -y;
            }
        },
        Integers, Integers.Length);

    [Fact]
    public void DivisionSignedAndUnsigned() => KernelHarness.Run<int>(
        static (input, output) =>
        {
            for (int i = 0; i < input.IntLength; i++)
            {
                int x = input[i];
                int y = (input[(i + 3) % input.IntLength] & 0xFFFF) + 2;
                output[i] = (x / y) + (x % y) + (int)((uint)x / (uint)y) + (int)((uint)x % (uint)y);
            }
        },
        Integers, Integers.Length);

    [Fact]
    public void NarrowAndWideIntegersConvertAsInCSharp() => KernelHarness.Run<int>(
        static (input, output) =>
        {
            for (int i = 0; i < input.IntLength; i++)
            {
                int x = input[i];
                sbyte a = (sbyte)x;
                byte b = (byte)x;
                short c = (short)x;
                ushort d = (ushort)x;
                char e = (char)x;
                long f = x;
                ulong g = (uint)x;
                long h = (long)(ulong)(f * 3);
                byte wrapped = (byte)(b + 200);
                output[i] = a + b + c + d + e + (int)(f >> 7) + (int)(g >> 9) + (int)h + wrapped + (a > c ? 1 : 0) + (b < d ? 2 : 0);
            }
        },
        Integers, Integers.Length);

    [Fact]
    public void ComparisonsSignedUnsignedAndOfFloatsWithNaN() => KernelHarness.Run<float>(
        static (input, output) =>
        {
            for (int i = 0; i < input.IntLength; i++)
            {
                float x = input[i];
                float y = input[(i + 1) % input.IntLength];
                int mask = 0;
                if (x < y)
                    mask |= 1;
                if (x <= y)
                    mask |= 2;
                if (x > y)
                    mask |= 4;
                if (x >= y)
                    mask |= 8;
                if (x == y)
                    mask |= 16;
                if (x != y)
                    mask |= 32;
                if (!(x < y))
                    mask |= 64;
                if (!(x >= y))
                    mask |= 128;
                bool b = x > y;
                mask |= b ? 256 : 0;
                if ((uint)i < 5u && (long)i >= 2L || (ulong)i > 12ul)
                    mask |= 512;
                output[i] = mask;
            }
        },
        Floats, Floats.Length);

    [Fact]
    public void FloatConversionsSaturate() => KernelHarness.Run<float>(
        static (input, output) =>
        {
            for (int i = 0; i < input.IntLength; i++)
            {
                float x = input[i];
                int a = (int)x;
                uint b = (uint)x;
                long c = (long)x;
                double d = x;
                output[i] = (a / 1000) + (b / 1000) + (float)(c / 1000000) + (float)(d * 0.5) + (float)(double)a + (float)(uint)a
                    + (float)(ulong)(uint)a;
            }
        },
        [0f, 1.9f, -1.9f, 3e9f, -3e9f, 1e20f, -1e20f, float.NaN, 2147483648f, 100f], 10);

    [Fact]
    public void MathFunctions() => KernelHarness.Run<float>(
        static (input, output) =>
        {
            for (int i = 0; i < 12; i++)
            {
                float x = input[i];
                float p = XMath.Abs(x) + 0.25f;
                output[i] = MathF.Exp(-p) + MathF.Log(p) + XMath.Sqrt(p) + XMath.Rsqrt(p) + XMath.Tanh(x) + XMath.Sin(x) + XMath.Cos(x)
                    + MathF.Pow(p, 1.5f);
                output[i + 12] = XMath.Floor(x) + XMath.Ceiling(x) + XMath.Round(x) + XMath.Min(x, 2f) + XMath.Max(x, -1f)
                    + XMath.Clamp(x, -1f, 1f) + XMath.Atan2(x, p) + MathF.Truncate(x) + XMath.Exp2(x * 0.1f) + XMath.Log2(p)
                    + XMath.Rcp(p) + MathF.CopySign(p, x);
            }
        },
        [0f, 1f, -1f, 0.5f, 1.5f, 2.5f, -2.5f, 10f, -10f, 0.1f, 3f, 4f], 24);

    [Fact]
    public void IntegerFunctions() => KernelHarness.Run<int>(
        static (input, output) =>
        {
            for (int i = 0; i < input.IntLength; i++)
            {
                int x = input[i] >> 1;
                output[i] = Math.Abs(x) + Math.Min(x, 9) + Math.Max(x, -9) + BitOperations.PopCount((uint)x)
                    + BitOperations.LeadingZeroCount((uint)x) + BitOperations.TrailingZeroCount(x) + XMath.Clamp(x, -100, 100)
                    + IntrinsicMath.DivRoundUp(x, 7) + Math.Sign(x)
                    + (int)BitOperations.RotateLeft((uint)x, 5) + BitOperations.Log2((uint)x | 1) + (int)Math.Min((uint)x, 77u);
            }
        },
        Integers, Integers.Length);

    [Fact]
    public void BitsOfFloats() => KernelHarness.Run<float>(
        static (input, output) =>
        {
            for (int i = 0; i < input.IntLength; i++)
                output[i] = Interop.IntAsFloat(Interop.FloatAsInt(input[i]) ^ 0x80000000u)
                    + BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(2f));
        },
        [0.5f, -1f, 3f], 3);

    [Fact]
    public void RandomNumbersByWideMultiplication() => KernelHarness.Run<int>(
        static (input, output) =>
        {
            for (int i = 0; i < input.IntLength; i++)
            {
                ulong product = (ulong)(uint)input[i] * 0xD2511F53u;
                output[i] = (int)(uint)(product >> 32) ^ (int)(uint)product ^ (int)Math.BigMul((uint)input[i], 77u);
            }
        },
        Integers, Integers.Length);
}
