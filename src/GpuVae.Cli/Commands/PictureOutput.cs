using GpuVae.Formats;
using GpuVae.Imaging;

namespace GpuVae.Cli.Commands;

/// <summary>
/// The option that says where a picture goes and, where there may be many, the one that gives each a file of its own. What no picture can
/// be written to is refused before anything is computed.
/// </summary>
internal sealed class PictureOutput
{
    public const string PathName = "--out";

    private readonly string name;
    private readonly Option<string?> path;
    private readonly Option<bool>? files;

    private readonly Option<int?> scale = CommonOptions.OptionalNumber(
        "--scale", "N", $"How many times larger than the model's pictures; without it a grid is made {CaptionedGrid.UsualWidth} pixels "
            + "wide, and a picture by itself stays as it is.",
        NumberRange.Between(1, CaptionedGrid.MaxScale));

    /// <param name="name">Of the picture, without .png, or of the folder.</param>
    /// <param name="each">What may have files of its own, such as <c>each image</c>; null where there is one picture in any case.</param>
    /// <param name="together">What there is instead of files for each.</param>
    /// <param name="nameMeaning">What the name is in the help, if it has parts.</param>
    public PictureOutput(string name, string? each = null, string? together = null, string? nameMeaning = null)
    {
        this.name = name;
        string folder = "", otherwise = nameMeaning ?? $"{name}.png";
        if (each is not null)
        {
            files = CommonOptions.Flag("--files", $"Write {each} into a file of its own, 0000.png and so on, instead of {together}.");
            (folder, otherwise) = (", or with --files the folder", $"{name}.png or {name}/");
        }
        path = CommonOptions.Text(
            PathName, "PATH", $"The picture to write ({ImageFile.Formats} by its extension){folder}. Without it {otherwise}.", "-o");
        CommonOptions.RefuseWhere(path, (result, path) =>
        {
            if (files is not null && result.GetValue(files))
                AtomicFile.RequireWritable(Path.Combine(path, "0.png"));
            else
                ImageFile.RequireWritable(path);
        });
    }

    public void AddTo(Command command)
    {
        if (files is not null)
            command.Options.Add(files);
        command.Options.Add(path);
        command.Options.Add(scale);
    }

    /// <summary>Where the user wants the picture.</summary>
    public string PathOr(ParseResult parsed, string otherwise) => parsed.GetValue(path) ?? otherwise;

    /// <summary>How large the user wants the pictures; 0 where that is left to the grid.</summary>
    public int Scale(ParseResult parsed) => parsed.GetValue(scale) ?? 0;

    public void Write(ParseResult parsed, ImageShape shape, Sheet sheet) =>
        Pictures.Write(PathOr(parsed, $"{name}.png"), shape, sheet, Scale(parsed));

    /// <summary>Each image in a file of its own, if the user wants that, or all on a sheet.</summary>
    public void Write(ParseResult parsed, ImageShape shape, float[] images, Func<Sheet> sheet)
    {
        if (parsed.GetValue(files!))
            Pictures.WriteEach(PathOr(parsed, name), shape, images, Math.Max(1, Scale(parsed)));
        else
            Write(parsed, shape, sheet());
    }
}
