using GpuVae.Kernels.Gemm;
using GpuVae.Kernels.Gemm.Planning;
using GpuVae.Kernels.Random;
using GpuVae.Simd;

namespace GpuVae.Devices;

/// <summary>An accelerator, the stream on which this library enqueues its work, and a name for messages.</summary>
/// <remarks>
/// <para>
/// A device, with all models and trainers on it, is for one thread at a time; which thread does not matter. A call from another thread
/// while one is under way is refused with an <see cref="InvalidOperationException"/> that names the one under way, and changes nothing; so
/// is <see cref="Dispose"/>. Take a lock around the calls, or open a device for each thread: devices that were opened apart work at the
/// same time. Devices that wrap the same accelerator count as one; the caller's own launches on it are not looked at. What calls have
/// enqueued runs in the order of the calls, whichever threads made them.
/// </para>
/// <para>
/// After an <see cref="AcceleratorException"/> of a driver the device may be lost. Every later call then fails the same way: dispose what
/// is on the device and the device, and open it again. A device that has run out of memory goes on working.
/// </para>
/// </remarks>
public sealed class ComputeDevice : IDisposable
{
    private readonly Context? ownedContext;
    private readonly DeviceGate gate;
    private DeviceKernels? kernels;
    private GemmContext? gemm;
    private Task compiling = Task.CompletedTask;
    private bool isDisposed;

    private ComputeDevice(
        Context? ownedContext, Accelerator accelerator, AcceleratorStream stream, string name, ComputeOptions options)
    {
        (this.ownedContext, Accelerator, Stream, Name) = (ownedContext, accelerator, stream, name);
        gate = DeviceGate.Of(accelerator);
        bool fits = options.Tuning is null || options.Tuning.Fits(accelerator, options.Precision);
        Options = fits ? options : options with { Tuning = null };
    }

    /// <summary><c>cpu</c>, <c>cuda:0</c>, <c>opencl:1</c>, <c>ilgpu-cpu</c>.</summary>
    public string Name { get; }

    /// <summary>Allocates and compiles; the caller's own after <see cref="Wrap"/>.</summary>
    public Accelerator Accelerator { get; }

    /// <summary>Everything that models and trainers on this device enqueue runs here, in order.</summary>
    public AcceleratorStream Stream { get; }

    /// <summary>How products are computed; without a table that is for another device.</summary>
    public ComputeOptions Options { get; }

    /// <summary>Matrix products with the device's options.</summary>
    internal GemmContext Gemm => gemm ??= new GemmContext(Accelerator, Options.Precision, Options.Tuning?.ToDictionary());

    /// <summary>What models and trainers on the device launch.</summary>
    internal DeviceKernels Kernels => kernels ??= new DeviceKernels(Accelerator, Gemm);

    /// <summary>The devices of this machine, in the order in which <c>auto</c> prefers them.</summary>
    public static IReadOnlyList<DeviceDescription> List() =>
        [.. DeviceCatalog.OfThisMachine().Devices.Select(device => device.Describe())];

    /// <summary>What keeps other devices of this machine from being used: one sentence each, with what to do.</summary>
    public static IReadOnlyList<string> Obstacles() => DeviceCatalog.OfThisMachine().Obstacles;

    /// <summary>
    /// Opens a device of its own: <c>auto</c> (CUDA before an OpenCL GPU before the CPU), <c>cpu</c> (SIMD code), <c>cuda:0</c>,
    /// <c>opencl:1</c>, <c>ilgpu-cpu</c> (ILGPU's emulator, a thread of the system for each of the kernel's); a number left out is 0.
    /// </summary>
    /// <param name="name">The device.</param>
    /// <param name="options">How it computes; in float32 and by the fixed rule if not given.</param>
    /// <exception cref="BadInputException">
    /// There is no such device, and the message lists those that exist; or it does not compute in the precision.
    /// </exception>
    /// <exception cref="AcceleratorException">The driver fails.</exception>
    public static ComputeDevice Open(string name = "auto", ComputeOptions? options = null) =>
        OpenWith(name, _ => options ?? new ComputeOptions());

