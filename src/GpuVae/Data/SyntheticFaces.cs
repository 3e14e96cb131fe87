namespace GpuVae.Data;

/// <summary>How <see cref="SyntheticFaces"/> makes a picture of a face.</summary>
public enum FaceStyle
{
    /// <summary>Filled and shaded, in colour.</summary>
    Painted,

    /// <summary>Dark ink lines on paper; hair and clothes are hatched.</summary>
    Drawn,
}

/// <summary>
/// The second built-in set: cartoon faces, 64 × 64 RGB, in two styles with the same geometry, so that each face has a true counterpart in
/// the other style. A picture is a function of the face's factors and the style alone, and the factors of face i of a seed are a pure
/// function of (seed, i), the same everywhere: see <see cref="ShapeCanvas"/>.
/// </summary>
public static class SyntheticFaces
{
    /// <summary>Width and height of the images.</summary>
    public const int Size = 64;

    /// <summary>
    /// Makes <paramref name="count"/> faces in one style; labels are the hair styles. Different seeds give unrelated faces. The factors
    /// are drawn independently: <c>skin</c>, <c>hair</c>, <c>hair-colour</c>, <c>eyes</c> (their shape), <c>eye-colour</c>,
    /// <c>glasses</c>, <c>hat</c>, <c>background</c> (with which the clothes go) and, from −1 to 1, <c>eye-size</c>, <c>smile</c>,
    /// <c>tilt</c> (to the right) and <c>face-width</c>.
    /// </summary>
    /// <exception cref="OperationCanceledException">The token asked to stop.</exception>
    public static ImageSet Create(int count, ulong seed, FaceStyle style, CancellationToken cancellation = default)
    {
        (Face[] faces, byte[] pixels) = Render(count, seed, _ => style, cancellation);
        return new ImageSet("faces", Size, Size, 3, pixels, [.. faces.Select(face => face.Hair)], Face.HairStyles, Factors(faces));
    }

    /// <summary>
    /// The same faces, by turns painted and drawn; labels are the styles, which are also the factor <c>style</c>. No face is there in both
    /// styles, so nothing is paired.
    /// </summary>
    /// <exception cref="OperationCanceledException">The token asked to stop.</exception>
    public static ImageSet CreateInBothStyles(int count, ulong seed, CancellationToken cancellation = default)
    {
        (Face[] faces, byte[] pixels) = Render(count, seed, i => (FaceStyle)(i % 2), cancellation);
        int[] styles = [.. Enumerable.Range(0, count).Select(i => i % 2)];
        string[] names = [.. Enum.GetNames<FaceStyle>().Select(name => name.ToLowerInvariant())];
        return new ImageSet(
            "faces", Size, Size, 3, pixels, styles, names, [Factor.Categorical("style", names, styles), .. Factors(faces)]);
    }

    private static (Face[] Faces, byte[] Pixels) Render(
        int count, ulong seed, Func<int, FaceStyle> style, CancellationToken cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        var faces = new Face[count];
        byte[] pixels = new byte[checked(count * 3 * Size * Size)];
        Parallel.For(0, count, new ParallelOptions { CancellationToken = cancellation }, i =>
        {
            faces[i] = Face.Draw(seed, i);
            faces[i].Render(style(i), pixels.AsSpan(i * 3 * Size * Size, 3 * Size * Size));
        });
        return (faces, pixels);
    }

    private static Factor[] Factors(Face[] faces)
    {
        Factor Categorical(string name, string[] values, Func<Face, int> value) =>
            Factor.Categorical(name, values, [.. faces.Select(value)]);
        Factor Continuous(string name, Func<Face, float> value) => Factor.Continuous(name, [.. faces.Select(value)], threshold: 0);
        return
        [
            Categorical("skin", Face.Skins, face => face.Skin),
            Categorical("hair", Face.HairStyles, face => face.Hair),
            Categorical("hair-colour", Face.HairColours, face => face.HairColour),
            Categorical("eyes", Face.EyeShapes, face => face.Eyes),
            Categorical("eye-colour", Face.EyeColours, face => face.EyeColour),
            Categorical("glasses", Face.GlassesKinds, face => face.Glasses),
            Categorical("hat", Face.Hats, face => face.Hat),
            Categorical("background", Face.Backgrounds, face => face.Background),
            Continuous("eye-size", face => face.EyeSize),
            Continuous("smile", face => face.Smile),
            Continuous("tilt", face => face.Tilt),
            Continuous("face-width", face => face.Width),
        ];
    }
}
