// The sums of a thread on tensor cores: registers s0–s63 that inline PTX knows by name (TensorCore.cs says why), two fragments of 16 × 8 at
// a time. Pair p is s(8p) to s(8p + 7): columns 0 to 15 of the first to fourth 16 rows are pairs 0 to 3, columns 16 to 31 pairs 4 to 7.
//
// A fragment {c0, c1, c2, c3} holds columns 2t and 2t + 1 of row g, then those of row g + 8, with g = lane / 4 and t = lane % 4.

using ILGPU.Runtime.Cuda;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Gemm.Gpu;

/// <summary>What becomes of pairs of fragments; the number of a pair, 0 to 7, is always a constant.</summary>
internal static unsafe class TensorFragments
{
    private const string Tf32 = "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 ";
    private const string Bf16 = "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 ";

    // Operands of the four fragments of a row.
    private const string By0 = ", {a0, a1, a2, a3}, {b0, b1}, ", By1 = ", {a0, a1, a2, a3}, {b2, b3}, ";
    private const string By2 = ", {a0, a1, a2, a3}, {b4, b5}, ", By3 = ", {a0, a1, a2, a3}, {b6, b7}, ";

    private const string Left0 = "{s0, s1, s2, s3}", Right0 = "{s4, s5, s6, s7}";
    private const string Left1 = "{s8, s9, s10, s11}", Right1 = "{s12, s13, s14, s15}";
    private const string Left2 = "{s16, s17, s18, s19}", Right2 = "{s20, s21, s22, s23}";
    private const string Left3 = "{s24, s25, s26, s27}", Right3 = "{s28, s29, s30, s31}";
    private const string Left4 = "{s32, s33, s34, s35}", Right4 = "{s36, s37, s38, s39}";
    private const string Left5 = "{s40, s41, s42, s43}", Right5 = "{s44, s45, s46, s47}";
    private const string Left6 = "{s48, s49, s50, s51}", Right6 = "{s52, s53, s54, s55}";
    private const string Left7 = "{s56, s57, s58, s59}", Right7 = "{s60, s61, s62, s63}";

    private const string Save4 = "st.global.v4.f32 ", Load4 = "ld.global.v4.f32 ", Keep2 = "st.shared.v2.f32 ";
    private const string Temporary = "{ .reg .f32 t<8>; ", ToLeft = "{t0, t1, t2, t3}, ", ToRight = "{t4, t5, t6, t7}, ";
    private const string Top = "{ .reg .b32 top, bottom; add.u32 top, base, %0; add.u32 bottom, base, %1; ";

    /// <summary>Makes a pair zero.</summary>
    public static void Clear(int pair)
    {
        switch (pair)
        {
            case 0:
                CudaAsm.Emit(
                    "mov.f32 s0, 0f00000000; mov.f32 s1, 0f00000000; mov.f32 s2, 0f00000000; mov.f32 s3, 0f00000000; " +
                    "mov.f32 s4, 0f00000000; mov.f32 s5, 0f00000000; mov.f32 s6, 0f00000000; mov.f32 s7, 0f00000000;");
                break;
            case 1:
                CudaAsm.Emit(
                    "mov.f32 s8, 0f00000000; mov.f32 s9, 0f00000000; mov.f32 s10, 0f00000000; mov.f32 s11, 0f00000000; " +
                    "mov.f32 s12, 0f00000000; mov.f32 s13, 0f00000000; mov.f32 s14, 0f00000000; mov.f32 s15, 0f00000000;");
                break;
            case 2:
                CudaAsm.Emit(
                    "mov.f32 s16, 0f00000000; mov.f32 s17, 0f00000000; mov.f32 s18, 0f00000000; mov.f32 s19, 0f00000000; " +
                    "mov.f32 s20, 0f00000000; mov.f32 s21, 0f00000000; mov.f32 s22, 0f00000000; mov.f32 s23, 0f00000000;");
                break;
            case 3:
                CudaAsm.Emit(
                    "mov.f32 s24, 0f00000000; mov.f32 s25, 0f00000000; mov.f32 s26, 0f00000000; mov.f32 s27, 0f00000000; " +
                    "mov.f32 s28, 0f00000000; mov.f32 s29, 0f00000000; mov.f32 s30, 0f00000000; mov.f32 s31, 0f00000000;");
                break;
            case 4:
                CudaAsm.Emit(
                    "mov.f32 s32, 0f00000000; mov.f32 s33, 0f00000000; mov.f32 s34, 0f00000000; mov.f32 s35, 0f00000000; " +
                    "mov.f32 s36, 0f00000000; mov.f32 s37, 0f00000000; mov.f32 s38, 0f00000000; mov.f32 s39, 0f00000000;");
                break;
            case 5:
                CudaAsm.Emit(
                    "mov.f32 s40, 0f00000000; mov.f32 s41, 0f00000000; mov.f32 s42, 0f00000000; mov.f32 s43, 0f00000000; " +
                    "mov.f32 s44, 0f00000000; mov.f32 s45, 0f00000000; mov.f32 s46, 0f00000000; mov.f32 s47, 0f00000000;");
                break;
            case 6:
                CudaAsm.Emit(
                    "mov.f32 s48, 0f00000000; mov.f32 s49, 0f00000000; mov.f32 s50, 0f00000000; mov.f32 s51, 0f00000000; " +
                    "mov.f32 s52, 0f00000000; mov.f32 s53, 0f00000000; mov.f32 s54, 0f00000000; mov.f32 s55, 0f00000000;");
                break;
            default:
                CudaAsm.Emit(
                    "mov.f32 s56, 0f00000000; mov.f32 s57, 0f00000000; mov.f32 s58, 0f00000000; mov.f32 s59, 0f00000000; " +
                    "mov.f32 s60, 0f00000000; mov.f32 s61, 0f00000000; mov.f32 s62, 0f00000000; mov.f32 s63, 0f00000000;");
                break;
        }
    }

