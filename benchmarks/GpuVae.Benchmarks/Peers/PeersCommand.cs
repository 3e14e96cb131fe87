using System.CommandLine;
using System.Runtime.InteropServices;
using System.Text.Json;
using GpuVae.Devices;
using GpuVae.Kernels.Common;
using GpuVae.Kernels.Gemm;
using GpuVae.Kernels.Gemm.Planning;
using GpuVae.Models;
using GpuVae.Options;
using ILGPU;
using ILGPU.Runtime;

namespace GpuVae.Benchmarks.Peers;

/// <summary>
/// Ours against what a user would take instead, on the same machine and in turns: the seed's training step and generation against PyTorch,
/// the matrix product against OpenBLAS, on CUDA against cuBLAS (through PyTorch).
/// </summary>
internal sealed class PeersCommand : IDisposable
{
    private const double TurnSeconds = 0.15;

    private static readonly string[] Groups = ["gemm", "seed-gemm", "step", "convolutional-step", "generate"];

    /// <summary>m, n, k of C = op(A)·op(B) and which operands are transposed: those of the seed VAE at batch 128.</summary>
    private static readonly (int M, int N, int K, bool TransposeA, bool TransposeB)[] SeedShapes =
    [
        (128, 512, 784, false, false), (128, 256, 512, false, false), (128, 512, 256, false, false), (128, 784, 512, false, false),
        (784, 512, 128, true, false), (512, 256, 128, true, false), (256, 512, 128, true, false), (512, 784, 128, true, false),
        (128, 512, 784, false, true), (128, 256, 512, false, true), (128, 512, 256, false, true),
    ];

    private readonly ComputeDevice device;
    private readonly int rounds;
    private readonly PyTorchPeer? pytorch;
    private readonly OpenBlasPeer? openBlas;
    private readonly List<string> missing = [];
    private readonly Ceiling ceiling;
    private readonly List<PeerRow> rows = [];

    private PeersCommand(string deviceName, int rounds)
    {
        this.rounds = rounds;
        device = ComputeDevice.Open(deviceName);
        ceiling = new Ceiling(device.Accelerator);
        pytorch = PyTorchPeer.TryStart(Environment.ProcessorCount, out string reason);
        if (pytorch is null)
            missing.Add("PyTorch: " + reason);
        if (IsCuda)
        {
            if (pytorch is { CudaDevice: null })
                missing.Add("PyTorch on CUDA: this PyTorch sees no CUDA device");
            return;
        }
        openBlas = OpenBlasPeer.TryLoad(out reason);
        if (openBlas is null)
            missing.Add("OpenBLAS: " + reason);
    }

    private bool IsCuda => device.Accelerator.AcceleratorType == AcceleratorType.Cuda;

    private string PeerDevice => IsCuda ? "cuda" : "cpu";

    /// <summary>Thread counts that are tried for CPU peers; the better one counts.</summary>
    private static int[] ThreadCounts => Environment.ProcessorCount == 1 ? [1] : [1, Environment.ProcessorCount];

    public static Command Create()
    {
        var deviceName = new Option<string>("--device")
        {
            Description = "Our device: auto, cpu, cuda:0 …",
            DefaultValueFactory = _ => "auto",
        };
        var rounds = new Option<int>("--rounds") { Description = "Turns per contestant.", DefaultValueFactory = _ => 9 };
        var only = new Option<string[]>("--only")
        {
            Description = $"Some of {string.Join(", ", Groups)}.",
            AllowMultipleArgumentsPerToken = true,
            DefaultValueFactory = _ => Groups,
        };
        var folder = new Option<string>("--out")
        {
            Description = "Folder for peers.json and peers.svg.",
            DefaultValueFactory = _ => "artifacts/peers",
        };
        var command = new Command("peers", "Times ours and the peers in turns and prints the ratios.") { deviceName, rounds, only, folder };
        command.SetAction(parsed =>
        {
            using var peers = new PeersCommand(parsed.GetValue(deviceName)!, Math.Max(1, parsed.GetValue(rounds)));
            peers.Run(parsed.GetValue(only)!);
            peers.Write(parsed.GetValue(folder)!);
        });
        return command;
    }

