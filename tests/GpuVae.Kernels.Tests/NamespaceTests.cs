using GpuVae.Kernels.Training;

namespace GpuVae.Kernels.Tests;

/// <summary>The kernels' rooms, each using only those before it.</summary>
public sealed class NamespaceTests
{
    private static readonly string[] gemm = ["Gemm.Planning", "Gemm.Simd", "Gemm.Gpu", "Gemm"];
    private static readonly string[] upper = ["Convolution", "Likelihoods", "Latent", "Layers", "Training", "Evaluation"];
    private static readonly string[] rooms = ["Common", "Random", .. gemm, .. upper];

    [Fact]
    public void NoRoomUsesOneAboveIt() => Assert.Empty(NamespaceOrder.Check(typeof(Adam).Assembly, rooms));

    [Fact]
    public void AnUpwardReferenceIsNamedWithItsTwoTypes()
    {
        IReadOnlyList<string> violations = NamespaceOrder.Check(typeof(Adam).Assembly, ["Gemm", "Common", .. upper]);
        Assert.Contains("Gemm.GemmContext uses Common.ExecutionStyles, but Common stands above Gemm", violations);
        Assert.Contains("Random.Philox stands on no floor", violations);
    }
}
