using System.CommandLine;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using GpuVae.Devices;
using GpuVae.Kernels.Common;
using GpuVae.Kernels.Gemm;
using GpuVae.Kernels.Gemm.Planning;
using GpuVae.Models;
using GpuVae.Options;
using GpuVae.Training;
using ILGPU;
using ILGPU.Runtime;

namespace GpuVae.Benchmarks.Peers;

/// <summary>
/// Ours against what a user would take instead, in turns on one machine: training steps and generation against libtorch and PyTorch,
/// generation on the processor against ONNX Runtime, too, the matrix product against libtorch's (MKL) and OpenBLAS's, on CUDA against
/// cuBLAS (through PyTorch). benchmarks/peers.sh has them all.
/// </summary>
internal sealed class PeersCommand : IDisposable
{
    private const double TurnSeconds = 0.15;

    private static readonly string[] Groups = ["gemm", "seed-gemm", "step", "convolutional-step", "transformer-step", "generate"];

    /// <summary>m, n, k of C = op(A)·op(B) and which operands are transposed: those of the seed VAE at batch 128.</summary>
    private static readonly (int M, int N, int K, bool TransposeA, bool TransposeB)[] SeedShapes =
    [
        (128, 512, 784, false, false), (128, 256, 512, false, false), (128, 512, 256, false, false), (128, 784, 512, false, false),
        (784, 512, 128, true, false), (512, 256, 128, true, false), (256, 512, 128, true, false), (512, 784, 128, true, false),
        (128, 512, 784, false, true), (128, 256, 512, false, true), (128, 512, 256, false, true),
    ];

    private readonly ComputeDevice device;
    private readonly int rounds;
    private readonly PeerReport report;
    private readonly List<PeerProcess> pytorch = [], compiledPyTorch = [], libtorch = [];
    private readonly OpenBlasPeer? openBlas;
    private readonly Ceiling ceiling;

    private PeersCommand(string deviceName, int rounds)
    {
        this.rounds = rounds;
        device = ComputeDevice.Open(deviceName);
        report = new PeerReport(device);
        ceiling = new Ceiling(device.Accelerator);
        Start("PyTorch", PeerProcess.TryStartPyTorch, pytorch);
        // Compiled code can take its process with it.
        if (pytorch.Count > 0)
            Start("PyTorch, for compiling", PeerProcess.TryStartPyTorch, compiledPyTorch);
        if (IsCuda)
        {
            if (pytorch is [{ CudaDevice: null }])
                report.Missing("PyTorch on CUDA: this PyTorch sees no CUDA device");
            return;
        }
        if (KeepsTo256Bits)
            report.Missing($"{OnnxPeer.Version}: nothing holds it to 256 bits");
        else
            report.Found(OnnxPeer.Version);
        Start("libtorch", PeerProcess.TryStartLibtorch, libtorch);
        openBlas = OpenBlasPeer.TryLoad(out string reason);
        if (openBlas is null)
            report.Missing("OpenBLAS: " + reason);
        else
            report.Found(openBlas.Configuration);
    }

    private delegate PeerProcess? Starter(int threads, out string reason);

    private IEnumerable<PeerProcess> Processes => [.. pytorch, .. compiledPyTorch, .. libtorch];

    /// <summary>As benchmarks/peers.sh --bits 256 has it for all that can.</summary>
    private static bool KeepsTo256Bits => Environment.GetEnvironmentVariable("DOTNET_EnableAVX512") == "0";

    private bool IsCuda => device.Accelerator.AcceleratorType == AcceleratorType.Cuda;

