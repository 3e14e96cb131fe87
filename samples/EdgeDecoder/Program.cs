// Turns codes into pictures where there is no GpuVae, no ILGPU and no GPU: with ONNX Runtime and ImageSharp alone.
//
//     dotnet run -c Release --project samples/EdgeDecoder                              the digits that it carries, from codes of N(0, I)
//     dotnet run -c Release --project samples/EdgeDecoder -- decoder.onnx              the decoder that 'gpuvae export --onnx' wrote
//     dotnet run -c Release --project samples/EdgeDecoder -- decoder.onnx codes.csv    of these codes, one a line
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using SixLabors.ImageSharp;
using SixLabors.ImageSharp.PixelFormats;

const string picture = "edge-decoder.png";
const int columns = 8;
var clock = Stopwatch.StartNew();
using var session = new InferenceSession(args.Length > 0 ? File.ReadAllBytes(args[0]) : Carried());
int latent = session.InputMetadata["code"].Dimensions[1];
float[][] codes = args.Length > 1 ? Read(args[1]) : Draw(columns * columns);
if (Array.Find(codes, code => code.Length != latent) is { } odd)
{
    Console.Error.WriteLine($"A code has {odd.Length} numbers; the decoder takes {latent}.");
    return 2;
}

List<NamedOnnxValue> inputs =
    [NamedOnnxValue.CreateFromTensor("code", new DenseTensor<float>(codes.SelectMany(code => code).ToArray(), [codes.Length, latent]))];
if (session.InputMetadata.ContainsKey("label"))
    inputs.Add(NamedOnnxValue.CreateFromTensor("label", Labels()));
TimeSpan loaded = clock.Elapsed;
using IDisposableReadOnlyCollection<DisposableNamedOnnxValue> outputs = session.Run(inputs, ["image"]);
Save(outputs[0].AsTensor<float>());
Console.WriteLine(FormattableString.Invariant(
    $"{codes.Length} pictures in {picture}; loaded in {loaded.TotalMilliseconds:F0} ms, {clock.ElapsedMilliseconds} ms in all"));
return 0;

byte[] Carried()
{
    using Stream stream = typeof(Program).Assembly.GetManifestResourceStream("digits.onnx")!;
    byte[] bytes = new byte[stream.Length];
    stream.ReadExactly(bytes);
    return bytes;
}

float[][] Read(string path) =>
    [.. File.ReadLines(path).Select(line => Array.ConvertAll(line.Split(','), part => float.Parse(part, CultureInfo.InvariantCulture)))];

// Codes of N(0, I), by Box and Muller.
float[][] Draw(int count)
{
    var random = new Random(7);
    float Normal() => MathF.Sqrt(-2 * MathF.Log(1 - random.NextSingle())) * MathF.Cos(MathF.Tau * random.NextSingle());
    return [.. Enumerable.Range(0, count).Select(_ => Enumerable.Range(0, latent).Select(_ => Normal()).ToArray())];
}

// Of a conditional model all classes in turn. The file knows the model's options.
DenseTensor<long> Labels()
{
    using var options = JsonDocument.Parse(session.ModelMetadata.CustomMetadataMap["gpuvae.options"]);
    int classes = options.RootElement.GetProperty("classes").GetInt32();
    return new DenseTensor<long>(Enumerable.Range(0, codes.Length).Select(i => (long)i % classes).ToArray(), [codes.Length]);
}

// Images [n, channels, height, width] as a sheet.
void Save(Tensor<float> images)
{
    int channels = images.Dimensions[1], height = images.Dimensions[2], width = images.Dimensions[3];
    using var sheet = new Image<Rgb24>(width * Math.Min(columns, codes.Length), height * ((codes.Length + columns - 1) / columns));
    for (int i = 0; i < codes.Length; i++)
        for (int y = 0; y < height; y++)
            for (int x = 0; x < width; x++)
            {
                byte Level(int channel) => (byte)Math.Clamp(MathF.Round(255 * images[i, channel, y, x]), 0, 255);
                sheet[i % columns * width + x, i / columns * height + y] = new Rgb24(Level(0), Level(channels / 2), Level(channels - 1));
            }
    sheet.SaveAsPng(picture);
}