    public void Dispose()
    {
        pytorch?.Dispose();
        device.Dispose();
    }

    private void Run(string[] groups)
    {
        Console.WriteLine(
            $"ours on {device.Name} ({device.Accelerator.Name}), arithmetic ceiling "
            + $"{ceiling.MeasureFlops(device.Stream) / 1e9:F0} GFLOP/s");
        if (pytorch is not null)
            Console.WriteLine($"PyTorch {pytorch.Version}");
        if (openBlas is not null)
            Console.WriteLine(openBlas.Configuration);
        foreach (string line in missing)
            Console.WriteLine($"missing: {line}");
        Console.WriteLine($"{"",-44}{"ours",12}{"peer",12}{"ratio",8}{"GFLOP/s",9}{"% ceiling",10}");

        foreach (string group in groups)
        {
            switch (group)
            {
                case "gemm":
                    foreach (int n in IsCuda ? [1024, 4096] : (int[])[1024, 2048])
                    {
                        foreach (MatrixPrecision precision in Enum.GetValues<MatrixPrecision>())
                        {
                            if (GemmContext.Supports(device.Accelerator, precision))
                                Gemm("gemm", n, n, n, false, false, precision);
                        }
                    }
                    break;
                case "seed-gemm":
                    foreach ((int m, int n, int k, bool transposeA, bool transposeB) in SeedShapes)
                        Gemm("seed-gemm", m, n, k, transposeA, transposeB);
                    break;
                case "step":
                    foreach (int batch in (int[])[32, 128, 512, 2048, 8192])
                        Step(device, batch);
                    if (GemmContext.Supports(device.Accelerator, MatrixPrecision.Tf32))
                    {
                        using var rounding = ComputeDevice.Open(device.Name, new ComputeOptions { Precision = MatrixPrecision.Tf32 });
                        Step(rounding, 8192);
                    }
                    break;
                case "convolutional-step":
                    ConvolutionalStep();
                    break;
                case "generate":
                    foreach (int count in (int[])[1, 16, 256])
                        Generate(count);
                    break;
                default:
                    throw new BadInputException($"--only {group}: choose from {string.Join(", ", Groups)}.");
            }
        }
        double[] seed = [.. rows.Where(r => r.Group == "seed-gemm").Select(r => r.Ratio).Where(double.IsFinite)];
        if (seed.Length > 0)
            Console.WriteLine($"seed shapes, geometric mean of the ratios: {Math.Exp(seed.Average(Math.Log)):F2}");
    }

