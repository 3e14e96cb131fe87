namespace GpuVae.Imaging;

/// <summary>What the header of an image file tells.</summary>
/// <param name="Width">Pixels of a row, before EXIF turns the picture.</param>
/// <param name="Height">Rows.</param>
/// <param name="IsColoured">Whether it will be in colour. Where it is not, transparent pixels or a TIFF may still make it.</param>
/// <param name="IsDeep">Whether its samples have more than 8 bits.</param>
internal sealed record ImageFacts(int Width, int Height, bool IsColoured, bool IsDeep);
