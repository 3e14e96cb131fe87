using BenchmarkDotNet.Attributes;
using GpuVae.Kernels.Common;
using GpuVae.Kernels.Gemm;
using ILGPU;
using ILGPU.Runtime;

namespace GpuVae.Benchmarks.Suites;

/// <summary>C [m, n] = op(A)·op(B): square products and those of the seed VAE's layers at batch 128.</summary>
public class GemmSuite : DeviceSuite
{
    private GemmContext gemm = null!;
    private Gemm<PlainEpilogue> product = null!;
    private MemoryBuffer1D<float, Stride1D.Dense> a = null!, b = null!, c = null!;
    private int m, n, k;

    [Params("512x512x512", "1024x1024x1024", "2048x2048x2048", "128x512x784", "128x784x512", "784x512x128")]
    public string Shape { get; set; } = "";

    [Params("NN", "NT", "TN")]
    public string Transposed { get; set; } = "NN";

    [Benchmark]
    public void Multiply()
    {
        MatrixView opA = Transposed[0] == 'T' ? new MatrixView(a.View, k, m).Transposed : new MatrixView(a.View, m, k);
        MatrixView opB = Transposed[1] == 'T' ? new MatrixView(b.View, n, k).Transposed : new MatrixView(b.View, k, n);
        product.Run(Device.Stream, opA, opB, new MatrixView(c.View, m, n), default);
        Device.Synchronize();
    }

    protected override void Prepare()
    {
        int[] sizes = [.. Shape.Split('x').Select(int.Parse)];
        (m, n, k) = (sizes[0], sizes[1], sizes[2]);
        gemm = new GemmContext(Device.Accelerator);
        product = gemm.With<PlainEpilogue>();
        (a, b, c) = (Zeros(m * k), Zeros(k * n), Zeros(m * n));
    }

    protected override void Release()
    {
        gemm.Dispose();
        a.Dispose();
        b.Dispose();
        c.Dispose();
    }

    private MemoryBuffer1D<float, Stride1D.Dense> Zeros(int length) => Device.Accelerator.Allocate1D(new float[length]);
}
