using System.CommandLine;
using System.Globalization;
using GpuVae.Applications;
using GpuVae.Data;
using GpuVae.Imaging;
using GpuVae.Models;
using GpuVae.Options;
using GpuVae.Training;

namespace GpuVae.Cli.Commands;

/// <summary>Pictures for their own sake. What chance decides follows from the seed, which is part of the file's name.</summary>
internal static class ArtCommand
{
    private const int MaxStops = 1000, MaxFrames = 10_000, MaxSide = 64, MaxScale = 16;

    public static Command Create() => new ExampleCommand(
        "art", "Makes pictures for their own sake: walk, mosaic, blend or styles.",
        "gpuvae art walk --stops 8 --seed 7",
        "gpuvae art mosaic --units 0,3",
        "gpuvae art blend --count 3 --weights 1,1,2",
        "gpuvae art styles --attributes glasses,smile,hat=top --seed 3")
    {
        Walk(), Mosaic(), Blend(), Styles(),
    };

    private static ExampleCommand Walk()
    {
        Option<int> stops = CommonOptions.Number("--stops", "N", "Random images that the walk visits.", 6, NumberRange.Between(2, MaxStops));
        Option<int> frames = CommonOptions.Number("--frames", "N", "Frames from a stop to the next.", 20, NumberRange.Between(1, MaxFrames));
        Option<int> rate = CommonOptions.Number("--fps", "N", "Frames in a second.", 20, NumberRange.Between(1, 1000));
        var piece = new Piece();
        var command = new ExampleCommand(
            "walk", "An animated PNG that wanders from image to image and comes back to the first, without a seam.",
            "gpuvae art walk", "gpuvae art walk --stops 12 --frames 40 --fps 30 --seed 7 --scale 4")
        {
            stops, frames, rate,
        };
        piece.AddTo(command, withSeed: true);
        command.SetAction(parsed =>
        {
            int visited = parsed.GetValue(stops), between = parsed.GetValue(frames), fps = parsed.GetValue(rate);
            if (visited * between > MaxFrames)
                throw new BadInputException($"--stops {visited} with --frames {between}: a walk has at most {MaxFrames} frames in all.");
            piece.Make(parsed, "walk", (model, _, label) =>
            {
                float[] walk = LatentWalk.Loop(model.SamplePrior(visited, piece.SeedOf(parsed)), model.Options.Latent, between);
                return ([.. Frames(model, Pictures.Decode(model, walk, label))], fps);
            });
        });
        return command;
    }

    private static ExampleCommand Mosaic()
    {
        Option<string?> units = CommonOptions.Text(
            "--units", "N,N", "The two latent units of the plane; without it the plane through three random images.");
        Option<int> side = CommonOptions.Number("--side", "N", "Pictures in a row, and rows.", 12, NumberRange.Between(2, MaxSide));
        var piece = new Piece();
        var command = new ExampleCommand(
            "mosaic", "A plane of the latent space, picture by picture.",
            "gpuvae art mosaic --seed 7", "gpuvae art mosaic --units 0,3 --side 20")
        {
            units, side,
        };
        piece.AddTo(command, withSeed: true);
        command.SetAction(parsed =>
        {
            int n = parsed.GetValue(side);
            int[]? plane = parsed.GetValue(units) is { } text ? CommonOptions.Numbers<int>(units, text) : null;
            if (plane is not null && (plane.Length != 2 || plane[0] == plane[1]))
                throw new BadInputException($"--units {parsed.GetValue(units)}: write two different latent units like 0,3.");
            piece.Make(parsed, plane is null ? "mosaic" : $"mosaic-units{plane[0]}-{plane[1]}", (model, _, label) =>
            {
                ulong seed = piece.SeedOf(parsed);
                int latent = model.Options.Latent;
                float[] codes;
                if (plane is null)
                {
                    float[] corners = model.SamplePrior(3, seed);
                    codes = LatentGrid.Plane(corners.AsSpan(0, latent), corners.AsSpan(latent, latent), corners.AsSpan(2 * latent), n, n);
                }
                else
                    codes = LatentGrid.Quantiles(model.SamplePrior(1, seed), plane[0], plane[1], n, n);
                return ([Grid(model, Pictures.Decode(model, codes, label), n, padding: 0)], 0);
            });
        });
        return command;
    }

    private static ExampleCommand Blend()
    {
        Option<string?> weights = CommonOptions.Text("--weights", "X,X,…", "The share of each picture, in any proportion; without it all the same.");
        var pictures = new PictureArguments(defaultCount: 3, maxCount: 16);
        var piece = new Piece();
        var command = new ExampleCommand(
            "blend", "One picture out of several, which stand before it.",
            "gpuvae art blend", "gpuvae art blend portraits --fit --count 4 --weights 1,1,2,0.5")
        {
            weights,
        };
        pictures.AddTo(command);
        piece.AddTo(command, withSeed: false);
        command.SetAction(parsed => piece.Make(parsed, "blend", (model, folder, label) =>
        {
            ImageSet images = LabelGuess.Complete(model, pictures.Load(parsed, folder, model.Options.Shape));
            double[] shares = parsed.GetValue(weights) is { } text
                ? CommonOptions.Numbers<double>(weights, text)
                : [.. Enumerable.Repeat(1.0, images.Count)];
            if (shares.Length != images.Count)
                throw new BadInputException($"There are {images.Count} pictures, but --weights names {shares.Length} weights.");
            float[] blend = Pictures.Decode(model, LatentBlend.Mix(LatentCodes.Means(model, images), shares), label ?? images.Labels?[0]);
            return ([Grid(model, [.. PictureInput.Rows(images), .. blend], images.Count + 1)], 0);
        }));
        return command;
    }

