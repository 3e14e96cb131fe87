using System.Reflection;
using System.Runtime.InteropServices;
using ILGPU;
using ILGPU.Backends;
using ILGPU.Backends.EntryPoints;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;

namespace GpuVae.Simd.Tests.Fuzz;

/// <summary>An accelerator of ILGPU's kind.</summary>
internal sealed class AcceleratorBackend(string name, Accelerator accelerator) : FuzzBackend(name, accelerator.WarpSize)
{
    // ILGPU's accelerator starts a thread of the system for each of a group.
    public override int Kernels => accelerator is CPUAccelerator ? 25 : base.Kernels;

    /// <summary>ILGPU's Half on the host drops bits instead of rounding.</summary>
    public override bool RoundsHalves => accelerator is not CPUAccelerator;

    public override (FuzzMemory Memory, IReadOnlySet<int>? Threads) Run(MethodInfo kernel, Program program, FuzzMemory memory)
    {
        FuzzMemory result = memory.Copy();
        var buffers = new List<IDisposable>();
        var arguments = new List<object>();
        var downloads = new List<Action>();
        for (int i = 0; i < result.Buffers.Length; i++)
        {
            byte[] bytes = result.Buffers[i];
            (IDisposable buffer, object view, Action download) = FuzzMemory.Types[i] switch
            {
                FuzzType.Byte => Upload<byte>(bytes),
                FuzzType.Short => Upload<short>(bytes),
                FuzzType.Int => Upload<int>(bytes),
                FuzzType.UInt => Upload<uint>(bytes),
                FuzzType.Long => Upload<long>(bytes),
                FuzzType.Float => Upload<float>(bytes),
                FuzzType.Half => Upload<ILGPU.Half>(bytes),
                _ => Upload<double>(bytes),
            };
            buffers.Add(buffer);
            arguments.Add(view);
            downloads.Add(download);
        }
        try
        {
            // ILGPU refuses dynamic memory for kernels that use none.
            var config = new KernelConfig(
                new Index3D(program.Groups, 1, 1), new Index3D(program.DimX, program.DimY, program.DimZ),
                program.UsesDynamicMemory ? SharedMemoryConfig.RequestDynamic<long>(64) : default);
            Backend backend = accelerator.GetBackend();
            if (program.IsImplicit)
            {
                CompiledKernel compiled = backend.Compile(EntryPointDescription.FromImplicitlyGroupedKernel(kernel), default);
                using Kernel loaded = accelerator.LoadAutoGroupedKernel(compiled);
                loaded.Launch(accelerator.DefaultStream, new Index1D(program.Threads), [.. arguments]);
            }
            else
            {
                CompiledKernel compiled = backend.Compile(EntryPointDescription.FromExplicitlyGroupedKernel(kernel), default);
                using Kernel loaded = accelerator.LoadKernel(compiled);
                loaded.Launch(accelerator.DefaultStream, config, [.. arguments]);
            }
            accelerator.Synchronize();
            foreach (Action download in downloads)
                download();
            return (result, null);
        }
        finally
        {
            buffers.ForEach(b => b.Dispose());
        }
    }

    private (IDisposable Buffer, object View, Action Download) Upload<T>(byte[] bytes) where T : unmanaged
    {
        T[] elements = MemoryMarshal.Cast<byte, T>(bytes).ToArray();
        MemoryBuffer1D<T, Stride1D.Dense> buffer = accelerator.Allocate1D(elements);
        return (buffer, (ArrayView<T>)buffer.View, () => MemoryMarshal.AsBytes(buffer.GetAsArray1D().AsSpan()).CopyTo(bytes));
    }
}
