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
public sealed class AttributeDirections
{
    // Against values of factors that no image or every image has; its bias, a thousandth for factors of variance 1, is far below what
    // shows.
    private const double Ridge = 1e-3;

    private readonly Dictionary<string, float[]> directions = new(StringComparer.OrdinalIgnoreCase);
    private readonly string source;

    private AttributeDirections(string source) => this.source = source;

    /// <summary>What can be added and removed, such as <c>glasses</c>, <c>smile</c> or <c>hair=long</c>.</summary>
    public IReadOnlyCollection<string> Attributes => directions.Keys;

    /// <summary>
    /// The direction of an attribute, [latent]: as long as from the average image without it to the average image with it.
    /// </summary>
    /// <exception cref="BadInputException">Nothing of that name was learnt; the message lists what was.</exception>
    public ReadOnlySpan<float> this[string attribute] =>
        directions.TryGetValue(attribute, out float[]? direction)
            ? direction
            : throw new BadInputException(
                $"The attribute {attribute} is not known from {source}. Known are {string.Join(", ", directions.Keys)}.");

    /// <summary>
    /// Encodes the images and regresses; some thousand are enough. Attributes that all images have, or none, are left out.
    /// </summary>
    /// <exception cref="BadInputException">The images are not of the model's shape, or nothing is known of them.</exception>
    public static AttributeDirections Learn(Vae model, ImageSet images)
    {
        int count = images.Count, latent = model.Options.Latent;
        float[] means = LatentCodes.Means(model, images);
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
        Matrix<double> effects = gram.Cholesky().Solve(design.TransposeThisAndMultiply(codes) / count);

        var learnt = new AttributeDirections(images.Name);
        at = 0;
        foreach ((Factor factor, Matrix<double> columns) in factors)
        {
            Matrix<double> own = effects.SubMatrix(at, columns.ColumnCount, 0, latent);
            foreach (string attribute in factor.Attributes)
            {
                if (Step(columns, factor.Answer(attribute)!) is { } step)
                    learnt.directions.TryAdd(attribute, [.. (step * own).Select(value => (float)value)]);
            }
            at += columns.ColumnCount;
        }
        return learnt;
    }

    /// <summary>
    /// The sum of several edits, [latent]: Σ strength · direction. Strength 1 adds an attribute to the degree that images usually have it,
    /// more exaggerates, a negative one removes it.
    /// </summary>
    /// <exception cref="BadInputException">An attribute is not known, or a strength is no finite number.</exception>
    public float[] Sum(params IEnumerable<AttributeEdit> edits)
    {
        var sum = new float[directions.Values.First().Length];
        foreach (AttributeEdit edit in edits)
        {
            if (!double.IsFinite(edit.Strength))
                throw new BadInputException($"{edit.Attribute} cannot be added {edit.Strength} times; the strength must be finite.");
            TensorPrimitives.MultiplyAdd(this[edit.Attribute], (float)edit.Strength, sum, sum);
        }
        return sum;
    }

    /// <summary>
    /// A sheet with a row for each attribute, in which a code has ever more of it: strengths from −<paramref name="extent"/> to +<paramref
    /// name="extent"/>, evenly. [attributes · columns, latent].
    /// </summary>
    /// <exception cref="BadInputException">An attribute is not known.</exception>
    public float[] Sheet(ReadOnlySpan<float> code, IReadOnlyList<string> attributes, int columns, double extent)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(columns, 2);
        var sheet = new float[checked(attributes.Count * columns * code.Length)];
        for (int i = 0; i < attributes.Count * columns; i++)
        {
            double strength = extent * (2.0 * (i % columns) / (columns - 1) - 1);
            TensorPrimitives.MultiplyAdd(
                this[attributes[i / columns]], (float)strength, code, sheet.AsSpan(i * code.Length, code.Length));
        }
        return sheet;
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

    /// <summary>From the mean row of the images without to that of those with; null where there are none of either.</summary>
    private static Vector<double>? Step(Matrix<double> columns, bool[] has)
    {
        int with = has.Count(answer => answer), without = has.Length - with;
        if (with == 0 || without == 0)
            return null;
        Vector<double> weights = Vector<double>.Build.Dense(has.Length, i => has[i] ? 1.0 / with : -1.0 / without);
        return columns.LeftMultiply(weights);
    }
}
