using System.Reflection;
using GpuVae.Simd.Analyses;
using GpuVae.Simd.Frontend;
using GpuVae.Simd.Ir;
using GpuVae.Simd.Passes;

namespace GpuVae.Kernels.Tests;

/// <summary>
/// Every kernel of the library goes through the SIMD compiler, valid after every pass, and can be structured.
/// </summary>
public class CompilationTests
{
    public static TheoryData<string> Kernels => [.. KernelCatalog.All.Select(KernelCatalog.Describe).Distinct()];

    [Theory]
    [MemberData(nameof(Kernels))]
    public void CompilesForVectors(string name)
    {
        MethodInfo method = KernelCatalog.All.First(k => KernelCatalog.Describe(k) == name);
        bool isImplicit = KernelCatalog.IsImplicitlyGrouped(method);
        var layout = new ParameterLayout([.. method.GetParameters().Skip(isImplicit ? 1 : 0).Select(p => p.ParameterType)]);
        var target = new KernelTarget(TargetKind.Simd) { WarpSize = 16, GroupDim = (16, 1, 1) };
        IrKernel kernel = KernelBuilder.Build(new KernelEntry(method, isImplicit, layout, new Dictionary<int, ulong>()), target);
        IrVerifier.Verify(kernel);
        Optimizer.Run(kernel, target, pass =>
        {
            try
            {
                IrVerifier.Verify(kernel);
            }
            catch (InvalidOperationException exception)
            {
                throw new InvalidOperationException($"after {pass}: {exception.Message}", exception);
            }
        });
        Structurizer.Build(kernel);
        IrVerifier.Verify(kernel);
        // A local array that stays in memory would cost a round trip per access: all of them should have become registers.
        Xunit.Assert.DoesNotContain(kernel.Allocations, a => a.Space == AddressSpace.Local);
    }
}
