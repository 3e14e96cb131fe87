using System.Diagnostics;
using System.Text.Json.Nodes;

namespace GpuVae.Benchmarks.Peers;

/// <summary>A Python process with PyTorch that runs what it is asked to and tells how long it took; see pytorch_peer.py.</summary>
internal sealed class PyTorchPeer : IDisposable
{
    private readonly Process process;

    private PyTorchPeer(Process process, JsonNode info)
    {
        this.process = process;
        Version = info["torch"]!.GetValue<string>();
        CudaDevice = info["cuda"]?.GetValue<string>();
    }

    public string Version { get; }

    /// <summary>The name of the CUDA device that PyTorch sees, or null.</summary>
    public string? CudaDevice { get; }

    /// <summary>
    /// Starts the peer with the first Python that has PyTorch: $GPUVAE_PYTHON, /usr/bin/python3 (where Debian's python3-torch is),
    /// python3. Returns null and the reason where none has it.
    /// </summary>
    public static PyTorchPeer? TryStart(int threads, out string reason)
    {
        reason = "";
        string[] candidates = [Environment.GetEnvironmentVariable("GPUVAE_PYTHON") ?? "", "/usr/bin/python3", "python3"];
        foreach (string python in candidates.Where(p => p.Length > 0).Distinct())
        {
            var start = new ProcessStartInfo(python, [Path.Combine(AppContext.BaseDirectory, "Peers", "pytorch_peer.py")])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            // OpenBLAS reads its thread count when it is loaded; torch.set_num_threads lowers it later.
            start.Environment["OMP_NUM_THREADS"] = start.Environment["OPENBLAS_NUM_THREADS"] = threads.ToString();
            Process? process = null;
            try
            {
                process = Process.Start(start)!;
                process.ErrorDataReceived += static (_, _) => { };
                process.BeginErrorReadLine();
                return new PyTorchPeer(process, Ask(process, new JsonObject { ["do"] = "info" }));
            }
            catch (Exception e) when (e is System.ComponentModel.Win32Exception or IOException or InvalidOperationException)
            {
                reason = $"{python} does not import torch; on Debian: apt-get install python3-torch libopenblas0-pthread";
                process?.Dispose();
            }
        }
        return null;
    }

    /// <summary>Builds what <see cref="Time"/> will run; throws InvalidOperationException with PyTorch's message where it cannot.</summary>
    public void Prepare(string id, string kind, string device, params (string Key, JsonNode Value)[] options)
    {
        var request = new JsonObject { ["do"] = "prepare", ["id"] = id, ["kind"] = kind, ["device"] = device };
        foreach ((string key, JsonNode value) in options)
            request[key] = value;
        Ask(process, request);
    }

    /// <summary>Seconds per run, over <paramref name="runs"/> runs on <paramref name="threads"/> threads.</summary>
    public double Time(string id, int runs, int threads) =>
        Ask(process, new JsonObject { ["do"] = "time", ["id"] = id, ["runs"] = runs, ["threads"] = threads })["seconds"]!
            .GetValue<double>();

    public void Dispose()
    {
        process.StandardInput.Close();
        if (!process.WaitForExit(5000))
            process.Kill();
        process.Dispose();
    }

    private static JsonNode Ask(Process process, JsonObject request)
    {
        process.StandardInput.WriteLine(request.ToJsonString());
        process.StandardInput.Flush();
        string line = process.StandardOutput.ReadLine() ?? throw new InvalidOperationException("the PyTorch process ended");
        JsonNode answer = JsonNode.Parse(line)!;
        return answer["error"] is { } error ? throw new InvalidOperationException(error.GetValue<string>()) : answer;
    }
}
