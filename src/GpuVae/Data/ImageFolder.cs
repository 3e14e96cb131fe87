using System.Runtime.ExceptionServices;
using GpuVae.Imaging;

namespace GpuVae.Data;

/// <summary>Images from a folder. Where all lie in subfolders, those of the first level are the classes, in ordinal order.</summary>
public static class ImageFolder
{
    /// <summary>
    /// Reads every image below <paramref name="folder"/>, in the ordinal order of the paths. Without a size in the options all must be
    /// of one size; with it they are cropped and resized. They become grey when the options say so or when every file is grey, else RGB.
    /// Factors are the columns of <c>attributes.csv</c>, where the folder has one, and the labels.
    /// </summary>
    /// <exception cref="BadInputException">
    /// No images, an unreadable one, different sizes, more than fit into memory, or a bad row of attributes.
    /// </exception>
    public static ImageSet Load(string folder, DataOptions? options = null)
    {
        options ??= new DataOptions();
        string[] paths = FindImages(folder);
        if (paths.Length == 0)
            throw new BadInputException(
                $"{folder} holds no images ({ImageFile.Formats}). Put images into it, or name another folder.");

        Factor[]? attributes = AttributesFile.Read(folder, paths);
        var images = new Image[paths.Length];
        try
        {
            Parallel.For(0, paths.Length, i =>
            {
                Image image = ImageFile.Read(paths[i]);
                // Alpha goes first: averaging colours of transparent pixels would let them shine through at the edges.
                image = image.WithChannels(options.Channels ?? (image.Channels == 1 ? 1 : 3));
                images[i] = options.Size is { } size ? Resize.Fit(image, size.Width, size.Height) : image;
            });
        }
        catch (AggregateException errors)
        {
            ExceptionDispatchInfo.Throw(errors.InnerExceptions[0]);
        }

        (int width, int height) = (images[0].Width, images[0].Height);
        int other = Array.FindIndex(images, image => image.Width != width || image.Height != height);
        if (other >= 0)
            throw new BadInputException(
                $"The images differ in size: {paths[0]} has {width}×{height} pixels, {paths[other]} has " +
                $"{images[other].Width}×{images[other].Height}. Bring them to one size with DataOptions.Size or, where a model says which, "
                + "fit: true.");

        int channels = images.Max(image => image.Channels);
        long perImage = (long)width * height * channels;
        if (perImage * images.Length > Array.MaxLength)
            throw new BadInputException(
                $"{folder}: {images.Length} images of {width}×{height}×{channels} do not fit into memory. "
                + "Choose a smaller DataOptions.Size.");
        byte[] pixels = new byte[perImage * images.Length];
        for (int i = 0; i < images.Length; i++)
            images[i].WithChannels(channels).CopyToPlanar(pixels.AsSpan((int)(i * perImage), (int)perImage));

        (int[]? labels, string[]? names) = Classes(folder, paths);
        string setName = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));
        if (attributes is not null && labels is not null && !attributes.Any(factor => factor.Name == "label"))
            attributes = [.. attributes, Factor.Categorical("label", names!, labels)];
        return new ImageSet(setName, width, height, channels, pixels, labels, names, attributes);
    }

    /// <summary>The images anywhere below <paramref name="folder"/>.</summary>
    /// <exception cref="BadInputException">The folder or one below it cannot be listed.</exception>
    internal static string[] FindImages(string folder)
    {
        try
        {
            var everything = new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = false, MaxRecursionDepth = 16 };
            string[] paths = [.. Directory.EnumerateFiles(folder, "*", everything).Where(ImageFile.HasKnownExtension)];
            Array.Sort(paths, StringComparer.Ordinal);
            return paths;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new BadInputException($"{folder} could not be listed: {error.Message}", error);
        }
    }

    private static (int[]? Labels, string[]? Names) Classes(string folder, string[] paths)
    {
        string[] classOf = [.. paths.Select(path => Path.GetRelativePath(folder, path))
            .Select(path => path.Contains(Path.DirectorySeparatorChar) ? path[..path.IndexOf(Path.DirectorySeparatorChar)] : "")];
        if (classOf.Contains(""))
            return (null, null); // images beside the subfolders have no class, so there are no classes
        string[] names = [.. classOf.Distinct().Order(StringComparer.Ordinal)];
        return ([.. classOf.Select(name => Array.BinarySearch(names, name, StringComparer.Ordinal))], names);
    }
}
