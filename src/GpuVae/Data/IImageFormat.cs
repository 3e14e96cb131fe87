namespace GpuVae.Data;

/// <summary>A way in which images are kept in files, beside those that <see cref="DataSource"/> knows.</summary>
public interface IImageFormat
{
    /// <summary>Whether a file or a folder, which exists, is of this format; what it holds is not looked at further.</summary>
    bool IsFormatOf(string path);

    /// <summary>Whether there is a test part beside the training part.</summary>
    /// <exception cref="BadInputException">The files are damaged.</exception>
    bool HasTest(string path);

    /// <summary>Reads the images that the options take, in the size and the channels that they tell.</summary>
    /// <param name="path">Of this format.</param>
    /// <param name="isTest">Whether the test part is meant.</param>
    /// <param name="options">Which images, and how many pixels at most.</param>
    /// <param name="cancellation">Asks to stop.</param>
    /// <exception cref="BadInputException">The files are damaged.</exception>
    /// <exception cref="OperationCanceledException">The token asked to stop.</exception>
    ImageSet Load(string path, bool isTest, DataOptions options, CancellationToken cancellation);
}
