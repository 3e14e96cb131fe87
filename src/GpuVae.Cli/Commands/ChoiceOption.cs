namespace GpuVae.Cli.Commands;

/// <summary>An option whose values are those of an enumeration, written like <c>leaky-relu</c>; case and hyphens do not matter.</summary>
internal sealed class ChoiceOption<T> : Option<string>
    where T : struct, Enum
{
    private static readonly string[] Names = [.. Enum.GetValues<T>().Select(Text)];

    public ChoiceOption(string name, string description, T value)
        : base(name)
    {
        Description = $"{description} One of {string.Join(", ", Names)}.";
        HelpName = "NAME";
        DefaultValueFactory = _ => Text(value);
        CompletionSources.Add(_ => Names.Select(n => new System.CommandLine.Completions.CompletionItem(n)));
        Validators.Add(result =>
        {
            string text = result.GetValueOrDefault<string>();
            if (Find(text) is null)
                result.AddError($"{name} {text}: choose one of {string.Join(", ", Names)}.");
        });
    }

    private static string Text(T value) => CommonOptions.Kebab(value.ToString());

    public T Read(ParseResult parsed) => Find(parsed.GetValue(this)!)!.Value;

    private static T? Find(string text) => Enum.GetValues<T>().Cast<T?>().FirstOrDefault(value =>
        text.Replace("-", "").Equals(value.ToString(), StringComparison.OrdinalIgnoreCase));
}
