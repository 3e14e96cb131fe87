using GpuVae.Ilgpu.Compiler;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;

namespace GpuVae.Ilgpu.Backends.Cpu.Checked;

/// <summary>A kernel that is interpreted lane by lane, with a report of what a GPU would silently get wrong.</summary>
internal sealed class CheckedKernel : Kernel
{
    /// <summary>The group of an implicitly grouped launch: large enough that threads of one group can be mistaken for neighbours.</summary>
    private const int ImplicitGroupSize = 64;

    private readonly KernelVariants<CheckedProgram> variants;
    private readonly CheckedMemory memory;

    public CheckedKernel(CPUAccelerator accelerator, KernelEntry entry, KernelSpecialization specialization, CheckedMemory memory)
        : base(accelerator, entry, specialization)
    {
        this.memory = memory;
        variants = new(entry, (specialized, _) => Compile(specialized));
        if (!entry.Layout.Leaves.Any(l => l.IsSpecialized))
            variants.Get(default, new ulong[entry.Layout.SlotCount]);
    }

    internal override void Launch(AcceleratorStream stream, in LaunchShape shape, ReadOnlySpan<ulong> slots)
    {
        lock (memory.Sync)
        {
            var program = variants.Get(default, slots);
            var launched = shape;
            if (IsImplicitlyGrouped)
            {
                int width = shape.Group.X == 0 ? ImplicitGroupSize : shape.Group.X;
                launched = shape with
                {
                    Group = new(width, 1, 1),
                    Grid = new((int)(((long)shape.Extent.X + width - 1) / width), shape.Extent.Y, shape.Extent.Z),
                };
            }
            memory.BeginLaunch(program.GlobalGranule);
            using var group = new CheckedGroup(program, memory, launched, Accelerator.WarpSize, slots, Entry.Layout, Name);
            group.RunGrid();
        }
    }

    private protected override void DisposeAcceleratorObject()
    {
    }

    private CheckedProgram Compile(KernelEntry entry)
    {
        var target = new KernelTarget(TargetKind.Checked) { WarpSize = Accelerator.WarpSize, Assertions = true };
        return new(KernelCompiler.Compile(entry, target));
    }
}
