using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;

namespace GpuVae.Simd;

/// <summary>How a program gets at the accelerator: one line in place of <c>CreateCPUAccelerator</c>.</summary>
public static class SimdContextExtensions
{
    /// <summary>Lists the SIMD device in <see cref="Context.Devices"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    public static Context.Builder Simd(this Context.Builder builder, SimdOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        DeviceRegistryOf(builder).Register(new SimdDevice(options));
        return builder;
    }

    /// <summary>An accelerator for the processors of this machine, whether the context was built with it or not.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    public static SimdAccelerator CreateSimdAccelerator(this Context context, SimdOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(context);
        return new(context, new(options));
    }

    // ILGPU's own devices register themselves through this property, which is internal.
    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_DeviceRegistry")]
    private static extern DeviceRegistry DeviceRegistryOf(Context.Builder builder);
}
