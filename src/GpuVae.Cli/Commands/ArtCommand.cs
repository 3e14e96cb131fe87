using GpuVae.Imaging;

namespace GpuVae.Cli.Commands;

/// <summary>Pictures for their own sake. What chance decides follows from the seed, which is part of the file's name.</summary>
internal static class ArtCommand
{
    private const int MaxStops = 1000, MaxFrames = 10_000, MaxSide = 64;

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
        Option<int> stops = CommonOptions.Number(
            "--stops", "N", "Random images that the walk visits.", 6, NumberRange.Between(2, MaxStops));
        Option<int> frames = CommonOptions.Number(
            "--frames", "N", "Frames from a stop to the next.", 20, NumberRange.Between(1, MaxFrames));
        Option<int> rate = CommonOptions.Number("--fps", "N", "Frames in a second.", 20, NumberRange.Between(1, 1000));
        var piece = new Piece(hasSeed: true);
        var command = new ExampleCommand(
            "walk", "An animated PNG (or GIF, by --out) that wanders from image to image and comes back to the first, without a seam.",
            "gpuvae art walk", "gpuvae art walk --stops 12 --frames 40 --fps 30 --seed 7 --scale 4", "gpuvae art walk --out walk.gif")
        {
            stops, frames, rate,
        };
        piece.Act(command, (parsed, model, _, label) =>
        {
            int visited = parsed.GetValue(stops), between = parsed.GetValue(frames);
            if (visited * between > MaxFrames)
                throw new BadInputException($"--stops {visited} with --frames {between}: a walk has at most {MaxFrames} frames in all.");
            float[] walk = LatentWalk.Loop(Codes(model, visited, piece.SeedOf(parsed), label), model.Options.Latent, between);
            Image[] images = [.. Pictures.Each(model.Options.Shape, Pictures.Decode(model, walk, label))
                .Select(image => piece.Scale(parsed, image, usualWidth: 1))];
            piece.Write(parsed, "walk", path => ImageFile.WriteAnimation(path, images, parsed.GetValue(rate)));
        });
        return command;
    }

    private static ExampleCommand Mosaic()
    {
        Option<int[]> units = CommonOptions.Numbers(
            "--units", "N,N", "The two latent units of the plane; without it the plane through three random images.",
            NumberRange.AtLeast(0));
        Option<int> side = CommonOptions.Number("--side", "N", "Pictures in a row, and rows.", 12, NumberRange.Between(2, MaxSide));
        var piece = new Piece(hasSeed: true);
        var command = new ExampleCommand(
            "mosaic", "A plane of the latent space, picture by picture.",
            "gpuvae art mosaic --seed 7", "gpuvae art mosaic --units 0,3 --side 20")
        {
            units, side,
        };
        piece.Act(command, (parsed, model, _, label) =>
        {
            int n = parsed.GetValue(side), latent = model.Options.Latent;
            ulong seed = piece.SeedOf(parsed);
            float[] codes;
            string kind = "mosaic";
            if (parsed.GetValue(units) is not { Length: > 0 } plane)
            {
                float[] corners = Codes(model, 3, seed, label);
                codes = LatentGrid.Plane(corners.AsSpan(0, latent), corners.AsSpan(latent, latent), corners.AsSpan(2 * latent), n, n);
            }
            else if (plane.Length == 2 && plane[0] != plane[1])
            {
                codes = LatentGrid.Quantiles(Codes(model, 1, seed, label), plane[0], plane[1], n, n);
                kind = $"mosaic-units{plane[0]}-{plane[1]}";
            }
            else
                throw new BadInputException($"--units {string.Join(',', plane)}: write two different latent units like 0,3.");
            piece.Write(parsed, kind, model, Pictures.Decode(model, codes, label), n, padding: 0);
        });
        return command;
    }

    private static ExampleCommand Blend()
    {
        Option<double[]> weights = CommonOptions.Numbers(
            "--weights", "X,X,…", "The share of each picture, in any proportion; without it all the same.", NumberRange.AtLeast(0.0));
        var pictures = new PictureArguments(defaultCount: 3, maxCount: 16);
        var piece = new Piece(hasSeed: false);
        var command = new ExampleCommand(
            "blend", "One picture out of several, which stand before it.",
            "gpuvae art blend", "gpuvae art blend portraits --fit --count 4 --weights 1,1,2,0.5")
        {
            weights,
        };
        pictures.AddTo(command);
        piece.Act(command, (parsed, model, folder, label) =>
        {
            ImageSet images = LabelGuess.Complete(model, pictures.Load(parsed, folder, model.Options.Shape));
            double[] shares = parsed.GetValue(weights) is { Length: > 0 } given ? given : [.. Enumerable.Repeat(1.0, images.Count)];
            if (shares.Length != images.Count)
                throw new BadInputException($"There are {images.Count} pictures, but --weights names {shares.Length} weights.");
            float[] blend = Pictures.Decode(model, LatentBlend.Mix(LatentCodes.Means(model, images), shares), label ?? images.Labels?[0]);
            piece.Write(parsed, "blend", model, [.. PictureInput.Rows(images), .. blend], images.Count + 1);
        });
        return command;
    }

    private static ExampleCommand Styles()
    {
        Option<string?> names = CommonOptions.Text(
            "--attributes", "NAME,NAME,…", "A row for each; without it the first eight of the labelled images.");
        Option<int> columns = CommonOptions.Number(
            "--columns", "N", "Pictures of a row: strengths from -2 to 2, or from not having an attribute to having it.", 7,
            NumberRange.Between(2, MaxSide));
        var attributes = new AttributeArguments();
        var piece = new Piece(hasSeed: true);
        var command = new ExampleCommand(
            "styles", "A sheet on which a random image has ever more of an attribute from left to right.",
            "gpuvae art styles --seed 3", "gpuvae art styles --attributes glasses,smile --columns 9")
        {
            names, columns,
        };
        attributes.AddTo(command);
        piece.Act(command, (parsed, model, folder, label) =>
        {
            AttributeDirections directions = attributes.Learn(parsed, model, folder);
            string[] rows = CommonOptions.Words(parsed, names) is { Length: > 0 } given ? given : [.. directions.Attributes.Take(8)];
            int n = parsed.GetValue(columns);
            float[] sheet = directions.Sheet(Codes(model, 1, piece.SeedOf(parsed), label), rows, n, extent: 2);
            piece.Write(parsed, "styles", model, new Sheet(Pictures.Decode(model, sheet, label), n)
            {
                RowNames = rows,
                ColumnNames = [.. Enumerable.Range(0, n).Select(i => FormattableString.Invariant($"{-2 + 4.0 * i / (n - 1):0.#}"))],
            });
        });
        return command;
    }

    /// <summary>Of new images that have the label, or the first one of a conditional model.</summary>
    private static float[] Codes(Vae model, int count, ulong seed, int? label) =>
        model.SampleCodes(count, seed, model.Options.Classes > 0 ? label ?? 0 : null);

    /// <summary>What all pieces have in common: a model, a seed, a scale and a file.</summary>
    private sealed class Piece(bool hasSeed)
    {
        private readonly Option<ulong> seed = CommonOptions.Seed();
        private readonly Option<string?> label = CommonOptions.Text(
            "--label", "NAME",
            "Of a conditional model: the label of all pictures; without it the first that the model knows, or of a blend that of its "
            + "first picture.");

        private readonly PictureOutput output = new("", nameMeaning: "the kind of piece and the seed, where it has one: walk-seed7.png");

        public void Act(ExampleCommand command, Action<ParseResult, Vae, RunFolder, int?> make)
        {
            if (hasSeed)
                command.Options.Add(seed);
            command.Options.Add(label);
            output.AddTo(command);
            new RunArguments().Act(command, (parsed, folder, model) =>
                make(parsed, model, folder, parsed.GetValue(label) is { } name ? model.LabelNumber(name) : null));
        }

        public ulong SeedOf(ParseResult parsed) => parsed.GetValue(seed);

        public void Write(ParseResult parsed, string kind, Action<string> write)
        {
            string path = output.PathOr(
                parsed, hasSeed ? FormattableString.Invariant($"{kind}-seed{SeedOf(parsed)}.png") : $"{kind}.png");
            write(path);
            Console.WriteLine($"wrote {path}");
        }

        /// <summary>Smoothly, unlike what is looked at for its pixels.</summary>
        /// <param name="parsed">The command line.</param>
        /// <param name="image">A picture, or a grid of them.</param>
        /// <param name="usualWidth">Reached by the scale where none is given.</param>
        public Image Scale(ParseResult parsed, Image image, int usualWidth)
        {
            int times = output.Scale(parsed) is > 0 and int given ? given : Math.Max(1, (usualWidth + image.Width - 1) / image.Width);
            return Resize.Lanczos3(image, image.Width * times, image.Height * times);
        }

        public void Write(ParseResult parsed, string kind, Vae model, Sheet sheet) =>
            Write(parsed, kind, path => ImageFile.Write(path, sheet.Compose(model.Options.Shape, output.Scale(parsed))));

        public void Write(ParseResult parsed, string kind, Vae model, float[] images, int columns, int padding = 2)
        {
            ImageShape shape = model.Options.Shape;
            Image grid = ImageGrid.Compose(images, shape.Width, shape.Height, shape.Channels, columns, padding);
            Write(parsed, kind, path => ImageFile.Write(path, Scale(parsed, grid, CaptionedGrid.UsualWidth)));
        }
    }
}
