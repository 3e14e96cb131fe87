// libtorch, through TorchSharp, as a contestant of the `peers` benchmark: a process that answers the requests of pytorch_peer.py,
// as far as they are for the processor and eager. Its threads are those of OMP_NUM_THREADS.

using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using GpuVae.Torch;
using TorchSharp;

// Standard output is the protocol's; what else is written there must not break it.
TextWriter answers = Console.Out;
Console.SetOut(Console.Error);

var prepared = new Dictionary<string, Action>();
while (Console.ReadLine() is { } line)
{
    JsonNode answer;
    try
    {
        answer = Answer(JsonNode.Parse(line)!);
    }
    // Whatever libtorch throws is told to the other side, which prints it beside the row.
    catch (Exception e) when (e is not OutOfMemoryException)
    {
        answer = new JsonObject { ["error"] = $"{e.GetType().Name}: {e.Message}" };
    }
    answers.WriteLine(answer.ToJsonString());
    answers.Flush();
}

JsonObject Answer(JsonNode request)
{
    switch ((string?)request["do"])
    {
        case "info":
            return new JsonObject { ["version"] = $"libtorch {torch.__version__}", ["threads"] = torch.get_num_threads() };
        case "prepare":
            prepared[(string)request["id"]!] = Contestants.Create(request);
            return new JsonObject { ["ok"] = true };
        case "forget":
            prepared.Clear();
            // Tensors free their memory when they are finalised.
            GC.Collect();
            return new JsonObject { ["ok"] = true };
        case "memory":
            return new JsonObject { ["peak"] = Process.GetCurrentProcess().PeakWorkingSet64 };
        case "time":
            Action run = prepared[(string)request["id"]!];
            int runs = (int)request["runs"]!;
            long start = Stopwatch.GetTimestamp();
            for (int i = 0; i < runs; i++)
                run();
            return new JsonObject { ["seconds"] = Stopwatch.GetElapsedTime(start).TotalSeconds / runs };
        case var unknown:
            throw new JsonException($"unknown request {unknown}");
    }
}
