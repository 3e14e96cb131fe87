using GpuVae.Ilgpu.Backends.Cuda;
using GpuVae.Ilgpu.Compiler;
using ILGPU.Backends;
using ILGPU.Backends.PTX;

namespace ILGPU.Runtime.Cuda;

/// <summary>A kernel loaded on an NVIDIA GPU: one module per combination of specialised values.</summary>
public sealed unsafe class CudaKernel : Kernel
{
    private readonly CudaAccelerator accelerator;
    private readonly KernelVariants<CudaModule> modules;

    internal CudaKernel(CudaAccelerator accelerator, KernelEntry entry, KernelSpecialization specialization)
        : base(accelerator, entry, specialization)
    {
        this.accelerator = accelerator;
        modules = new KernelVariants<CudaModule>(entry, (variant, _) => Compile(variant));
        try
        {
            // What cannot be compiled is refused now; specialised values are only known at the launch.
            if (!entry.Layout.Leaves.Any(leaf => leaf.IsSpecialized))
                modules.Get(default, []);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The PTX of the newest variant.</summary>
    public override CompiledKernel CompiledKernel => new PTXCompiledKernel(Name, modules.All.LastOrDefault()?.Source.Text ?? "");

    /// <summary>The CUmodule of the newest variant, or 0 before a kernel with specialised values is first launched.</summary>
    public IntPtr ModulePtr => modules.All.LastOrDefault()?.Module ?? 0;

    /// <summary>The CUfunction of the newest variant, or 0.</summary>
    public IntPtr FunctionPtr => modules.All.LastOrDefault()?.Function ?? 0;

    internal int MaxGroupSize => modules.All.Select(m => m.MaxGroupSize).DefaultIfEmpty(accelerator.MaxNumThreadsPerGroup).Min();

    /// <summary>Groups of this size that a multiprocessor holds at once.</summary>
    internal int MaxActiveGroups(int groupSize, int dynamicSharedBytes)
    {
        if (modules.All.LastOrDefault() is not { } module)
            return Math.Max(1, accelerator.MaxNumThreadsPerMultiprocessor / groupSize);
        accelerator.Enter();
        int bytes = dynamicSharedBytes + module.Source.FixedDynamicBytes;
        module.AllowShared(bytes);
        int groups;
        accelerator.Api.Check(
            accelerator.Api.OccupancyMaxActiveBlocks(&groups, module.Function, groupSize, (nuint)bytes),
            "cuOccupancyMaxActiveBlocksPerMultiprocessor");
        return groups;
    }

    internal override void Launch(AcceleratorStream stream, in LaunchShape shape, ReadOnlySpan<ulong> slots)
    {
        accelerator.Enter();
        var module = modules.Get(default, slots);
        var group = shape.Group;
        var grid = shape.Grid;
        int* extent = stackalloc int[] { shape.Extent.X, shape.Extent.Y, shape.Extent.Z };
        if (IsImplicitlyGrouped)
        {
            group = group.X > 0 ? group : ImplicitGroups.Choose(shape.Extent, module.MaxGroupSize, accelerator.MaxGroupSize);
            grid = ImplicitGroups.Cover(shape.Extent, group);
            if (grid.Y > accelerator.MaxGridSize.Y || grid.Z > accelerator.MaxGridSize.Z)
                ThrowExtent(shape.Extent, grid);
        }
        int sharedBytes = shape.DynamicSharedBytes + module.Source.FixedDynamicBytes;
        module.AllowShared(sharedBytes);

        // A parameter is the low bytes of its slot, so that the driver reads the slots where they are.
        var parameters = module.Source.ParameterSlots;
        void** arguments = stackalloc void*[Math.Max(1, parameters.Count)];
        fixed (ulong* first = slots)
        {
            for (int i = 0; i < parameters.Count; i++)
                arguments[i] = parameters[i] >= slots.Length ? extent + (parameters[i] - slots.Length) : first + parameters[i];
            int code = accelerator.Api.LaunchKernel(
                module.Function, (uint)grid.X, (uint)grid.Y, (uint)grid.Z, (uint)group.X, (uint)group.Y, (uint)group.Z, (uint)sharedBytes,
                ((CudaStream)stream).StreamPtr, arguments, null);
            if (code != CudaApi.Success)
                ThrowLaunch(code, grid, group, sharedBytes);
        }
    }

    private protected override void DisposeAcceleratorObject()
    {
        foreach (var module in modules.All)
            module.Release();
    }

    private CudaModule Compile(KernelEntry entry)
    {
        var target = accelerator.Device.Target with
        {
            MaxThreadsPerGroup = Specialization.MaxNumThreadsPerGroup ?? 0,
            MinGroupsPerMultiprocessor = Specialization.MinNumGroupsPerMultiprocessor ?? 0,
        };
        return new CudaModule(accelerator, Name, PtxCompiler.Compile(entry, target, accelerator.Target));
    }

    private void ThrowLaunch(int code, Index3D grid, Index3D group, int sharedBytes) => throw new CudaException(
        code,
        $"Kernel {Name}: cuLaunchKernel with grid {grid}, group {group} and {sharedBytes} bytes of dynamic shared memory: " +
        accelerator.Api.Describe(code));

    private void ThrowExtent(Index3D extent, Index3D grid) => throw new ArgumentOutOfRangeException(
        nameof(extent),
        $"Kernel {Name}: the extent {extent} takes a grid of {grid} groups, " +
        $"but {accelerator.Name} has at most {accelerator.MaxGridSize}. " +
        "Put the longest axis first.");
}
