using System.Reflection;
using System.Reflection.Metadata;
using GpuVae.Kernels.Gemm;
using GpuVae.Simd.Frontend;

namespace GpuVae.Kernels.Tests;

/// <summary>The tests that run over every kernel find kernels by their names; this finds them by what is made a delegate.</summary>
public class KernelCatalogTests
{
    private const BindingFlags All =
        BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    [Fact]
    public void HoldsEveryStaticMethodThatTheLibraryHandsToALoader()
    {
        Assembly library = typeof(GemmContext).Assembly;
        (int MetadataToken, string Name)[] loaded = library.GetTypes()
            .SelectMany(type => type.GetMethods(All).Concat<MethodBase>(type.GetConstructors(All)))
            .SelectMany(DelegateTargets)
            .Where(target => target.Module.Assembly == library && target is MethodInfo { IsStatic: true, ReturnType: var result }
                && result == typeof(void))
            .Select(target => (target.MetadataToken, Name: $"{target.DeclaringType!.Name}.{target.Name}"))
            .Distinct()
            .ToArray();
        var known = KernelCatalog.All.Select(kernel => kernel.MetadataToken).ToHashSet();
        Assert.Contains(loaded, kernel => kernel.Name == "Gemm`1.TileKernel");
        Assert.True(loaded.Length >= 20, $"only {loaded.Length} found");
        Assert.All(loaded, kernel => Assert.True(known.Contains(kernel.MetadataToken), $"{kernel.Name} is missing"));
    }

    private static IEnumerable<MethodBase> DelegateTargets(MethodBase method) => method.IsAbstract || IlBody.Of(method) is not { } body
        ? []
        : body.Instructions.Where(i => i.Code == ILOpCode.Ldftn).Select(i => body.ResolveMethod((int)i.Integer));
}
