using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace GpuVae.Torch;

/// <summary>What is timed, each as an action that runs it once. Temporary tensors go with a dispose scope per run.</summary>
internal static class Contestants
{
    private const int SeedLatent = 20, SeedPixels = 784, SeedWidth = 512, Channels = 32;

    public static Action Create(JsonNode request)
    {
        int Number(string name, int? otherwise = null) =>
            (int?)request[name] ?? otherwise ?? throw new ArgumentException($"{name} is missing");
        bool Flag(string name) => (bool)request[name]!;
        return (string?)request["kind"] switch
        {
            "step" => Step(
                new SeedVae(Number("pixels", SeedPixels), Number("width", SeedWidth), Number("latent", SeedLatent)),
                rand(Number("batch"), Number("pixels", SeedPixels))),
            "convolutional_step" => Step(
                new ConvolutionalVae(Number("channels", Channels), Number("latent")), rand(Number("batch"), 3, 64, 64)),
            "transformer_step" => TransformerStep(
                Number("codes"), Number("places"), Number("width"), Number("heads"), Number("layers"), Number("batch")),
            "generate" => Generate(Number("batch")),
            "gemm" => Gemm(Number("m"), Number("n"), Number("k"), Flag("transposeA"), Flag("transposeB")),
            var kind => throw new ArgumentException($"unknown kind {kind}"),
        };
    }

    private static Action Step(VaeModule model, Tensor images) => Step(model, () => model.Loss(images));

    private static Action TransformerStep(int codes, int places, int width, int heads, int layers, int batch)
    {
        var model = new CausalTransformer(codes, places, width, heads, layers);
        Tensor sequences = randint(codes, [batch, places], dtype: ScalarType.Int64);
        return Step(model, () => model.Loss(sequences));
    }

    private static Action Step(nn.Module model, Func<Tensor> loss)
    {
        Adam optimizer = optim.Adam(model.parameters(), lr: 1e-3);
        return () =>
        {
            using DisposeScope scope = NewDisposeScope();
            optimizer.zero_grad();
            loss().backward();
            optimizer.step();
        };
    }

    /// <summary>From codes in the program's memory to pixels there.</summary>
    private static Action Generate(int count)
    {
        var model = new SeedVae(SeedPixels, SeedWidth, SeedLatent);
        model.eval();
        var random = new Random(1);
        float[] codes = [.. Enumerable.Range(0, count * SeedLatent).Select(_ => random.NextSingle() - 0.5f)];
        float[] pixels = new float[count * SeedPixels];
        return () =>
        {
            using DisposeScope scope = NewDisposeScope();
            using IDisposable inference = inference_mode(true);
            Tensor images = sigmoid(model.Decode(tensor(codes, count, SeedLatent)));
            MemoryMarshal.Cast<byte, float>(images.bytes).CopyTo(pixels);
        };
    }

    private static Action Gemm(int m, int n, int k, bool transposeA, bool transposeB)
    {
        Tensor a = transposeA ? rand(k, m).t() : rand(m, k);
        Tensor b = transposeB ? rand(n, k).t() : rand(k, n);
        Tensor c = zeros(m, n);
        // With beta = 0 the product alone, into memory that is already there.
        return () => c.addmm_(a, b, beta: 0, alpha: 1);
    }
}
