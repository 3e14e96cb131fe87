using GpuVae.Formats;
using GpuVae.Imaging;

namespace GpuVae.Data;

/// <summary>Images from a folder. Where all lie in subfolders, those of the first level are the classes, in ordinal order.</summary>
public static class ImageFolder
{
    /// <summary>
    /// Reads every image below <paramref name="folder"/>, in the ordinal order of the paths, or those that the options take. Without a size
    /// in the options all must be of one size; with it they are cropped and resized. They become grey when the options say so or when every
    /// file is grey, else RGB. Links are followed, but each folder is read once, at its own place rather than by a link. Factors are the
    /// columns of <c>attributes.csv</c>, where the folder has one, and the labels.
    /// </summary>
    /// <remarks>
    /// What the files declare is looked at first. Then each is decoded and put into its place in the set; small ones several at a time, so
    /// that beside the set there is never more than the largest picture needs.
    /// </remarks>
    /// <exception cref="BadInputException">
    /// No images, an unreadable one, different sizes, more pixels than the options allow, or a bad row of attributes.
    /// </exception>
    /// <exception cref="OperationCanceledException">The token asked to stop.</exception>
    public static ImageSet Load(string folder, DataOptions? options = null, CancellationToken cancellation = default)
    {
        options ??= new DataOptions();
        string[] paths = FindImages(folder);
        if (paths.Length == 0)
            throw new BadInputException(
                $"{folder} holds no images ({ImageFile.Formats}). Put images into it, or name another folder.");
        (int first, int count) = options.Taken(paths.Length, folder);
        Factor[]? attributes = AttributesFile.Read(folder, paths);
        string[] relative = [.. paths.Select(path => Path.GetRelativePath(folder, path).Replace(Path.DirectorySeparatorChar, '/'))];
        (int[]? labels, string[]? names) = FolderClasses.Of(relative);
        if (count < paths.Length)
        {
            int[] taken = [.. Enumerable.Range(first, count)];
            attributes = attributes?.Select(factor => factor.Select(taken)).ToArray();
            labels = labels?[first..(first + count)];
            (paths, relative) = (paths[first..(first + count)], relative[first..(first + count)]);
        }
        if (attributes is not null && labels is not null && !attributes.Any(factor => factor.Name == "label"))
            attributes = [.. attributes, Factor.Categorical("label", names!, labels)];

        DataFile[] files = [.. paths.Zip(relative, (path, name) => new DiskFile(path, name))];
        var pictures = new Pictures(folder, files, options, cancellation);
        string setName = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));
        return new ImageSet(setName, pictures.Source(), labels, names, attributes) { FileNames = pictures.FileNames };
    }

    /// <summary>The images anywhere below <paramref name="folder"/>.</summary>
    /// <exception cref="BadInputException">The folder or one below it cannot be listed.</exception>
    internal static string[] FindImages(string folder)
    {
        try
        {
            string[] paths = [.. FolderWalk.Files(folder).Where(ImageFile.HasKnownExtension)];
            Array.Sort(paths, StringComparer.Ordinal);
            return paths;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new BadInputException($"{folder} could not be listed: {error.Message}", error);
        }
    }
}
