using System.Runtime.CompilerServices;

namespace GpuVae.Devices;

/// <summary>
/// Lets one thread at a time use an accelerator: everything on it shares a stream, the kernels' launch state and staging memory, and two
/// threads in there at once would get each other's numbers. The second is refused rather than kept waiting, because what it waits for may
/// be days of training. A thread that is inside may enter again, as an event handler of a training does.
/// </summary>
internal sealed class DeviceGate
{
    // Two devices that wrap the same accelerator are one.
    private static readonly ConditionalWeakTable<Accelerator, DeviceGate> Gates = [];

    // The managed id of the thread inside, 0 for none; depth is that thread's alone.
    private int owner;
    private int depth;
    private volatile string? underWay;

    /// <summary>The gate of an accelerator.</summary>
    public static DeviceGate Of(Accelerator accelerator) => Gates.GetOrCreateValue(accelerator);

    /// <summary>Enters, until the scope is disposed; allocates nothing.</summary>
    /// <param name="operation">What is begun, such as <c>Vae.Encode</c>.</param>
    /// <param name="device">The device's name, for the message.</param>
    /// <exception cref="InvalidOperationException">Another thread is inside.</exception>
    public Scope Enter(string operation, string device)
    {
        int thread = Environment.CurrentManagedThreadId;
        int inside = Interlocked.CompareExchange(ref owner, thread, 0);
        if (inside == 0)
            underWay = operation;
        else if (inside != thread)
            Refuse(operation, device);
        depth++;
        return new Scope(this);
    }

    private void Refuse(string operation, string device) => throw new InvalidOperationException(
        $"{operation} was refused: {underWay ?? "a call"} is under way on {device} in another thread, and a device, with all models and "
        + "trainers on it, is for one thread at a time. Wait for it, take a lock around every use of the device, or open a device "
        + "with a model of its own for each thread.");

    /// <summary>The time inside.</summary>
    public readonly struct Scope(DeviceGate gate) : IDisposable
    {
        public void Dispose()
        {
            if (--gate.depth == 0)
                Volatile.Write(ref gate.owner, 0);
        }
    }
}
