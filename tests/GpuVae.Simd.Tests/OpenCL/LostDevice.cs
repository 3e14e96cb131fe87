using System.Runtime.InteropServices;
using ILGPU.Runtime.OpenCL;

namespace GpuVae.Ilgpu.Tests.OpenCL;

/// <summary>Makes an open device stop answering: from then on its driver's calls return what drivers return for a lost device.</summary>
internal static unsafe class LostDevice
{
    public const int Error = -36; // CL_INVALID_COMMAND_QUEUE

    public static void Lose(CLAccelerator accelerator)
    {
        var driver = accelerator.Api.Copy();
        driver.EnqueueNDRangeKernel = &Launch;
        driver.EnqueueReadBuffer = driver.EnqueueWriteBuffer = &Copy;
        driver.Finish = &Finish;
        accelerator.Api = driver;
    }

    [UnmanagedCallersOnly]
    private static int Launch(
        nint queue, nint kernel, uint dimensions, nuint* offset, nuint* global, nuint* local, uint count, nint* awaited, nint* signal) => Error;

    [UnmanagedCallersOnly]
    private static int Copy(
        nint queue, nint buffer, uint blocks, nuint offset, nuint bytes, void* host, uint count, nint* awaited, nint* signal) => Error;

    [UnmanagedCallersOnly]
    private static int Finish(nint queue) => Error;
}