    private unsafe void Gemm(
        string group, int m, int n, int k, bool transposeA, bool transposeB, MatrixPrecision precision = MatrixPrecision.Float32)
    {
        Accelerator accelerator = device.Accelerator;
        using var memory = new Scratch(accelerator);
        ArrayView<float> a = memory.Copy(Ramp(m * k)), b = memory.Copy(Ramp(k * n)), c = memory.Zeros((long)m * n);
        GemmContext gemm = memory.Own(new GemmContext(accelerator, precision));
        Gemm<PlainEpilogue> product = gemm.With<PlainEpilogue>();
        MatrixView opA = transposeA ? new MatrixView(a, k, m).Transposed : new MatrixView(a, m, k);
        MatrixView opB = transposeB ? new MatrixView(b, n, k).Transposed : new MatrixView(b, k, n);
        var result = new MatrixView(c, m, n);
        Func<int, double> ours = Alternation.Contestant(
            () => product.Run(device.Stream, opA, opB, result, default), device.Synchronize);

        var peers = new List<(string, Func<int, double>)>();
        string shape = $"gemm {m}×{n}×{k}{(transposeA ? " Aᵀ" : "")}{(transposeB ? " Bᵀ" : "")}{Suffix(precision)}";
        if (openBlas is not null)
        {
            float* pa = Aligned(m * k), pb = Aligned(k * n), pc = Aligned(m * n);
            foreach (int threads in ThreadCounts)
            {
                peers.Add(($"OpenBLAS, {threads} threads",
                    Alternation.Contestant(() => openBlas.Multiply(pa, pb, pc, m, n, k, transposeA, transposeB, threads), () => { })));
            }
            AddRow(shape, group, 2.0 * m * n * k, ours, peers);
            foreach (nint p in (nint[])[(nint)pa, (nint)pb, (nint)pc])
                NativeMemory.AlignedFree((void*)p);
            return;
        }
        if (IsCuda && !transposeA && !transposeB)
        {
            string type = precision switch { MatrixPrecision.Tf32 => "tf32", MatrixPrecision.Bf16 => "bfloat16", _ => "float32" };
            AddPyTorch(peers, $"cuBLAS {type}", shape, "gemm", ("m", m), ("n", n), ("k", k), ("dtype", type));
        }
        AddRow(shape, group, 2.0 * m * n * k, ours, peers);
    }

    private static string Suffix(MatrixPrecision precision) =>
        precision == MatrixPrecision.Float32 ? "" : $", {precision.ToString().ToUpperInvariant()}";

    private void Step(ComputeDevice where, int batch)
    {
        MatrixPrecision precision = where.Options.Precision;
        using var training = new NoiseTraining(where, new VaeOptions(), batch);
        Func<int, double> ours = Alternation.Contestant(training.Trainer.RunStep, where.Synchronize);
        var peers = new List<(string, Func<int, double>)>();
        foreach (string mode in IsCuda ? ["eager", "graph", "compile"] : (string[])["eager"])
        {
            AddPyTorch(
                peers, $"PyTorch {mode}", $"step {batch} {mode}{Suffix(precision)}", "step", ("batch", batch), ("mode", mode),
                ("tf32", precision == MatrixPrecision.Tf32));
        }
        // Forward, weight gradient, data gradient: three products per weight and image; the first layer needs no data gradient.
        AddRow($"training step, batch {batch}{Suffix(precision)}", "step", training.Trainer.Schedule.Flops, ours, peers);
    }

    /// <summary>The default convolutional model on 64 × 64 colour images with 64 latent units, batch 64.</summary>
    private void ConvolutionalStep()
    {
        const int batch = 64, latent = 64;
        var options = new VaeOptions { Network = NetworkKind.Convolutional, Shape = new ImageShape(64, 64, 3), Latent = latent };
        using var training = new NoiseTraining(device, options, batch);
        Func<int, double> ours = Alternation.Contestant(training.Trainer.RunStep, device.Synchronize);
        var peers = new List<(string, Func<int, double>)>();
        foreach (string layout in (string[])["channels_first", "channels_last"])
        {
            AddPyTorch(
                peers, $"PyTorch eager, {layout}", $"convolutional step {layout}", "convolutional_step", ("batch", batch),
                ("latent", latent), ("layout", layout));
        }
        AddRow($"convolutional training step, batch {batch}", "convolutional-step", training.Trainer.Schedule.Flops, ours, peers);
    }

    private void Generate(int count)
    {
        using var model = new Vae(device);
        float[] codes = model.SamplePrior(count, seed: 1), images = new float[count * model.Options.Shape.Pixels];
        Func<int, double> ours = Alternation.Contestant(() => model.Decode(codes, images), () => { });
        var peers = new List<(string, Func<int, double>)>();
        foreach (string mode in IsCuda ? ["eager", "compile"] : (string[])["eager"])
            AddPyTorch(peers, $"PyTorch {mode}", $"generate {count} {mode}", "generate", ("batch", count), ("mode", mode));
        AddRow($"generate {count} images", "generate", 2.0 * count * (20 * 256 + 256 * 512 + 512 * 784), ours, peers);
    }

