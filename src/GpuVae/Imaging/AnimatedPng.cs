namespace GpuVae.Imaging;

/// <summary>Animated PNG, which ImageSharp does not write: frames that it wrote as PNG, their chunks threaded onto one file.</summary>
internal static class AnimatedPng
{
    /// <summary>It plays for ever; programs that know only PNG show the first frame.</summary>
    public static void Write(Stream stream, IReadOnlyList<Image> frames, int framesPerSecond, CancellationToken cancellation)
    {
        uint sequence = 0;
        stream.Write(Png.Signature);
        for (int i = 0; i < frames.Count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            var png = new MemoryStream();
            ImageSharpCodec.Encode(png, frames[i], ".png");
            foreach ((string type, ReadOnlyMemory<byte> data) in Png.Read(png.ToArray()))
                switch (type)
                {
                    case "IHDR" when i == 0:
                        Png.Write(stream, type, data.Span);
                        Png.Write(stream, "acTL", [.. BigEndian((uint)frames.Count), .. BigEndian(0)]);
                        WriteControl();
                        break;
                    case "IHDR":
                        WriteControl();
                        break;
                    case "IDAT" when i == 0:
                        Png.Write(stream, type, data.Span);
                        break;
                    case "IDAT":
                        Png.Write(stream, "fdAT", [.. BigEndian(sequence++), .. data.Span]);
                        break;
                }
        }
        Png.Write(stream, "IEND");

        // fcTL: sequence, width, height, x, y, delay numerator / denominator in seconds, dispose = none, blend = source.
        void WriteControl() => Png.Write(stream, "fcTL",
        [
            .. BigEndian(sequence++), .. BigEndian((uint)frames[0].Width), .. BigEndian((uint)frames[0].Height),
            .. BigEndian(0), .. BigEndian(0), 0, 1, (byte)(framesPerSecond >> 8), (byte)framesPerSecond, 0, 0,
        ]);
    }

    private static byte[] BigEndian(uint value) => [(byte)(value >> 24), (byte)(value >> 16), (byte)(value >> 8), (byte)value];
}
