using System.Reflection;
using GpuVae.Ilgpu.Compiler;
using ILGPU.Backends;

namespace ILGPU.Runtime;

/// <summary>A kernel that is loaded on an accelerator.</summary>
public abstract class Kernel : AcceleratorObject
{
    private protected Kernel(Accelerator accelerator, KernelEntry entry, KernelSpecialization specialization) : base(accelerator)
    {
        Entry = entry;
        Specialization = specialization;
        Name = KernelMethod.NameOf(entry.Method);
    }

    public string Name { get; }

    public KernelSpecialization Specialization { get; }

    /// <summary>True if the kernel takes an index and the runtime picks the groups.</summary>
    public bool IsImplicitlyGrouped => Entry.IsImplicitlyGrouped;

    /// <summary>The code, for those who look into it.</summary>
    public virtual CompiledKernel CompiledKernel => new(Name);

    internal KernelEntry Entry { get; }

    /// <summary>What is known about good launches, if anything.</summary>
    internal virtual KernelInfo? Info => null;

    /// <summary>Launches with arguments that are boxed and checked: slow; a launcher from KernelLoaders is the fast way.</summary>
    /// <param name="stream">A stream of the kernel's accelerator.</param>
    /// <param name="config">The shape of the launch.</param>
    /// <param name="arguments">The kernel's arguments, of exactly its parameter types.</param>
    public void Launch(AcceleratorStream stream, KernelConfig config, params object[] arguments) => LaunchBoxed(stream, config, arguments);

    /// <inheritdoc cref="Launch(AcceleratorStream, KernelConfig, object[])"/>
    public void Launch<TIndex>(AcceleratorStream stream, TIndex extent, params object[] arguments) where TIndex : struct, IIndex =>
        LaunchBoxed(stream, extent, arguments);

    public override string ToString() => Name;

    /// <summary>Starts the kernel; the shape has been checked against the device.</summary>
    /// <param name="stream">A stream of the kernel's accelerator.</param>
    /// <param name="shape">The shape.</param>
    /// <param name="slots">The arguments as <see cref="KernelEntry.Layout"/> lays them out.</param>
    internal abstract void Launch(AcceleratorStream stream, in LaunchShape shape, ReadOnlySpan<ulong> slots);

    internal void LaunchGrouped(AcceleratorStream stream, in KernelConfig config, ReadOnlySpan<ulong> slots)
    {
        CheckLaunch(stream);
        var grid = config.GridDim;
        var group = config.GroupDim;
        if (!config.IsValid || !Fits(grid, Accelerator.MaxGridSize) || !Fits(group, Accelerator.MaxGroupSize)
            || group.LongSize > Accelerator.MaxNumThreadsPerGroup
            || config.SharedMemoryConfig.SizeInBytes > Accelerator.MaxSharedMemoryPerGroup)
            ThrowShape(config);
        Launch(stream, new LaunchShape(grid, group, default, (int)config.SharedMemoryConfig.SizeInBytes), slots);
    }

    internal void LaunchExtent(AcceleratorStream stream, Index3D extent, int groupSize, ReadOnlySpan<ulong> slots)
    {
        CheckLaunch(stream);
        if (extent.X < 1 || extent.Y < 1 || extent.Z < 1)
            ThrowExtent(extent);
        Launch(stream, new LaunchShape(default, groupSize == 0 ? default : new Index3D(groupSize, 1, 1), extent, 0), slots);
    }

    /// <summary>A launcher of a type that is only known at run time.</summary>
    internal TDelegate CreateLauncherDelegate<TDelegate>() where TDelegate : Delegate
    {
        var parameters = typeof(TDelegate).GetMethod("Invoke")!.GetParameters().Select(p => p.ParameterType).ToArray();
        bool takesStream = parameters.Length > 0 && parameters[0] == typeof(AcceleratorStream);
        var types = parameters[(takesStream ? 2 : 1)..];
        var expected = Entry.Method.GetParameters().Select(p => p.ParameterType).Skip(IsImplicitlyGrouped ? 1 : 0);
        if (!types.SequenceEqual(expected))
        {
            throw new NotSupportedException(
                $"{typeof(TDelegate).Name} does not launch kernel '{Name}': it must take a stream, a KernelConfig and then " +
                $"({string.Join(", ", expected.Select(t => t.Name))}).");
        }
        var launcher = CreateLauncher(types);
        string method = takesStream ? nameof(GroupedLauncher.Launch) : nameof(GroupedLauncher.LaunchOnDefaultStream);
        return launcher.GetType().GetMethod(method)!.CreateDelegate<TDelegate>(launcher);
    }

