namespace GpuVae.Cli.Commands;

/// <summary>The options that say what new codes are drawn from.</summary>
/// <param name="data">Options for images to fit a sampler to; null where only those of the run are.</param>
internal sealed class SamplerArguments(DataArguments? data = null)
{
    private readonly ChoiceOption<SamplerKind> kind = new(
        "--sampler", "What codes are drawn from: the prior N(0, I) (normal), a mixture of normals fitted to the codes of the training "
            + "images (gmm), a normalising flow trained on them (flow), or those of training images drawn at random "
            + "(aggregate). Without it what the training has found best.",
        SamplerKind.Normal)
    {
        DefaultValueFactory = null,
    };

    private readonly Option<double> temperature = CommonOptions.Number(
        "--temperature", "T",
        "Below 1 images are more typical and more alike: it scales the noise of codes, and divides the logits of discrete ones.", 1.0,
        NumberRange.AtLeast(0.0));

    public void AddTo(ExampleCommand command)
    {
        command.Add("Sampler", kind, temperature);
        data?.AddTo(command, withTestData: false);
    }

    public double Temperature(ParseResult parsed) => parsed.GetValue(temperature);

    /// <summary>Gives the model the sampler that the user names; its own where none is named.</summary>
    /// <exception cref="BadInputException">The model cannot have it, or images to fit it to are missing.</exception>
    public void Apply(ParseResult parsed, RunFolder run, Vae model)
    {
        if (Temperature(parsed) == 0 && !model.HasPrior)
            throw new BadInputException("--temperature 0: discrete codes are drawn by their probabilities; take a number above 0.");
        if (!CommonOptions.IsGiven(parsed, kind))
        {
            if (data?.NamesData(parsed) == true)
                throw new BadInputException("--data says what a sampler is fitted to; add --sampler, or leave --data out.");
            return;
        }
        SamplerKind wanted = kind.Read(parsed);
        SamplerFit.Require(model.Options, wanted);
        if (wanted == SamplerKind.Normal)
            model.Sampler = null;
        else if (wanted != model.Sampler?.Kind || data?.NamesData(parsed) == true)
            model.Sampler = SamplerFit.Run(model, Images(parsed, run, wanted), new SamplerOptions { Kind = wanted }).Sampler;
    }

    private ImageSet Images(ParseResult parsed, RunFolder run, SamplerKind wanted) =>
        data?.NamesData(parsed) == true || (!run.IsFile && RunData.Read(run) is not null)
            ? (data ?? new DataArguments()).Read(parsed, run).LoadBoth().Train
            : throw new BadInputException(
                $"--sampler {CommonOptions.Kebab(wanted.ToString())}: {run.Path} holds no such sampler, and does not tell where the images "
                + "are that the model was trained on. "
                + (data is null ? "Name the run's folder." : "Name them with --data."));
}
