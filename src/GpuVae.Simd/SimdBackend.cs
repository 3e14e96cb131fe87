using GpuVae.Simd.Frontend;
using GpuVae.Simd.Ir;
using GpuVae.Simd.Launch;
using ILGPU;
using ILGPU.Backends;
using ILGPU.Backends.EntryPoints;
using ILGPU.Runtime;

namespace GpuVae.Simd;

/// <summary>Takes kernels from ILGPU's launchers to this project's compiler; ILGPU's own front end has no part in it.</summary>
public sealed class SimdBackend : Backend
{
    private readonly SimdDevice device;

    internal SimdBackend(Context context, SimdDevice device) : base(context, device.Capabilities, BackendType.IL, null!) =>
        this.device = device;

    /// <inheritdoc/>
    /// <exception cref="InternalCompilerException">
    /// The method cannot be a kernel; the message names kernel, method, source line and what to do instead.
    /// </exception>
    public override CompiledKernel Compile<TBackendHook>(
        in EntryPointDescription entry, in KernelSpecialization specialization, TBackendHook backendHook) => Check(entry, specialization);

    /// <summary>
    /// Kernels with <see cref="SpecializedValue{T}"/> parameters come here, once per value. The value is among the arguments of every
    /// launch, and a variant of the code is made of it there, so all of them are one kernel.
    /// </summary>
    protected override CompiledKernel Compile(
        EntryPoint entryPoint, in BackendContext backendContext, in KernelSpecialization specialization) =>
        Check(entryPoint.Description, specialization);

    private SimdCompiledKernel Check(in EntryPointDescription description, in KernelSpecialization specialization)
    {
        try
        {
            KernelEntry entry = KernelMethod.EntryOf(description.MethodSource, description.IndexType != IndexType.KernelConfig) with
            {
                StaticFields = Context.Properties.StaticFieldMode,
            };
            if (entry.Layout.Leaves.Any(leaf => leaf.IsSpecialized))
                return new(Context, new(description, new(0, false), specialization), entry, built: null);
            var target = new KernelTarget(TargetKind.Simd) { WarpSize = device.WarpSize, Assertions = Context.Properties.EnableAssertions };
            IrKernel kernel = KernelBuilder.Build(entry, target);
            return new(Context, new(description, SharedMemoryOf(kernel), specialization), entry, kernel);
        }
        catch (NotSupportedException exception)
        {
            // Callers who look at what ILGPU's compilers wrap expect this very type.
            throw new InternalCompilerException(exception.Message, new NotSupportedException(exception.Message, exception));
        }
    }

    private SharedMemorySpecification SharedMemoryOf(IrKernel kernel)
    {
        Allocation[] shared = kernel.Allocations.Where(allocation => allocation.Space == AddressSpace.Shared).ToArray();
        long bytes = shared.Sum(allocation => (long)allocation.SizeInBytes);
        if (bytes > device.MaxSharedMemoryPerGroup)
        {
            throw new KernelCompilationException(
                $"Kernel '{kernel.Name}' needs {bytes:N0} bytes of static shared memory, and {device.Name} has " +
                $"{device.MaxSharedMemoryPerGroup:N0} for each group: use smaller tiles.");
        }
        return new((int)bytes, shared.Any(allocation => allocation.IsDynamic));
    }
}
