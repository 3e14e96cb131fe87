using System.Globalization;
using GpuVae.Formats;
using GpuVae.Onnx;
using GpuVae.Studio;

namespace GpuVae.Cli.Commands;

/// <summary>Takes a trained model to where there is no GpuVae.</summary>
internal static class ExportCommand
{
    /// <summary>Images that tell what a precision costs, to a hundredth of a decibel.</summary>
    private const int MeasuredImages = 256;

    public static Command Create()
    {
        Option<string?> onnx = CommonOptions.Text(
            "--onnx", "FOLDER",
            "Write encoder.onnx, decoder.onnx, vae.onnx, prior.onnx and, where a sampler was fitted, sampler.onnx into this folder; "
            + "discrete codes have only the first three.");
        CommonOptions.RefuseWhere(onnx, (_, path) => AtomicFile.RequireWritable(Path.Combine(path, "encoder.onnx")));
        Option<string?> single = CommonOptions.FileOut(
            "--safetensors", "Write one file that is the whole model, with its options and labels, what it was trained on and its figures: "
                + "every command takes it as --run.");
        Option<string?> licence = CommonOptions.Text(
            "--licence", "NAME", "With --safetensors: the licence to be named in it, such as mit.");
        Option<string?> web = CommonOptions.Text(
            "--web", "FOLDER", "Write a page that plays with the model into this folder, for any web server; it works offline.");
        CommonOptions.RefuseWhere(web, (_, path) => AtomicFile.RequireWritable(Path.Combine(path, "index.html")));
        Option<string?> runtime = CommonOptions.Text(
            "--onnxruntime-web", "FOLDER", "Where the npm package onnxruntime-web lies for the page; without it npm fetches it.");
        Option<bool> half = CommonOptions.Flag("--half", "Store the weights of layers as float16, in half the bytes.");
        Option<bool> int8 = CommonOptions.Flag(
            "--int8", "Store the weights of layers as whole numbers with a scale for each output channel, in a quarter of the bytes.");
        var data = new DataArguments();
        var command = new ExampleCommand(
            "export", "Writes a model as files that run without GpuVae. Images, the run's own test images where none are named, tell what "
                + "--half and --int8 cost, and make the page's map.",
            "gpuvae export --onnx model",
            "gpuvae export --run runs/faces --onnx small --int8",
            "gpuvae export --run runs/faces --web page")
        {
            onnx, web, runtime, single, licence, half, int8,
        };
        data.AddTo(command, withTestData: false);
        command.Validators.Add(result =>
        {
            if (result.GetValue(onnx) is null && result.GetValue(web) is null && result.GetValue(single) is null)
                result.AddError("Say where to: --onnx FOLDER, --web FOLDER or --safetensors FILE.");
            if (result.GetValue(runtime) is not null && result.GetValue(web) is null)
                result.AddError("--onnxruntime-web is for --web FOLDER; leave it out.");
            if (result.GetValue(single) is null && result.GetValue(licence) is not null)
                result.AddError("--licence belongs to --safetensors.");
            if (result.GetValue(half) && result.GetValue(int8))
                result.AddError("--half and --int8: choose one of them.");
        });
        new RunArguments().Act(command, (parsed, folder, model) =>
        {
            if (parsed.GetValue(single) is { } path)
                Share(folder, model, path, parsed.GetValue(licence), parsed.GetValue(half));
            if (parsed.GetValue(onnx) is null && parsed.GetValue(web) is null)
                return;
            OnnxPrecision precision = parsed.GetValue(half) ? OnnxPrecision.Half
                : parsed.GetValue(int8) ? OnnxPrecision.Int8 : OnnxPrecision.Single;
            string? cost = precision == OnnxPrecision.Single
                ? null
                : CostOf(precision, model, data.LoadTest(parsed, folder, MeasuredImages));
            long saved = 0;
            if (parsed.GetValue(onnx) is { } place)
            {
                IReadOnlyList<OnnxFile> files = model.ExportOnnx(place, precision);
                foreach (OnnxFile file in files)
                    Console.WriteLine($"wrote {file.Path}, {Kilobytes(file.Bytes)}");
                saved = files.Sum(file => file.BytesSaved);
            }
            if (parsed.GetValue(web) is { } site)
            {
                WebFolder page = WebExport.Write(model, site, new WebExportOptions
                {
                    Name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder.Path))),
                    Images = MapImages(parsed, data, folder),
                    Precision = precision,
                    OnnxRuntimeWeb = parsed.GetValue(runtime),
                });
                Console.WriteLine($"wrote {page.Start} and what it needs, {Kilobytes(page.Bytes)}");
                Console.WriteLine($"to look at it: python3 -m http.server -b 127.0.0.1 -d {site}, and open http://127.0.0.1:8000");
                saved += page.BytesSaved;
            }
            if (cost is not null)
                Console.WriteLine($"saved {Kilobytes(saved)}; {cost}");
        });
        return command;
    }

    private static void Share(RunFolder folder, Vae model, string path, string? licence, bool half)
    {
        var metadata = new Dictionary<string, string>(folder.ReadMetadata());
        if (RunData.Read(folder) is { } data)
            metadata[RunData.MetadataKey] = data.Shared();
        if (licence is not null)
            metadata["gpuvae.licence"] = licence;
        model.SaveWeights(path, metadata, half);
        Console.WriteLine($"wrote {path}, {Kilobytes(new FileInfo(path).Length)}");
    }

    /// <summary>Without images there is a page all the same.</summary>
    private static ImageSet? MapImages(ParseResult parsed, DataArguments data, RunFolder folder)
    {
        try
        {
            return data.NamesData(parsed) || RunData.Read(folder) is not null
                ? data.LoadTest(parsed, folder, WebExport.MapImages)
                : throw new BadInputException($"{folder.Path} does not tell what the model was trained on.");
        }
        catch (BadInputException error) when (!data.NamesData(parsed))
        {
            Console.Error.WriteLine(
                $"gpuvae: note: {Flags.In(error.Message)} So the page has no map and no order of the latent units; name images by --data.");
            return null;
        }
    }

    private static string CostOf(OnnxPrecision precision, Vae model, ImageSet images) => string.Create(
        CultureInfo.InvariantCulture,
        $"loss in PSNR {model.PsnrLoss(images, precision):F3} dB, over the reconstructions of {images.Count} images");

    private static string Kilobytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e3:F1} kB");
}
