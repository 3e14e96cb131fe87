using System.Text.Json;

namespace GpuVae.Tests.Packaging;

public class NotebookTests
{
    [Fact]
    public void TheNotebooksCellsAreTheSampleThatIsCompiledAndRun()
    {
        string folder = Path.Combine(BuildFacts.Repository, "samples", "Notebook");
        using var notebook = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "first-model.ipynb")));
        IEnumerable<string> cells =
            from cell in notebook.RootElement.GetProperty("cells").EnumerateArray()
            where cell.GetProperty("cell_type").GetString() == "code"
            let text = string.Concat(cell.GetProperty("source").EnumerateArray().Select(line => line.GetString()))
            // Where the package comes from.
            where !text.StartsWith('#')
            select text;
        string program = File.ReadAllText(Path.Combine(folder, "Program.cs"));
        Assert.Equal(
            string.Join("\n\n", cells),
            string.Join('\n', program.TrimEnd().Split('\n').SkipWhile(line => line.StartsWith("//", StringComparison.Ordinal))));
    }
}
