using System.Globalization;
using GpuVae.Data;
using GpuVae.Options;

namespace GpuVae.Models;

/// <summary>The classes that a conditional model knows, and what is right and wrong about labels for it; other models take none.</summary>
internal sealed class ClassLabels(VaeOptions options)
{
    private string Known => string.Join(", ", options.LabelNames.Count > 0
        ? options.LabelNames
        : Enumerable.Range(0, options.Classes).Select(number => number.ToString(CultureInfo.InvariantCulture)));

    /// <summary>The number of a class, by its name or its number.</summary>
    /// <exception cref="BadInputException">There is none; the message lists those that there are.</exception>
    public int NumberOf(string label)
    {
        int named = ImageSet.LabelNumber(options.LabelNames, label);
        if (named >= 0)
            return named;
        if (int.TryParse(label, CultureInfo.InvariantCulture, out int number) && number >= 0 && number < options.Classes)
            return number;
        throw new BadInputException(options.Classes == 0
            ? $"The model was not trained with labels, so it does not know '{label}'; train with VaeOptions.Classes."
            : $"The model does not know the label '{label}'; it knows {Known}.");
    }

    /// <exception cref="BadInputException">There is not one label for each image of a conditional model, or some for another.</exception>
    public void RequireCount(long given, int images)
    {
        if (given == (options.Classes > 0 ? images : 0))
            return;
        throw new BadInputException(options.Classes > 0
            ? $"The model is conditional: it needs a label for each of {images} images and was given {given}. It knows {Known}."
            : "The model was not trained with labels, so it takes none.");
    }

    /// <exception cref="BadInputException">One of the labels is unknown.</exception>
    public void RequireKnown(ReadOnlySpan<int> labels)
    {
        foreach (int label in labels)
        {
            if (label < 0 || label >= options.Classes)
                throw new BadInputException($"The model does not know the label {label}; it knows {Known}.");
        }
    }

    /// <summary>The images, for a conditional model with their labels numbered as it numbers them.</summary>
    /// <exception cref="BadInputException">
    /// The model is conditional, and the images have no labels, or some that it does not know.
    /// </exception>
    public ImageSet Require(ImageSet images)
    {
        if (options.Classes == 0)
            return images;
        images = images.WithLabelNames(options.LabelNames);
        if (images.Labels is not { } labels)
            throw new BadInputException(
                $"{images.Name} has no labels, and a conditional model needs one for every image. " +
                "Put the images into a subfolder for each label, or train without VaeOptions.Classes.");
        if (labels.Any(label => label < 0 || label >= options.Classes))
            throw new BadInputException(
                $"{images.Name} has labels up to {labels.Max()}; the model knows {options.Classes} classes: {Known}.");
        return images;
    }
}
