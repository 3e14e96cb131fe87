using System.Net.Sockets;
using System.Runtime.InteropServices;
using GpuVae.Options;

namespace GpuVae.Tests;

/// <summary>What may stand where a file is expected.</summary>
internal static partial class OddFiles
{
    /// <summary>Puts a named pipe at the path, which nobody writes into: whoever opens it waits for ever.</summary>
    public static void MakePipe(string path)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "named pipes are no files on Windows");
        const uint forOwner = 0x180;
        Assert.Equal(0, MakeFifo(path, forOwner));
    }

    /// <summary>Puts a socket at the path.</summary>
    public static void MakeSocket(string path)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "sockets are no files on Windows");
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(path));
        // Closing would remove it.
        File.Move(path, path + "-kept");
        socket.Close();
        File.Move(path + "-kept", path);
    }

    /// <summary>The message with which <paramref name="read"/> refuses; a call that hangs fails the test instead of stopping it.</summary>
    public static string Refusal(Action read) =>
        Assert.Throws<BadInputException>(() => Task.Run(read).WaitAsync(TimeSpan.FromMinutes(1)).GetAwaiter().GetResult()).Message;

    [LibraryImport("libc", EntryPoint = "mkfifo", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int MakeFifo(string path, uint mode);
}
