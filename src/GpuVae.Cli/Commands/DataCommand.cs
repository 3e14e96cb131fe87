using System.Text;
using System.Text.Json.Nodes;
using GpuVae.Formats;
using GpuVae.Imaging;

namespace GpuVae.Cli.Commands;

/// <summary>Tells what is in a set of images, before anything is trained.</summary>
internal static class DataCommand
{
    private const int Columns = 16, MostShown = 3 * Columns;

    public static Command Create()
    {
        Argument<string?> path = new("PATH")
        {
            Description = "A set as 'gpuvae train --data' takes it; without it the first built-in one.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        Option<string?> json = CommonOptions.FileOut("--json", "Also write everything to this file.");
        Option<string?> picture = CommonOptions.FileOut(
            "--out", "Also write a picture: the mean image, images from all over the set, and the odd ones.");
        var data = new DataArguments();
        var command = new ExampleCommand(
            "data", "Tells what is in a set of images: how many, sizes, range, labels, and images that are likely to be mistakes.",
            "gpuvae data photos --size 64 --out photos.png",
            "gpuvae data cifar-10-binary.tar.gz",
            "gpuvae data signals.npy --json signals.json")
        {
            path, json, picture,
        };
        data.AddTo(command, withTestData: true);
        command.SetAction(parsed => Run(data.Read(parsed, parsed.GetValue(path)), parsed.GetValue(json), parsed.GetValue(picture)));
        return command;
    }

    private static void Run(RunData source, string? json, string? picture)
    {
        if (picture is not null)
            ImageFile.RequireWritable(picture);
        DataSets sets = source.LoadBoth();
        var survey = SetSurvey.Of(sets.Train);
        foreach (string line in Lines(source, sets, survey))
            Console.WriteLine(line);
        if (json is not null)
        {
            AtomicFile.Write(json, stream => stream.Write(Encoding.UTF8.GetBytes(RunFile.Text(Json(source, sets, survey)))));
            Console.WriteLine($"wrote {json}");
        }
        if (picture is not null)
            Pictures.Write(picture, sets.Train.Shape, Picture(survey));
    }

    private static IEnumerable<string> Lines(RunData source, DataSets sets, SetSurvey survey)
    {
        ImageSet train = sets.Train;
        yield return $"{Printable.Of(source.Described)}: {train.Count:N0} training images"
            + (sets.Validation is { } validation ? $", {validation.Count:N0} for validation" : "") + $", {sets.Test.Count:N0} for testing";
        yield return Line("size", $"{train.Shape} (width×height×channels), {Kind(train.Format)}");
        yield return Line("values", FormattableString.Invariant(
            $"{survey.Least:G4} to {survey.Greatest:G4}, mean {survey.Average:F4}, deviation {survey.Deviation:F4}"));
        yield return Line("labels", survey.LabelCounts.Count == 0 ? "none" : string.Join(", ", Labels(survey).Take(MostShown)
            .Select(label => $"{Printable.Of(label.Name)} {label.Count:N0}")) + (survey.LabelCounts.Count > MostShown ? ", …" : ""));
        foreach ((string name, OddImages odd) in Odd(survey).Where(kind => kind.Odd.Count > 0))
            yield return Line(name, $"{odd.Count:N0}: {string.Join(", ", odd.Images.Select(image => Printable.Of(NameOf(train, image))))}"
                + (odd.Count > odd.Images.Count ? ", …" : ""));
        if (Odd(survey).All(kind => kind.Odd.Count == 0))
            yield return Line("odd images", "none");
    }

    private static JsonObject Json(RunData source, DataSets sets, SetSurvey survey)
    {
        ImageSet train = sets.Train;
        var odd = new JsonObject();
        foreach ((string name, OddImages images) in Odd(survey))
            odd[name] = new JsonObject
            {
                ["count"] = images.Count,
                ["images"] = new JsonArray([.. images.Images.Select(image => JsonValue.Create(NameOf(train, image)))]),
            };
        return new JsonObject
        {
            ["data"] = source.Described,
            ["training"] = train.Count,
            ["validation"] = sets.Validation?.Count ?? 0,
            ["testing"] = sets.Test.Count,
            ["width"] = train.Width,
            ["height"] = train.Height,
            ["channels"] = train.Channels,
            ["format"] = train.Format.ToString(),
            ["least"] = survey.Least,
            ["greatest"] = survey.Greatest,
            ["mean"] = survey.Average,
            ["deviation"] = survey.Deviation,
            ["labels"] = new JsonObject(Labels(survey).Select(label => KeyValuePair.Create<string, JsonNode?>(label.Name, label.Count))),
            ["odd"] = odd,
        };
    }

    /// <summary>The mean image first, then images from all over the set, then the odd ones; floats from black to white.</summary>
    private static Sheet Picture(SetSurvey survey)
    {
        ImageSet set = survey.Images;
        int spread = Math.Min(MostShown - 1, set.Count);
        int[] shown =
        [
            .. Enumerable.Range(0, spread).Select(i => (int)((long)i * set.Count / spread)),
            .. Odd(survey).SelectMany(kind => kind.Odd.Images),
        ];
        float[] rows = new float[checked((shown.Length + 1) * set.PixelsPerImage)];
        survey.Mean.CopyTo(rows, 0);
        set.CopyRows(shown, rows.AsSpan(set.PixelsPerImage));
        float range = survey.Greatest - survey.Least;
        if (set.Format == PixelFormat.Single && range > 0)
            for (int i = 0; i < rows.Length; i++)
                rows[i] = (rows[i] - survey.Least) / range;
        return new Sheet(rows, Columns);
    }

    private static IEnumerable<(string Name, OddImages Odd)> Odd(SetSurvey survey) =>
        [("constant", survey.Constant), ("duplicates", survey.Duplicates), ("far from mean", survey.FarFromMean)];

    private static IEnumerable<(string Name, int Count)> Labels(SetSurvey survey) => survey.LabelCounts.Select((count, label) =>
        (survey.Images.LabelNames is { Length: > 0 } names ? names[label] : $"{label}", count)).DistinctBy(label => label.Item1);

    private static string NameOf(ImageSet set, int image) => set.FileNames?[image] ?? $"{image}";

    private static string Kind(PixelFormat format) => format switch
    {
        PixelFormat.Byte => "8 bits",
        PixelFormat.UInt16 => "16 bits",
        _ => "floats",
    };

    private static string Line(string name, string text) => $"{name,-16}{text}";
}
