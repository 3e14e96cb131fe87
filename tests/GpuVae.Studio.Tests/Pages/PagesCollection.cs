namespace GpuVae.Studio.Tests.Pages;

/// <summary>What is tested in a browser: one after the other and by itself, for a browser keeps two cores busy.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class PagesCollection : ICollectionFixture<ServedRuns>
{
    public const string Name = "pages";
}
