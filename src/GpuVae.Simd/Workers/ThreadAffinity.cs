using System.Diagnostics;
using System.Runtime.InteropServices;

namespace GpuVae.Simd.Workers;

/// <summary>Keeps a thread on one processor, for steadier timings; the launching thread is the caller's and moves freely.</summary>
internal static unsafe partial class ThreadAffinity
{
    /// <summary>Bytes of a mask of 1024 processors, the size of the C library's.</summary>
    private const int MaskBytes = 128;

    /// <summary>
    /// Pins the calling thread to the processor that is the <paramref name="index"/>-th, counted around, of those that the process may
    /// use. Does nothing where the system has no such call or refuses it: pinning changes only speed.
    /// </summary>
    public static void PinTo(int index)
    {
        if (OperatingSystem.IsLinux())
        {
            byte[] mask = new byte[MaskBytes];
            fixed (byte* bits = mask)
            {
                if (GetAffinity(0, MaskBytes, bits) < 0)
                    return;
                int processor = NthSet(mask, index);
                mask.AsSpan().Clear();
                mask[processor / 8] = (byte)(1 << (processor % 8));
                _ = SetAffinity(0, MaskBytes, bits);
            }
        }
        else if (OperatingSystem.IsWindows())
        {
            using var process = Process.GetCurrentProcess();
            int processor = NthSet(BitConverter.GetBytes((long)process.ProcessorAffinity), index);
            _ = SetThreadAffinityMask(GetCurrentThread(), (nuint)1 << processor);
        }
    }

    private static int NthSet(byte[] mask, int index)
    {
        int[] allowed = [.. Enumerable.Range(0, 8 * mask.Length).Where(i => (mask[i / 8] >> (i % 8) & 1) != 0)];
        return allowed[index % allowed.Length];
    }

    [LibraryImport("libc", EntryPoint = "sched_getaffinity")]
    private static partial int GetAffinity(int thread, nuint size, byte* mask);

    [LibraryImport("libc", EntryPoint = "sched_setaffinity")]
    private static partial int SetAffinity(int thread, nuint size, byte* mask);

    [LibraryImport("kernel32")]
    private static partial nint GetCurrentThread();

    [LibraryImport("kernel32")]
    private static partial nuint SetThreadAffinityMask(nint thread, nuint mask);
}
