// Makes pictures for their own sake from a model of the built-in digits: a walk, a mosaic, a blend and a sheet of styles. The seed is part
// of each file's name; with the same seed the piece comes out the same.
//
//     dotnet run -c Release --project samples/Art -- 7
using GpuVae.Applications;
using GpuVae.Data;
using GpuVae.Devices;
using GpuVae.Imaging;
using GpuVae.Models;
using GpuVae.Options;
using GpuVae.Training;

ulong seed = args.Length > 0 ? ulong.Parse(args[0]) : 7;
using var device = ComputeDevice.Open("auto");
ImageSet digits = SyntheticDigits.Create(8000, seed: 1);
using var model = new Vae(device, new VaeOptions { Latent = 10 });
using (var trainer = new Trainer(model, digits, new TrainingOptions { Epochs = 20, LearningRate = 2e-3 }))
{
    trainer.EpochCompleted += epoch => Console.Write($"\repoch {epoch.Epoch} of 20: {epoch.Train.Loss:F1} nats per image ");
    trainer.Run();
    Console.WriteLine();
}
int latent = model.Options.Latent;
ImageShape shape = model.Options.Shape;

// Six images that nobody drew, and the way around them: 90 frames, three times as large.
float[] stops = model.SampleCodes(6, seed);
float[] walk = Decode(LatentWalk.Loop(stops, latent, framesPerStop: 15));
IEnumerable<Image> frames = walk.Chunk(shape.Pixels).Select(
    frame => ImageGrid.Compose(frame, shape.Width, shape.Height, shape.Channels, padding: 0));
ImageFile.WriteAnimation($"walk-seed{seed}.png", [.. frames.Select(frame => Resize.Lanczos3(frame, 84, 84))], framesPerSecond: 15);

// The plane through three of them.
float[] plane = LatentGrid.Plane(stops.AsSpan(0, latent), stops.AsSpan(latent, latent), stops.AsSpan(2 * latent, latent), 16, 16);
Write($"mosaic-seed{seed}.png", Decode(plane), columns: 16, padding: 0);

// Three digits and what lies between them, the last of them counting twice.
ImageSet three = digits.With("label=3").Select([0, 1, 2]);
float[] blend = LatentBlend.Mix(LatentCodes.Means(model, three), [1, 1, 2]);
Write("blend.png", [.. PictureInput.Rows(three), .. Decode(blend)], columns: 4);

// What the factors of the digits do to the first image of the walk.
var directions = AttributeDirections.Learn(model, digits);
float[] sheet = directions.Sheet(stops.AsSpan(0, latent), ["slant", "thickness", "turn"], columns: 9, extent: 2);
Write($"styles-seed{seed}.png", Decode(sheet), columns: 9);
Console.WriteLine($"look at walk-seed{seed}.png, mosaic-seed{seed}.png, blend.png and styles-seed{seed}.png");

float[] Decode(ReadOnlySpan<float> codes)
{
    float[] images = new float[codes.Length / latent * shape.Pixels];
    model.Decode(codes, images);
    return images;
}

void Write(string file, float[] images, int columns, int padding = 2) =>
    ImageFile.Write(file, ImageGrid.Compose(images, shape.Width, shape.Height, shape.Channels, columns, padding));
