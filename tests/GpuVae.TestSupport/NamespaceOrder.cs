using System.Reflection;

namespace GpuVae.TestSupport;

/// <summary>
/// The order of an assembly's floors as its compiled code keeps it. Floors are namespaces below the assembly's own; one line of them, each
/// using only those before it, leaves no room for circles.
/// </summary>
public sealed class NamespaceOrder
{
    private const BindingFlags Declared =
        BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    private readonly Assembly assembly;
    private readonly string root;
    private readonly string[] floors;

    private NamespaceOrder(Assembly assembly, string[] floors)
    {
        (this.assembly, this.floors) = (assembly, floors);
        root = assembly.GetName().Name!;
    }

    /// <summary>What breaks the order, a line for each pair of types; empty where every reference points downwards.</summary>
    /// <param name="assembly">Its namespaces begin with its name.</param>
    /// <param name="floors">
    /// From the ground up. "Layers" takes in Layers.Linear, too, unless that is a floor itself; "" is the assembly's own namespace.
    /// </param>
    public static IReadOnlyList<string> Check(Assembly assembly, params string[] floors)
    {
        var order = new NamespaceOrder(assembly, floors);
        return [.. assembly.GetTypes().SelectMany(order.Violations).Distinct().Order(StringComparer.Ordinal)];
    }

    private IEnumerable<string> Violations(Type type)
    {
        if (Outermost(type).Namespace?.StartsWith(root, StringComparison.Ordinal) != true)
            return []; // The compiler's own.
        int floor = FloorOf(type);
        if (floor < 0)
            return [$"{Describe(type)} stands on no floor"];
        return References(type).SelectMany(TypesIn).Where(used => FloorOf(used) > floor)
            .Select(used => $"{Describe(type)} uses {Describe(used)}, but {floors[FloorOf(used)]} stands above {floors[floor]}");
    }

    private int FloorOf(Type type)
    {
        for (string? name = Outermost(type).Namespace; name is not null && name.Length >= root.Length;
            name = name.Length == root.Length ? null : name[..name.LastIndexOf('.')])
        {
            int floor = Array.IndexOf(floors, name.Length == root.Length ? "" : name[(root.Length + 1)..]);
            if (floor >= 0)
                return floor;
        }
        return -1;
    }

    /// <summary>Not by its full name, which a generic type that is not closed does not have.</summary>
    private string Describe(Type type)
    {
        Type outer = Outermost(type);
        return $"{outer.Namespace}.{outer.Name}"[(root.Length + 1)..].Split('`')[0];
    }

    private static Type Outermost(Type type) => type.DeclaringType is { } outer ? Outermost(outer) : type;

    /// <summary>
    /// The types of the assembly that one is made of: a constructed type and its arguments, what an array has for elements.
    /// </summary>
    private IEnumerable<Type> TypesIn(Type type)
    {
        if (type.HasElementType)
            return TypesIn(type.GetElementType()!);
        if (type.IsGenericParameter)
            return [];
        IEnumerable<Type> arguments = type.GenericTypeArguments.SelectMany(TypesIn);
        return type.Assembly == assembly ? arguments.Prepend(type) : arguments;
    }

    private static IEnumerable<Type> References(Type type) =>
    [
        .. type.BaseType is { } parent ? [parent] : Type.EmptyTypes,
        .. type.GetInterfaces(),
        .. Constraints(type.GetGenericArguments()),
        .. type.GetFields(Declared).Select(field => field.FieldType),
        .. type.GetMethods(Declared).SelectMany(method => InSignature(method).Append(method.ReturnType)),
        .. type.GetConstructors(Declared).SelectMany(InSignature),
    ];

    private static IEnumerable<Type> Constraints(Type[] parameters) => parameters.SelectMany(p => p.GetGenericParameterConstraints());

    private static IEnumerable<Type> InSignature(MethodBase method) =>
    [
        .. method.GetParameters().Select(parameter => parameter.ParameterType),
        .. Constraints(method.IsGenericMethod ? method.GetGenericArguments() : []),
        .. InBody(method),
    ];

    private static IEnumerable<Type> InBody(MethodBase method)
    {
        if (method.GetMethodBody() is not { } body)
            return [];
        Type[] ofType = method.DeclaringType!.GetGenericArguments(), ofMethod = method.IsGenericMethod ? method.GetGenericArguments() : [];
        return
        [
            .. body.LocalVariables.Select(local => local.LocalType),
            .. body.ExceptionHandlingClauses.Where(c => c.Flags == ExceptionHandlingClauseOptions.Clause).Select(c => c.CatchType!),
            .. IlReader.Read(body.GetILAsByteArray()!).Where(instruction => instruction.Token != 0)
                .SelectMany(instruction => InMember(method.Module.ResolveMember(instruction.Token, ofType, ofMethod)!)),
        ];
    }

    private static IEnumerable<Type> InMember(MemberInfo member) => member switch
    {
        Type type => [type],
        MethodInfo { IsGenericMethod: true } method => [.. method.GetGenericArguments(), method.DeclaringType!],
        _ => [member.DeclaringType!],
    };
}
