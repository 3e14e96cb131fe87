using System.Reflection;

namespace GpuVae.Simd.Tests.Fuzz;

/// <summary>What the kernels of a fuzz are written in: ILGPU's API, or plain .NET that does the same.</summary>
internal abstract class FuzzApi
{
    public static FuzzApi Ilgpu { get; } = new IlgpuApi();

    public static FuzzApi Direct { get; } = new DirectApi();

    /// <summary>The struct that a view of such elements is; its indexer takes an int.</summary>
    public abstract Type View(Type element);

    /// <summary>A getter: Group.IdxX, Grid.IdxX, Warp.LaneIdx and the like.</summary>
    public abstract MethodInfo Coordinate(string name);

    /// <summary>From an int to a view: "Local" or "Shared".</summary>
    public abstract MethodInfo Allocate(string space, Type element);

    public abstract MethodInfo DynamicShared(Type element);

    public abstract MethodInfo Barrier { get; }

    /// <summary>From a value and a lane or a distance to a value.</summary>
    public abstract MethodInfo Shuffle(string kind, Type type);

    /// <summary>From a bool to an int or a bool.</summary>
    public abstract MethodInfo Vote(string kind);

    /// <summary>From a reference to an int and an int to the old value.</summary>
    public abstract MethodInfo Atomic(string operation);

    public abstract MethodInfo Elementary(string function);

    public abstract MethodInfo ToHalf { get; }

    public abstract MethodInfo FromHalf { get; }

    /// <summary>From two halves to one; null where there is no such operator.</summary>
    public abstract MethodInfo? HalfOperator(string name);
}
