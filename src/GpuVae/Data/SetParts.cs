namespace GpuVae.Data;

/// <summary>
/// How to get what a path leads to: images in the file's own size and channels, or in those of the options where a reader sees to that, and
/// all of them, or those that the options take where a reader sees to that.
/// </summary>
/// <param name="Train">All of it, or its training part.</param>
/// <param name="Test">Its test part, where it has one.</param>
/// <param name="IsTestBeside">Whether the test part is not in what was named, but in another file beside it.</param>
internal readonly record struct SetParts(
    Func<DataOptions, CancellationToken, ImageSet> Train, Func<DataOptions, CancellationToken, ImageSet>? Test, bool IsTestBeside = false);
