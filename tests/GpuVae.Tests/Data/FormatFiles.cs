using System.Buffers.Binary;
using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using GpuVae.Imaging;

namespace GpuVae.Tests.Data;

/// <summary>Small files of the formats that sets come in.</summary>
internal static class FormatFiles
{
    /// <summary>A picture of one value.</summary>
    public static byte[] Png(int width, int height, int channels, byte value)
    {
        var image = new Image(width, height, channels);
        image.Pixels.AsSpan().Fill(value);
        return ImageFile.Encode(image);
    }

    public static byte[] Zip(params (string Name, byte[] Content)[] files)
    {
        var stream = new MemoryStream();
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
            foreach ((string name, byte[] content) in files)
            {
                using Stream entry = zip.CreateEntry(name).Open();
                entry.Write(content);
            }
        return stream.ToArray();
    }

    public static byte[] Tar(params (string Name, byte[] Content)[] files)
    {
        var stream = new MemoryStream();
        using (var tar = new TarWriter(stream, leaveOpen: true))
            foreach ((string name, byte[] content) in files)
                tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(content) });
        return stream.ToArray();
    }

    public static byte[] Gzip(byte[] content)
    {
        var stream = new MemoryStream();
        using (var gzip = new GZipStream(stream, CompressionMode.Compress))
            gzip.Write(content);
        return stream.ToArray();
    }

    /// <summary>An array as np.save writes it.</summary>
    public static byte[] Npy(string type, int[] shape, byte[] values, bool isFortran = false)
    {
        string sizes = string.Join(", ", shape) + (shape.Length == 1 ? "," : "");
        string header = $"{{'descr': '{type}', 'fortran_order': {(isFortran ? "True" : "False")}, 'shape': ({sizes}), }}\n";
        byte[] length = new byte[2];
        BinaryPrimitives.WriteUInt16LittleEndian(length, (ushort)header.Length);
        return [0x93, .. "NUMPY"u8, 1, 0, .. length, .. Encoding.Latin1.GetBytes(header), .. values];
    }

    public static byte[] Bytes<T>(params T[] values)
        where T : unmanaged => System.Runtime.InteropServices.MemoryMarshal.AsBytes<T>(values).ToArray();

    /// <summary>A record of CIFAR-10 whose pixels are all of one value.</summary>
    public static byte[] Cifar(byte value, params byte[] labels) => [.. labels, .. Enumerable.Repeat(value, 3072)];
}