    /// <summary>sums += A·B with A 16 × 8 and B 8 × 16 in TF32, products and sums in float32.</summary>
    public static void MultiplyTf32(int pair)
    {
        switch (pair)
        {
            case 0:
                CudaAsm.Emit(Tf32 + Left0 + By0 + Left0 + "; " + Tf32 + Right0 + By1 + Right0 + ";");
                break;
            case 1:
                CudaAsm.Emit(Tf32 + Left1 + By0 + Left1 + "; " + Tf32 + Right1 + By1 + Right1 + ";");
                break;
            case 2:
                CudaAsm.Emit(Tf32 + Left2 + By0 + Left2 + "; " + Tf32 + Right2 + By1 + Right2 + ";");
                break;
            case 3:
                CudaAsm.Emit(Tf32 + Left3 + By0 + Left3 + "; " + Tf32 + Right3 + By1 + Right3 + ";");
                break;
            case 4:
                CudaAsm.Emit(Tf32 + Left4 + By2 + Left4 + "; " + Tf32 + Right4 + By3 + Right4 + ";");
                break;
            case 5:
                CudaAsm.Emit(Tf32 + Left5 + By2 + Left5 + "; " + Tf32 + Right5 + By3 + Right5 + ";");
                break;
            case 6:
                CudaAsm.Emit(Tf32 + Left6 + By2 + Left6 + "; " + Tf32 + Right6 + By3 + Right6 + ";");
                break;
            default:
                CudaAsm.Emit(Tf32 + Left7 + By2 + Left7 + "; " + Tf32 + Right7 + By3 + Right7 + ";");
                break;
        }
    }

    /// <summary>sums += A·B with A 16 × 16 and B 16 × 16 in BF16, products and sums in float32.</summary>
    public static void MultiplyBf16(int pair)
    {
        switch (pair)
        {
            case 0:
                CudaAsm.Emit(Bf16 + Left0 + By0 + Left0 + "; " + Bf16 + Right0 + By1 + Right0 + ";");
                break;
            case 1:
                CudaAsm.Emit(Bf16 + Left1 + By0 + Left1 + "; " + Bf16 + Right1 + By1 + Right1 + ";");
                break;
            case 2:
                CudaAsm.Emit(Bf16 + Left2 + By0 + Left2 + "; " + Bf16 + Right2 + By1 + Right2 + ";");
                break;
            case 3:
                CudaAsm.Emit(Bf16 + Left3 + By0 + Left3 + "; " + Bf16 + Right3 + By1 + Right3 + ";");
                break;
            case 4:
                CudaAsm.Emit(Bf16 + Left4 + By2 + Left4 + "; " + Bf16 + Right4 + By3 + Right4 + ";");
                break;
            case 5:
                CudaAsm.Emit(Bf16 + Left5 + By2 + Left5 + "; " + Bf16 + Right5 + By3 + Right5 + ";");
                break;
            case 6:
                CudaAsm.Emit(Bf16 + Left6 + By2 + Left6 + "; " + Bf16 + Right6 + By3 + Right6 + ";");
                break;
            default:
                CudaAsm.Emit(Bf16 + Left7 + By2 + Left7 + "; " + Bf16 + Right7 + By3 + Right7 + ";");
                break;
        }
    }

