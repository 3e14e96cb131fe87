namespace GpuVae.Studio;

/// <summary>What requests have in common.</summary>
internal static class Requests
{
    // Of what one request makes: 64 MiB of floats.
    private const int MostValues = 1 << 24, MostImages = 1024;

    /// <exception cref="BadInputException">It is not from 1 to so many as a request may ask for.</exception>
    public static void RequireCount(string what, int count, ImageShape shape)
    {
        int most = Math.Min(MostImages, MostValues / shape.Pixels);
        if (count < 1 || count > most)
            throw new BadInputException($"{count} {what}: choose from 1 to {most}.");
    }

    /// <summary>The codes as rows, [n, latent].</summary>
    /// <exception cref="BadInputException">One has another length.</exception>
    public static float[] Rows(Vae model, float[][] codes)
    {
        RequireCount("codes", codes.Length, model.Options.Shape);
        foreach (float[]? code in codes)
            RequireLength(model, code ?? []);
        return [.. codes.SelectMany(code => code)];
    }

    /// <exception cref="BadInputException">The code has another length than the model's.</exception>
    public static void RequireLength(Vae model, float[] code)
    {
        if (code.Length != model.Options.Latent)
            throw new BadInputException($"A code of {code.Length} numbers; the model has {model.Options.Latent} latent units.");
    }

    /// <summary>The label for each of so many rows; of a conditional model the first if none is given.</summary>
    /// <exception cref="BadInputException">The model does not know the label, or takes none.</exception>
    public static int[] Labels(Vae model, string? label, int count) =>
        label is null && model.Options.Classes == 0 ? [] : [.. Enumerable.Repeat(label is null ? 0 : model.LabelNumber(label), count)];

    /// <summary>What a label of the model is called.</summary>
    public static string? LabelName(Vae model, int? number) =>
        number is not { } known || model.Options.Classes == 0 ? null : model.Options.LabelNames.ElementAtOrDefault(known) ?? $"{known}";

    /// <summary>What a conditional model may be told, by number.</summary>
    public static string[] LabelNames(Vae model) =>
        [.. Enumerable.Range(0, model.Options.Classes).Select(label => LabelName(model, label)!)];

    /// <summary>Rows as arrays.</summary>
    public static float[][] Split(float[] rows, int length) => [.. rows.Chunk(length)];

    /// <summary>
    /// A picture of any format and size as the model takes it, with a label where it needs one: the given one, or its guess.
    /// </summary>
    /// <exception cref="BadInputException">It is no picture, or has too many pixels; or the model does not know the label.</exception>
    public static ImageSet Picture(Vae model, byte[] content, string? label, CancellationToken stop) =>
        Labelled(model, PictureInput.Decode(content, "The picture", model.Options.Shape, fit: true), label, stop);

    /// <summary>The images with the label, or with the model's guess.</summary>
    /// <exception cref="BadInputException">The model does not know the label.</exception>
    public static ImageSet Labelled(Vae model, ImageSet images, string? label, CancellationToken stop) => label is null
        ? LabelGuess.Complete(model, images, stop)
        : new ImageSet(images.Name, images.Source, Labels(model, label, images.Count), [.. model.Options.LabelNames]);
}
