using GpuVae.Models;
using GpuVae.Onnx;

namespace GpuVae.Tests;

public class FloorsTests
{
    // From the ground up, as docs/architecture.md has them; of two on one floor the second may use the first.
    private static readonly string[] Floors =
    [
        "Options", "Formats", "Imaging", "Devices", "Scheduling", "Data", "Layers", "Latent", "Elbo", "Models", "Evaluation",
        "Applications", "Training",
    ];

    [Fact]
    public void NoFloorUsesOneAboveIt() => Assert.Empty(NamespaceOrder.Check(typeof(Vae).Assembly, Floors));

    [Fact]
    public void NoFloorOfTheExportUsesOneAboveIt() =>
        Assert.Empty(NamespaceOrder.Check(typeof(OnnxExport).Assembly, "Graphs", "Layers", "Likelihoods", "Latent", ""));

    [Fact]
    public void AModelUnderTheTermsOfItsLossIsFound()
    {
        string[] turned = [.. Floors.Where(floor => floor != "Elbo"), "Elbo"];
        Assert.Contains(
            "Models.Vae uses Elbo.VaeParts, but Elbo stands above Models", NamespaceOrder.Check(typeof(Vae).Assembly, turned));
    }
}
