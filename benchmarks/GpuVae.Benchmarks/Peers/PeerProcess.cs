using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace GpuVae.Benchmarks.Peers;

/// <summary>
/// A process that runs what it is asked to and tells how long it took: PyTorch (pytorch_peer.py, which documents the requests) or libtorch
/// (benchmarks/GpuVae.Torch). One process for each count of threads: most libraries read it only when they are loaded.
/// </summary>
internal sealed class PeerProcess : IDisposable
{
    /// <summary>What is compiled first takes a minute; a process whose heap is broken may wait for itself for ever.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly Process process;
    private string lastWords = "";

    private PeerProcess(string[] command, int threads)
    {
        Threads = threads;
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["OMP_NUM_THREADS"] = start.Environment["OPENBLAS_NUM_THREADS"] = $"{threads}";
        process = Process.Start(start)!;
        process.ErrorDataReceived += (_, line) => lastWords = line.Data is { Length: > 0 } text ? text : lastWords;
        process.BeginErrorReadLine();
    }

    public int Threads { get; }

    public bool HasEnded => process.HasExited;

    /// <summary>What it is, and which of the processor's vectors it uses where it tells.</summary>
    public string Version { get; private set; } = "";

    /// <summary>The name of the CUDA device that it sees, or null.</summary>
    public string? CudaDevice { get; private set; }

    /// <summary>The first Python with PyTorch: $GPUVAE_PYTHON, Debian's, or the path's; null and the reason where none has it.</summary>
    public static PeerProcess? TryStartPyTorch(int threads, out string reason)
    {
        reason = "";
        string script = Path.Combine(AppContext.BaseDirectory, "Peers", "pytorch_peer.py");
        string[] candidates = [Environment.GetEnvironmentVariable("GPUVAE_PYTHON") ?? "", "/usr/bin/python3", "python3"];
        foreach (string python in candidates.Where(p => p.Length > 0).Distinct())
        {
            if (TryStart([python, script], threads, out reason) is { } peer)
                return peer;
        }
        return null;
    }

    /// <summary>$GPUVAE_LIBTORCH, the assembly of benchmarks/GpuVae.Torch; null and the reason where that does not run.</summary>
    public static PeerProcess? TryStartLibtorch(int threads, out string reason)
    {
        reason = "benchmarks/peers.sh has it";
        return Environment.GetEnvironmentVariable("GPUVAE_LIBTORCH") is { Length: > 0 } assembly
            ? TryStart(["dotnet", assembly], threads, out reason)
            : null;
    }

    /// <summary>Builds what <see cref="Time"/> will run; InvalidOperationException with the peer's message if it cannot.</summary>
    public void Prepare(string id, string kind, params ReadOnlySpan<(string Key, JsonNode Value)> options)
    {
        var request = new JsonObject { ["do"] = "prepare", ["id"] = id, ["kind"] = kind };
        foreach ((string key, JsonNode value) in options)
            request[key] = value.DeepClone(); // A node has one parent, and these go to several processes.
        Ask(request);
    }

    /// <summary>Seconds per run, over <paramref name="runs"/> runs.</summary>
    public double Time(string id, int runs) =>
        (double)Ask(new JsonObject { ["do"] = "time", ["id"] = id, ["runs"] = runs })["seconds"]!;

    /// <summary>The most bytes of memory that the process has had; libtorch tells it.</summary>
    public long PeakBytes() => (long)Ask(new JsonObject { ["do"] = "memory" })["peak"]!;

    /// <summary>Drops what was prepared.</summary>
    public void Forget() => Ask(new JsonObject { ["do"] = "forget" });

    public void Dispose()
    {
        if (!HasEnded)
            process.StandardInput.Close();
        if (!process.WaitForExit(5000))
            process.Kill();
        process.Dispose();
    }

    private static PeerProcess? TryStart(string[] command, int threads, out string reason)
    {
        PeerProcess? peer = null;
        try
        {
            peer = new PeerProcess(command, threads);
            JsonNode info = peer.Ask(new JsonObject { ["do"] = "info" });
            peer.Version = (string)info["version"]!;
            peer.CudaDevice = (string?)info["cuda"];
            reason = "";
            return peer;
        }
        catch (Exception e) when (e is Win32Exception or IOException or InvalidOperationException or JsonException)
        {
            reason = $"{string.Join(' ', command)}: {e.Message}";
            peer?.process.Dispose();
            return null;
        }
    }

    private JsonNode Ask(JsonObject request)
    {
        string? line;
        try
        {
            process.StandardInput.WriteLine(request.ToJsonString());
            process.StandardInput.Flush();
            Task<string?> answering = process.StandardOutput.ReadLineAsync();
            if (!answering.Wait(Patience))
            {
                process.Kill();
                lastWords = $"no answer for {Patience.TotalMinutes} minutes";
            }
            line = answering.Result;
        }
        catch (IOException)
        {
            line = null;
        }
        if (line is null)
        {
            process.WaitForExit();
            throw new InvalidOperationException($"the process ended with {process.ExitCode}: {lastWords}");
        }
        JsonNode answer;
        try
        {
            answer = JsonNode.Parse(line)!;
        }
        catch (JsonException)
        {
            // The last words of a process that has crashed.
            process.Kill();
            throw new InvalidOperationException($"the process answered '{line}'");
        }
        return answer["error"] is { } error ? throw new InvalidOperationException((string?)error) : answer;
    }
}