    /// <summary>Counts that are tried for peers on the processor; the better one counts.</summary>
    private int[] ThreadCounts => IsCuda || Environment.ProcessorCount == 1 ? [1] : [1, Environment.ProcessorCount];

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
            peers.report.Write(parsed.GetValue(folder)!);
        });
        return command;
    }

    public void Dispose()
    {
        foreach (PeerProcess peer in Processes)
            peer.Dispose();
        device.Dispose();
    }

    private List<PeerProcess> ProcessesOf(string mode) => mode == "compile" ? compiledPyTorch : pytorch;

    private void Start(string name, Starter start, List<PeerProcess> started)
    {
        foreach (int threads in ThreadCounts)
        {
            if (start(threads, out string reason) is not { } peer)
            {
                report.Missing($"{name}: {reason}");
                return;
            }
            started.Add(peer);
        }
        report.Found(started[0].Version);
    }

    private void Run(string[] groups)
    {
        report.Begin(ceiling.MeasureFlops(device.Stream));
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
                case "transformer-step":
                    TransformerStep(width: 128, layers: 4);
                    TransformerStep(width: 256, layers: 6);
                    break;
                case "generate":
                    foreach (int count in (int[])[1, 16, 256])
                        Generate(count);
                    break;
                default:
                    throw new BadInputException($"--only {group}: choose from {string.Join(", ", Groups)}.");
            }
        }
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

        string shape = $"gemm {m}×{n}×{k}{(transposeA ? " Aᵀ" : "")}{(transposeB ? " Bᵀ" : "")}{Suffix(precision)}";
        double flops = 2.0 * m * n * k;
        (string, JsonNode)[] options = [("m", m), ("n", n), ("k", k), ("transposeA", transposeA), ("transposeB", transposeB)];
        if (IsCuda)
        {
            string type = precision switch { MatrixPrecision.Tf32 => "tf32", MatrixPrecision.Bf16 => "bfloat16", _ => "float32" };
            AddRow(shape, group, flops, ours, Ready(pytorch, $"cuBLAS {type}", "gemm", [.. options, ("dtype", type)]));
            return;
        }
        // PyTorch has no product of its own here: Debian's calls OpenBLAS, libtorch MKL.
        List<Contestant> peers = [.. Ready(libtorch, "libtorch", "gemm", options)];
        float* pa = Aligned(m * k), pb = Aligned(k * n), pc = Aligned(m * n);
        if (openBlas is not null)
        {
            foreach (int threads in ThreadCounts)
            {
                peers.Add(new("OpenBLAS", threads, Alternation.Contestant(
                    () => openBlas.Multiply(pa, pb, pc, m, n, k, transposeA, transposeB, threads), () => { })));
            }
        }
        AddRow(shape, group, flops, ours, peers);
        foreach (nint p in (nint[])[(nint)pa, (nint)pb, (nint)pc])
            NativeMemory.AlignedFree((void*)p);
    }

    private static string Suffix(MatrixPrecision precision) =>
        precision == MatrixPrecision.Float32 ? "" : $", {precision.ToString().ToUpperInvariant()}";

    private void Step(ComputeDevice where, int batch)
    {
        MatrixPrecision precision = where.Options.Precision;
        using var training = new NoiseTraining(where, new VaeOptions(), batch);
        Func<int, double> ours = Alternation.Contestant(training.Trainer.RunStep, where.Synchronize);
        (string, JsonNode)[] options = [("batch", batch), ("tf32", precision == MatrixPrecision.Tf32)];
        List<Contestant> peers = [.. Ready(libtorch, "libtorch", "step", options)];
        foreach (string mode in IsCuda ? ["eager", "fused", "compile", "graph"] : (string[])["eager", "fused", "compile"])
            peers.AddRange(Ready(ProcessesOf(mode), $"PyTorch {mode}", "step", [.. options, ("mode", mode)]));
        AddRow($"training step, batch {batch}{Suffix(precision)}", "step", training.Trainer.Schedule.Flops, ours, peers);
    }

    /// <summary>The default convolutional model on 64 × 64 colour images with 64 latent units, batch 64.</summary>
    private void ConvolutionalStep()
    {
        const int batch = 64, latent = 64;
        var model = new VaeOptions { Network = NetworkKind.Convolutional, Shape = new ImageShape(64, 64, 3), Latent = latent };
        using var training = new NoiseTraining(device, model, batch);
        Func<int, double> ours = Alternation.Contestant(training.Trainer.RunStep, device.Synchronize);
        (string, JsonNode)[] options = [("batch", batch), ("latent", latent)];
        List<Contestant> peers = [.. Ready(libtorch, "libtorch", "convolutional_step", options)];
        foreach (string mode in (string[])["fused", "compile"])
        {
            foreach (string layout in (string[])["channels_first", "channels_last"])
            {
                peers.AddRange(Ready(
                    ProcessesOf(mode), $"PyTorch {mode}, {layout}", "convolutional_step",
                    [.. options, ("mode", mode), ("layout", layout)]));
            }
        }
        AddRow($"convolutional training step, batch {batch}", "convolutional-step", training.Trainer.Schedule.Flops, ours, peers);
    }

    /// <summary>
    /// The prior over 8×8 codes of 512, 4 heads, batch 32. Ours also has the images' codes made, by an encoder as small as can be; libtorch
    /// has them.
    /// </summary>
    private void TransformerStep(int width, int layers)
    {
        const int batch = 32, heads = 4, side = 8;
        using var model = new Vae(device, new VaeOptions
        {
            Network = NetworkKind.Convolutional,
            Shape = new ImageShape(2 * side, 2 * side),
            ChannelsPerStage = [1],
            Quantization = Quantization.Scalar,
            Levels = [8, 8, 8],
        });
        using var prior = new GridPrior(model, new GridPriorOptions
        {
            Network = CodeNetworkKind.Transformer,
            Width = width,
            Layers = layers,
            Heads = heads,
        });
        using var trainer = new GridPriorTrainer(
            prior, NoiseTraining.Images(model.Options.Shape, batch), new TrainingOptions { BatchSize = batch });
        Func<int, double> ours = Alternation.Contestant(trainer.RunStep, device.Synchronize);
        List<Contestant> peers = Ready(
            libtorch, "libtorch", "transformer_step", ("codes", model.Options.Levels.Aggregate(1, (product, level) => product * level)),
            ("places", side * side), ("width", width), ("heads", heads), ("layers", layers), ("batch", batch));
        AddRow($"transformer step, {layers} blocks of {width}, batch {batch}", "transformer-step", trainer.Schedule.Flops, ours, peers);
    }

    private void Generate(int count)
    {
        using var model = new Vae(device);
        float[] codes = model.SamplePrior(count, seed: 1), images = new float[count * model.Options.Shape.Pixels];
        Func<int, double> ours = Alternation.Contestant(() => model.Decode(codes, images), () => { });
        List<Contestant> peers = [.. Ready(libtorch, "libtorch", "generate", ("batch", count))];
        foreach (string mode in (string[])["eager", "compile"])
            peers.AddRange(Ready(ProcessesOf(mode), $"PyTorch {mode}", "generate", ("batch", count), ("mode", mode)));
        OnnxPeer[] onnx = IsCuda || KeepsTo256Bits ? [] : [.. ThreadCounts.Select(threads => new OnnxPeer(model, codes, threads))];
        peers.AddRange(onnx.Select(peer => new Contestant("ONNX Runtime", peer.Threads, Alternation.Contestant(peer.Run, () => { }))));
        AddRow($"generate {count} images", "generate", 2.0 * count * (20 * 256 + 256 * 512 + 512 * 784), ours, peers);
        foreach (OnnxPeer peer in onnx)
            peer.Dispose();
    }

    /// <summary>The contestants of one kind, one per process, where they can be prepared.</summary>
    private List<Contestant> Ready(List<PeerProcess> processes, string name, string kind, params (string, JsonNode)[] options)
    {
        List<Contestant> ready = [];
        foreach (PeerProcess peer in processes.Where(p => !p.HasEnded && (!IsCuda || p.CudaDevice is not null)))
        {
            try
            {
                peer.Prepare(name, kind, [("device", IsCuda ? "cuda" : "cpu"), .. options]);
                // What compiles does so in its first run.
                peer.Time(name, 1);
                ready.Add(new(name, IsCuda ? 0 : peer.Threads, runs => peer.Time(name, runs)));
            }
            catch (InvalidOperationException e)
            {
                report.Missing($"{name}, {peer.Threads} threads, {kind}: {e.Message}");
            }
        }
        return ready;
    }

    private void AddRow(string name, string group, double flops, Func<int, double> ours, List<Contestant> peers)
    {
        // The ceiling takes its turns, too: on a shared machine it is not the same from minute to minute.
        Spread[] times = Alternation.Time(
            [ours, .. peers.Select(p => p.Run), _ => 1 / ceiling.MeasureFlops(device.Stream)], rounds, TurnSeconds);
        report.Add(new PeerRow(
            name, group, flops, Time("ours", IsCuda ? 0 : Environment.ProcessorCount, times[0]),
            [.. peers.Zip(times.Skip(1), (p, time) => Time(p.Name, p.Threads, time))], 1e-9 / times[^1].Median));
        foreach (PeerProcess peer in Processes.Where(peer => !peer.HasEnded))
            peer.Forget();

        static PeerTime Time(string name, int threads, Spread s) => new(name, threads, s.Median, s.Lower, s.Upper);
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
}