    /// <summary>The same with options that depend on the device.</summary>
    public static ComputeDevice OpenWith(string name, Func<Accelerator, ComputeOptions> options)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(options);
        NamedDevice device = DeviceCatalog.Find(name);
        Context context = CreateContext();
        try
        {
            Accelerator accelerator = device.Device.CreateAccelerator(context);
            ComputeOptions chosen = options(accelerator);
            CheckPrecision(accelerator, device.Name, chosen.Precision);
            // A stream of its own, because CUDA cannot capture its default stream into a graph.
            return new ComputeDevice(context, accelerator, accelerator.CreateStream(), device.Name, chosen);
        }
        catch (Exception error)
        {
            context.Dispose();
            if (error is AcceleratorException failed && DeviceErrors.Explain(failed, $"{device.Name} ({device.Device.Name})") is { } clear)
                throw clear;
            throw;
        }
    }

    /// <summary>
    /// Opens the CPU in checked mode: every kernel runs slowly, and what a GPU would silently get wrong ends the launch with a report.
    /// </summary>
    public static ComputeDevice OpenChecked()
    {
        Context context = CreateContext();
        try
        {
            Accelerator accelerator = context.CreateSimdAccelerator(CpuOptions.OfThisProcess with { Checked = true });
            return new ComputeDevice(context, accelerator, accelerator.CreateStream(), "cpu", new ComputeOptions());
        }
        catch
        {
            context.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Uses an accelerator that the caller owns and goes on owning. Work is enqueued on <paramref name="stream"/>, or on the accelerator's
    /// default stream, so that it is in order with the caller's own launches there.
    /// </summary>
    /// <param name="accelerator">The accelerator.</param>
    /// <param name="stream">Where work is enqueued.</param>
    /// <param name="options">As for <see cref="Open"/>.</param>
    /// <exception cref="BadInputException">The accelerator does not compute in the precision.</exception>
    public static ComputeDevice Wrap(Accelerator accelerator, AcceleratorStream? stream = null, ComputeOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(accelerator);
        string name = DeviceCatalog.NameOf(accelerator);
        options ??= new ComputeOptions();
        CheckPrecision(accelerator, name, options.Precision);
        return new ComputeDevice(null, accelerator, stream ?? accelerator.DefaultStream, name, options);
    }

    /// <summary>
    /// Compiles the kernels that draw noise, which every model needs, on another thread, and with them the runtime compiles much of our
    /// compiler: for programs that have something else to do before their first picture. Returns at once. Where a driver compiles the
    /// kernels, nothing happens.
    /// </summary>
    public void CompileAhead()
    {
        if (Accelerator is not SimdAccelerator)
            return;
        // A thread of its own: the pool's are few, and wanted by whatever the program does meanwhile.
        compiling = Task.Factory.StartNew(
            () =>
            {
                using MemoryBuffer1D<float, Stride1D.Dense> noise = Accelerator.Allocate1D<float>(1 << 14);
                using MemoryBuffer1D<long, Stride1D.Dense> step = Accelerator.Allocate1D<long>(1);
                SimdAccelerator.CompileAhead([() =>
                {
                    var fill = new RandomFill(Accelerator);
                    fill.Normal(Stream, noise.View, 0, RandomPurpose.Latent, 0, 0, 1);
                    fill.NormalRows(Stream, noise.View, 16, 0, RandomPurpose.Latent, step.View);
                }]);
            },
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>Waits until everything enqueued has run.</summary>
    /// <exception cref="AcceleratorException">The driver fails.</exception>
    /// <exception cref="InvalidOperationException">Another thread is using the device.</exception>
    public void Synchronize()
    {
        using DeviceGate.Scope scope = Enter("ComputeDevice.Synchronize");
        try
        {
            Stream.Synchronize();
        }
        catch (AcceleratorException error) when (DeviceErrors.Explain(error, $"{Name} ({Accelerator.Name})") is { } clear)
        {
            throw clear;
        }
    }

    /// <summary>
    /// Waits until memory may be freed. A device that is lost does nothing more, and the call that found it lost has said so: its message
    /// must not be replaced by one from here.
    /// </summary>
    internal void Drain()
    {
        if (isDisposed)
            return;
        try
        {
            Synchronize();
        }
        catch (AcceleratorException)
        {
        }
    }

    /// <summary>
    /// Begins a use of the device by the calling thread, until the scope is disposed. Every public member that touches the device does.
    /// </summary>
    /// <exception cref="InvalidOperationException">Another thread is using the device.</exception>
    /// <exception cref="ObjectDisposedException">The device is closed.</exception>
    internal DeviceGate.Scope Enter(string operation)
    {
        ObjectDisposedException.ThrowIf(isDisposed, this);
        return EnterToDispose(operation);
    }

    /// <summary>The same for what frees memory, which may come after the device is closed and finds nothing left then.</summary>
    /// <exception cref="InvalidOperationException">Another thread is using the device.</exception>
    internal DeviceGate.Scope EnterToDispose(string operation) => gate.Enter(operation, Name);

    /// <summary>
    /// Closes what <see cref="Open"/> opened; after <see cref="Wrap"/> the accelerator and its stream stay open. Models on the device
    /// cannot be used any more.
    /// </summary>
    /// <exception cref="InvalidOperationException">Another thread is using the device; it stays open.</exception>
    public void Dispose()
    {
        if (isDisposed)
            return;
        using DeviceGate.Scope scope = EnterToDispose("ComputeDevice.Dispose");
        isDisposed = true;
        // Whatever became of it.
        Task.WhenAny(compiling).Wait();
        kernels?.Dispose();
        gemm?.Dispose();
        if (ownedContext is null)
            return;
        Stream.Dispose();
        Accelerator.Dispose();
        ownedContext.Dispose();
    }

    private static void CheckPrecision(Accelerator accelerator, string name, MatrixPrecision precision)
    {
        if (precision == MatrixPrecision.Float32 || GemmContext.Supports(accelerator, precision))
            return;
        throw new BadInputException(
            $"{name} ({accelerator.Name}) does not multiply in {precision.ToString().ToLowerInvariant()}: that takes an NVIDIA GPU of "
            + "compute capability 8.0 or newer. Use float32, or choose another device.");
    }

    // Devices are looked for by DeviceCatalog: a context that looks, too, would start every driver.
    private static Context CreateContext() => Context.Create(builder => builder.EnableAlgorithms());
}
