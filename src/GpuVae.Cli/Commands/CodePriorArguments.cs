namespace GpuVae.Cli.Commands;

/// <summary>The option that names the prior over a model's discrete codes.</summary>
internal sealed class CodePriorArguments
{
    private readonly Option<string?> file = CommonOptions.Text(
        "--code-prior", "FILE", "Of a model with discrete codes: the prior that 'gpuvae train-prior' made; without it "
        + $"{GridPrior.FileName} beside the model.");

    public void AddTo(ExampleCommand command) => command.Options.Add(file);

    public bool IsGiven(ParseResult parsed) => CommonOptions.IsGiven(parsed, file);

    /// <summary>Whether there is a prior to be loaded: one that is named, or the one beside the model.</summary>
    public bool IsThere(ParseResult parsed, RunFolder run) => IsGiven(parsed) || File.Exists(PathOf(run));

    /// <summary>The prior that codes are drawn from; null for a model whose codes are not discrete.</summary>
    /// <exception cref="BadInputException">There is none, it is of another model, or one is named for a model that takes none.</exception>
    public GridPrior? Load(ParseResult parsed, RunFolder run, Vae model)
    {
        string? named = parsed.GetValue(file);
        if (model.HasPrior)
            return named is null ? null : throw new BadInputException($"{file.Name} is for models with discrete codes. Leave it out.");
        string path = named ?? PathOf(run);
        return File.Exists(path)
            ? GridPrior.Load(model, path)
            : throw new BadInputException(
                $"{run.Path} has discrete codes and no prior to draw them from: there is no {path}. Train one with 'gpuvae train-prior "
                + $"--run {run.Path}'.");
    }

    /// <summary>Where the prior of a model stands if nobody says otherwise.</summary>
    public static string PathOf(RunFolder run) =>
        Path.Combine(run.IsFile ? Path.GetDirectoryName(run.Path)! : run.Path, GridPrior.FileName);
}
