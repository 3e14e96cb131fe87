using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace GpuVae.Tests.Faults;

/// <summary>
/// Files with a few wounds. Lengths and checksums are put in order again, always or half of the time, because else every try would end
/// at them; a gzip member keeps its own, so that its content is reached.
/// </summary>
internal static partial class Damage
{
    private static readonly string[] HostileValues =
    [
        "-1", "0", "1e999", "-1e308", "2147483647", "2147483648", "-9223372036854775809", "99999999999999999999", "20000", "NaN", "null",
        "true", "\"\"", "\"-1\"", "\"\\u0000\"", "\"\\ud800\"", "\"\\u001b[2J\"", "\"../../../etc/passwd\"", "[]", "[20000,20000]", "{}",
        "{\"a\":1,\"a\":2}", "[[[[[[[[", "\"",
    ];

    /// <summary>Bits, bytes and stretches of bytes are changed, lost or doubled, many near the beginning; or the end is lost.</summary>
    public static byte[] Bytes(byte[] whole, Random random)
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
        return [.. file];
    }

    /// <summary>A PNG whose chunks have the checksums that their content asks for.</summary>
    public static byte[] Png(byte[] whole, Random random)
    {
        byte[] damaged = Bytes(whole, random);
        for (int at = 8; at + 12 <= damaged.Length;)
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

    /// <summary>Values and names of JSON, one or several documents, are replaced by hostile ones, doubled or lost; or bytes are.</summary>
    public static byte[] Json(byte[] whole, Random random)
    {
        if (random.Next(3) == 0)
            return Bytes(whole, random);
        string text = Encoding.UTF8.GetString(whole);
        for (int wounds = random.Next(1, 4); wounds > 0; wounds--)
        {
            MatchCollection tokens = Token.Matches(text);
            if (tokens.Count == 0)
                break;
            Match token = tokens[random.Next(tokens.Count)];
            string instead = random.Next(6) switch
            {
                0 => "",
                1 => $"{token.Value},{token.Value}",
                2 => $"{token.Value}:{token.Value},{token.Value}",
                _ => HostileValues[random.Next(HostileValues.Length)],
            };
            text = text[..token.Index] + instead + text[(token.Index + token.Length)..];
        }
        return Encoding.UTF8.GetBytes(text);
    }

    /// <summary>Weights with a damaged header, of which the length is said rightly, or damaged anywhere.</summary>
    public static byte[] Safetensors(byte[] whole, Random random)
    {
        if (random.Next(2) == 0)
            return Bytes(whole, random);
        int length = (int)BinaryPrimitives.ReadInt64LittleEndian(whole);
        byte[] header = Json(whole[8..(8 + length)], random), prefix = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(prefix, header.Length);
        return [.. prefix, .. header, .. whole.AsSpan(8 + length)];
    }

    /// <summary>A checkpoint with a damaged header, of which lengths and digest are right, or damaged anywhere.</summary>
    public static byte[] Checkpoint(byte[] whole, Random random)
    {
        const int prefixBytes = 24;
        int length = BinaryPrimitives.ReadInt32LittleEndian(whole.AsSpan(12));
        byte[] prefix = whole[..prefixBytes], header = whole[prefixBytes..(prefixBytes + length)];
        byte[] sections = whole[(prefixBytes + length)..^SHA256.HashSizeInBytes];
        switch (random.Next(4))
        {
            case 0:
                return Bytes(whole, random);
            case 1:
                sections = Bytes(sections, random);
                break;
            case 2:
                header = Json(header, random);
                break;
            default:
                // The options of model and training are strings in it.
                JsonNode parsed = JsonNode.Parse(header)!;
                string part = random.Next(2) == 0 ? "model" : "training";
                parsed["header"]![part] = Encoding.UTF8.GetString(Json(Encoding.UTF8.GetBytes((string)parsed["header"]![part]!), random));
                header = Encoding.UTF8.GetBytes(parsed.ToJsonString());
                break;
        }
        BinaryPrimitives.WriteInt32LittleEndian(prefix.AsSpan(12), header.Length);
        BinaryPrimitives.WriteInt64LittleEndian(
            prefix.AsSpan(16), prefix.Length + header.Length + sections.Length + SHA256.HashSizeInBytes);
        byte[] content = [.. prefix, .. header, .. sections];
        return [.. content, .. SHA256.HashData(content)];
    }

    /// <summary>A gzip member that is damaged, or whose content was damaged before it was packed.</summary>
    public static byte[] Gzip(byte[] content, Random random) =>
        random.Next(2) == 0 ? Bytes(Pack(content), random) : Pack(Bytes(content, random));

    private static byte[] Pack(byte[] content)
    {
        var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
            gzip.Write(content);
        return packed.ToArray();
    }

    [GeneratedRegex("""
        "(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null
        """)]
    private static partial Regex Token { get; }
}
