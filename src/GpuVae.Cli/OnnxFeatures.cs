using GpuVae.Evaluation;
using GpuVae.Imaging;
using Microsoft.ML.OnnxRuntime;

namespace GpuVae.Cli;

/// <summary>
/// The features of a network that the user names, by ONNX Runtime: of one file, or of several of which each is given what the one before it
/// gave. The first takes RGB images, [1 or any number, 3, height, width], values from 0 to 255.
/// </summary>
internal sealed class OnnxFeatures : IImageFeatures, IDisposable
{
    private readonly InferenceSession[] sessions;
    private readonly string path;
    private readonly int width, height;

    /// <exception cref="BadInputException">A file is missing or broken, or takes no images; the message says which.</exception>
    public OnnxFeatures(IReadOnlyList<string> paths)
    {
        sessions = new InferenceSession[paths.Count];
        path = string.Join(", ", paths);
        Name = Path.GetFileNameWithoutExtension(paths[^1]);
        try
        {
            for (int i = 0; i < paths.Count; i++)
                sessions[i] = Open(paths[i]);
            int[] input = sessions[0].InputMetadata.Values.First().Dimensions;
            if (input is not [_, 3, > 0, > 0])
                throw new BadInputException(
                    $"{paths[0]} takes [{string.Join(", ", input)}], and a network of features is to take images [number, 3, height, "
                    + "width] of a fixed size. Export it so.");
            (height, width) = (input[2], input[3]);
            Count = Run(new float[3 * height * width]).Length;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public string Name { get; }

    public int Count { get; }

    public string Preparation => $"RGB, 0 to 255, {width}x{height} by Lanczos-3";

    public void Extract(ReadOnlySpan<float> images, ImageShape shape, Span<float> features)
    {
        float[] rows = images.ToArray(), all = new float[features.Length];
        // Without a bound a loop of minutes is given ever more threads.
        var several = new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount };
        Parallel.For(0, images.Length / shape.Pixels, several, i =>
            Run(Prepared(rows.AsSpan(i * shape.Pixels, shape.Pixels), shape)).CopyTo(all.AsSpan(i * Count)));
        all.CopyTo(features);
    }

    public void Dispose()
    {
        foreach (InferenceSession? session in sessions)
            session?.Dispose();
    }

    private static InferenceSession Open(string path)
    {
        if (!File.Exists(path))
            throw new BadInputException($"There is no file {path}. Name a network as an ONNX file; docs/evaluating-and-comparing.md says "
                + "where there is one.");
        try
        {
            // Each image has a thread of its own: threads that share an image wait for each other, at full speed.
            using var options = new SessionOptions
            {
                LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL,
                IntraOpNumThreads = 1,
            };
            return new InferenceSession(path, options);
        }
        catch (OnnxRuntimeException error)
        {
            throw new BadInputException($"{path} is no network that ONNX Runtime can run: {error.Message}", error);
        }
    }

    private float[] Run(float[] values)
    {
        try
        {
            foreach (InferenceSession session in sessions)
            {
                (string name, NodeMetadata metadata) = session.InputMetadata.First();
                long[] shape = [.. metadata.Dimensions.Select((extent, i) => i == 0 ? 1L : extent)];
                using var input = OrtValue.CreateTensorValueFromMemory(values, shape);
                using var run = new RunOptions();
                using IDisposableReadOnlyCollection<OrtValue> outputs =
                    session.Run(run, [name], [input], [session.OutputMetadata.Keys.First()]);
                values = outputs[0].GetTensorDataAsSpan<float>().ToArray();
            }
            return values;
        }
        catch (OnnxRuntimeException error)
        {
            throw new BadInputException(
                $"{path} cannot be run on images of {width}x{height}: {error.Message} Take a network from images to one row of numbers.",
                error);
        }
    }

    /// <summary>An image as the network takes it, [3, height, width]; grey ones three times.</summary>
    private float[] Prepared(ReadOnlySpan<float> image, ImageShape shape)
    {
        float[] input = new float[3 * width * height];
        var picture = Image.FromPlanar(ImageGrid.ToBytes(image), shape.Width, shape.Height, shape.Channels);
        Image resized = Resize.Lanczos3(picture, width, height);
        int plane = width * height, channels = resized.Channels;
        for (int c = 0; c < 3; c++)
            for (int p = 0; p < plane; p++)
                input[c * plane + p] = resized.Pixels[p * channels + Math.Min(c, channels - 1)];
        return input;
    }
}
