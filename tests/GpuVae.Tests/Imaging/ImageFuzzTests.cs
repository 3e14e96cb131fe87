using System.Buffers.Binary;
using System.Diagnostics;
using System.IO.Hashing;
using GpuVae.Imaging;
using GpuVae.Options;

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
        int pictures = 0;
        for (int i = 0; i < Files; i++)
        {
            byte[] file = Damage(whole[i % whole.Length], random, extension == ".png");
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

    private static byte[] Damage(byte[] whole, Random random, bool isPng)
    {
        List<byte> file = [.. whole];
        for (int wounds = random.Next(1, 6); wounds > 0; wounds--)
        {
            int at = random.Next(2) == 0 ? random.Next(file.Count) : random.Next(Math.Min(64, file.Count)), length = random.Next(1, 9);
            switch (random.Next(6))
            {
                case 0:
                    file[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    file[at] = (byte)(random.Next(2) * 255);
                    break;
                case 2:
                    file[at] = (byte)random.Next(256);
                    break;
                case 3 when file.Count > 80:
                    file.RemoveRange(at, Math.Min(length, file.Count - at));
                    break;
                case 4:
                    file.InsertRange(at, file[at..Math.Min(at + length, file.Count)]);
                    break;
                case 5 when random.Next(8) == 0:
                    file.RemoveRange(at, file.Count - at);
                    file.Add(0);
                    break;
            }
        }
        byte[] damaged = [.. file];
        // Else the checksums of PNG would end every try at the door.
        for (int at = 8; isPng && at + 12 <= damaged.Length;)
        {
            uint length = BinaryPrimitives.ReadUInt32BigEndian(damaged.AsSpan(at));
            if (length > damaged.Length - at - 12)
                break;
            Span<byte> body = damaged.AsSpan(at + 4, 4 + (int)length);
            BinaryPrimitives.WriteUInt32BigEndian(damaged.AsSpan(at + 8 + (int)length), Crc32.HashToUInt32(body));
            at += 12 + (int)length;
        }
        return damaged;
    }
}
