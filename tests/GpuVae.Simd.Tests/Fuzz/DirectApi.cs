using System.Reflection;

namespace GpuVae.Simd.Tests.Fuzz;

/// <summary>The methods of <see cref="DirectThread"/>, which are called like those of ILGPU.</summary>
internal sealed class DirectApi : FuzzApi
{
    public override MethodInfo Barrier { get; } = Method(nameof(DirectThread.Barrier));

    public override MethodInfo ToHalf { get; } = Method(nameof(DirectThread.ToHalf));

    public override MethodInfo FromHalf { get; } = Method(nameof(DirectThread.FromHalf));

    public override Type View(Type element) => typeof(DirectView<>).MakeGenericType(element);

    public override MethodInfo Coordinate(string name) => Method("get_" + name.Replace(".", ""));

    public override MethodInfo Allocate(string space, Type element) => Method("Allocate" + space).MakeGenericMethod(element);

    public override MethodInfo DynamicShared(Type element) => Method(nameof(DirectThread.DynamicShared)).MakeGenericMethod(element);

    public override MethodInfo Shuffle(string kind, Type type) => Method(kind).MakeGenericMethod(type);

    public override MethodInfo Vote(string kind) => Method(kind);

    public override MethodInfo Atomic(string operation) => Method("Atomic" + operation);

    public override MethodInfo Elementary(string function) => Method(function);

    public override MethodInfo? HalfOperator(string name) => name switch
    {
        "+" => Method(nameof(DirectThread.HalfAdd)),
        "-" => Method(nameof(DirectThread.HalfSubtract)),
        "*" => Method(nameof(DirectThread.HalfMultiply)),
        "/" => Method(nameof(DirectThread.HalfDivide)),
        _ => null,
    };

    private static MethodInfo Method(string name) => typeof(DirectThread).GetMethod(name)!;
}
