using GpuVae.Models;
using GpuVae.Onnx;
using Microsoft.ML.OnnxRuntime;

namespace GpuVae.Benchmarks.Peers;

/// <summary>The decoder of a model in ONNX Runtime, on the processor; codes and images lie ready.</summary>
internal sealed class OnnxPeer : IDisposable
{
    private readonly InferenceSession session;
    private readonly OrtIoBinding binding;
    private readonly OrtValue input, output;
    private readonly RunOptions options = new();

    public OnnxPeer(Vae model, float[] codes, int threads)
    {
        Threads = threads;
        string folder = Directory.CreateTempSubdirectory("gpuvae-onnx-").FullName;
        model.ExportOnnx(folder);
        session = new InferenceSession(
            File.ReadAllBytes(Path.Combine(folder, "decoder.onnx")), new SessionOptions { IntraOpNumThreads = threads });
        Directory.Delete(folder, recursive: true);
        (int width, int height, int channels) = model.Options.Shape;
        int count = codes.Length / model.Options.Latent;
        input = OrtValue.CreateTensorValueFromMemory(codes, [count, model.Options.Latent]);
        output = OrtValue.CreateTensorValueFromMemory(new float[count * width * height * channels], [count, channels, height, width]);
        binding = session.CreateIoBinding();
        binding.BindInput("code", input);
        binding.BindOutput("image", output);
    }

    public static string Version => $"ONNX Runtime {OrtEnv.Instance().GetVersionString()}";

    public int Threads { get; }

    public void Run() => session.RunWithBinding(options, binding);

    public void Dispose()
    {
        binding.Dispose();
        input.Dispose();
        output.Dispose();
        options.Dispose();
        session.Dispose();
    }
}
