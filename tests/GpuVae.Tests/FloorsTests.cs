using GpuVae.Models;

namespace GpuVae.Tests;

public class FloorsTests
{
    // From the ground up; neighbours that ARCHITECTURE puts on one floor stand in the one direction they may use each other in.
    private static readonly string[] floors =
    [
        "Options", "Formats", "Imaging", "Devices", "Scheduling", "Data", "Layers", "Latent", "Elbo", "Models", "Evaluation", "Applications",
        "Training",
    ];

    [Fact]
    public void NoFloorUsesOneAboveIt() => Assert.Empty(NamespaceOrder.Check(typeof(Vae).Assembly, floors));

    [Fact]
    public void AModelUnderTheTermsOfItsLossIsFound()
    {
        string[] turned = [.. floors.Where(floor => floor != "Elbo"), "Elbo"];
        Assert.Contains(
            NamespaceOrder.Check(typeof(Vae).Assembly, turned), line => line.StartsWith("Models.Vae uses Elbo.VaeParts", StringComparison.Ordinal));
    }
}
