namespace GpuVae.Data;

/// <summary>
/// A cartoon face: everything that its picture depends on but the style. Categories are indices into the arrays of names; numbers lie
/// between −1 and 1.
/// </summary>
internal readonly record struct Face
{
    public static readonly string[] Skins = ["pale", "light", "tan", "olive", "brown", "dark"];
    public static readonly string[] HairStyles = ["bald", "short", "curly", "bob", "long"];
    public static readonly string[] HairColours = ["black", "brown", "blond", "red", "grey"];
    public static readonly string[] EyeShapes = ["round", "almond", "sleepy"];
    public static readonly string[] EyeColours = ["brown", "blue", "green"];
    public static readonly string[] GlassesKinds = ["none", "round", "square"];
    public static readonly string[] Hats = ["none", "cap", "beanie", "top"];
    public static readonly string[] Backgrounds = ["blue", "green", "yellow", "pink", "violet", "grey"];

    private static readonly Colour[] SkinTones = Palette(0xFFE3D0, 0xF7CBA6, 0xE5AE7E, 0xC99566, 0xA06B45, 0x7F5337);
    private static readonly Colour[] HairTones = Palette(0x2E2A33, 0x5C3820, 0xE6BE5C, 0xB9502A, 0xA8A9B2);
    private static readonly Colour[] IrisTones = Palette(0x5A3A1E, 0x2F7FC4, 0x3D9455);
    private static readonly Colour[] BackgroundTones = Palette(0x9CCBEA, 0xA9DBA4, 0xF6DF8E, 0xF5B5C2, 0xC4B4E8, 0xC9CDD3);
    private static readonly Colour[] ClothesTones = Palette(0xE2703A, 0xA23B72, 0x2F6DB5, 0x3B8F8A, 0xE8B23A, 0xC8403F);

    private static readonly Colour White = new(0xFFFFFF), Black = new(0x1E1C28), Lid = new(0x3A2A2A);

    public int Skin { get; init; }
    public int Hair { get; init; }
    public int HairColour { get; init; }
    public int Eyes { get; init; }
    public int EyeColour { get; init; }
    public int Glasses { get; init; }
    public int Hat { get; init; }
    public int Background { get; init; }

    public float EyeSize { get; init; }

    /// <summary>From −1, a frown, to 1, a laugh.</summary>
    public float Smile { get; init; }

    /// <summary>How far the head leans to the right.</summary>
    public float Tilt { get; init; }

    public float Width { get; init; }

    /// <summary>Face <paramref name="index"/> of a seed. Half of the faces wear no glasses, and half no hat.</summary>
    public static Face Draw(ulong seed, int index)
    {
        var random = SplitMix64.ForItem(seed, (ulong)index);
        return new Face
        {
            Skin = random.Next(Skins.Length),
            Hair = random.Next(HairStyles.Length),
            HairColour = random.Next(HairColours.Length),
            Eyes = random.Next(EyeShapes.Length),
            EyeColour = random.Next(EyeColours.Length),
            Glasses = random.Next(2) * (1 + random.Next(GlassesKinds.Length - 1)),
            Hat = random.Next(2) * (1 + random.Next(Hats.Length - 1)),
            Background = random.Next(Backgrounds.Length),
            EyeSize = random.Uniform(-1, 1),
            Smile = random.Uniform(-1, 1),
            Tilt = random.Uniform(-1, 1),
            Width = random.Uniform(-1, 1),
        };
    }

    /// <summary>Makes the picture, [3, 64, 64] planar.</summary>
    public void Render(FaceStyle style, Span<byte> pixels)
    {
        Span<Colour> colours = stackalloc Colour[SyntheticFaces.Size * SyntheticFaces.Size];
        var canvas = new ShapeCanvas(colours, SyntheticFaces.Size, painted: style == FaceStyle.Painted);
        Colour background = BackgroundTones[Background];
        canvas.Begin(background.Mix(White, 0.3f), background);
        canvas.Turn(Middle, 54, 0.1f * Tilt);
        HairBehind(canvas);
        // The shoulders stay where they are.
        ShapeCanvas upright = canvas;
        upright.Turn(0, 0, 0);
        upright.Area(new RoundBox(Middle, 57, 5.4f, 9, 4), Tone.Times(0.86f));
        upright.Area(new Egg(Middle, 71, 24, 14), ClothesTones[Background], hatched: true);
        Head(canvas);
        Brows(canvas);
        EyePair(canvas);
        Mouth(canvas);
        HairInFront(canvas);
        Spectacles(canvas);
        Headgear(canvas);
        canvas.CopyToPlanar(pixels);
    }

    // Where things are, in pixels of an upright head.
    private const float Middle = 32, HeadY = 36, HeadRadiusY = 17.5f, EyeY = 36, EyeDistance = 6.5f, HatY = 25.5f;

    private float HeadRadiusX => 14.8f + 1.2f * Width;
    private Colour Tone => SkinTones[Skin];
    private Colour HairTone => HairTones[HairColour];
    private Egg HeadShape => new(Middle, HeadY, HeadRadiusX, HeadRadiusY, 0.12f);

    /// <summary>A hat presses the hair down: there is none above this.</summary>
    private Above HairLimit => new(Hat == 0 ? -100 : HatY - 2);

    private static Colour[] Palette(params int[] rgb) => Array.ConvertAll(rgb, value => new Colour(value));

    private void HairBehind(in ShapeCanvas canvas)
    {
        if (HairStyles[Hair] == "curly")
            canvas.Area(new Cloud(Middle, 32, HeadRadiusX + 1.5f, 16.5f, 5.2f).Except(HairLimit), HairTone, hatched: true);
        else if (HairStyles[Hair] == "bob")
            canvas.Area(new RoundBox(Middle, 35.5f, HeadRadiusX + 4.2f, 19, 13).Except(HairLimit), HairTone, hatched: true);
        else if (HairStyles[Hair] == "long")
            canvas.Area(new RoundBox(Middle, 46, HeadRadiusX + 4.2f, 30, 14).Except(HairLimit), HairTone, hatched: true);
    }

    private void HairInFront(in ShapeCanvas canvas)
    {
        switch (HairStyles[Hair])
        {
            case "bald":
                canvas.Glaze(new Egg(Middle - 5, 24, 4.5f, 2.8f), White, 0.35f, 4);
                break;
            case "short":
                canvas.Area(
                    new Egg(Middle, HeadY - 1.2f, HeadRadiusX + 1.4f, HeadRadiusY + 1.2f, 0.1f).And(new Above(37))
                        .Except(new RoundBox(Middle + 1, 42, HeadRadiusX - 2.3f, 15.5f, 7)).Except(HairLimit),
                    HairTone, hatched: true);
                break;
            case "curly":
                canvas.Area(
                    new Cloud(Middle, 26.5f, HeadRadiusX - 2.5f, 4.6f, 3.6f).And(new Above(31)).Except(HairLimit), HairTone, hatched: true);
                break;
            case "bob":
                canvas.Area(
                    new Egg(Middle, HeadY - 1, HeadRadiusX + 2.2f, HeadRadiusY + 1.6f)
                        .Except(new RoundBox(Middle, 44, HeadRadiusX - 2.6f, 15.5f, 4)).Except(HairLimit),
                    HairTone, hatched: true);
                break;
            case "long":
                canvas.Area(
                    new RoundBox(Middle, 46, HeadRadiusX + 4.2f, 30, 14)
                        .Except(new Egg(Middle - 4.5f, 44, HeadRadiusX - 6, 20).Or(new Egg(Middle + 4.5f, 44, HeadRadiusX - 6, 20))
                            .Or(new RoundBox(Middle, 60, HeadRadiusX - 3.5f, 18, 4)))
                        .Except(HairLimit),
                    HairTone, hatched: true);
                break;
        }
    }

    private void Head(in ShapeCanvas canvas)
    {
        bool earsCovered = HairStyles[Hair] is "bob" or "long";
        foreach (int side in earsCovered ? (ReadOnlySpan<int>)[] : [-1, 1])
        {
            canvas.Area(new Egg(Middle + side * (HeadRadiusX + 0.4f), 38, 2.7f, 3.6f), Tone.Times(0.95f));
            canvas.Glaze(new Egg(Middle + side * (HeadRadiusX + 0.6f), 38, 1.2f, 1.9f), Tone.Times(0.7f), 0.6f);
        }
        canvas.Area(HeadShape, Tone);
        foreach (int side in (ReadOnlySpan<int>)[-1, 1])
            canvas.Glaze(new Egg(Middle + side * 9, 43.5f, 4, 3), new Colour(0xF0605A), 0.32f, 4);
        canvas.Mark(new Bow(Middle + 0.3f, 40.6f, 1.7f, 1.3f, 0.45f), Tone.Times(0.62f));
    }

    private void Brows(in ShapeCanvas canvas)
    {
        foreach (int side in (ReadOnlySpan<int>)[-1, 1])
            canvas.Mark(new Bow(Middle + side * EyeDistance, 30.8f, 3.4f, -1.4f, 0.8f), HairTone.Times(0.8f));
    }

    private void EyePair(in ShapeCanvas canvas)
    {
        float scale = 1 + 0.22f * EyeSize;
        foreach (int side in (ReadOnlySpan<int>)[-1, 1])
        {
            float x = Middle + side * EyeDistance;
            switch (EyeShapes[Eyes])
            {
                case "round":
                    Eye(canvas, new Egg(x, EyeY, 3.3f * scale, 3.5f * scale), x, EyeY, scale);
                    break;
                case "almond":
                    Eye(canvas, new Lens(x, EyeY, 4.3f * scale, -2.9f * scale, 2.5f * scale), x, EyeY, scale);
                    break;
                case "sleepy":
                    Eye(canvas, new Egg(x, EyeY, 3.6f * scale, 3.2f * scale).Except(new Above(EyeY - 0.6f)), x, EyeY + 0.9f, scale);
                    break;
            }
        }
    }

    private void Eye<T>(in ShapeCanvas canvas, T shape, float x, float irisY, float scale) where T : struct, IShape
    {
        canvas.Area(shape, White);
        var iris = new Egg(x, irisY, 2.1f * scale, 2.1f * scale);
        canvas.Glaze(iris.And(shape), IrisTones[EyeColour], 1);
        canvas.Mark(new Egg(x, irisY, 1.15f * scale, 1.15f * scale).And(shape), Black);
        canvas.Glaze(new Egg(x - 0.8f, irisY - 0.8f, 0.7f, 0.7f), White, 0.95f);
        // The upper lid is heavier than the lower one.
        canvas.Mark(shape.Rim(0.45f).And(new Above(irisY)), Lid);
    }

    private void Mouth(in ShapeCanvas canvas)
    {
        // The middle of the mouth stays at one height when it bends.
        float sag = 3.4f * Smile, y = 46 - sag / 2, open = MathF.Max(0, Smile - 0.3f) * 4;
        if (open > 0)
        {
            var inside = new Lens(Middle, y, 5.2f, sag, sag + open);
            canvas.Area(inside, new Colour(0x8E2F38));
            canvas.Glaze(new Lens(Middle, y, 5.2f, sag, sag + 0.4f * open), White, 0.95f);
        }
        canvas.Mark(new Bow(Middle, y, 5.2f, sag, 0.7f), new Colour(0x8A2F38).Mix(Tone.Times(0.3f), 0.5f));
    }

    private void Spectacles(in ShapeCanvas canvas)
    {
        if (Glasses == 0)
            return;
        float reach = EyeDistance + 5;
        foreach (int side in (ReadOnlySpan<int>)[-1, 1])
        {
            float x = Middle + side * EyeDistance;
            if (GlassesKinds[Glasses] == "round")
                EyeGlass(canvas, new Egg(x, EyeY, 5.3f, 5.3f));
            else
                EyeGlass(canvas, new RoundBox(x, EyeY + 0.2f, 5.3f, 4.3f, 1.2f));
            canvas.Mark(new Stick(Middle + side * reach, EyeY - 1, Middle + side * HeadRadiusX, EyeY - 1.6f, 0.7f), Black);
        }
        canvas.Mark(new Bow(Middle, EyeY - 0.6f, 1.5f, -0.8f, 0.7f), Black);
    }

    private static void EyeGlass<T>(in ShapeCanvas canvas, T shape) where T : struct, IShape
    {
        canvas.Glaze(shape, White, 0.22f);
        canvas.Mark(shape.Rim(0.65f), Black);
    }

    private void Headgear(in ShapeCanvas canvas)
    {
        Colour cloth = ClothesTones[Background];
        switch (Hats[Hat])
        {
            case "cap":
                canvas.Area(new Egg(Middle, HatY + 1, HeadRadiusX + 2, 13).And(new Above(HatY + 1.5f)), cloth, hatched: true);
                canvas.Area(new RoundBox(Middle + 9, HatY + 0.6f, 16, 2, 2), cloth.Times(0.8f));
                canvas.Area(new Egg(Middle, HatY - 12, 1.8f, 1.5f), cloth.Times(0.8f));
                break;
            case "beanie":
                canvas.Area(new Egg(Middle, 9, 3.8f, 3.8f), White);
                canvas.Area(new Egg(Middle, HatY, HeadRadiusX + 1.8f, 14).And(new Above(HatY)), cloth, hatched: true);
                canvas.Area(new RoundBox(Middle, HatY - 0.5f, HeadRadiusX + 2.4f, 3, 2.4f), cloth.Mix(White, 0.35f));
                break;
            case "top":
                canvas.Area(new RoundBox(Middle, 13.5f, 11, 11.5f, 1.5f), new Colour(0x3A3848), hatched: true);
                canvas.Area(new RoundBox(Middle, HatY - 4, 11.2f, 2, 0.5f), cloth);
                canvas.Area(new RoundBox(Middle, HatY, 19, 1.9f, 1.9f), new Colour(0x3A3848));
                break;
        }
    }
}
