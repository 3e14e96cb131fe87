using System.Reflection;
using ILGPU;
using ILGPU.Algorithms;

namespace GpuVae.Simd.Tests.Fuzz;

/// <summary>The API of ILGPU.</summary>
internal sealed class IlgpuApi : FuzzApi
{
    public override MethodInfo Barrier { get; } = typeof(Group).GetMethod(nameof(Group.Barrier))!;

    public override MethodInfo ToHalf { get; } = Conversion(typeof(float), typeof(ILGPU.Half));

    public override MethodInfo FromHalf { get; } = Conversion(typeof(ILGPU.Half), typeof(float));

    public override Type View(Type element) => typeof(ArrayView<>).MakeGenericType(element);

    public override MethodInfo Coordinate(string name)
    {
        string[] parts = name.Split('.');
        Type owner = parts[0] == "Group" ? typeof(Group) : parts[0] == "Grid" ? typeof(Grid) : typeof(Warp);
        return owner.GetProperty(parts[1])!.GetMethod!;
    }

    public override MethodInfo Allocate(string space, Type element) =>
        (space == "Local" ? typeof(LocalMemory) : typeof(SharedMemory)).GetMethod("Allocate", [typeof(int)])!.MakeGenericMethod(element);

    public override MethodInfo DynamicShared(Type element) =>
        typeof(SharedMemory).GetMethod(nameof(SharedMemory.GetDynamic), [])!.MakeGenericMethod(element);

    public override MethodInfo Shuffle(string kind, Type type) =>
        typeof(Warp).GetMethods().Single(m => m.Name == kind && m.GetParameters().Length == 2).MakeGenericMethod(type);

    public override MethodInfo Vote(string kind) => typeof(Group).GetMethod(kind)!;

    public override MethodInfo Atomic(string operation) =>
        typeof(Atomic).GetMethod(operation, [typeof(int).MakeByRefType(), typeof(int)])!;

    public override MethodInfo Elementary(string function) => typeof(XMath).GetMethod(function, [typeof(float)])!;

    public override MethodInfo? HalfOperator(string name) => name switch
    {
        "+" => typeof(ILGPU.Half).GetMethod("op_Addition"),
        "-" => typeof(ILGPU.Half).GetMethod("op_Subtraction"),
        "*" => typeof(ILGPU.Half).GetMethod("op_Multiply"),
        "/" => typeof(ILGPU.Half).GetMethod("op_Division"),
        _ => null,
    };

    private static MethodInfo Conversion(Type from, Type to) => typeof(ILGPU.Half).GetMethods().Single(m =>
        m.Name is "op_Implicit" or "op_Explicit" && m.ReturnType == to && m.GetParameters()[0].ParameterType == from);
}
