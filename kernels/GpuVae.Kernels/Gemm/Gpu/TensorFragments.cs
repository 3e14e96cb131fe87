namespace GpuVae.Kernels.Gemm.Gpu;

/// <summary>
/// The sums of a thread on tensor cores: registers s0–s63 that inline PTX knows by name (TensorCore.cs says why), two fragments of 16 × 8 at
/// a time. Tiles that are not wide have the first two of the eight pairs. All that is done with them is in TensorFragments.g.cs, since
/// inline PTX is a constant of the program: <c>Clear</c> makes them zero, <c>MultiplyTf32</c> adds A·B to one pair (16 × 8 times 8 × 16),
/// <c>MultiplyBf16</c> likewise (16 × 16 times 16 × 16), <c>Save</c> stores each four in its place among those of 256 threads, from a multiple
/// of 16 bytes on, <c>Add</c> adds what <c>Save</c> stored, and <c>Keep</c> puts them into shared memory, <c>top</c> and <c>bottom</c> being
/// the bytes to this thread's place in the upper and the lower half of the first fragment and <c>pitch</c> those from row to row.
/// </summary>
internal static unsafe partial class TensorFragments;
