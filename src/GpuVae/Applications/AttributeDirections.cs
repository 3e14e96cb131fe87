using System.Numerics.Tensors;
using GpuVae.Data;
using GpuVae.Models;
using MathNet.Numerics.LinearAlgebra;

namespace GpuVae.Applications;

/// <summary>
/// For every attribute of labelled images the way through the latent space that adds it. The codes are regressed on all factors of the
/// images together (least squares), so that a direction holds what belongs to its own factor and leaves the others as they are, even where
/// the two often go together in the data. Where only one attribute is known, it is the difference between the mean codes with and without
/// it (Larsen et al., "Autoencoding beyond pixels using a learned similarity metric", 2016).
/// </summary>
/// <remarks>
/// A factor of named values has no one direction: the way to blond hair starts at black for some and at red for others. It is taken from
/// the value that an image's own code tells (see <see cref="LatentClasses"/>) to the wanted one.
/// </remarks>
public sealed class AttributeDirections
{
    // Against values of factors that no image or every image has; its bias, a thousandth for factors of variance 1, is far below what
    // shows.
    private const double Ridge = 1e-3;

    private readonly Dictionary<string, Effect> effects = new(StringComparer.OrdinalIgnoreCase);
    private readonly string source;
    private readonly int latent;

    private AttributeDirections(string source, int latent) => (this.source, this.latent) = (source, latent);

    /// <summary>What can be added and removed, such as <c>glasses</c>, <c>smile</c> or <c>hair=long</c>.</summary>
    public IReadOnlyCollection<string> Attributes => effects.Keys;

    /// <summary>
    /// Encodes the images and regresses; some thousand are enough. Attributes that all images have, or none, are left out.
    /// </summary>
    /// <exception cref="BadInputException">The images are not of the model's shape, or nothing is known of them.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> asked to stop.</exception>
    public static AttributeDirections Learn(Vae model, ImageSet images, CancellationToken cancellation = default)
    {
        int count = images.Count, latent = model.Options.Latent;
        float[] means = LatentCodes.Means(model, images, cancellation);
        Matrix<double> codes = Matrix<double>.Build.Dense(count, latent, (i, j) => means[i * latent + j]);

        (Factor Factor, Matrix<double> Columns)[] factors = [.. images.Factors.Select(factor => (factor, Columns(factor)))];
        int width = factors.Sum(factor => factor.Columns.ColumnCount);
        if (width == 0)
            throw new BadInputException(
                $"{images.Name} has no attributes to learn from. Put the images into subfolders by label, or write an attributes.csv "
                + "beside them.");
        Matrix<double> design = Matrix<double>.Build.Dense(count, width);
        int at = 0;
        foreach ((_, Matrix<double> columns) in factors)
        {
            design.SetSubMatrix(0, at, columns);
            at += columns.ColumnCount;
        }
        // Columns with mean 0, so no intercept: (XᵀX/n + λI) W = XᵀZ/n, W [width, latent].
        Matrix<double> gram = design.TransposeThisAndMultiply(design) / count + Matrix<double>.Build.DenseIdentity(width) * Ridge;
        Matrix<double> slopes = gram.Cholesky().Solve(design.TransposeThisAndMultiply(codes) / count);

        var learnt = new AttributeDirections(images.Name, latent);
        at = 0;
        foreach ((Factor factor, Matrix<double> columns) in factors)
        {
            cancellation.ThrowIfCancellationRequested();
            Matrix<double> own = slopes.SubMatrix(at, columns.ColumnCount, 0, latent);
            at += columns.ColumnCount;
            Func<string, Effect> effect = factor.ValueNames is null
                ? Continuous(factor, columns, own)
                : Categorical(factor, own, LatentClasses.Learn(codes, factor.Values, factor.ValueNames.Length));
            foreach (string attribute in factor.Attributes)
            {
                bool[] has = factor.Answer(attribute)!;
                if (has.Contains(true) && has.Contains(false))
                    learnt.effects.TryAdd(attribute, effect(attribute));
            }
        }
        return learnt;
    }

    /// <summary>
    /// What several edits, made in turn, change in each of <paramref name="codes"/>, [n, latent]. Strength 1 gives an image the attribute
    /// to the degree that images usually have it, 0.5 takes it half of the way, more exaggerates, a negative one removes it. A value of a
    /// categorical factor that an image has need not be added and one that it does not have need not be removed: little changes.
    /// </summary>
    /// <returns>[n, latent], to be added to the codes.</returns>
    /// <exception cref="BadInputException">An attribute is not known, or a strength is no finite number.</exception>
    public float[] Changes(ReadOnlySpan<float> codes, params IEnumerable<AttributeEdit> edits)
    {
        float[] moved = codes.ToArray();
        foreach (AttributeEdit edit in edits)
        {
            if (!double.IsFinite(edit.Strength))
                throw new BadInputException($"{edit.Attribute} cannot be added {edit.Strength} times; the strength must be finite.");
            Effect effect = effects.TryGetValue(edit.Attribute, out Effect? known)
                ? known
                : throw new BadInputException(
                    $"The attribute '{edit.Attribute}' is not known from {source}. Known are {string.Join(", ", effects.Keys)}.");
            for (int at = 0; at < moved.Length; at += latent)
            {
                Span<float> code = moved.AsSpan(at, latent);
                float[] way = effect.Way(code, edit.Strength < 0);
                TensorPrimitives.MultiplyAdd(way, (float)Math.Abs(edit.Strength), code, code);
            }
        }
        TensorPrimitives.Subtract(moved, codes, moved);
        return moved;
    }

