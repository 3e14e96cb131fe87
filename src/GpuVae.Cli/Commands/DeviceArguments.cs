using GpuVae.Devices;
using GpuVae.Kernels.Gemm.Planning;

namespace GpuVae.Cli.Commands;

/// <summary>The options that choose where and how to compute.</summary>
internal sealed class DeviceArguments
{
    private const string FileName = "compute.json";

    private readonly Option<string> device = new("--device", "-d")
    {
        Description = "Where to compute: auto, cpu, cuda:0, opencl:0, ilgpu-cpu …; 'gpuvae devices' lists them.",
        HelpName = "NAME",
        DefaultValueFactory = _ => "auto",
    };

    private readonly ChoiceOption<MatrixPrecision> precision = new(
        "--precision",
        "What matrix products round their operands to, on NVIDIA GPUs since compute capability 8.0; sums stay float32.",
        MatrixPrecision.Float32);

    private readonly Option<bool> isDeterministic = CommonOptions.Flag(
        "--deterministic", "Choose kernels by the fixed rule, whatever 'gpuvae tune' found on this machine.");

    private readonly Option<bool> isChecked = CommonOptions.Flag(
        "--checked", "Run every kernel slowly on the CPU and report what a GPU would silently get wrong: indices outside a view, races, "
            + "divergent barriers, reads of memory that nothing wrote.");

    public void AddTo(ExampleCommand command) => command.Add("Computing", device, precision, isDeterministic, isChecked);

    /// <summary>Opens the device with what <c>gpuvae tune</c> found on it.</summary>
    /// <exception cref="BadInputException">
    /// There is no such device, it does not compute in the precision, or --checked was asked of another device than the CPU.
    /// </exception>
    public ComputeDevice Open(ParseResult parsed)
    {
        MatrixPrecision wanted = precision.Read(parsed);
        bool tunes = !parsed.GetValue(isDeterministic);
        return Open(parsed, accelerator => new ComputeOptions
        {
            Precision = wanted,
            Tuning = tunes ? TuningTable.Find(accelerator, wanted) : null,
        });
    }

    /// <summary>Opens the device so that it computes as the run did until now.</summary>
    /// <exception cref="BadInputException">As for <see cref="Open(ParseResult)"/>.</exception>
    public ComputeDevice Open(ParseResult parsed, RunFolder folder)
    {
        ComputeOptions options =
            RunFile.Read<ComputeOptions>(folder, FileName, "Restore the file, or delete it to go on in float32.") ?? new ComputeOptions();
        return Open(parsed, _ => options);
    }

    /// <summary>Keeps how the device computes in the run's folder, so that the run goes on to the bit wherever it is resumed.</summary>
    public static void Write(RunFolder folder, ComputeDevice opened)
    {
        if (opened.Options == new ComputeOptions())
            File.Delete(Path.Combine(folder.Path, FileName));
        else
            RunFile.Write(folder, FileName, opened.Options);
    }

    /// <summary>The options among these that were given and that a run does not change later.</summary>
    public IEnumerable<string> GivenForGood(ParseResult parsed) =>
        new Option[] { precision, isDeterministic }.Where(o => CommonOptions.IsGiven(parsed, o)).Select(o => o.Name);

    private ComputeDevice Open(ParseResult parsed, Func<ILGPU.Runtime.Accelerator, ComputeOptions> options)
    {
        string name = parsed.GetValue(device)!;
        if (!parsed.GetValue(isChecked))
        {
            var opened = ComputeDevice.OpenWith(name, options);
            opened.CompileAhead();
            return opened;
        }
        return name is "auto" or "cpu"
            ? ComputeDevice.OpenChecked()
            : throw new BadInputException($"--checked runs on the CPU; leave out --device {name}.");
    }
}
