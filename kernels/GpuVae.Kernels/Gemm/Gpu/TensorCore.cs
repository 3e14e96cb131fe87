// Instructions of NVIDIA's tensor cores and what feeds them, for GPUs of compute capability 8.0 and newer (PTX ISA, "Warp Level Matrix
// Multiply-Accumulate Instructions" and "Asynchronous copy"). Each must be executed by all 32 threads of a warp. Addresses of shared
// memory are bytes from the view that Declare is given.
//
// ILGPU gives what inline PTX writes an address in local memory, so that a fragment would leave its registers and come back at every
// instruction. Whatever these instructions hand to each other therefore stays in registers of their own, declared by the kernel and known
// by name to inline PTX alone; the assembler ptxas allots them as it does all others.

using ILGPU.Runtime.Cuda;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels.Gemm.Gpu;

/// <summary>
/// Operands and copies of a thread, in registers: a0–a3 a fragment of A, b0–b7 two pairs of fragments of B, w0–w7 two chunks on their
/// way to shared memory. TensorFragments.cs has its sums; what differs by the number of a register is in TensorCore.g.cs.
/// </summary>
internal static unsafe partial class TensorCore
{
    private const string PlusBase = "{ .reg .b32 at; add.u32 at, base, %0; ";
    private const string LoadMatrices = PlusBase + "ldmatrix.sync.aligned.m8n8.x4.shared.b16 ";
    private const string LoadTransposedMatrices = PlusBase + "ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 ";
    private const string FromAt = ", [at]; }";
    private const string StoreFour = PlusBase + "st.shared.v4.b32 [at], ";
    private const string Base4 =
        "{ .reg .b32 at<4>; add.u32 at0, base, %0; add.u32 at1, base, %1; add.u32 at2, base, %2; add.u32 at3, base, %3; ";
    private const string Load = "ld.shared.b32 ";
    private const string Round = "cvt.rna.tf32.f32 ";

    /// <summary>Declares the registers. A kernel does so once, before all else here.</summary>
    /// <param name="shared">The shared memory that addresses count from; it must be promised to be aligned to 16 bytes.</param>
    public static void Declare(FloatView shared)
    {
        CudaAsm.Emit(".reg .f32 s<64>; .reg .b32 a<4>, b<8>, w<8>, base;");
        fixed (float* pointer = &shared[0])
            CudaAsm.Emit("cvt.u32.u64 base, %0;", new Pointer { Value = pointer });
    }

    /// <summary>
    /// Starts copying up to 16 bytes from global to shared memory; the rest of the 16 becomes zero. Both places are multiples of 16.
    /// </summary>
    public static void CopyAsync16(int shared, FloatView view, int index, int bytes)
    {
        fixed (float* pointer = &view[index])
            CudaAsm.Emit(PlusBase + "cp.async.cg.shared.global [at], [%1], 16, %2; }", shared, new Pointer { Value = pointer }, bytes);
    }

    /// <summary>The same with 4 bytes or none.</summary>
    public static void CopyAsync4(int shared, FloatView view, int index, int bytes)
    {
        fixed (float* pointer = &view[index])
            CudaAsm.Emit(PlusBase + "cp.async.ca.shared.global [at], [%1], 4, %2; }", shared, new Pointer { Value = pointer }, bytes);
    }

    /// <summary>Ends a group of copies; one may be empty.</summary>
    public static void CommitCopies() => CudaAsm.Emit("cp.async.commit_group;");

    /// <summary>Waits for all groups of this thread's copies but the newest.</summary>
    public static void WaitForCopiesButOne() => CudaAsm.Emit("cp.async.wait_group 1;");

    /// <summary>Waits for all of this thread's copies.</summary>
    public static void WaitForCopies() => CudaAsm.Emit("cp.async.wait_all;");

    /// <summary>Four matrices of 8 rows of 16 bytes, to A; lane 8q + i gives the address of row i of matrix q.</summary>
    public static void LoadA(int address) => CudaAsm.Emit(LoadMatrices + "{a0, a1, a2, a3}" + FromAt, address);

    /// <summary>The same, each matrix of 16-bit elements transposed.</summary>
    public static void LoadTransposedA(int address) => CudaAsm.Emit(LoadTransposedMatrices + "{a0, a1, a2, a3}" + FromAt, address);

    /// <summary>Single words, to A.</summary>
    public static void LoadA(int address0, int address1, int address2, int address3) => CudaAsm.Emit(
        Base4 + Load + "a0, [at0]; " + Load + "a1, [at1]; " + Load + "a2, [at2]; " + Load + "a3, [at3]; }",
        address0, address1, address2, address3);

    /// <summary>Rounds A from float32 to the nearest TF32, ties away from zero.</summary>
    public static void RoundA() => CudaAsm.Emit(Round + "a0, a0; " + Round + "a1, a1; " + Round + "a2, a2; " + Round + "a3, a3;");

    /// <summary>How an address gets into inline PTX.</summary>
    internal struct Pointer
    {
        public float* Value;
    }
}
