using System.Collections;
using System.Collections.Immutable;

namespace ILGPU.Runtime;

/// <summary>The devices of one type.</summary>
public readonly struct DeviceCollection<TDevice> : IReadOnlyList<TDevice> where TDevice : Device
{
    private readonly ImmutableArray<TDevice> devices;

    internal DeviceCollection(IEnumerable<TDevice> devices) => this.devices = [.. devices];

    public int Count => devices.Length;

    public TDevice this[int index] => devices[index];

    public IEnumerator<TDevice> GetEnumerator() => ((IEnumerable<TDevice>)devices).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
