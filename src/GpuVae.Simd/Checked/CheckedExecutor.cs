using GpuVae.Simd.Frontend;
using GpuVae.Simd.Ir;
using GpuVae.Simd.Launch;
using GpuVae.Simd.Memory;
using ILGPU.Runtime;

namespace GpuVae.Simd.Checked;

/// <summary>Interprets a kernel lane by lane, with a report of what a GPU would silently get wrong.</summary>
internal sealed class CheckedExecutor : KernelExecutor
{
    /// <summary>The group of an implicitly grouped launch: large enough that threads of one group can be mistaken for neighbours.</summary>
    private const int ImplicitGroupSize = 64;

    private readonly KernelVariants<CheckedProgram> variants;
    private readonly CheckedMemory memory;

    public CheckedExecutor(KernelEntry entry, Device device, CheckedMemory memory) : base(entry, device)
    {
        this.memory = memory;
        variants = new(entry, (specialized, _) => Compile(specialized));
    }

    public override void Launch(in LaunchShape shape, ReadOnlySpan<ulong> slots)
    {
        lock (memory.Sync)
        {
            CheckedProgram program = variants.Get(default, slots);
            CheckSharedMemory(program.SharedBytes, shape);
            if (CompileOnly.IsOn)
                return;
            LaunchShape launched = Entry.IsImplicitlyGrouped
                ? shape.InGroupsOf(shape.Group.X == 0 ? ImplicitGroupSize : shape.Group.X)
                : shape;
            memory.BeginLaunch(program.GlobalGranule);
            using var group = new CheckedGroup(
                program, memory, launched, Device.WarpSize, slots, Entry.Layout, KernelMethod.NameOf(Entry.Method));
            group.RunGrid();
        }
    }

    private CheckedProgram Compile(KernelEntry specialized) =>
        new(KernelCompiler.Compile(specialized, new(TargetKind.Checked) { WarpSize = Device.WarpSize, Assertions = true }));
}
