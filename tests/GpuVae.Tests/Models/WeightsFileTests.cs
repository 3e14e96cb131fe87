using System.Buffers.Binary;
using System.Text;
using GpuVae.Elbo;
using GpuVae.Formats;
using GpuVae.Models;
using GpuVae.Options;
using Microsoft.Extensions.Logging;

namespace GpuVae.Tests.Models;

/// <summary>Weights that are not what they seem: changed, not finite, or of a model that computes something else.</summary>
public sealed class WeightsFileTests : IClassFixture<CpuDevice>, IDisposable
{
    private static readonly VaeOptions Small = new() { Shape = new ImageShape(4, 3), Hidden = [5], Latent = 2 };

    private readonly CpuDevice cpu;
    private readonly TemporaryFolder folder = new();
    private readonly Vae model;

    public WeightsFileTests(CpuDevice cpu)
    {
        this.cpu = cpu;
        model = new Vae(cpu.Device, Small, seed: 5);
        model.Save(folder.FullPath);
    }

    private string Path => folder["model.safetensors"];

    public void Dispose()
    {
        model.Dispose();
        folder.Dispose();
    }

    [Fact]
    public void OurOwnWeightsAreTakenWithoutANoteAndCarryWhatTheyWereTrainedWith()
    {
        model.SaveWeights(Path, new Dictionary<string, string> { ["gpuvae.epoch"] = "7" });
        var notes = new Heard();
        using var loaded = Vae.Load(cpu.Device, folder.FullPath, notes);
        Assert.Empty(notes.Messages);
        IReadOnlyDictionary<string, string> metadata = SafetensorsFile.Read(Path).Metadata;
        Assert.Equal("pt", metadata["format"]);
        Assert.Equal("7", metadata["gpuvae.epoch"]);
        Assert.Equal(VaeConfig.ToJson(Small), metadata["gpuvae.options"]);
        Assert.Matches("^[0-9a-f]{64}$", metadata["gpuvae.sha256"]);
    }