    private static ExampleCommand Styles()
    {
        Option<string?> names = CommonOptions.Text("--attributes", "NAME,NAME,…", "A row for each; without it the first eight of the labelled images.");
        Option<int> columns = CommonOptions.Number(
            "--columns", "N", "Pictures of a row: strengths from -2 to 2, or from not having an attribute to having it.", 7,
            NumberRange.Between(2, MaxSide));
        var attributes = new AttributeArguments();
        var piece = new Piece();
        var command = new ExampleCommand(
            "styles", "A sheet on which a random image has ever more of an attribute from left to right.",
            "gpuvae art styles --seed 3", "gpuvae art styles --attributes glasses,smile --columns 9")
        {
            names, columns,
        };
        attributes.AddTo(command);
        piece.AddTo(command, withSeed: true);
        command.SetAction(parsed =>
        {
            int n = parsed.GetValue(columns);
            piece.Make(parsed, "styles", (model, folder, label) =>
            {
                AttributeDirections directions = attributes.Learn(parsed, model, folder);
                string[] rows = parsed.GetValue(names)?.Split(',', StringSplitOptions.TrimEntries) ?? [.. directions.Attributes.Take(8)];
                float[] sheet = directions.Sheet(model.SamplePrior(1, piece.SeedOf(parsed)), rows, n, extent: 2);
                return ([Grid(model, Pictures.Decode(model, sheet, label), n)], 0);
            });
        });
        return command;
    }

    private static Image Grid(Vae model, float[] images, int columns, int padding = 2)
    {
        ImageShape shape = model.Options.Shape;
        return ImageGrid.Compose(images, shape.Width, shape.Height, shape.Channels, columns, padding);
    }

    private static IEnumerable<Image> Frames(Vae model, float[] images)
    {
        ImageShape shape = model.Options.Shape;
        byte[] pixels = ImageGrid.ToBytes(images);
        for (int at = 0; at < pixels.Length; at += shape.Pixels)
            yield return Image.FromPlanar(pixels.AsSpan(at, shape.Pixels), shape.Width, shape.Height, shape.Channels);
    }

    /// <summary>What all pieces have in common: a model, a seed, a scale and a file.</summary>
    private sealed class Piece
    {
        private readonly RunArguments run = new();
        private readonly Option<ulong> seed = CommonOptions.Seed();
        private readonly Option<int> scale = CommonOptions.Number(
            "--scale", "N", "How many times larger than the model's pictures.", 1, NumberRange.Between(1, MaxScale));

        private bool hasSeed;

        private readonly Option<string?> label = CommonOptions.Text(
            "--label", "NAME",
            "Of a conditional model: the label of all pictures; without it the first that the model knows, or of a blend that of its "
            + "first picture.");

        private readonly Option<string?> output = CommonOptions.PictureOut(
            "the kind of piece and the seed, where it has one: walk-seed7.png");

        public void AddTo(ExampleCommand command, bool withSeed)
        {
            hasSeed = withSeed;
            if (withSeed)
                command.Options.Add(seed);
            command.Options.Add(label);
            command.Options.Add(scale);
            command.Options.Add(output);
            run.AddTo(command);
        }

        public ulong SeedOf(ParseResult parsed) => parsed.GetValue(seed);

        /// <summary>Opens the model and writes what <paramref name="make"/> makes of it: one picture, or frames with their rate.</summary>
        public void Make(ParseResult parsed, string kind, Func<Vae, RunFolder, int?, (Image[] Frames, int FramesPerSecond)> make)
        {
            int times = parsed.GetValue(scale);
            using OpenedRun opened = run.Open(parsed);
            (RunFolder folder, Vae model) = opened;
            (Image[] frames, int rate) = make(model, folder, parsed.GetValue(label) is { } name ? model.LabelNumber(name) : null);
            frames = [.. frames.Select(frame => Resize.Lanczos3(frame, frame.Width * times, frame.Height * times))];
            string path = parsed.GetValue(output)
                ?? (hasSeed ? string.Create(CultureInfo.InvariantCulture, $"{kind}-seed{SeedOf(parsed)}.png") : $"{kind}.png");
            if (rate > 0)
                ImageFile.WriteAnimation(path, frames, rate);
            else
                ImageFile.Write(path, frames[0]);
            Console.WriteLine($"wrote {path}");
        }
    }
}
