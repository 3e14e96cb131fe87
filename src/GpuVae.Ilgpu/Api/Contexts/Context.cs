using System.Collections;
using System.Collections.Immutable;
using ILGPU.Runtime;

namespace ILGPU;

/// <summary>The root of everything: knows the devices and owns the accelerators made from them. One per application is enough.</summary>
public sealed partial class Context : IDisposable, IEnumerable<Device>
{
    private readonly List<Accelerator> accelerators = [];
    private readonly Lock sync = new();
    private bool isDisposed;

    private Context(ContextProperties properties, IEnumerable<Device> devices)
    {
        Properties = properties;
        Devices = [.. devices];
    }

    /// <summary>Raised after an accelerator was made.</summary>
    public event EventHandler<Accelerator>? AcceleratorCreated;

    public ContextProperties Properties { get; }

    /// <summary>All devices that the builder was told to look for, CPUs first.</summary>
    public ImmutableArray<Device> Devices { get; }

    public static Builder Create() => new();

    public static Context Create(Action<Builder> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        var builder = new Builder();
        configure(builder);
        return builder.ToContext();
    }

    /// <summary>A context with every device of the machine.</summary>
    public static Context CreateDefault() => Create().Default().ToContext();

    /// <summary>A context with every device; assertions are on if a debugger is attached.</summary>
    public static Context CreateDefaultAutoAssertions() => Create().Default().AutoAssertions().ToContext();

    /// <summary>A context with every device; it is built for debugging if a debugger is attached.</summary>
    public static Context CreateDefaultAutoDebug() => Create().Default().AutoDebug().ToContext();

    /// <summary>The device with the largest memory that is no CPU, or else a CPU.</summary>
    /// <param name="preferCPU">Take a CPU if there is one.</param>
    /// <exception cref="NotSupportedException">The context has no device.</exception>
    public Device GetPreferredDevice(bool preferCPU) => GetPreferredDevices(preferCPU, false).First();

    /// <summary>All devices, best first.</summary>
    /// <param name="preferCPU">CPUs come first.</param>
    /// <param name="matchingDevicesOnly">Leave out the devices of the other kind, unless nothing would remain.</param>
    /// <exception cref="NotSupportedException">The context has no device.</exception>
    public IEnumerable<Device> GetPreferredDevices(bool preferCPU, bool matchingDevicesOnly)
    {
        if (Devices.IsEmpty)
        {
            throw new NotSupportedException(
                "This context has no device. Enable some on the builder: Default(), CPU(), OpenCL() or Cuda().");
        }
        bool Matches(Device device) => device.AcceleratorType == AcceleratorType.CPU == preferCPU;
        var sorted = Devices.OrderBy(d => Matches(d) ? 0 : 1).ThenByDescending(d => d.MemorySize).ToArray();
        return matchingDevicesOnly && Matches(sorted[0]) ? sorted.Where(Matches) : sorted;
    }

    /// <summary>The device number <paramref name="index"/> of a type.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such device.</exception>
    public TDevice GetDevice<TDevice>(int index) where TDevice : Device
    {
        var devices = GetDevices<TDevice>();
        if ((uint)index >= (uint)devices.Count)
        {
            throw new ArgumentOutOfRangeException(
                nameof(index),
                index,
                $"This context has {devices.Count} device(s) of type {typeof(TDevice).Name}; enable more on its builder.");
        }
        return devices[index];
    }

    public DeviceCollection<TDevice> GetDevices<TDevice>() where TDevice : Device => new(Devices.OfType<TDevice>());

    /// <summary>Drops the compiled kernels of all accelerators that no launcher holds.</summary>
    public void ClearCache(ClearCacheMode mode)
    {
        lock (sync)
        {
            foreach (var accelerator in accelerators)
                accelerator.ClearCache(mode);
        }
    }

    public ImmutableArray<Device>.Enumerator GetEnumerator() => Devices.GetEnumerator();

    IEnumerator<Device> IEnumerable<Device>.GetEnumerator() => ((IEnumerable<Device>)Devices).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => ((IEnumerable)Devices).GetEnumerator();

    /// <summary>Disposes the context and all its accelerators.</summary>
    public void Dispose()
    {
        Accelerator[] remaining;
        lock (sync)
        {
            if (isDisposed)
                return;
            isDisposed = true;
            remaining = [.. accelerators];
            accelerators.Clear();
        }
        foreach (var accelerator in remaining)
            accelerator.Dispose();
    }

    internal void Add(Accelerator accelerator)
    {
        lock (sync)
        {
            ObjectDisposedException.ThrowIf(isDisposed, this);
            accelerators.Add(accelerator);
        }
    }

    internal void Remove(Accelerator accelerator)
    {
        lock (sync)
            accelerators.Remove(accelerator);
    }

    internal void OnAcceleratorCreated(Accelerator accelerator) => AcceleratorCreated?.Invoke(this, accelerator);
}