    [Fact]
    public void EveryFlippedBitOfTheDataIsFound()
    {
        byte[] file = File.ReadAllBytes(Path);
        int start = 8 + (int)BinaryPrimitives.ReadInt64LittleEndian(file);
        for (int at = start; at < file.Length; at++)
        {
            file[at] ^= (byte)(1 << at % 8);
            File.WriteAllBytes(Path, file);
            Assert.Contains(Path, Assert.Throws<BadInputException>(() => model.LoadWeights(Path)).Message, StringComparison.Ordinal);
            file[at] ^= (byte)(1 << at % 8);
        }
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void WeightsThatAreNotFiniteAreRefusedAndNothingChanges(float value)
    {
        NamedTensor[] tensors = model.ReadWeights();
        float[] before = [.. tensors[0].Data];
        tensors[0].Data[1] = 4;
        tensors[^1].Data[^1] = value;
        WeightsFile.Write(Path, Small, tensors);
        string message = Assert.Throws<BadInputException>(() => model.LoadWeights(Path)).Message;
        Assert.Contains(Path, message, StringComparison.Ordinal);
        Assert.Contains(tensors[^1].Name, message, StringComparison.Ordinal);
        Assert.Equal(before, model.ReadWeights()[0].Data);
    }

    [Fact]
    public void WeightsOfTheSameShapesThatComputeSomethingElseAreRefused()
    {
        foreach ((VaeOptions other, string named) in new[]
        {
            (Small with { Activation = ActivationKind.Tanh }, "VaeOptions.Activation = Tanh, the model has Relu"),
            (Small with { Shape = new ImageShape(3, 4) }, "VaeOptions.Shape = 3×4×1, the model has 4×3×1"),
            (Small with { Likelihood = Likelihood.Gaussian }, "VaeOptions.Likelihood = Gaussian"),
        })
        {
            WeightsFile.Write(Path, other, model.ReadWeights());
            string message = Assert.Throws<BadInputException>(() => model.LoadWeights(Path)).Message;
            Assert.Contains(Path, message, StringComparison.Ordinal);
            Assert.Contains(named, message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void WeightsOfAnotherObjectiveAreTaken()
    {
        var notes = new Heard();
        WeightsFile.Write(Path, Small with { Beta = 4, FreeBits = 0.1 }, model.ReadWeights());
        model.LoadWeights(Path, notes);
        WeightsFile.Write(Path, Small with { Objective = Objective.Iwae, Samples = 5 }, model.ReadWeights());
        model.LoadWeights(Path, notes);
        Assert.Empty(notes.Messages);
    }

    [Fact]
    public void WeightsFromElsewhereAreTakenWithANote()
    {
        SafetensorsFile.Write(Path, model.ReadWeights(), new Dictionary<string, string> { ["format"] = "pt" });
        var notes = new Heard();
        using var loaded = Vae.Load(cpu.Device, folder.FullPath, notes);
        Assert.Contains(Path, Assert.Single(notes.Messages), StringComparison.Ordinal);
        loaded.LoadWeights(Path);
    }

    [Fact]
    public void OptionsInTheMetadataThatAreNoneNameTheFile()
    {
        foreach (string options in new[] { "", "null", "{", """{"latent": 2, "latent": 2}""", """{"latent": 0}""", """{"x": 1}""" })
        {
            SafetensorsFile.Write(Path, model.ReadWeights(), new Dictionary<string, string> { ["gpuvae.options"] = options });
            Assert.Contains(Path, Assert.Throws<BadInputException>(() => model.LoadWeights(Path)).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void TextThatIsNotUtf8NamesTheFile()
    {
        foreach (string header in new[]
        {
            """{"?":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}""", """{"a":{"dtype":"?","shape":[0],"data_offsets":[0,0]}}""",
            """{"__metadata__":{"?":""}}""", """{"__metadata__":{"a":"?"}}""", "?",
        })
        {
            byte[] json = Encoding.ASCII.GetBytes(header);
            json.AsSpan().Replace((byte)'?', (byte)0xFF);
            byte[] length = new byte[8];
            BinaryPrimitives.WriteInt64LittleEndian(length, json.Length);
            File.WriteAllBytes(Path, [.. length, .. json]);
            Assert.Contains(Path, Assert.Throws<BadInputException>(() => model.LoadWeights(Path)).Message, StringComparison.Ordinal);
        }
    }

    /// <summary>The sizes of a configuration are compared with the weights before anything is made of that size.</summary>
    [Theory]
    [InlineData("[20000, 20000]")]
    [InlineData("[15000, 15000]")]
    [InlineData("[65536, 65536]")]
    public void SizesThatTheWeightsDoNotHaveAllocateNothing(string hidden)
    {
        string config = VaeConfig.ToJson(Small with { Hidden = [77] });
        string lying = config.Replace("77", hidden.Trim('[', ']'), StringComparison.Ordinal);
        Assert.NotEqual(config, lying);
        File.WriteAllText(folder["config.json"], lying);
        long before = GC.GetAllocatedBytesForCurrentThread();
        string message = Assert.Throws<BadInputException>(() => Vae.Load(cpu.Device, folder.FullPath)).Message;
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 4 << 20);
        Assert.Contains(folder.FullPath, message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Likelihood.GaussianShared, Posterior.Flow, Prior.Mixture, NetworkKind.Dense)]
    [InlineData(Likelihood.Laplace, Posterior.Full, Prior.Vamp, NetworkKind.Convolutional)]
    [InlineData(Likelihood.LogisticMixture, Posterior.Diagonal, Prior.Normal, NetworkKind.Convolutional)]
    public void ShapesAreKnownBeforeTheModelIs(Likelihood likelihood, Posterior posterior, Prior prior, NetworkKind network)
    {
        VaeOptions options = Small with
        {
            Likelihood = likelihood,
            Posterior = posterior,
            Prior = prior,
            Network = network,
            ChannelsPerStage = [3],
            PriorComponents = 2,
        };
        using var made = new Vae(cpu.Device, options);
        Assert.Equal(
            made.Parameters.Parameters.Select(parameter => $"{parameter.Name} {string.Join(",", parameter.Shape)}"),
            VaeParts.ShapesOf(options, new GivenParts()).Select(parameter => $"{parameter.Name} {string.Join(",", parameter.Shape)}"));
    }

    private sealed class Heard : ILogger
    {
        public List<string> Messages { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Messages.Add(formatter(state, exception));
    }
}
