namespace GpuVae.Imaging;

/// <summary>Letters of 5 × 7 pixels, for captions: a font file and a library that draws it would be a hundred times as large.</summary>
internal static class PixelFont
{
    public const int Width = 5, Height = 7, Advance = 6;

    /// <summary>Of each character five columns in hexadecimal digits, the top pixel lowest.</summary>
    private const string Drawn =
        "!00005f0000 %6313086463 '0000070000 (001c224100 )0041221c00 +08083e0808 ,0050300000 -0808080808 .0060600000 /2010080402 "
        + "03e5149453e 100427f4000 24261514946 32241494936 41814127f10 52745454539 63e49494932 70171090503 83649494936 9264949493e "
        + ":0036360000 =1414141414 ?0201510906 A7e1111117e B7f49494936 C3e41414122 D7f4141413e E7f49494941 F7f09090901 G3e41495b3a "
        + "H7f0808087f I00417f4100 J2040413f01 K7f08142241 L7f40404040 M7f020c027f N7f0408107f O3e4141413e P7f09090906 Q3e4151215e "
        + "R7f09192946 S2649494932 T01017f0101 U3f4040403f V1f2040201f W3f4030403f X6314081463 Y0304780403 Z6151494543 _4040404040 "
        + "a2054545478 b7f44444438 c3844444428 d384444447f e3854545418 f087e090102 g0c5252523e h7f08040478 i00447d4000 j2040443d00 "
        + "k7f10284400 l00417f4000 m7c04180478 n7c08040478 o3844444438 p7c14141408 q081414147c r7c08040408 s4854545424 t043f444020 "
        + "u3c4040207c v1c2040201c w3c4030403c x4428102844 y0c5050503c z4464544c44 ~0804081008 ×2214081422 →08082a1c08 ";

    private static readonly Dictionary<char, byte[]> Glyphs = Read();

    public static int WidthOf(string text) => Math.Max(0, text.Length * Advance - 1);

    /// <summary>Draws a line in a grey value; characters without a glyph become question marks, what lies outside is left out.</summary>
    public static void Draw(Image image, string text, int left, int top, int scale, byte ink)
    {
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == ' ')
                continue;
            byte[] columns = Glyphs.GetValueOrDefault(text[i]) ?? Glyphs['?'];
            for (int x = 0; x < Width * scale; x++)
                for (int y = 0; y < Height * scale; y++)
                    if ((columns[x / scale] >> y / scale & 1) != 0)
                        Set(image, left + i * Advance * scale + x, top + y, ink);
        }
    }

    private static void Set(Image image, int x, int y, byte ink)
    {
        if (x >= 0 && y >= 0 && x < image.Width && y < image.Height)
            image.Pixels.AsSpan((y * image.Width + x) * image.Channels, image.Channels).Fill(ink);
    }

    private static Dictionary<char, byte[]> Read() =>
        Drawn.Split(' ', StringSplitOptions.RemoveEmptyEntries).ToDictionary(glyph => glyph[0], glyph => Convert.FromHexString(glyph[1..]));
}
