using System.Globalization;

namespace GpuVae.Applications;

/// <summary>One attribute to add to an image, or with a negative strength to remove from it.</summary>
/// <param name="Attribute">As <see cref="AttributeDirections.Attributes"/> names it.</param>
/// <param name="Strength">1 is the degree that images usually have.</param>
public readonly record struct AttributeEdit(string Attribute, double Strength = 1)
{
    // Far beyond what any image has; a code further away is nothing that a decoder has seen, and shows noise.
    private const double MaxStrength = 100;

    /// <summary>Reads <c>smile</c> or <c>smile:1.5</c>.</summary>
    /// <exception cref="BadInputException">What follows the colon is no number from -100 to 100.</exception>
    public static AttributeEdit Parse(string text)
    {
        int colon = text.LastIndexOf(':');
        if (colon < 0)
            return new AttributeEdit(text);
        return double.TryParse(text.AsSpan(colon + 1), NumberStyles.Float, CultureInfo.InvariantCulture, out double strength)
            && Math.Abs(strength) <= MaxStrength
            ? new AttributeEdit(text[..colon], strength)
            : throw new BadInputException(
                $"{text}: after the colon there must be a number from -{MaxStrength} to {MaxStrength}, as in smile:1.5.");
    }
}
