namespace GpuVae.Cli;

/// <summary>A command whose help shows examples last, and its options below headings.</summary>
internal sealed class ExampleCommand(string name, string description, params string[] examples) : Command(name, description)
{
    private readonly Dictionary<Option, string> headings = [];

    public IReadOnlyList<string> Examples { get; } = examples;

    /// <summary>Adds options that the help shows together below a heading.</summary>
    public void Add(string heading, params IEnumerable<Option> options)
    {
        foreach (Option option in options)
        {
            Options.Add(option);
            headings[option] = heading;
        }
    }

    /// <summary>The heading of an option; of those without one "Options".</summary>
    public string HeadingOf(Option option) => headings.GetValueOrDefault(option, "Options");
}
