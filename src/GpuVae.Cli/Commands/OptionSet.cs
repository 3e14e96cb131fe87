using System.Globalization;
using System.Linq.Expressions;
using System.Numerics;
using System.Reflection;

namespace GpuVae.Cli.Commands;

/// <summary>
/// Options of the command line that stand for properties of a record of the library. Their defaults are the record's, and what is not
/// given keeps them.
/// </summary>
/// <param name="heading">Above these options in the help.</param>
internal sealed class OptionSet<T>(string heading)
    where T : class, new()
{
    private static readonly T Defaults = new();

    private readonly List<(Option Option, PropertyInfo Property, Func<ParseResult, object?> Read, Need? Needs)> all = [];

    /// <summary>Without which an option changes nothing.</summary>
    /// <param name="IsMet">Whether other options are such that it changes something.</param>
    /// <param name="Flags">How to meet it.</param>
    public sealed record Need(Func<T, bool> IsMet, string Flags);

    /// <summary>The flags by the names of their properties, <c>VaeOptions.Latent</c>.</summary>
    public IEnumerable<KeyValuePair<string, string>> Flags =>
        all.Select(entry => KeyValuePair.Create($"{typeof(T).Name}.{entry.Property.Name}", entry.Option.Name));

    public void AddTo(ExampleCommand command) => command.Add(heading, all.Select(entry => entry.Option));

    public void Number<TValue>(
        string name, string helpName, string description, Expression<Func<T, TValue>> property, NumberRange<TValue> range,
        Need? needs = null, params string[] aliases)
        where TValue : struct, INumber<TValue> =>
        Add(CommonOptions.Number(name, helpName, description, Default(property), range, aliases), property, needs);

    public void Choice<TValue>(string name, string description, Expression<Func<T, TValue>> property, Need? needs = null)
        where TValue : struct, Enum
    {
        var option = new ChoiceOption<TValue>(name, description, Default(property));
        Add(option, property, parsed => option.Read(parsed), needs);
    }

    public void Flag(string name, string description, Expression<Func<T, bool>> property, Need? needs = null) =>
        Add(CommonOptions.Flag(name, description), property, needs);

    public void Numbers(
        string name, string description, Expression<Func<T, IReadOnlyList<int>>> property, NumberRange<int> range, Need? needs = null)
    {
        Option<int[]> option = CommonOptions.Numbers(name, "N,N,…", description, range);
        Add(option, property, parsed => parsed.GetValue(option), needs);
    }

    /// <exception cref="BadInputException">An option is given that changes nothing: whoever wrote it expects something else.</exception>
    public T Read(ParseResult parsed)
    {
        var options = new T();
        var given = all.Where(entry => CommonOptions.IsGiven(parsed, entry.Option)).ToList();
        foreach ((_, PropertyInfo property, Func<ParseResult, object?> read, _) in given)
            property.SetValue(options, read(parsed));
        foreach ((Option option, _, _, Need? needs) in given)
            if (needs?.IsMet(options) == false)
                throw new BadInputException($"{option.Name} changes nothing without {needs.Flags}. Add that, or leave {option.Name} out.");
        return options;
    }

    /// <summary>The flags that the user wrote.</summary>
    public IEnumerable<string> Given(ParseResult parsed) =>
        all.Select(entry => entry.Option).Where(option => CommonOptions.IsGiven(parsed, option)).Select(option => option.Name);

    /// <summary>Flags without their dashes, and the values that they would have to be given for <paramref name="options"/>.</summary>
    public IEnumerable<(string Name, string Value)> Describe(T options) =>
        all.Select(entry => (entry.Option.Name.TrimStart('-'), Text(entry.Property.GetValue(options)!)));

    private static string Text(object value) => value switch
    {
        Enum choice => CommonOptions.Kebab(choice.ToString()),
        bool isOn => isOn ? "yes" : "no",
        double number => number.ToString("G9", CultureInfo.InvariantCulture),
        IReadOnlyList<int> numbers => string.Join(",", numbers),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    private void Add<TValue>(Option<TValue> option, Expression<Func<T, TValue>> property, Need? needs) =>
        Add(option, property, parsed => parsed.GetValue(option), needs);

    private void Add(Option option, LambdaExpression property, Func<ParseResult, object?> read, Need? needs) =>
        all.Add((option, Named(property), read, needs));

    // By reflection: to compile the expression would cost every command a millisecond for each option.
    private static TValue Default<TValue>(Expression<Func<T, TValue>> property) => (TValue)Named(property).GetValue(Defaults)!;

    private static PropertyInfo Named(LambdaExpression property) => (PropertyInfo)((MemberExpression)property.Body).Member;
}