    private static bool Fits(Index3D size, Index3D limit) => size.X <= limit.X && size.Y <= limit.Y && size.Z <= limit.Z;

    private IKernelLauncher CreateLauncher(Type[] types)
    {
        if (IsImplicitlyGrouped)
        {
            Type[] all = [Entry.Method.GetParameters()[0].ParameterType, .. types];
            return (IKernelLauncher)Activator.CreateInstance(Arity(typeof(ExtentLauncher<>), all.Length).MakeGenericType(all), this, 0)!;
        }
        var type = types.Length == 0 ? typeof(GroupedLauncher) : Arity(typeof(GroupedLauncher<>), types.Length).MakeGenericType(types);
        return (IKernelLauncher)Activator.CreateInstance(type, this)!;
    }

    private static Type Arity(Type family, int count) =>
        family.Assembly.GetType(family.FullName![..(family.FullName!.IndexOf('`') + 1)] + count, throwOnError: true)!;

    private void LaunchBoxed(AcceleratorStream stream, object dimension, object[] arguments)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        var types = Entry.Method.GetParameters().Select(p => p.ParameterType).Skip(IsImplicitlyGrouped ? 1 : 0).ToArray();
        if (arguments.Length != types.Length)
            throw new ArgumentException($"Kernel '{Name}' takes {types.Length} arguments, but got {arguments.Length}.", nameof(arguments));
        var launcher = CreateLauncher(types);
        launcher.GetType().GetMethod(nameof(GroupedLauncher.Launch))!.Invoke(
            launcher, BindingFlags.DoNotWrapExceptions, null, [stream, dimension, .. arguments], null);
    }

    private void CheckLaunch(AcceleratorStream stream)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        Accelerator.ThrowIfDisposed();
        ArgumentNullException.ThrowIfNull(stream);
        ObjectDisposedException.ThrowIf(stream.IsDisposed, stream);
        if (stream.Accelerator != Accelerator)
        {
            throw new ArgumentException(
                $"The stream belongs to {stream.Accelerator}, but kernel '{Name}' is loaded on {Accelerator}; " +
                "use a stream of that accelerator.",
                nameof(stream));
        }
    }

    private void ThrowShape(KernelConfig config)
    {
        string text = $"Kernel '{Name}' cannot be launched on {Accelerator} with {config} and " +
            $"{config.SharedMemoryConfig.SizeInBytes} bytes of dynamic shared memory: ";
        string reason = !config.IsValid ? "the grid and the group need at least 1 along each axis."
            : config.GroupDim.LongSize > Accelerator.MaxNumThreadsPerGroup
            ? $"a group has at most {Accelerator.MaxNumThreadsPerGroup} threads."
            : !Fits(config.GroupDim, Accelerator.MaxGroupSize) ? $"a group is at most {Accelerator.MaxGroupSize}."
            : !Fits(config.GridDim, Accelerator.MaxGridSize) ? $"a grid is at most {Accelerator.MaxGridSize} groups."
            : $"a group has at most {Accelerator.MaxSharedMemoryPerGroup} bytes.";
        throw new ArgumentOutOfRangeException(nameof(config), text + reason);
    }

    private void ThrowExtent(Index3D extent) => throw new ArgumentOutOfRangeException(
        nameof(extent),
        $"Kernel '{Name}' cannot be launched with the extent {extent}: it needs at least 1 along each axis; " +
        "skip the launch when there is nothing to do.");
}
