using GpuVae.Kernels.Training;

namespace GpuVae.Kernels.Tests;

/// <summary>The kernels' rooms, each using only those before it.</summary>
public sealed class NamespaceTests
{
    private static readonly string[] GemmRooms = ["Gemm.Planning", "Gemm.Simd", "Gemm.Gpu", "Gemm"];
    private static readonly string[] Upper = ["Convolution", "Likelihoods", "Latent", "Layers", "Training", "Evaluation"];
    private static readonly string[] Rooms = ["Common", "Random", .. GemmRooms, .. Upper];

    [Fact]
    public void NoRoomUsesOneAboveIt() => Assert.Empty(NamespaceOrder.Check(typeof(Adam).Assembly, Rooms));

    [Fact]
    public void AnUpwardReferenceIsNamedWithItsTwoTypes()
    {
        IReadOnlyList<string> violations = NamespaceOrder.Check(typeof(Adam).Assembly, ["Gemm", "Common", .. Upper]);
        Assert.Contains("Gemm.GemmContext uses Common.ExecutionStyles, but Common stands above Gemm", violations);
        Assert.Contains("Random.Philox stands on no floor", violations);
    }
}
