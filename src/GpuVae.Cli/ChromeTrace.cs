using System.Text.Json;
using GpuVae.Formats;
using GpuVae.Scheduling;

namespace GpuVae.Cli;

/// <summary>A profile in the Trace Event Format of Chrome's trace viewer and Perfetto: the launches of a step in a row.</summary>
internal static class ChromeTrace
{
    public static void Write(string path, IReadOnlyList<(ScheduleStep Step, TimeSpan Time)> steps) => AtomicFile.Write(path, stream =>
    {
        using var json = new Utf8JsonWriter(stream);
        json.WriteStartObject();
        json.WriteString("displayTimeUnit", "ns");
        json.WriteStartArray("traceEvents");
        double start = 0;
        foreach ((ScheduleStep step, TimeSpan time) in steps)
        {
            json.WriteStartObject();
            json.WriteString("name", step.Name);
            json.WriteString("ph", "X");
            json.WriteNumber("pid", 1);
            json.WriteNumber("tid", 1);
            json.WriteNumber("ts", start);
            json.WriteNumber("dur", time.TotalMicroseconds);
            json.WriteStartObject("args");
            json.WriteNumber("GFLOP", step.Flops / 1e9);
            json.WriteNumber("MB", step.Bytes / 1e6);
            json.WriteEndObject();
            json.WriteEndObject();
            start += time.TotalMicroseconds;
        }
        json.WriteEndArray();
        json.WriteEndObject();
    });
}
