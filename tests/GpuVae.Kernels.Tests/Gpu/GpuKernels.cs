using System.Reflection;
using GpuVae.Kernels.Convolution;
using GpuVae.Kernels.Gemm.Gpu;
using GpuVae.Kernels.Gemm.Planning;
using GpuVae.Kernels.Gemm.Simd;
using ILGPU;
using ILGPU.Backends;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.OpenCL;
using ILGPU.Backends.PTX;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;

namespace GpuVae.Kernels.Tests.Gpu;

/// <summary>Every kernel instance that a GPU can be given, as ILGPU's own backends compile it. They need no device.</summary>
internal static class GpuKernels
{
    /// <summary>What <see cref="Compile"/> can be asked for.</summary>
    public static readonly IReadOnlyList<string> Targets = ["sm_70", "sm_80", "sm_90", "OpenCL"];

    // Launchers load these where a warp is a vector, and nowhere else.
    private static readonly Type[] OfLanes =
        [typeof(GemmLanes), typeof(GemmStaged), typeof(GemmDots), typeof(GemmRow), typeof(GemmPacking), typeof(ConvolutionLanes)];

    private static readonly Context Compilation = Context.Create(builder => builder.EnableAlgorithms());
    private static readonly Dictionary<string, Backend> BackendOf = [];
    private static readonly Lazy<Dictionary<string, MethodInfo>> Compilable = new(() => KernelCatalog.All
        .Where(kernel => !IsOfLanes(kernel)).DistinctBy(KernelCatalog.Describe).ToDictionary(KernelCatalog.Describe));

    /// <summary>The instances by their description.</summary>
    public static IReadOnlyDictionary<string, MethodInfo> All => Compilable.Value;

    /// <summary>Whether devices of a kind are given an instance: tensor cores are NVIDIA's, since compute capability 8.0.</summary>
    public static bool IsFor(MethodInfo kernel, string target) =>
        !TypesOf(kernel).Any(type => typeof(ITensorPrecision).IsAssignableFrom(type)) || target is "sm_80" or "sm_90";

    /// <summary>All types that make an instance of a generic kernel.</summary>
    public static IEnumerable<Type> TypesOf(MethodInfo kernel) =>
        kernel.DeclaringType!.GetGenericArguments().Concat(kernel.GetGenericArguments()).SelectMany(WithArguments);

    /// <summary>The tile that an instance computes, if it does.</summary>
    public static GemmVariant? TileOf(MethodInfo kernel) =>
        TypesOf(kernel).FirstOrDefault(type => typeof(ITileShape).IsAssignableFrom(type)) is { } shape
            ? Enum.Parse<GemmVariant>(shape.Name)
            : null;

    /// <summary>An instance's PTX or OpenCL C, with the bounds that its launcher gives.</summary>
    /// <exception cref="InternalCompilerException">ILGPU cannot compile it for the target.</exception>
    public static string Compile(MethodInfo kernel, string target)
    {
        EntryPointDescription entry = KernelCatalog.IsImplicitlyGrouped(kernel)
            ? EntryPointDescription.FromImplicitlyGroupedKernel(kernel)
            : EntryPointDescription.FromExplicitlyGroupedKernel(kernel);
        KernelSpecialization bounds = TileOf(kernel) is { } tile ? GemmTileLaunch.Bounds(tile) : default;
        return BackendFor(target).Compile(entry, bounds) switch
        {
            PTXCompiledKernel ptx => ptx.PTXAssembly,
            CLCompiledKernel source => source.Source,
            var other => throw new InvalidOperationException($"{other.GetType()} is neither PTX nor OpenCL C"),
        };
    }

    private static IEnumerable<Type> WithArguments(Type type) => [type, .. type.GetGenericArguments().SelectMany(WithArguments)];

    private static bool IsOfLanes(MethodInfo kernel) =>
        OfLanes.Contains(kernel.DeclaringType) || kernel.Name.StartsWith("LaneKernel", StringComparison.Ordinal);

    private static Backend BackendFor(string target)
    {
        if (!BackendOf.TryGetValue(target, out Backend? backend))
        {
            BackendOf[target] = backend = target switch
            {
                "sm_70" => Ptx(CudaArchitecture.SM_70),
                "sm_80" => Ptx(CudaArchitecture.SM_80),
                "sm_90" => Ptx(CudaArchitecture.SM_90),
                // The least that a device must have: no halves, no doubles, no 64-bit atomics, no sub-groups.
                _ => new CLBackend(
                    Compilation, new CLCapabilityContext(false, false, genericAddressSpace: true, false, false), CLDeviceVendor.Other,
                    CLCVersion.CL20),
            };
        }
        return backend;
    }

    // The newest version that ptxas 11.8 assembles, and without libdevice, which none of the kernels calls.
    private static PTXBackend Ptx(CudaArchitecture architecture) => new(Compilation, architecture, CudaInstructionSet.ISA_78, null!);
}
