using System.Security.Cryptography;
using GpuVae.Data;

namespace GpuVae.Tests.Data;

public class SyntheticFacesTests
{
    [Theory]
    [InlineData(FaceStyle.Painted, "31F69343F5DF27643242DF757383CC26ADDE55C761148A1E980708A30336B63D")]
    [InlineData(FaceStyle.Drawn, "684C33DD763A62EC4950A14B17809F41642BD24B3279C279EB28D911CAFD76B8")]
    public void ThePixelsAreTheSameOnEveryPlatform(FaceStyle style, string expected)
    {
        // Recorded once; only exactly rounded arithmetic is used, so no processor or runtime may change it.
        byte[] digest = SHA256.HashData(SyntheticFaces.Create(60, seed: 1, style).Pixels);
        Assert.Equal(expected, Convert.ToHexString(digest));
    }

    [Fact]
    public void AFaceDependsOnSeedAndIndexOnly()
    {
        ImageSet few = SyntheticFaces.Create(20, 3, FaceStyle.Painted), many = SyntheticFaces.Create(60, 3, FaceStyle.Painted);
        Assert.Equal(few.Pixels, many.Pixels[..few.Pixels.Length]);
        Assert.NotEqual(few.Pixels, SyntheticFaces.Create(20, 4, FaceStyle.Painted).Pixels);
    }

    [Fact]
    public void FactorsAreBalancedAndIndependent()
    {
        Face[] faces = [.. Enumerable.Range(0, 12_000).Select(i => Face.Draw(5, i))];
        void Balanced(string[] names, Func<Face, int> value, Func<int, double> probability)
        {
            for (int v = 0; v < names.Length; v++)
            {
                // Six sigma of a binomial distribution.
                double expected = faces.Length * probability(v);
                Assert.Equal(expected, faces.Count(face => value(face) == v), 6 * Math.Sqrt(expected));
            }
        }
        Func<int, double> Even(string[] names) => _ => 1.0 / names.Length;
        Func<int, double> HalfNone(string[] names) => v => v == 0 ? 0.5 : 0.5 / (names.Length - 1);
        Balanced(Face.Skins, face => face.Skin, Even(Face.Skins));
        Balanced(Face.HairStyles, face => face.Hair, Even(Face.HairStyles));
        Balanced(Face.HairColours, face => face.HairColour, Even(Face.HairColours));
        Balanced(Face.EyeShapes, face => face.Eyes, Even(Face.EyeShapes));
        Balanced(Face.EyeColours, face => face.EyeColour, Even(Face.EyeColours));
        Balanced(Face.GlassesKinds, face => face.Glasses, HalfNone(Face.GlassesKinds));
        Balanced(Face.Hats, face => face.Hat, HalfNone(Face.Hats));
        Balanced(Face.Backgrounds, face => face.Background, Even(Face.Backgrounds));

        double[][] columns =
        [
            .. ((Func<Face, double>[])[face => face.Skin, face => face.Hair, face => face.Glasses, face => face.Hat, face => face.Smile,
                face => face.Tilt, face => face.EyeSize, face => face.Width]).Select(of => faces.Select(of).ToArray()),
        ];
        for (int a = 0; a < columns.Length; a++)
            for (int b = 0; b < a; b++)
                Assert.InRange(Correlation(columns[a], columns[b]), -6 / Math.Sqrt(faces.Length), 6 / Math.Sqrt(faces.Length));
    }

    [Fact]
    public void TheSetTellsTheFactorsOfEachFace()
    {
        ImageSet set = SyntheticFaces.Create(40, 7, FaceStyle.Drawn);
        Assert.Equal(
            [
                "skin", "hair", "hair-colour", "eyes", "eye-colour", "glasses", "hat", "background",
                "eye-size", "smile", "tilt", "face-width",
            ],
            set.Factors.Select(factor => factor.Name));
        Assert.Equal(Face.HairStyles, set.LabelNames!);
        bool[] glasses = set.Attribute("glasses"), square = set.Attribute("glasses=square"), smiles = set.Attribute("smile");
        for (int i = 0; i < set.Count; i++)
        {
            var face = Face.Draw(7, i);
            Assert.Equal(face.Hair, set.Labels![i]);
            Assert.Equal((face.Glasses > 0, face.Glasses == 2, face.Smile > 0), (glasses[i], square[i], smiles[i]));
        }
    }

