using GpuVae.Data;
using GpuVae.Devices;
using GpuVae.Evaluation;
using GpuVae.Formats;
using GpuVae.Layers;
using GpuVae.Models;
using GpuVae.Onnx.Graphs;
using Google.Protobuf;
using Onnx;

namespace GpuVae.Onnx;

/// <summary>
/// Models as ONNX files: operator set 17, batches of any size, images [batch, channels, height, width]. What a file takes and gives is
/// described in it; its metadata are <c>gpuvae.part</c>, <c>gpuvae.options</c> (the model's, as <c>config.json</c> has them) and
/// <c>gpuvae.precision</c>.
/// </summary>
public static class OnnxExport
{
    /// <summary>
    /// Writes <c>encoder.onnx</c> (image → mean, log_variance), <c>decoder.onnx</c> (code → image and the parameters of p(x|z)),
    /// <c>vae.onnx</c> (image, noise → reconstruction, code, reconstruction_loss, kl) and <c>prior.onnx</c> (noise → code) into a folder,
    /// and <c>sampler.onnx</c> (noise → code) of a model with a mixture or a flow in <see cref="Vae.Sampler"/>, each in one piece or not at
    /// all. Codes without noise take none. Conditional models also take a label; mixtures take numbers that choose their components.
    /// Where codes are discrete the grid of their <c>numbers</c> stands for mean, code and noise, and there is no <c>kl</c> and no
    /// <c>prior.onnx</c>.
    /// </summary>
    /// <param name="model">Of any family.</param>
    /// <param name="folder">Is made if it is missing.</param>
    /// <param name="precision">How the weights of layers are stored.</param>
    /// <param name="parts">Which of the files.</param>
    /// <returns>What was written, in this order.</returns>
    /// <exception cref="BadInputException">
    /// A part of the model cannot be exported, or is larger than 2 GiB, or has weights that float16 does not hold; nothing is written.
    /// </exception>
    /// <exception cref="IOException">The disk is full or the place cannot be written.</exception>
    /// <exception cref="InvalidOperationException">Another thread is using the device.</exception>
    public static IReadOnlyList<OnnxFile> ExportOnnx(
        this Vae model, string folder, OnnxPrecision precision = OnnxPrecision.Single, OnnxParts parts = OnnxParts.All)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ModelGraphs graphs = GraphsOf(model, precision);
        // All are made before the first is written.
        (OnnxParts Part, Func<Graph?> Make)[] makers =
        [
            (OnnxParts.Encoder, graphs.Encoder), (OnnxParts.Decoder, graphs.Decoder), (OnnxParts.Whole, graphs.Whole),
            (OnnxParts.Prior, graphs.Prior), (OnnxParts.Sampler, graphs.Sampler),
        ];
        Graph[] all = [.. makers.Where(maker => parts.HasFlag(maker.Part)).Select(maker => maker.Make()).OfType<Graph>()];
        string options = VaeConfig.ToJson(model.Options);
        foreach (Graph graph in all)
            AtomicFile.RequireWritable(PathOf(graph));
        return [.. all.Select(Write)];

        string PathOf(Graph graph) => Path.Combine(folder, $"{graph.Name}.onnx");

        OnnxFile Write(Graph graph)
        {
            string path = PathOf(graph);
            ModelProto file = graph.ToModel(
                [("gpuvae.part", graph.Name), ("gpuvae.options", options), ("gpuvae.precision", precision.ToString())]);
            AtomicFile.Write(path, file.WriteTo);
            return new OnnxFile(path, file.CalculateSize(), graph.BytesSaved);
        }
    }

    /// <summary>What a precision costs: by how many dB the mean PSNR of reconstructions falls.</summary>
    /// <param name="model">Of any family.</param>
    /// <param name="images">Of the model's shape, at least one.</param>
    /// <param name="precision">How the weights of layers would be stored.</param>
    /// <param name="cancellation">Asks to stop before the next 512 images.</param>
    /// <exception cref="BadInputException">As for <see cref="ExportOnnx"/>, or the images are not of the model's shape.</exception>
    /// <exception cref="InvalidOperationException">Another thread is using the device.</exception>
    /// <exception cref="OperationCanceledException">Asked to stop.</exception>
    public static double PsnrLoss(
        this Vae model, ImageSet images, OnnxPrecision precision, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        var options = new EvaluationOptions { Metrics = EvaluationMetrics.Reconstruction };
        ModelGraphs graphs = GraphsOf(model, precision);
        IReadOnlyDictionary<string, float[]> rounded = graphs.Whole().Rounded;
        using var poorer = new Vae(model.Device, model.Options);
        foreach (Parameter parameter in model.Parameters.Parameters)
        {
            poorer.Parameters.Write(
                poorer.Parameters[parameter.Name], rounded.GetValueOrDefault(parameter.Name) ?? model.Parameters.Read(parameter));
        }
        return Psnr(model) - Psnr(poorer);

        double Psnr(Vae of) => ModelEvaluation.Run(of, images, options, cancellation: cancellation).Reconstruction!.Value.Psnr;
    }

    private static ModelGraphs GraphsOf(Vae model, OnnxPrecision precision)
    {
        using DeviceGate.Scope scope = model.Device.Enter("Vae.ExportOnnx");
        return ModelGraphs.Create(model, precision);
    }
}