    /// <summary>Stores a pair's two fours in their places among those of 256 threads, which begin at a multiple of 16 bytes.</summary>
    public static void Save(int pair, FloatView workspace, int at)
    {
        fixed (float* pointer = &workspace[at])
            Save(pair, new TensorCore.Pointer { Value = pointer });
    }

    /// <summary>Adds what <see cref="Save(int, FloatView, int)"/> stored.</summary>
    public static void Add(int pair, FloatView workspace, int at)
    {
        fixed (float* pointer = &workspace[at])
            Add(pair, new TensorCore.Pointer { Value = pointer });
    }

    /// <summary>Puts a pair into shared memory.</summary>
    /// <param name="pair">The pair.</param>
    /// <param name="top">Bytes to this thread's place in the left fragment's upper half, a multiple of 8.</param>
    /// <param name="bottom">Bytes to the same place eight rows below.</param>
    public static void Keep(int pair, int top, int bottom)
    {
        switch (pair)
        {
            case 0:
                CudaAsm.Emit(
                    Top + Keep2 + "[top], {s0, s1}; " + Keep2 + "[bottom], {s2, s3}; " +
                    Keep2 + "[top+32], {s4, s5}; " + Keep2 + "[bottom+32], {s6, s7}; }",
                    top, bottom);
                break;
            case 1:
                CudaAsm.Emit(
                    Top + Keep2 + "[top], {s8, s9}; " + Keep2 + "[bottom], {s10, s11}; " +
                    Keep2 + "[top+32], {s12, s13}; " + Keep2 + "[bottom+32], {s14, s15}; }",
                    top, bottom);
                break;
            case 2:
                CudaAsm.Emit(
                    Top + Keep2 + "[top], {s16, s17}; " + Keep2 + "[bottom], {s18, s19}; " +
                    Keep2 + "[top+32], {s20, s21}; " + Keep2 + "[bottom+32], {s22, s23}; }",
                    top, bottom);
                break;
            case 3:
                CudaAsm.Emit(
                    Top + Keep2 + "[top], {s24, s25}; " + Keep2 + "[bottom], {s26, s27}; " +
                    Keep2 + "[top+32], {s28, s29}; " + Keep2 + "[bottom+32], {s30, s31}; }",
                    top, bottom);
                break;
            case 4:
                CudaAsm.Emit(
                    Top + Keep2 + "[top], {s32, s33}; " + Keep2 + "[bottom], {s34, s35}; " +
                    Keep2 + "[top+32], {s36, s37}; " + Keep2 + "[bottom+32], {s38, s39}; }",
                    top, bottom);
                break;
            case 5:
                CudaAsm.Emit(
                    Top + Keep2 + "[top], {s40, s41}; " + Keep2 + "[bottom], {s42, s43}; " +
                    Keep2 + "[top+32], {s44, s45}; " + Keep2 + "[bottom+32], {s46, s47}; }",
                    top, bottom);
                break;
            case 6:
                CudaAsm.Emit(
                    Top + Keep2 + "[top], {s48, s49}; " + Keep2 + "[bottom], {s50, s51}; " +
                    Keep2 + "[top+32], {s52, s53}; " + Keep2 + "[bottom+32], {s54, s55}; }",
                    top, bottom);
                break;
            default:
                CudaAsm.Emit(
                    Top + Keep2 + "[top], {s56, s57}; " + Keep2 + "[bottom], {s58, s59}; " +
                    Keep2 + "[top+32], {s60, s61}; " + Keep2 + "[bottom+32], {s62, s63}; }",
                    top, bottom);
                break;
        }
    }

    private static void Save(int pair, TensorCore.Pointer pointer)
    {
        switch (pair)
        {
            case 0:
                CudaAsm.Emit(Save4 + "[%0+0], " + Left0 + "; " + Save4 + "[%0+4096], " + Right0 + ";", pointer);
                break;
            case 1:
                CudaAsm.Emit(Save4 + "[%0+8192], " + Left1 + "; " + Save4 + "[%0+12288], " + Right1 + ";", pointer);
                break;
            case 2:
                CudaAsm.Emit(Save4 + "[%0+16384], " + Left2 + "; " + Save4 + "[%0+20480], " + Right2 + ";", pointer);
                break;
            case 3:
                CudaAsm.Emit(Save4 + "[%0+24576], " + Left3 + "; " + Save4 + "[%0+28672], " + Right3 + ";", pointer);
                break;
            case 4:
                CudaAsm.Emit(Save4 + "[%0+32768], " + Left4 + "; " + Save4 + "[%0+36864], " + Right4 + ";", pointer);
                break;
            case 5:
                CudaAsm.Emit(Save4 + "[%0+40960], " + Left5 + "; " + Save4 + "[%0+45056], " + Right5 + ";", pointer);
                break;
            case 6:
                CudaAsm.Emit(Save4 + "[%0+49152], " + Left6 + "; " + Save4 + "[%0+53248], " + Right6 + ";", pointer);
                break;
            default:
                CudaAsm.Emit(Save4 + "[%0+57344], " + Left7 + "; " + Save4 + "[%0+61440], " + Right7 + ";", pointer);
                break;
        }
    }

