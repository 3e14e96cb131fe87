using System.Text.Json.Serialization;

namespace GpuVae.Training;

/// <summary>
/// One line of <c>metrics.jsonl</c>, in snake case there. Losses in nats per image; the test figures are null without a test set. Warnings
/// are by kind, left out where there are none.
/// </summary>
public sealed record MetricsLine(
    int Epoch, double TrainLoss, double? TestLoss, double? TestRecon, double? TestKl, double Seconds, double ImagesPerSecond,
    string Device,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyDictionary<string, string>? Warnings = null);