    /// <summary>
    /// A sheet with a row for each attribute, in which a code has ever more of it: a continuous one with strengths from −<paramref
    /// name="extent"/> to +<paramref name="extent"/>, a value of a categorical factor from not having it to having it.
    /// [attributes · columns, latent].
    /// </summary>
    /// <exception cref="BadInputException">An attribute is not known.</exception>
    public float[] Sheet(ReadOnlySpan<float> code, IReadOnlyList<string> attributes, int columns, double extent)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(columns, 2);
        float[] sheet = new float[checked(attributes.Count * columns * latent)];
        for (int row = 0; row < attributes.Count; row++)
        {
            double strength = effects.TryGetValue(attributes[row], out Effect? effect) && effect.IsCategorical ? 1 : extent;
            float[] less = Changes(code, new AttributeEdit(attributes[row], -strength));
            float[] more = Changes(code, new AttributeEdit(attributes[row], strength));
            for (int column = 0; column < columns; column++)
            {
                Span<float> place = sheet.AsSpan((row * columns + column) * latent, latent);
                TensorPrimitives.Lerp<float>(less, more, (float)column / (columns - 1), place);
                TensorPrimitives.Add(place, code, place);
            }
        }
        return sheet;
    }

    /// <summary>
    /// The way of a number: for every image the same, from the mean of those without the attribute to that of those with it.
    /// </summary>
    private static Func<string, Effect> Continuous(Factor factor, Matrix<double> column, Matrix<double> slope) => attribute =>
    {
        bool[] has = factor.Answer(attribute)!;
        double Mean(bool answer) => Enumerable.Range(0, has.Length).Where(i => has[i] == answer).Average(i => column[i, 0]);
        float[] direction = [.. (slope.Row(0) * (Mean(true) - Mean(false))).Select(value => (float)value)];
        float[] back = Array.ConvertAll(direction, value => -value);
        return new Effect(IsCategorical: false, (_, removes) => removes ? back : direction);
    };

    /// <summary>
    /// The way of a value: from each of the values that are to go, as far as the code has it, to the mean of those that are to come.
    /// </summary>
    /// <param name="factor">Whose values they are.</param>
    /// <param name="means">What each value does to the code, [values, latent].</param>
    /// <param name="classes">Tells the value that a code has.</param>
    private static Func<string, Effect> Categorical(Factor factor, Matrix<double> means, LatentClasses classes)
    {
        int[] sizes = new int[means.RowCount];
        foreach (float value in factor.Values)
            sizes[(int)value]++;
        var values = Factor.Categorical(factor.Name, factor.ValueNames!, [.. Enumerable.Range(0, sizes.Length)]);
        // Which values are not the absence of what the factor is named after, if one of them is.
        bool[]? present = values.Answer(factor.Name);

        float[] Way(ReadOnlySpan<float> code, bool[] coming, bool[] going)
        {
            double[] own = classes.Probabilities(code);
            double all = sizes.Where((_, k) => coming[k]).Sum();
            Vector<double> weights = Vector<double>.Build.Dense(
                sizes.Length, k => coming[k] ? sizes[k] / all * own.Where((_, other) => going[other]).Sum() : 0);
            for (int k = 0; k < sizes.Length; k++)
                weights[k] -= going[k] ? own[k] : 0;
            return [.. (weights * means).Select(value => (float)value)];
        }

        return attribute =>
        {
            bool[] with = values.Answer(attribute)!, without = Array.ConvertAll(with, has => !has);
            // Without a top hat there is no hat, rather than the mean of all others.
            bool[] bare = present is null ? without : [.. without.Select((has, k) => has && !present[k])];
            bool[] rest = sizes.Where((_, k) => bare[k]).Sum() > 0 ? bare : without;
            return new Effect(
                IsCategorical: true, (code, removes) => removes ? Way(code, rest, going: with) : Way(code, with, going: without));
        };
    }

    /// <summary>
    /// A factor as columns of the regression, [images, columns] with mean 0: numbers one column with deviation 1, names one per name.
    /// </summary>
    private static Matrix<double> Columns(Factor factor)
    {
        int count = factor.Values.Length;
        Matrix<double> columns = factor.ValueNames is { } names
            ? Matrix<double>.Build.Dense(count, names.Length, (i, j) => factor.Values[i] == j ? 1 : 0)
            : Matrix<double>.Build.Dense(count, 1, (i, _) => factor.Values[i]);
        for (int j = 0; j < columns.ColumnCount; j++)
        {
            Vector<double> column = columns.Column(j);
            column -= column.Sum() / count;
            double deviation = column.L2Norm() / Math.Sqrt(count);
            columns.SetColumn(j, factor.ValueNames is null && deviation > 0 ? column / deviation : column);
        }
        return columns;
    }

    /// <summary>What one attribute does.</summary>
    /// <param name="IsCategorical">Whether it is a value of a categorical factor, or several of them.</param>
    /// <param name="Way">From a code [latent] to where it has the attribute, or, if that is asked, has it no more.</param>
    private sealed record Effect(bool IsCategorical, Func<ReadOnlySpan<float>, bool, float[]> Way);
}
