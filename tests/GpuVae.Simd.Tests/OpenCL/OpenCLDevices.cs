using ILGPU;
using ILGPU.Runtime.OpenCL;

namespace GpuVae.Ilgpu.Tests.OpenCL;

internal static class OpenCLDevices
{
    /// <summary>A context with at least one OpenCL device, or the test is skipped.</summary>
    public static Context Require(Action<Context.Builder>? configure = null)
    {
        var context = Context.Create(builder =>
        {
            builder.OpenCL();
            configure?.Invoke(builder);
        });
        if (context.GetCLDevices().Count == 0)
        {
            context.Dispose();
            Assert.Skip("No OpenCL 1.2 device: install an OpenCL driver, on Debian pocl-opencl-icd for the CPU.");
        }
        return context;
    }
}
