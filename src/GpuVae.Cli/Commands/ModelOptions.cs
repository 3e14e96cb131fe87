using System.CommandLine;
using System.Globalization;
using GpuVae.Models;

namespace GpuVae.Cli.Commands;

/// <summary>The options that decide a model's architecture and objective.</summary>
internal sealed class ModelOptions
{
    private static readonly VaeOptions Defaults = new();

    private readonly Option<int> latent = CommonOptions.Number("--latent", "N", "Units of the latent code.", Defaults.Latent);

    private readonly Option<string> hidden = new("--hidden")
    {
        Description = "Widths of the encoder's hidden layers, from the image on; the decoder mirrors them.",
        HelpName = "N,N,…",
        DefaultValueFactory = _ => string.Join(',', Defaults.Hidden),
    };

    private readonly ChoiceOption<ActivationKind> activation = new(
        "--activation", "Applied after every hidden layer.", Defaults.Activation);

    private readonly ChoiceOption<Likelihood> likelihood = new(
        "--likelihood", "Distribution of a pixel given the code; it decides the reconstruction term.", Defaults.Likelihood);

    private readonly Option<double> variance = CommonOptions.Number(
        "--variance", "V", "Pixel variance of the Gaussian likelihood; where it is learned, its start.", Defaults.Variance);

    private readonly Option<int> mixture = CommonOptions.Number(
        "--mixture-components", "K", "Components of the likelihood logistic-mixture.", Defaults.MixtureComponents);

    private readonly Option<double> beta = CommonOptions.Number("--beta", "B", "Weight of the KL term.", Defaults.Beta);

    private Option[] All => [latent, hidden, activation, likelihood, variance, mixture, beta];

    public void AddTo(Command command)
    {
        foreach (Option option in All)
            command.Options.Add(option);
    }

    /// <summary>The options that the user wrote, by name.</summary>
    public IEnumerable<string> Given(ParseResult parsed) =>
        All.Where(option => CommonOptions.IsGiven(parsed, option)).Select(option => option.Name);

    /// <summary>The options for images of the default shape; the data decides the real one.</summary>
    /// <exception cref="BadInputException">A value is out of range.</exception>
    public VaeOptions Read(ParseResult parsed)
    {
        var options = new VaeOptions
        {
            Latent = parsed.GetValue(latent),
            Hidden = ReadWidths(parsed.GetValue(hidden)!),
            Activation = activation.Read(parsed),
            Likelihood = likelihood.Read(parsed),
            Variance = parsed.GetValue(variance),
            MixtureComponents = parsed.GetValue(mixture),
            Beta = parsed.GetValue(beta),
        };
        options.Validate();
        return options;
    }

    private static int[] ReadWidths(string text)
    {
        string[] parts = text.Split(',', StringSplitOptions.TrimEntries);
        var widths = new int[parts.Length];
        for (int i = 0; i < parts.Length; i++)
        {
            if (!int.TryParse(parts[i], NumberStyles.None, CultureInfo.InvariantCulture, out widths[i]))
                throw new BadInputException($"--hidden {text}: '{parts[i]}' is no positive whole number; write widths like 512,256.");
        }
        return widths;
    }
}
