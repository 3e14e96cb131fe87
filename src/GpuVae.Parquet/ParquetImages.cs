using GpuVae.Data;

namespace GpuVae.Parquet;

/// <summary>
/// Image sets as Hugging Face stores them: Parquet files with a column of pictures, <c>image {bytes, path}</c>, and one of labels. A path
/// is a file, or a folder with files such as <c>train-00000-of-00002.parquet</c> and <c>test-00000-of-00001.parquet</c>, there or in its
/// subfolder <c>data</c>; where there is no test part, that for validation stands for it.
/// </summary>
public sealed class ParquetImages : IImageFormat
{
    private const string Extension = ".parquet";

    /// <summary>Lets <see cref="DataSource"/> take such files from now on.</summary>
    public static void Register() => DataSource.Register(new ParquetImages());

    /// <inheritdoc/>
    public bool IsFormatOf(string path) => File.Exists(path) ? IsParquet(path) : FilesIn(path).Length > 0;

    /// <inheritdoc/>
    public bool HasTest(string path) => Parts(path).Test.Length > 0;

    /// <inheritdoc/>
    public ImageSet Load(string path, bool isTest, DataOptions options, CancellationToken cancellation)
    {
        (string[] train, string[] test) = Parts(path);
        var rows = new PictureRows(new RowGroups(options.MaxValues));
        foreach (string file in isTest ? test : train)
            rows.Read(file, cancellation);
        return Pictures.Load(path, [.. rows.Files], rows.Labels, rows.LabelNames, options, cancellation);
    }

    private static bool IsParquet(string path) => path.EndsWith(Extension, StringComparison.OrdinalIgnoreCase);

    private static string[] FilesIn(string folder)
    {
        try
        {
            string data = Path.Combine(folder, "data");
            string[] here = [.. Directory.EnumerateFiles(folder).Where(IsParquet).Order(StringComparer.Ordinal)];
            return here.Length > 0 || !Directory.Exists(data)
                ? here
                : [.. Directory.EnumerateFiles(data).Where(IsParquet).Order(StringComparer.Ordinal)];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new BadInputException($"{folder} could not be listed: {error.Message}", error);
        }
    }

    private static (string[] Train, string[] Test) Parts(string path)
    {
        if (File.Exists(path))
            return ([path], []);
        string[] files = FilesIn(path);
        string[] test = [.. files.Where(file => Has(file, "test"))], validation = [.. files.Where(file => Has(file, "valid"))];
        string[] train = [.. files.Except(test).Except(validation)];
        return train.Length == 0 ? (files, []) : (train, test.Length > 0 ? test : validation);
    }

    private static bool Has(string file, string part) => Path.GetFileName(file).Contains(part, StringComparison.OrdinalIgnoreCase);
}
