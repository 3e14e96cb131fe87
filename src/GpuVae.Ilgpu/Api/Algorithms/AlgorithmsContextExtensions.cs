namespace ILGPU.Algorithms;

/// <summary>Enables the algorithms on a context.</summary>
public static class AlgorithmsContextExtensions
{
    /// <summary>Nothing to do here: the algorithms are always there. Programs for the NuGet packages need the call.</summary>
    public static Context.Builder EnableAlgorithms(this Context.Builder builder) => builder;
}
