using System.Diagnostics;

namespace GpuVae.Tests.Cli;

/// <summary>Shells that have run what <c>gpuvae completion</c> prints complete the command, as they do it themselves.</summary>
public sealed class CompletionScriptTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public static TheoryData<string, string, string> Shells => new()
    {
        {
            "bash", "bash",
            """
            . ./script
            COMP_LINE='gpuvae train --likelihood gaussian-s' COMP_POINT=36 COMP_WORDS=(gpuvae train --likelihood gaussian-s) COMP_CWORD=3
            $(complete -p gpuvae | sed 's/.*-F \([^ ]*\).*/\1/')
            echo "completed: ${COMPREPLY[*]}"
            """
        },
        {
            // Completing is the line editor's, which wants a terminal.
            "zsh", "zsh",
            """
            zmodload zsh/zpty
            zpty shell zsh -f -i
            zpty -w shell 'TERM=dumb; autoload -Uz compinit; compinit -D -u; . ./script; print READ""Y'
            zpty -r -m shell out '*READY*'
            zpty -w -n shell $'gpuvae train --likelihood gaussian-s\t'
            for turn in {1..600}; do
                zpty -r -t shell more && out+=$more
                [[ $out == *gaussian-s*hared* ]] && { print completed: gaussian-shared; break }
                sleep 0.1
            done
            zpty -d shell
            """
        },
        { "fish", "fish", "source ./script; echo completed: (complete -C 'gpuvae train --likelihood gaussian-s')" },
        {
            "powershell", "pwsh",
            """
            Invoke-Expression (Get-Content -Raw ./script)
            $line = 'gpuvae train --likelihood gaussian-s'
            "completed: $((TabExpansion2 $line $line.Length).CompletionMatches.CompletionText)"
            """
        },
    };

    [Theory]
    [MemberData(nameof(Shells))]
    public void AShellCompletesByItsScript(string shell, string program, string session)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows() || !IsInstalled(program), $"{program} is not installed");
        File.WriteAllText(folder["script"], Gpuvae.Succeed(folder.FullPath, "completion", shell));
        // A command of this name, as an installed tool is.
        ProcessStartInfo command = Gpuvae.StartInfo(folder.FullPath);
        string[] words = [command.FileName, .. command.ArgumentList];
        File.WriteAllText(folder["gpuvae"], $"#!/bin/sh\nexec {string.Join(' ', words.Select(word => $"'{word}'"))} \"$@\"\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(folder["gpuvae"], UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var start = new ProcessStartInfo(program, [shell == "powershell" ? "-Command" : "-c", session])
        {
            WorkingDirectory = folder.FullPath,
            Environment = { ["PATH"] = $"{folder.FullPath}:{Environment.GetEnvironmentVariable("PATH")}", ["HOME"] = folder.FullPath },
        };
        var result = CommandResult.Of(start);
        Assert.True(result.Output.Split('\n').Contains("completed: gaussian-shared"), result.ToString());
    }

    public void Dispose() => folder.Dispose();

    private static bool IsInstalled(string program) =>
        Environment.GetEnvironmentVariable("PATH")!.Split(':').Any(place => File.Exists(Path.Combine(place, program)));
}
