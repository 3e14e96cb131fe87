using System.CommandLine;
using System.Globalization;
using GpuVae.Models;

namespace GpuVae.Cli.Commands;

/// <summary>The options that decide a model's architecture and objective.</summary>
internal sealed class ModelOptions
{
    private static readonly VaeOptions Defaults = new();

    private readonly Option<int> latent = new("--latent")
    {
        Description = "Units of the latent code.",
        HelpName = "N",
        DefaultValueFactory = _ => Defaults.Latent,
    };

    private readonly Option<string> hidden = new("--hidden")
    {
        Description = "Widths of the encoder's hidden layers, from the image on; the decoder mirrors them.",
        HelpName = "512,256",
        DefaultValueFactory = _ => string.Join(',', Defaults.Hidden),
    };

    private readonly Option<ActivationKind> activation = new("--activation")
    {
        Description = "Applied after every hidden layer.",
        DefaultValueFactory = _ => Defaults.Activation,
    };

    private readonly Option<Likelihood> likelihood = new("--likelihood")
    {
        Description = "Distribution of a pixel given the code.",
        DefaultValueFactory = _ => Defaults.Likelihood,
    };

    private readonly Option<double> variance = new("--variance")
    {
        Description = "Pixel variance of the Gaussian likelihood.",
        HelpName = "V",
        DefaultValueFactory = _ => Defaults.Variance,
    };

    private readonly Option<double> beta = new("--beta")
    {
        Description = "Weight of the KL term.",
        HelpName = "B",
        DefaultValueFactory = _ => Defaults.Beta,
    };

    private Option[] All => [latent, hidden, activation, likelihood, variance, beta];

    public void AddTo(Command command)
    {
        foreach (var option in All)
            command.Options.Add(option);
    }

    /// <summary>The options that the user wrote, by name.</summary>
    public IEnumerable<string> Given(ParseResult parsed) => All.Where(o => parsed.GetResult(o) is { Implicit: false }).Select(o => o.Name);

    /// <exception cref="BadInputException">A width is no whole number.</exception>
    public VaeOptions Read(ParseResult parsed, ImageShape shape) => new()
    {
        Shape = shape,
        Latent = parsed.GetValue(latent),
        Hidden = ReadWidths(parsed.GetValue(hidden)!),
        Activation = parsed.GetValue(activation),
        Likelihood = parsed.GetValue(likelihood),
        Variance = parsed.GetValue(variance),
        Beta = parsed.GetValue(beta),
    };

    private static int[] ReadWidths(string text)
    {
        string[] parts = text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        var widths = new int[parts.Length];
        for (int i = 0; i < parts.Length; i++)
        {
            if (!int.TryParse(parts[i], NumberStyles.None, CultureInfo.InvariantCulture, out widths[i]))
                throw new BadInputException($"--hidden {text}: '{parts[i]}' is no positive whole number; write widths like 512,256.");
        }
        return widths;
    }
}
