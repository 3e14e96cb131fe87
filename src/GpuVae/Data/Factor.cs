namespace GpuVae.Data;

/// <summary>
/// What is known of every image of a set in one respect: one of several named values (hair: bald, short, …) or a number (smile: from −1
/// to 1). Yes-or-no questions about it are its attributes: see <see cref="Answer"/>.
/// </summary>
public sealed class Factor
{
    /// <summary>Value names that mean the absence of what the factor is named after.</summary>
    private static readonly string[] Negative = ["none", "no", "false", "without"];

    private Factor(string name, float[] values, string[]? valueNames, float threshold) =>
        (Name, Values, ValueNames, Threshold) = (name, values, valueNames, threshold);

    /// <summary>A factor of named values; <paramref name="values"/> holds one index into <paramref name="valueNames"/> per image.</summary>
    /// <exception cref="ArgumentException">An index is out of range.</exception>
    public static Factor Categorical(string name, string[] valueNames, ReadOnlySpan<int> values)
    {
        float[] indices = new float[values.Length];
        for (int i = 0; i < indices.Length; i++)
            indices[i] = values[i] >= 0 && values[i] < valueNames.Length
                ? values[i]
                : throw new ArgumentException($"Value {values[i]} of {name}, which has {valueNames.Length}.", nameof(values));
        return new Factor(name, indices, valueNames, 0);
    }

    /// <summary>A factor of numbers, one per image; an image has the attribute of this name above <paramref name="threshold"/>.</summary>
    public static Factor Continuous(string name, float[] values, float threshold) => new(name, values, null, threshold);

    /// <summary>What it is called in messages and attributes, such as <c>hair</c>.</summary>
    public string Name { get; }

    /// <summary>One per image: the number, or the index into <see cref="ValueNames"/>.</summary>
    public float[] Values { get; }

    /// <summary>Null where the factor is continuous.</summary>
    public string[]? ValueNames { get; }

    /// <summary>Of a continuous factor: above it an image has the attribute.</summary>
    public float Threshold { get; }

    /// <summary>
    /// The questions that <see cref="Answer"/> knows: of a continuous factor its name; of a categorical one <c>name=value</c> for every
    /// value and, if one of them says no (as <c>none</c> does), the name alone for any other.
    /// </summary>
    public IEnumerable<string> Attributes =>
        ValueNames is null ? [Name]
        : AbsentValue < 0 ? ValueNames.Select(value => $"{Name}={value}")
        : ValueNames.Select(value => $"{Name}={value}").Prepend(Name);

    /// <summary>
    /// Whether each image has the attribute; null if it is none of <see cref="Attributes"/>. Upper and lower case are the same.
    /// </summary>
    public bool[]? Answer(string attribute)
    {
        bool byName = attribute.Equals(Name, StringComparison.OrdinalIgnoreCase);
        if (ValueNames is null)
            return byName ? Array.ConvertAll(Values, value => value > Threshold) : null;
        if (byName)
            return AbsentValue < 0 ? null : Array.ConvertAll(Values, value => value != AbsentValue);
        int asked = Array.FindIndex(ValueNames, value => attribute.Equals($"{Name}={value}", StringComparison.OrdinalIgnoreCase));
        return asked < 0 ? null : Array.ConvertAll(Values, value => value == asked);
    }

    /// <summary>The factor of the images at <paramref name="indices"/>, in that order.</summary>
    public Factor Select(ReadOnlySpan<int> indices)
    {
        float[] values = new float[indices.Length];
        for (int i = 0; i < values.Length; i++)
            values[i] = Values[indices[i]];
        return new Factor(Name, values, ValueNames, Threshold);
    }

    private int AbsentValue => Array.FindIndex(ValueNames!, value => Negative.Contains(value, StringComparer.OrdinalIgnoreCase));
}
