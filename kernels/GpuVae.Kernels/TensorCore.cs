// Instructions of NVIDIA's tensor cores and what feeds them, for GPUs of compute capability 8.0 and newer (PTX ISA, "Warp Level Matrix
// Multiply-Accumulate Instructions" and "Asynchronous copy"). Each must be executed by all 32 threads of a warp. Addresses of shared
// memory are byte offsets from the start of that memory.

using ILGPU;
using ILGPU.Runtime.Cuda;
using FloatView = ILGPU.ArrayView<float>;

namespace GpuVae.Kernels;

/// <summary>Four registers of a warp's fragment.</summary>
internal struct Words
{
    public uint X0, X1, X2, X3;
}

internal static unsafe class TensorCore
{
    /// <summary>Where a view of shared memory starts.</summary>
    public static int SharedAddress(FloatView view)
    {
        fixed (float* pointer = &view[0])
        {
            CudaAsm.Emit("cvt.u32.u64 %0, %1;", out int address, new Pointer { Value = pointer });
            return address;
        }
    }

    /// <summary>
    /// Starts copying up to 16 bytes from global to shared memory; the rest of the 16 becomes zero. Both places are multiples of 16.
    /// </summary>
    public static void CopyAsync16(int shared, FloatView view, int index, int bytes)
    {
        fixed (float* pointer = &view[index])
            CudaAsm.Emit("cp.async.cg.shared.global [%0], [%1], 16, %2;", shared, new Pointer { Value = pointer }, bytes);
    }

    /// <summary>The same with 4 bytes or none.</summary>
    public static void CopyAsync4(int shared, FloatView view, int index, int bytes)
    {
        fixed (float* pointer = &view[index])
            CudaAsm.Emit("cp.async.ca.shared.global [%0], [%1], 4, %2;", shared, new Pointer { Value = pointer }, bytes);
    }

    /// <summary>Ends a group of copies; one may be empty.</summary>
    public static void CommitCopies() => CudaAsm.Emit("cp.async.commit_group;");

    /// <summary>Waits for all groups of this thread's copies but the newest.</summary>
    public static void WaitForCopiesButOne() => CudaAsm.Emit("cp.async.wait_group 1;");

    /// <summary>Waits for all of this thread's copies.</summary>
    public static void WaitForCopies() => CudaAsm.Emit("cp.async.wait_all;");

    /// <summary>Four matrices of 8 rows of 16 bytes; lane 8q + i gives the address of row i of matrix q.</summary>
    public static Words LoadMatrices(int address)
    {
        Output<uint> x0 = default, x1 = default, x2 = default, x3 = default;
        Input<int> at = address;
        CudaAsm.EmitRef(
            "ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];", ref x0, ref x1, ref x2, ref x3, ref at);
        return new Words { X0 = x0.Value, X1 = x1.Value, X2 = x2.Value, X3 = x3.Value };
    }

    /// <summary>The same, each matrix of 16-bit elements transposed.</summary>
    public static Words LoadTransposedMatrices(int address)
    {
        Output<uint> x0 = default, x1 = default, x2 = default, x3 = default;
        Input<int> at = address;
        CudaAsm.EmitRef(
            "ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];", ref x0, ref x1, ref x2, ref x3, ref at);
        return new Words { X0 = x0.Value, X1 = x1.Value, X2 = x2.Value, X3 = x3.Value };
    }

    public static uint Load(int address)
    {
        CudaAsm.Emit("ld.shared.b32 %0, [%1];", out uint word, address);
        return word;
    }

    /// <summary>16 bytes at a multiple of 16.</summary>
    public static void Store(int address, Words words) =>
        CudaAsm.Emit("st.shared.v4.b32 [%0], {%1, %2, %3, %4};", address, words.X0, words.X1, words.X2, words.X3);

    /// <summary>float32 bits to the nearest TF32, ties away from zero.</summary>
    public static uint ToTf32(uint bits)
    {
        CudaAsm.Emit("cvt.rna.tf32.f32 %0, %1;", out uint rounded, Interop.IntAsFloat(bits));
        return rounded;
    }

    /// <summary>Two floats to the nearest BF16, ties to even; the first goes to the lower half.</summary>
    public static uint ToBf16(float low, float high)
    {
        CudaAsm.Emit("cvt.rn.bf16x2.f32 %0, %1, %2;", out uint pair, high, low);
        return pair;
    }

    /// <summary>c += A·B with A 16 × 8 and B 8 × 8 in TF32, products and sums in float32.</summary>
    public static void MultiplyTf32(ref GemmTiles.Four c, Words a, uint b0, uint b1)
    {
        Ref<float> c0 = c.X0, c1 = c.X1, c2 = c.X2, c3 = c.X3;
        Input<uint> a0 = a.X0, a1 = a.X1, a2 = a.X2, a3 = a.X3, first = b0, second = b1;
        CudaAsm.EmitRef(
            "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};",
            ref c0, ref c1, ref c2, ref c3, ref a0, ref a1, ref a2, ref a3, ref first, ref second);
        (c.X0, c.X1, c.X2, c.X3) = (c0.Value, c1.Value, c2.Value, c3.Value);
    }

    /// <summary>c += A·B with A 16 × 16 and B 16 × 8 in BF16, products and sums in float32.</summary>
    public static void MultiplyBf16(ref GemmTiles.Four c, Words a, uint b0, uint b1)
    {
        Ref<float> c0 = c.X0, c1 = c.X1, c2 = c.X2, c3 = c.X3;
        Input<uint> a0 = a.X0, a1 = a.X1, a2 = a.X2, a3 = a.X3, first = b0, second = b1;
        CudaAsm.EmitRef(
            "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};",
            ref c0, ref c1, ref c2, ref c3, ref a0, ref a1, ref a2, ref a3, ref first, ref second);
        (c.X0, c.X1, c.X2, c.X3) = (c0.Value, c1.Value, c2.Value, c3.Value);
    }

    /// <summary>How an address gets into inline PTX.</summary>
    private struct Pointer
    {
        public float* Value;
    }
}
