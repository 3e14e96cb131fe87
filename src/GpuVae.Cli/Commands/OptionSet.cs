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
/// <param name="copy">Gives a record of its own, to be changed.</param>
internal sealed class OptionSet<T>(string heading, Func<T, T> copy)
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
        Need? needs = null, bool isFitted = false, string? otherwise = null, params string[] aliases)
        where TValue : struct, INumber<TValue> =>
        Add(
            Fitted(
                CommonOptions.Number(name, helpName, description, Default(property), range, aliases), isFitted || otherwise is not null,
                otherwise),
            property, needs);

    public void Choice<TValue>(
        string name, string description, Expression<Func<T, TValue>> property, Need? needs = null, bool isFitted = false)
        where TValue : struct, Enum
    {
        var option = new ChoiceOption<TValue>(name, description, Default(property));
        Add(Fitted(option, isFitted), property, parsed => option.Read(parsed), needs);
    }

    /// <summary>A choice of which each value stands for one of the property's.</summary>
    public ChoiceOption<TChoice> Choice<TChoice, TValue>(
        string name, string description, Expression<Func<T, TValue>> property, TChoice value, Func<TChoice, TValue> map)
        where TChoice : struct, Enum
    {
        var option = new ChoiceOption<TChoice>(name, description, value);
        Add(Fitted(option, isFitted: true), property, parsed => map(option.Read(parsed)), null);
        return option;
    }

    public void Flag(
        string name, string description, Expression<Func<T, bool>> property, Need? needs = null, bool isFitted = false) =>
        Add(Fitted(CommonOptions.Flag(name, description), isFitted), property, needs);

    public void Numbers(
        string name, string description, Expression<Func<T, IReadOnlyList<int>>> property, NumberRange<int> range, Need? needs = null,
        bool isFitted = false)
    {
        Option<int[]> option = CommonOptions.Numbers(name, "N,N,…", description, range);
        Add(Fitted(option, isFitted), property, parsed => parsed.GetValue(option), needs);
    }

    /// <summary>What is given, and <paramref name="defaults"/> for the rest.</summary>
    public T Read(ParseResult parsed, T? defaults = null)
    {
        T options = defaults is null ? new T() : copy(defaults);
        foreach ((_, PropertyInfo property, Func<ParseResult, object?> read, _) in GivenAmong(parsed))
            property.SetValue(options, read(parsed));
        return options;
    }

    /// <exception cref="BadInputException">
    /// An option is given that changes nothing of <paramref name="options"/>: whoever wrote it expects something else.
    /// </exception>
    public void RequireUse(ParseResult parsed, T options)
    {
        foreach ((Option option, _, _, Need? needs) in GivenAmong(parsed))
            if (needs?.IsMet(options) == false)
                throw new BadInputException($"{option.Name} changes nothing without {needs.Flags}. Add that, or leave {option.Name} out.");
    }

    /// <summary>The flags that the user wrote.</summary>
    public IEnumerable<string> Given(ParseResult parsed) =>
        GivenAmong(parsed).Select(entry => entry.Option.Name);

    /// <summary>What was chosen for who did not say it: flags, values and reasons, these by property.</summary>
    public IEnumerable<string> Chosen(ParseResult parsed, T options, IReadOnlyDictionary<string, string> reasons) =>
        from entry in all
        where !CommonOptions.IsGiven(parsed, entry.Option) && entry.Needs?.IsMet(options) != false
        let reason = reasons.GetValueOrDefault($"{typeof(T).Name}.{entry.Property.Name}")
        where reason is not null
        let value = entry.Property.GetValue(options)!
        select $"{entry.Option.Name}{(value is true ? "" : $" {Text(value)}")} ({reason})";

    /// <summary>The values by flags; null for those that change nothing.</summary>
    public IEnumerable<KeyValuePair<string, object?>> Values(T options) => all.Select(entry => KeyValuePair.Create(
        entry.Option.Name, entry.Needs?.IsMet(options) == false ? null : entry.Property.GetValue(options)));

    /// <summary>Flags without their dashes, and the values that they would have to be given for <paramref name="options"/>.</summary>
    public IEnumerable<(string Name, string Value)> Describe(T options) =>
        all.Select(entry => (entry.Option.Name.TrimStart('-'), Text(entry.Property.GetValue(options)!)));

    private IEnumerable<(Option Option, PropertyInfo Property, Func<ParseResult, object?> Read, Need? Needs)> GivenAmong(
        ParseResult parsed) => all.Where(entry => CommonOptions.IsGiven(parsed, entry.Option));

    /// <summary>An option whose default is not the record's, but follows from the images or from what is named.</summary>
    private static Option<TValue> Fitted<TValue>(Option<TValue> option, bool isFitted, string? otherwise = null)
    {
        if (isFitted)
        {
            option.DefaultValueFactory = null;
            option.Description += $" Without it {otherwise ?? "what fits the images"}.";
        }
        return option;
    }

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
