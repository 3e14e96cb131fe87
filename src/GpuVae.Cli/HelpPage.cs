using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;

namespace GpuVae.Cli;

/// <summary>The answer to <c>--help</c>: names to the left, what they mean wrapped to the right of them.</summary>
internal sealed class HelpPage : SynchronousCommandLineAction
{
    private const char NoBreak = '\u00A0';
    private const int NameWidth = 28, LeastWidth = 60, MostWidth = 120;

    private static int Width => Console.IsOutputRedirected ? MostWidth : Math.Clamp(Terminal.Width - 1, LeastWidth, MostWidth);

    public override int Invoke(ParseResult result)
    {
        Command command = result.CommandResult.Command;
        Command[] parts = [.. command.Subcommands.Where(part => !part.Hidden)];
        Write("", command.Description ?? "");
        Console.WriteLine();
        string arguments = string.Concat(command.Arguments.Select(argument => $" [{argument.Name}]"));
        Console.WriteLine($"Usage: {Path(result)}{(parts.Length > 0 ? " COMMAND" : arguments)} [options]");

        Section("Commands", parts.Select(part => (part.Name, part.Description ?? "")));
        Section("Arguments", command.Arguments.Select(argument => (argument.Name, argument.Description ?? "")));
        IEnumerable<Option> shown = command.Options.Where(option => !option.Hidden);
        foreach (IGrouping<string, Option> group in shown.GroupBy(option => Heading(command, option)))
            Section(group.Key, group.Select(option => (Name(option), Meaning(option))));

        IEnumerable<string> examples = command is ExampleCommand known
            ? known.Examples
            : parts.OfType<ExampleCommand>().Select(part => part.Examples[0]);
        Console.WriteLine();
        Console.WriteLine("Examples:");
        foreach (string example in examples)
            Console.WriteLine($"  {example}");
        return 0;
    }

    /// <summary>The command as it is called, such as <c>gpuvae art walk</c>.</summary>
    public static string Path(ParseResult result)
    {
        var names = new List<string>();
        for (CommandResult? part = result.CommandResult; part is not null; part = part.Parent as System.CommandLine.Parsing.CommandResult)
            names.Insert(0, part.Command is RootCommand ? "gpuvae" : part.Command.Name);
        return string.Join(' ', names);
    }

    private static string Heading(Command command, Option option) =>
        option is not (HelpOption or VersionOption) && command is ExampleCommand known ? known.HeadingOf(option) : "Other";

    private static string Name(Option option)
    {
        string names = string.Join(", ", option.Aliases.Where(alias => char.IsLetter(alias[^1]) && alias[0] == '-').Append(option.Name));
        return option.HelpName is { } value ? $"{names} {value}" : names;
    }

    private static string Meaning(Option option)
    {
        if (option is HelpOption)
            return "Shows this page.";
        if (option is VersionOption)
            return "Shows the version.";
        // Switches are off, and lists empty, unless they are given.
        bool hasDefault = option.HasDefaultValue && option.ValueType != typeof(bool) && !option.ValueType.IsArray;
        return hasDefault
            ? FormattableString.Invariant($"{option.Description} [default:{NoBreak}{option.GetDefaultValue()}]")
            : option.Description ?? "";
    }

    private static void Section(string heading, IEnumerable<(string Name, string Meaning)> rows)
    {
        (string Name, string Meaning)[] all = [.. rows];
        if (all.Length == 0)
            return;
        Console.WriteLine();
        Console.WriteLine($"{heading}:");
        foreach ((string name, string meaning) in all)
            Write($"  {name}", meaning);
    }

    /// <summary>A name with its meaning beside it, or below where the name is long.</summary>
    private static void Write(string name, string meaning)
    {
        int indent = name.Length == 0 ? 0 : NameWidth;
        string line = name.PadRight(indent);
        if (name.Length >= NameWidth)
        {
            Console.WriteLine(name);
            line = new string(' ', indent);
        }
        int used = indent, width = Width;
        foreach (string part in meaning.Split(' '))
        {
            string word = part.Replace(NoBreak, ' ');
            if (used > indent && used + 1 + word.Length > width)
            {
                Console.WriteLine(line);
                (line, used) = (new string(' ', indent), indent);
            }
            string separator = used > indent ? " " : "";
            line += separator + word;
            used += separator.Length + word.Length;
        }
        Console.WriteLine(line.TrimEnd());
    }
}
