using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace GpuVae.Formats;

/// <summary>What .NET does not do on Unix systems: flush files and folders so that errors are told, lock folders, link files.</summary>
internal static partial class UnixFolder
{
    private const int Interrupted = 4, AccessDenied = 13, InvalidArgument = 22;
    private const int SharedNow = 1 | 4, ExclusiveNow = 2 | 4; // LOCK_SH, LOCK_EX | LOCK_NB
    private const int FullFlush = 51; // F_FULLFSYNC: macOS leaves data in the drive's cache else

    private static int WouldBlock => OperatingSystem.IsLinux() ? 11 : 35;

    private static int CloseOnExec =>
        OperatingSystem.IsLinux() ? 0x80000 : OperatingSystem.IsMacOS() ? 0x1000000 : OperatingSystem.IsFreeBSD() ? 0x100000 : 0;

    /// <summary>Brings a file to the disk. <c>FileStream.Flush(true)</c> keeps quiet where the disk refuses.</summary>
    /// <exception cref="IOException">The disk did not take it.</exception>
    public static void Flush(FileStream file)
    {
        file.Flush();
        if (Fsync(file.SafeFileHandle) is var error and not 0)
            throw Failed("fsync", error);
    }

    /// <summary>Brings the names in a folder to the disk, where its file system can do that and the folder can be read.</summary>
    /// <exception cref="IOException">The disk did not take them.</exception>
    public static void Flush(string folder)
    {
        using SafeFileHandle handle = Open(folder, CloseOnExec);
        if (handle.IsInvalid)
        {
            int refused = Marshal.GetLastPInvokeError();
            if (refused != AccessDenied)
                throw Failed($"open of {folder}", refused);
            return;
        }
        if (Fsync(handle) is var error and not (0 or InvalidArgument))
            throw Failed($"fsync of {folder}", error);
    }

    /// <summary>
    /// Locks a folder for this process until the result is disposed. The lock belongs to the folder itself: nothing in it can be removed
    /// to get around it, and it ends with the process.
    /// </summary>
    /// <param name="folder">An existing folder.</param>
    /// <param name="isHeld">Whether somebody else has locked it.</param>
    /// <returns>Null where it is held, or the file system does not lock folders.</returns>
    public static IDisposable? Lock(string folder, out bool isHeld)
    {
        SafeFileHandle handle = Open(folder, CloseOnExec);
        int result = handle.IsInvalid ? -1 : Flock(handle, ExclusiveNow);
        isHeld = !handle.IsInvalid && result != 0 && Marshal.GetLastPInvokeError() == WouldBlock;
        if (result == 0)
            return handle;
        handle.Dispose();
        return null;
    }

    /// <summary>Makes the exclusive lock of <see cref="FileShare.None"/> a shared one.</summary>
    public static void LetRead(FileStream file) => _ = Flock(file.SafeFileHandle, SharedNow);

    /// <summary>Gives a file a second name; false where the file system knows no such thing.</summary>
    public static bool TryLink(string existing, string name) => Link(existing, name) == 0;

    private static int Fsync(SafeFileHandle handle)
    {
        // Not every file system has the thorough kind.
        if (OperatingSystem.IsMacOS() && Fcntl(handle, FullFlush) == 0)
            return 0;
        while (FsyncOnce(handle) != 0)
        {
            int error = Marshal.GetLastPInvokeError();
            if (error != Interrupted)
                return error;
        }
        return 0;
    }

    private static IOException Failed(string what, int error) => new($"{what}: {new Win32Exception(error).Message}");

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int FsyncOnce(SafeFileHandle handle);

    [LibraryImport("libc", EntryPoint = "fcntl")]
    private static partial int Fcntl(SafeFileHandle handle, int command);

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    private static partial int Flock(SafeFileHandle handle, int operation);

    [LibraryImport("libc", EntryPoint = "link", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Link(string existing, string name);
}
