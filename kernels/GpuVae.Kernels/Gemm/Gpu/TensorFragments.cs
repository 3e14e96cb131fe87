namespace GpuVae.Kernels.Gemm.Gpu;

/// <summary>
/// The sums of a thread on tensor cores: registers s0–s63 that inline PTX knows by name (TensorCore.cs says why), two fragments of 16 × 8
/// at a time. Pair p is s(8p) to s(8p + 7): columns 0 to 15 of the first to fourth 16 rows are pairs 0 to 3, columns 16 to 31 pairs 4 to 7;
/// tiles that are not wide have pairs 0 and 1. A fragment {c0, c1, c2, c3} holds columns 2t and 2t + 1 of row g, then those of row g + 8,
/// with g = lane / 4 and t = lane % 4. What becomes of them is in TensorFragments.g.cs, since inline PTX is a constant of the program.
/// </summary>
internal static unsafe partial class TensorFragments;
