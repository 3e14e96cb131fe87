using System.Reflection;
using GpuVae.Kernels.Common;
using GpuVae.Kernels.Gemm;
using GpuVae.Kernels.Gemm.Gpu;
using GpuVae.Kernels.Gemm.Planning;
using GpuVae.Kernels.Gemm.Simd;
using GpuVae.Kernels.Likelihoods;
using GpuVae.Kernels.Tests.Ops;
using ILGPU;

namespace GpuVae.Kernels.Tests;

/// <summary>
/// Every kernel of the library by convention: static void methods called …Kernel, with each type that fits put in for each type parameter.
/// </summary>
internal static class KernelCatalog
{
    private const BindingFlags Declared = BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    // Columns of a product of few rows: 16 = 2⁴ at most.
    private const int MostNested = 4;

    // Densities of units are of the caller's own alone; a test has one.
    private static readonly Type[] Types = [.. typeof(GemmContext).Assembly.GetTypes(), typeof(LogisticDensity)];
    private static readonly Type[] Usual =
    [
        typeof(GemmTiles<Tile64x64>), typeof(GemmTensorTiles<Tile64x64, Tf32Precision>), typeof(AlongDepth), typeof(PlainEpilogue),
        typeof(BernoulliLikelihood), typeof(Rows12), typeof(GemmStaged.Copied), typeof(GemmStaged.Turned<Square16>),
        typeof(GemmDots.Pair<GemmDots.Pair<GemmDots.Pair<GemmDots.Pair<GemmDots.One>>>>), typeof(Columns8),
    ];
    private static readonly Lazy<MethodInfo[]> Found = new(Find);

    public static IReadOnlyList<MethodInfo> All => Found.Value;

    /// <summary>The first parameter is the index that the runtime supplies.</summary>
    public static bool IsImplicitlyGrouped(MethodInfo kernel) =>
        kernel.GetParameters()[0].ParameterType is var type && (type == typeof(Index1D) || type == typeof(Index2D) ||
            type == typeof(Index3D));

    public static string Describe(MethodInfo kernel) =>
        $"{Describe(kernel.DeclaringType!)}.{kernel.Name}{Arguments(kernel.GetGenericArguments())}";

    private static string Describe(Type type) => type.Name.Split('`')[0] + Arguments(type.GetGenericArguments());

    private static string Arguments(Type[] arguments) => arguments.Length == 0 ? "" : $"<{string.Join(", ", arguments.Select(Describe))}>";

    private static MethodInfo[] Find()
    {
        var found = new List<MethodInfo>();
        foreach (Type type in Types)
        {
            foreach (MethodInfo method in type.GetMethods(Declared))
            {
                if (method.ReturnType != typeof(void) || method.GetParameters().Length == 0 ||
                    !method.Name.TrimEnd("0123456789".ToCharArray()).EndsWith("Kernel", StringComparison.Ordinal))
                    continue;
                foreach (Type closed in Close(type))
                {
                    MethodInfo onClosed = closed == type ? method : closed.GetMethods(Declared).Single(m =>
                        m.MetadataToken == method.MetadataToken);
                    if (!onClosed.IsGenericMethodDefinition)
                        found.Add(onClosed);
                    else
                        found.AddRange(Bindings(onClosed.GetGenericArguments()).Select(onClosed.MakeGenericMethod).Where(IsWorthIt));
                }
            }
        }
        return [.. found];
    }

    private static IEnumerable<Type> Close(Type type, int nested = 0) =>
        type.IsGenericTypeDefinition ? Bindings(type.GetGenericArguments(), nested).Select(a => type.MakeGenericType(a)) : [type];

    /// <summary>
    /// All ways to put types of the library in for the parameters. One that no interface constrains follows from the others.
    /// </summary>
    private static IEnumerable<Type[]> Bindings(Type[] parameters, int nested = 0)
    {
        IEnumerable<Dictionary<Type, Type>> bindings = [[]];
        foreach (Type parameter in parameters)
        {
            foreach (Type? constraint in parameter.GetGenericParameterConstraints().Where(c => c.IsInterface))
            {
                bindings = bindings
                    .SelectMany(b => Candidates(constraint, nested).Select(c => Bind(b, parameter, constraint, c))).ToArray();
            }
        }
        return bindings.Select(b => parameters.Select(p => b[p]).ToArray());
    }

    /// <summary>
    /// The shape of a tile, its arithmetic and how operands lie have nothing to do with what becomes of its elements: all of the former
    /// with one of the latter, and the other way round.
    /// </summary>
    private static bool IsWorthIt(MethodInfo kernel)
    {
        Type[] all = [.. kernel.DeclaringType!.GetGenericArguments(), .. kernel.GetGenericArguments()];
        Type[] ends = all.Where(a => typeof(IEpilogue).IsAssignableFrom(a) || typeof(ILikelihood).IsAssignableFrom(a)).ToArray();
        Type[] others = all.Except(ends).ToArray();
        bool isOfFewRows = others.Any(a => typeof(GemmDots.IDots).IsAssignableFrom(a) || typeof(IColumnSums).IsAssignableFrom(a));
        if (isOfFewRows && !others.All(Usual.Contains))
            return ends.All(Usual.Contains);
        bool hasTiles = others.Any(a => typeof(ITileEngine).IsAssignableFrom(a) || typeof(GemmStaged.IStaging).IsAssignableFrom(a));
        return ends.Length == 0 || !hasTiles || ends.All(Usual.Contains) || others.All(Usual.Contains);
    }

    private static Dictionary<Type, Type> Bind(
        Dictionary<Type, Type> binding, Type parameter, Type constraint, (Type Candidate, Type Interface) choice)
    {
        var result = new Dictionary<Type, Type>(binding) { [parameter] = choice.Candidate };
        Type[] formal = constraint.GetGenericArguments();
        Type[] actual = choice.Interface.GetGenericArguments();
        for (int i = 0; i < formal.Length; i++)
        {
            if (formal[i].IsGenericParameter)
                result[formal[i]] = actual[i];
        }
        return result;
    }

    private static IEnumerable<(Type Candidate, Type Interface)> Candidates(Type constraint, int nested)
    {
        Type definition = constraint.IsGenericType ? constraint.GetGenericTypeDefinition() : constraint;
        foreach (Type? type in Types.Where(t => t.IsValueType && t.GetInterfaces().Any(Matches)))
        {
            // A type that takes others of its kind could go on for ever.
            bool nests = type.IsGenericTypeDefinition
                && type.GetGenericArguments().Any(parameter => parameter.GetGenericParameterConstraints().Any(Matches));
            if (nests && nested == MostNested)
                continue;
            foreach (Type closed in Close(type, nests ? nested + 1 : 0))
                yield return (closed, closed.GetInterfaces().First(Matches));
        }

        bool Matches(Type candidate) => (candidate.IsGenericType ? candidate.GetGenericTypeDefinition() : candidate) == definition;
    }
}
