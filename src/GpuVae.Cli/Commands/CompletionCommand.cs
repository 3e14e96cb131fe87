namespace GpuVae.Cli.Commands;

/// <summary>
/// Prints what lets a shell complete commands, options and their values: it asks the command itself, by its directive suggest.
/// </summary>
internal static class CompletionCommand
{
    private enum Shell
    {
        Bash,
        Zsh,
        Fish,
        Powershell,
    }

    public static Command Create()
    {
        var shell = new Argument<string>("SHELL") { Description = "bash, zsh, fish or powershell." };
        shell.AcceptOnlyFromAmong([.. Enum.GetNames<Shell>().Select(CommonOptions.Kebab)]);
        var command = new ExampleCommand(
            "completion", "Prints a script with which a shell completes commands, options and their values.",
            "gpuvae completion bash >> ~/.bashrc",
            "gpuvae completion zsh >> ~/.zshrc",
            "gpuvae completion fish > ~/.config/fish/completions/gpuvae.fish",
            "gpuvae completion powershell >> $PROFILE")
        {
            shell,
        };
        command.SetAction(parsed =>
        {
            // What is printed in one piece is one line.
            foreach (string line in Script(Enum.Parse<Shell>(parsed.GetValue(shell)!, ignoreCase: true)).Split('\n'))
                Console.WriteLine(line.TrimEnd('\r'));
        });
        return command;
    }

    private static string Script(Shell shell) => shell switch
    {
        Shell.Bash => """
            _gpuvae() {
                local IFS=$'\n' word=${COMP_WORDS[COMP_CWORD]}
                COMPREPLY=($(compgen -W "$(gpuvae "[suggest:$COMP_POINT]" "$COMP_LINE" 2> /dev/null)" -- "$word"))
            }
            complete -o default -F _gpuvae gpuvae
            """,
        Shell.Zsh => """
            _gpuvae() {
                local -a all
                all=("${(@f)$(gpuvae "[suggest:$CURSOR]" "$BUFFER" 2> /dev/null)}")
                compadd -- $all
                _files
            }
            (( $+functions[compdef] )) || { autoload -Uz compinit && compinit; }
            compdef _gpuvae gpuvae
            """,
        Shell.Fish => """
            complete -c gpuvae -a '(set -l line (commandline -cp); gpuvae "[suggest:"(string length -- $line)"]" "$line" 2> /dev/null)'
            """,
        _ => """
            Register-ArgumentCompleter -Native -CommandName gpuvae -ScriptBlock {
                param($word, $ast, $cursor)
                gpuvae "[suggest:$cursor]" "$ast" 2> $null | Where-Object { $_ -like "$word*" } | ForEach-Object {
                    [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
                }
            }
            """,
    };
}