    private static void Add(int pair, TensorCore.Pointer pointer)
    {
        switch (pair)
        {
            case 0:
                CudaAsm.Emit(
                    Temporary + Load4 + ToLeft + "[%0+0]; " + Load4 + ToRight + "[%0+4096]; " +
                    "add.f32 s0, s0, t0; add.f32 s1, s1, t1; add.f32 s2, s2, t2; add.f32 s3, s3, t3; " +
                    "add.f32 s4, s4, t4; add.f32 s5, s5, t5; add.f32 s6, s6, t6; add.f32 s7, s7, t7; }",
                    pointer);
                break;
            case 1:
                CudaAsm.Emit(
                    Temporary + Load4 + ToLeft + "[%0+8192]; " + Load4 + ToRight + "[%0+12288]; " +
                    "add.f32 s8, s8, t0; add.f32 s9, s9, t1; add.f32 s10, s10, t2; add.f32 s11, s11, t3; " +
                    "add.f32 s12, s12, t4; add.f32 s13, s13, t5; add.f32 s14, s14, t6; add.f32 s15, s15, t7; }",
                    pointer);
                break;
            case 2:
                CudaAsm.Emit(
                    Temporary + Load4 + ToLeft + "[%0+16384]; " + Load4 + ToRight + "[%0+20480]; " +
                    "add.f32 s16, s16, t0; add.f32 s17, s17, t1; add.f32 s18, s18, t2; add.f32 s19, s19, t3; " +
                    "add.f32 s20, s20, t4; add.f32 s21, s21, t5; add.f32 s22, s22, t6; add.f32 s23, s23, t7; }",
                    pointer);
                break;
            case 3:
                CudaAsm.Emit(
                    Temporary + Load4 + ToLeft + "[%0+24576]; " + Load4 + ToRight + "[%0+28672]; " +
                    "add.f32 s24, s24, t0; add.f32 s25, s25, t1; add.f32 s26, s26, t2; add.f32 s27, s27, t3; " +
                    "add.f32 s28, s28, t4; add.f32 s29, s29, t5; add.f32 s30, s30, t6; add.f32 s31, s31, t7; }",
                    pointer);
                break;
            case 4:
                CudaAsm.Emit(
                    Temporary + Load4 + ToLeft + "[%0+32768]; " + Load4 + ToRight + "[%0+36864]; " +
                    "add.f32 s32, s32, t0; add.f32 s33, s33, t1; add.f32 s34, s34, t2; add.f32 s35, s35, t3; " +
                    "add.f32 s36, s36, t4; add.f32 s37, s37, t5; add.f32 s38, s38, t6; add.f32 s39, s39, t7; }",
                    pointer);
                break;
            case 5:
                CudaAsm.Emit(
                    Temporary + Load4 + ToLeft + "[%0+40960]; " + Load4 + ToRight + "[%0+45056]; " +
                    "add.f32 s40, s40, t0; add.f32 s41, s41, t1; add.f32 s42, s42, t2; add.f32 s43, s43, t3; " +
                    "add.f32 s44, s44, t4; add.f32 s45, s45, t5; add.f32 s46, s46, t6; add.f32 s47, s47, t7; }",
                    pointer);
                break;
            case 6:
                CudaAsm.Emit(
                    Temporary + Load4 + ToLeft + "[%0+49152]; " + Load4 + ToRight + "[%0+53248]; " +
                    "add.f32 s48, s48, t0; add.f32 s49, s49, t1; add.f32 s50, s50, t2; add.f32 s51, s51, t3; " +
                    "add.f32 s52, s52, t4; add.f32 s53, s53, t5; add.f32 s54, s54, t6; add.f32 s55, s55, t7; }",
                    pointer);
                break;
            default:
                CudaAsm.Emit(
                    Temporary + Load4 + ToLeft + "[%0+57344]; " + Load4 + ToRight + "[%0+61440]; " +
                    "add.f32 s56, s56, t0; add.f32 s57, s57, t1; add.f32 s58, s58, t2; add.f32 s59, s59, t3; " +
                    "add.f32 s60, s60, t4; add.f32 s61, s61, t5; add.f32 s62, s62, t6; add.f32 s63, s63, t7; }",
                    pointer);
                break;
        }
    }
}
