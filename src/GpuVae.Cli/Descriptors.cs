using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace GpuVae.Cli;

/// <summary>
/// Looks after the file descriptors of the process before anything is opened. Nothing is used here for which the runtime would have to
/// load another assembly: that takes descriptors, too.
/// </summary>
internal static partial class Descriptors
{
    /// <summary>What the assemblies and files of a command take, two for each assembly, with some to spare.</summary>
    private const int Needed = 160;

    private const int StandardError = 2;
    private const int GetFlags = 1, CloseOnExec = 1; // fcntl's
    private const int TableIsFull = 23, TooManyOpen = 24; // ENFILE, EMFILE

    private static readonly bool[] WereClosed = new bool[StandardError + 1];

    /// <summary>
    /// Fills the places of closed standard streams, lest a file of ours land there and what is printed land in it. False, with a message,
    /// where the process may open too few files to run.
    /// </summary>
    public static bool Prepare()
    {
        if (OperatingSystem.IsWindows())
            return true;
        // What a process inherits stays open when it starts a program; what the runtime has opened in the place of a closed stream would
        // not.
        for (int descriptor = 0; descriptor <= StandardError; descriptor++)
        {
            int flags = Control(descriptor, GetFlags);
            WereClosed[descriptor] = flags < 0 || (flags & CloseOnExec) != 0;
        }
        var opened = new SafeFileHandle?[Needed];
        try
        {
            for (int i = 0; i < Needed; i++)
                opened[i] = File.OpenHandle("/dev/null", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        }
        catch (IOException error) when (error.HResult is TableIsFull or TooManyOpen)
        {
            Say("gpuvae: This process may open too few files at once; raise the limit: ulimit -n 1024\n"u8);
            return false;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // A system without /dev/null has its own reasons.
        }
        finally
        {
            foreach (SafeFileHandle? handle in opened)
            {
                if (handle?.DangerousGetHandle() > StandardError)
                    handle.Dispose();
                else
                    handle?.SetHandleAsInvalid(); // It keeps the place of a standard stream.
            }
        }
        return true;
    }

    /// <summary>Whether the process was started without this standard stream; what now has its number is none of ours.</summary>
    public static bool WasClosed(int descriptor) => WereClosed[descriptor];

    private static void Say(ReadOnlySpan<byte> message)
    {
        if (WasClosed(StandardError))
            return;
        try
        {
            using var stream = new FileStream(new SafeFileHandle(StandardError, ownsHandle: false), FileAccess.Write, bufferSize: 0);
            stream.Write(message);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // There is nobody else to tell.
        }
    }

    // Without its third argument, which reading the flags does not take.
    [LibraryImport("libc", EntryPoint = "fcntl")]
    private static partial int Control(int descriptor, int command);
}
