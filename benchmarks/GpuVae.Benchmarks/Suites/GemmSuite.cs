using BenchmarkDotNet.Attributes;
using GpuVae.Kernels.Common;
using GpuVae.Kernels.Gemm;
using ILGPU;

namespace GpuVae.Benchmarks.Suites;

/// <summary>C [m, n] = op(A)·op(B): square products and some of the seed VAE's layers.</summary>
public class GemmSuite : DeviceSuite
{
    private Gemm<PlainEpilogue> product = null!;
    private ArrayView<float> a, b, c;
    private int m, n, k;

    [Params("512x512x512", "1024x1024x1024", "2048x2048x2048", "128x512x784", "512x512x784", "784x512x128")]
    public string Shape { get; set; } = "";

    [Params("NN", "NT", "TN")]
    public string Transposed { get; set; } = "NN";

    [Benchmark]
    public void Multiply()
    {
        MatrixView opA = Transposed[0] == 'T' ? new MatrixView(a, k, m).Transposed : new MatrixView(a, m, k);
        MatrixView opB = Transposed[1] == 'T' ? new MatrixView(b, n, k).Transposed : new MatrixView(b, k, n);
        product.Run(Device.Stream, opA, opB, new MatrixView(c, m, n), default);
        Device.Synchronize();
    }

    protected override void Prepare()
    {
        int[] sizes = [.. Shape.Split('x').Select(int.Parse)];
        (m, n, k) = (sizes[0], sizes[1], sizes[2]);
        product = Memory.Own(new GemmContext(Device.Accelerator)).With<PlainEpilogue>();
        (a, b, c) = (Memory.Zeros(m * k), Memory.Zeros(k * n), Memory.Zeros(m * n));
    }
}