    private void AddPyTorch(
        List<(string, Func<int, double>)> peers, string name, string id, string kind,
        params (string, System.Text.Json.Nodes.JsonNode)[] options)
    {
        if (pytorch is null || (IsCuda && pytorch.CudaDevice is null))
            return;
        try
        {
            pytorch.Prepare(id, kind, PeerDevice, options);
        }
        catch (InvalidOperationException e)
        {
            missing.Add($"{name} ({id}): {e.Message}");
            return;
        }
        foreach (int threads in IsCuda ? [1] : ThreadCounts)
            peers.Add((IsCuda ? name : $"{name}, {threads} threads", runs => pytorch.Time(id, runs, threads)));
    }

    private void AddRow(string name, string group, double flops, Func<int, double> ours, List<(string Name, Func<int, double> Run)> peers)
    {
        // The ceiling takes its turns, too: on a shared machine it is not the same from minute to minute.
        Spread[] times = Alternation.Time(
            [ours, .. peers.Select(p => p.Run), _ => 1 / ceiling.MeasureFlops(device.Stream)], rounds, TurnSeconds);
        double secondsPerFlop = times[^1].Median;
        var row = new PeerRow(
            name, group, flops, Time("ours", times[0]), [.. peers.Select((p, i) => Time(p.Name, times[i + 1]))],
            1e-9 / secondsPerFlop, 100 * flops / times[0].Median * secondsPerFlop, [.. missing]);
        rows.Add(row);
        string peer = row.Best is { } best ? Text(best.Seconds) : "missing";
        string ratio = double.IsFinite(row.Ratio) ? $"{row.Ratio:F2}×" : "";
        Console.WriteLine(
            $"{name,-44}{Text(row.Ours.Seconds),12}{peer,12}{ratio,8}"
            + $"{flops / row.Ours.Seconds / 1e9,9:F0}{row.PercentOfCeiling,10:F0}  {row.Best?.Name}");

        static PeerTime Time(string name, Spread s) => new(name, s.Median, s.Lower, s.Upper);
    }

    private void Write(string folder)
    {
        Directory.CreateDirectory(folder);
        var document = new
        {
            date = DateTime.UtcNow.ToString("yyyy-MM-dd"),
            device = $"{device.Name} ({device.Accelerator.Name})",
            processors = Environment.ProcessorCount,
            pytorch = pytorch?.Version,
            openBlas = openBlas?.Configuration,
            openBlasCoreType = Environment.GetEnvironmentVariable("OPENBLAS_CORETYPE"),
            missing,
            rows,
        };
        var format = new JsonSerializerOptions
        {
            WriteIndented = true,
            PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
            NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.AllowNamedFloatingPointLiterals,
        };
        Formats.AtomicFile.Write(Path.Combine(folder, "peers.json"), s => JsonSerializer.Serialize(s, document, format));
        string svg = BarChart.Svg($"Times faster than the best peer, {device.Accelerator.Name}", [.. rows.Select(r => (r.Name, r.Ratio))]);
        File.WriteAllText(Path.Combine(folder, "peers.svg"), svg);
        Console.WriteLine($"wrote {folder}/peers.json and peers.svg");
    }

    private static unsafe float* Aligned(int length)
    {
        float* memory = (float*)NativeMemory.AlignedAlloc((nuint)length * sizeof(float), 64);
        Ramp(length).CopyTo(new Span<float>(memory, length));
        return memory;
    }

    private static float[] Ramp(int length)
    {
        float[] values = new float[length];
        for (int i = 0; i < length; i++)
            values[i] = i % 17 * 0.01f - 0.08f;
        return values;
    }

    private static string Text(double seconds) => seconds < 1e-3 ? $"{seconds * 1e6:F1} µs" : $"{seconds * 1e3:F2} ms";
}
