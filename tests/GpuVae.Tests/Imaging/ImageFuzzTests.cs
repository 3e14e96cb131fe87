using System.Diagnostics;
using GpuVae.Imaging;
using GpuVae.Options;
using GpuVae.Tests.Faults;

namespace GpuVae.Tests.Imaging;

/// <summary>Damaged files of every format end in a picture or a message, soon and in bounded memory. The seed makes them again.</summary>
public class ImageFuzzTests
{
    private const int Files = 500;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    [Theory]
    [InlineData(".png")]
    [InlineData(".jpg")]
    [InlineData(".webp")]
    [InlineData(".gif")]
    [InlineData(".bmp")]
    [InlineData(".tif")]
    [InlineData(".pgm")]
    [InlineData(".ppm")]
    public void DamagedFilesEndInAPictureOrAMessage(string extension)
    {
        var random = new Random(20_26);
        (int Width, int Height, int Channels)[] shapes = [(24, 18, 3), (7, 40, 3), (32, 32, 1)];
        IEnumerable<Image> images = shapes.Select(s => ImageFormatTests.Smooth(s.Width, s.Height, s.Channels));
        byte[][] whole = [.. images.Select(image => ImageFormatTests.Encode(image, extension))];
        Func<byte[], Random, byte[]> damage = extension == ".png" ? Damage.Png : Damage.Bytes;
        int pictures = 0;
        for (int i = 0; i < Files; i++)
        {
            byte[] file = damage(whole[i % whole.Length], random);
            long allocated = GC.GetAllocatedBytesForCurrentThread(), start = Stopwatch.GetTimestamp();
            try
            {
                Image image = ImageFile.Decode(file, $"file {i}");
                Assert.Equal(image.Width * image.Height * image.Channels, image.Pixels.Length);
                pictures++;
            }
            catch (BadInputException error)
            {
                Assert.StartsWith($"file {i} ", error.Message, StringComparison.Ordinal);
            }
            Assert.InRange(Stopwatch.GetElapsedTime(start), TimeSpan.Zero, Limit);
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - allocated, 0, 1 << 30);
        }
        Assert.InRange(pictures, 0, Files - 1);
    }
}
