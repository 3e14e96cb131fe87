using GpuVae.Models;

namespace GpuVae.Applications;

/// <summary>Codes of a hierarchy that differ from level to level: what each level decides is seen by drawing it anew.</summary>
public static class LevelCodes
{
    /// <summary>
    /// A row of codes for each level, in which the levels above keep the units of one code, the first of the top row, and that level and
    /// those below it are drawn from the prior; the first code of every row is that one itself.
    /// </summary>
    /// <param name="model">With a hierarchy.</param>
    /// <param name="columns">Codes of a row.</param>
    /// <param name="seed">Of the draws.</param>
    /// <param name="temperature">Scales the noise of codes.</param>
    /// <returns>[levels · columns, latent], the top level's row first.</returns>
    /// <exception cref="BadInputException">The model has no hierarchy.</exception>
    public static float[] Draw(Vae model, int columns, ulong seed, double temperature = 1)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(columns);
        (int levels, int latent) = (model.Options.Hierarchy, model.Options.Latent);
        if (levels == 1)
            throw new BadInputException("This model has one level of latent units; train one with VaeOptions.Hierarchy = 2 or more.");
        float[] codes = model.SamplePrior(levels * columns, seed);
        for (int i = 0; i < codes.Length; i++)
            codes[i] = (float)(temperature * codes[i]);
        int above = 0;
        for (int level = 0; level < levels; level++)
        {
            for (int column = 0; column < columns; column++)
            {
                int kept = column == 0 ? latent : above;
                codes.AsSpan(0, kept).CopyTo(codes.AsSpan((level * columns + column) * latent, kept));
            }
            above += model.Options.LevelOf(level).Units;
        }
        return codes;
    }
}