    [Fact]
    public void BothStylesHaveTheSameGeometry()
    {
        // The lines of a drawing lie where the same face's painting has its edges, more so than where another's has.
        const int count = 60;
        ImageSet painted = SyntheticFaces.Create(count, 9, FaceStyle.Painted), drawn = SyntheticFaces.Create(count, 9, FaceStyle.Drawn);
        double[][] edges = [.. Enumerable.Range(0, count).Select(i => Edges(painted[i]))];
        double[][] lines = [.. Enumerable.Range(0, count).Select(i => Edges(drawn[i]))];
        int matched = Enumerable.Range(0, count)
            .Count(i => Enumerable.Range(0, count).MaxBy(j => Correlation(edges[i], lines[j])) == i);
        Assert.InRange(matched, 0.8 * count, count); // hatches are not in the painting, so a look-alike may win
    }

    [Fact]
    public void InBothStylesFacesTakeTurns()
    {
        ImageSet both = SyntheticFaces.CreateInBothStyles(10, 9);
        Assert.Equal(["painted", "drawn"], both.LabelNames!);
        Assert.Equal([0, 1, 0, 1, 0, 1, 0, 1, 0, 1], both.Labels!);
        Assert.Equal(SyntheticFaces.Create(10, 9, FaceStyle.Painted)[4].ToArray(), both[4].ToArray());
        Assert.Equal(SyntheticFaces.Create(10, 9, FaceStyle.Drawn)[5].ToArray(), both[5].ToArray());
        Assert.Equal(5, both.With("style=drawn").Count);
    }

    [Fact]
    public void EveryFactorChangesThePainting()
    {
        Face face = Face.Draw(3, 1) with { Hair = 1, Hat = 0, Glasses = 0 };
        Face[] others =
        [
            face with { Skin = (face.Skin + 1) % 6 }, face with { Hair = 2 }, face with { HairColour = (face.HairColour + 1) % 5 },
            face with { Eyes = (face.Eyes + 1) % 3 }, face with { EyeColour = (face.EyeColour + 1) % 3 }, face with { Glasses = 1 },
            face with { Hat = 2 }, face with { Background = (face.Background + 1) % 6 }, face with { EyeSize = -face.EyeSize },
            face with { Smile = -face.Smile }, face with { Tilt = -face.Tilt }, face with { Width = -face.Width },
        ];
        byte[] picture = Render(face);
        Assert.All(others, other => Assert.NotEqual(picture, Render(other)));

        static byte[] Render(Face face)
        {
            byte[] pixels = new byte[3 * 64 * 64];
            face.Render(FaceStyle.Painted, pixels);
            return pixels;
        }
    }

    /// <summary>The strength of the gradient of the mean of the channels, over blocks of 2 × 2 pixels.</summary>
    private static double[] Edges(ReadOnlySpan<byte> image)
    {
        const int side = SyntheticFaces.Size, plane = side * side;
        double[] edges = new double[plane / 4];
        for (int y = 0; y < side - 1; y++)
            for (int x = 0; x < side - 1; x++)
            {
                int at = y * side + x;
                double strength = 0;
                for (int c = 0; c < 3; c++)
                    strength += Math.Abs(image[c * plane + at + 1] - image[c * plane + at])
                        + Math.Abs(image[c * plane + at + side] - image[c * plane + at]);
                edges[y / 2 * (side / 2) + x / 2] += Math.Min(strength, 200);
            }
        return edges;
    }

    private static double Correlation(double[] a, double[] b)
    {
        double meanA = a.Average(), meanB = b.Average(), ab = 0, aa = 0, bb = 0;
        for (int i = 0; i < a.Length; i++)
        {
            ab += (a[i] - meanA) * (b[i] - meanB);
            aa += (a[i] - meanA) * (a[i] - meanA);
            bb += (b[i] - meanB) * (b[i] - meanB);
        }
        return ab / Math.Sqrt(aa * bb);
    }
}
