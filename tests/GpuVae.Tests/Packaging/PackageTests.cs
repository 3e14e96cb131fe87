using System.Diagnostics;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace GpuVae.Tests.Packaging;

/// <summary>
/// Packs the libraries and the tool, and uses them as somebody would who has only the packages: from a program outside the repository.
/// </summary>
public sealed partial class PackageTests(PackageTests.PackedRepository packed) : IClassFixture<PackageTests.PackedRepository>
{
    private static readonly string[] Libraries = ["GpuVae.Simd", "GpuVae.Kernels", "GpuVae", "GpuVae.Onnx", "GpuVae.Parquet"];

    /// <summary>The packages of what is built, in a folder of their own.</summary>
    public sealed class PackedRepository : IDisposable
    {
        private readonly TemporaryFolder folder = new();

        public PackedRepository()
        {
            if (MissingSdk is not null)
                return;
            Run(
                BuildFacts.Repository, "pack", "GpuVae.sln", "-c", BuildFacts.Configuration, "--no-build", "-o", Packages);
            File.WriteAllText(Path.Combine(Root, "nuget.config"), $"""
                <configuration>
                  <packageSources><clear/><add key="packed" value="{Packages}"/></packageSources>
                  <config><add key="globalPackagesFolder" value="{folder["cache"]}"/></config>
                  <fallbackPackageFolders><clear/><add key="cached" value="{LinkCachedPackages()}"/></fallbackPackageFolders>
                </configuration>
                """);
        }

        /// <summary>Why nothing can be packed here, or null.</summary>
        public static string? MissingSdk { get; } =
            Directory.Exists(Path.Combine(Path.GetDirectoryName(BuildFacts.DotnetHost)!, "sdk"))
                ? null
                : "needs the .NET SDK, not only its runtime";

        public string Root => folder.FullPath;

        public string Packages => folder["packages"];

        public string Package(string id) => Directory.GetFiles(Packages, $"{id}.*.nupkg")
            .Single(path => char.IsAsciiDigit(Path.GetFileName(path)[id.Length + 1]));

        public string Version => Path.GetFileNameWithoutExtension(Package("GpuVae"))["GpuVae.".Length..];

        /// <summary>Runs the SDK, whose package cache is then the one that the nuget.config above the working directory names.</summary>
        public string Run(string workingDirectory, params IEnumerable<string> arguments) =>
            Run(new ProcessStartInfo(BuildFacts.DotnetHost, arguments) { WorkingDirectory = workingDirectory });

        public string Run(ProcessStartInfo start)
        {
            start.Environment.Remove("NUGET_PACKAGES");
            start.Environment["DOTNET_NOLOGO"] = "1";
            // The user's home may be missing or read-only, and its NuGet.Config is of no concern.
            start.Environment["DOTNET_CLI_HOME"] = folder["home"];
            start.Environment["DOTNET_GENERATE_ASPNET_CERTIFICATE"] = "false";
            start.Environment["DOTNET_ROOT"] = Path.GetDirectoryName(BuildFacts.DotnetHost)!;
            // A build server would outlive the test and hold the pipes open.
            start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
            start.Environment["UseSharedCompilation"] = "false";
            // What runs the tests may itself be a build that set these for its children.
            foreach (string name in (string[])["MSBuildSDKsPath", "MSBuildExtensionsPath", "MSBUILD_EXE_PATH"])
                start.Environment.Remove(name);
            var result = CommandResult.Of(start);
            Assert.True(result.ExitCode == 0, $"dotnet {string.Join(' ', start.ArgumentList)}\n{result}");
            return result.Output;
        }

        public void Dispose() => folder.Dispose();

        /// <summary>
        /// A fallback folder with the packages of others that the build used, so that nothing is fetched: no network is needed. A package
        /// cache of its own stands beside it, because the user's might hold older packages of the same version.
        /// </summary>
        private string LinkCachedPackages()
        {
            string fallback = folder["fallback"];
            Directory.CreateDirectory(fallback);
            foreach (string package in Directory.GetDirectories(BuildFacts.PackageCache))
            {
                string id = Path.GetFileName(package);
                if (!id.StartsWith("gpuvae", StringComparison.OrdinalIgnoreCase))
                    Directory.CreateSymbolicLink(Path.Combine(fallback, id), package);
            }
            return fallback;
        }
    }

    [GeneratedRegex(@"\]\(([^)]+)\)")]
    private static partial Regex Link();

    [Fact]
    public void EveryPackageHasReadmeDescriptionDocumentationAndSymbols()
    {
        Assert.SkipWhen(PackedRepository.MissingSdk is not null, PackedRepository.MissingSdk ?? "");
        foreach (string id in (string[])[.. Libraries, "GpuVae.Cli"])
        {
            using ZipArchive package = ZipFile.OpenRead(packed.Package(id));
            using Stream nuspec = package.GetEntry($"{id}.nuspec")!.Open();
            XElement metadata = XDocument.Load(nuspec).Root!.Elements().Single();
            string Field(string name) => metadata.Elements().SingleOrDefault(element => element.Name.LocalName == name)?.Value ?? "";
            Assert.Equal("README.md", Field("readme"));
            Assert.InRange(package.GetEntry("README.md")!.Length, 200, 1 << 20);
            using (var readme = new StreamReader(package.GetEntry("README.md")!.Open()))
            {
                // A package shows its readme alone: whatever it links to must be elsewhere.
                Assert.All(Link().Matches(readme.ReadToEnd()), link => Assert.StartsWith("https://", link.Groups[1].Value));
            }
            Assert.Equal("MIT", Field("license"));
            Assert.StartsWith("https://", Field("projectUrl"));
            Assert.Contains("ilgpu", Field("tags"));
            Assert.NotNull(package.GetEntry(Field("icon")));
            Assert.InRange(Field("description").Length, 40, 400);
            Assert.Equal(packed.Version, Field("version"));
            // It uses what is internal to the library of its own version.
            if (id is "GpuVae.Onnx" or "GpuVae.Parquet")
                Assert.Contains($"id=\"GpuVae\" version=\"[{packed.Version}]\"", metadata.ToString(), StringComparison.Ordinal);
            if (id == "GpuVae.Cli")
            {
                Assert.Contains("DotnetTool", metadata.ToString(), StringComparison.Ordinal);
                // What runs anywhere, and beside it what was compiled ahead for systems like this one.
                long Bytes(string system) => package.GetEntry($"tools/net10.0/{system}/GpuVae.dll")!.Length;
                Assert.InRange(Bytes(RuntimeInformation.RuntimeIdentifier), 2 * Bytes("any"), long.MaxValue);
                continue;
            }
            Assert.NotNull(package.GetEntry($"lib/net10.0/{id}.dll"));
            Assert.InRange(package.GetEntry($"lib/net10.0/{id}.xml")!.Length, 1000, long.MaxValue);
            using ZipArchive symbols = ZipFile.OpenRead(Path.ChangeExtension(packed.Package(id), ".snupkg"));
            Assert.NotNull(symbols.GetEntry($"lib/net10.0/{id}.pdb"));
        }
    }

    [Fact]
    public void AProgramOfItsOwnTrainsThreeStepsWithThePackages()
    {
        string output = BuildAndRun("three-steps", """
            using GpuVae.Data;
            using GpuVae.Devices;
            using GpuVae.Models;
            using GpuVae.Options;
            using GpuVae.Training;

            using var device = ComputeDevice.Open("cpu");
            using var vae = new Vae(device, new VaeOptions { Hidden = [32], Latent = 4 });
            using var trainer = new Trainer(vae, SyntheticDigits.Create(48, seed: 1), new TrainingOptions { BatchSize = 16, Epochs = 1 });
            System.Console.WriteLine($"{trainer.Run().Steps} steps on {device.Name}");
            """, out _);
        Assert.Equal("3 steps on cpu", output.Trim());
    }

    /// <summary>Own kernels on the SIMD accelerator, and GpuVae wrapped around that same accelerator.</summary>
    [Fact]
    public void AnIlgpuProgramRunsItsKernelsAndAModelOnOneSimdAccelerator()
    {
        string output = BuildAndRun("stranger", """
            using GpuVae.Devices;
            using GpuVae.Models;
            using GpuVae.Options;
            using GpuVae.Simd;
            using ILGPU;
            using ILGPU.Algorithms;
            using ILGPU.Runtime;

            using var context = Context.Create(builder => builder.EnableAlgorithms());
            using var accelerator = context.CreateSimdAccelerator();
            using var images = accelerator.Allocate1D<float>(2 * 784);
            var gray = accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<float>>(static (i, view) => view[i] = 0.5f);
            gray((int)images.Length, images.View);
            using var device = ComputeDevice.Wrap(accelerator);
            using var vae = new Vae(device, new VaeOptions { Hidden = [32], Latent = 4 });
            vae.Reconstruct(images.View, images.View);
            accelerator.Synchronize();
            float[] values = images.GetAsArray1D();
            System.Console.WriteLine($"{device.Name} {System.Array.TrueForAll(values, value => value is > 0 and < 1 and not 0.5f)}");
            """, out _, "GpuVae.Simd");
        Assert.Equal("cpu True", output.Trim());
    }

    [Fact]
    public void TheLibraryExampleOfTheReadmeRuns()
    {
        string readme = File.ReadAllText(Path.Combine(BuildFacts.Repository, "README.md"));
        int section = readme.IndexOf("## The library", StringComparison.Ordinal);
        int start = readme.IndexOf("```csharp", section, StringComparison.Ordinal) + "```csharp".Length;
        string example = readme[start..readme.IndexOf("```", start, StringComparison.Ordinal)];
        BuildAndRun("readme", example, out string folder);
        Assert.True(File.Exists(Path.Combine(folder, "samples.png")));
        Assert.True(File.Exists(Path.Combine(folder, "my-model", "model.safetensors")));
    }

    /// <summary>Makes a program outside the repository that knows nothing but the packages, and returns what it prints.</summary>
    private string BuildAndRun(string name, string code, out string folder, params string[] packages)
    {
        Assert.SkipWhen(PackedRepository.MissingSdk is not null, PackedRepository.MissingSdk ?? "");
        folder = Path.Combine(packed.Root, name);
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "program.csproj"), $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <Nullable>enable</Nullable>
              </PropertyGroup>
              <ItemGroup>
                {string.Concat(packages.Prepend("GpuVae").Select(
                    id => $"<PackageReference Include=\"{id}\" Version=\"{packed.Version}\" />"))}
              </ItemGroup>
            </Project>
            """);
        File.WriteAllText(Path.Combine(folder, "Program.cs"), code);
        packed.Run(folder, "build", "-c", "Release", "-o", "out");
        return packed.Run(folder, "out/program.dll");
    }

    [Fact]
    public void TheToolInstallsAndRuns()
    {
        Assert.SkipWhen(PackedRepository.MissingSdk is not null, PackedRepository.MissingSdk ?? "");
        string tools = Path.Combine(packed.Root, "tools");
        packed.Run(
            packed.Root, "tool", "install", "GpuVae.Cli", "--version", packed.Version, "--tool-path", tools,
            "--configfile", Path.Combine(packed.Root, "nuget.config"));
        string devices = packed.Run(new ProcessStartInfo(Path.Combine(tools, "gpuvae"), ["devices"]) { WorkingDirectory = packed.Root });
        Assert.Contains("cpu", devices, StringComparison.Ordinal);
        // The models that are there from the start are part of the tool.
        packed.Run(new ProcessStartInfo(
            Path.Combine(tools, "gpuvae"), ["generate", "--model", "digits", "--count", "4", "--device", "cpu", "--out", "digits.png"])
        {
            WorkingDirectory = packed.Root,
        });
        Assert.True(File.Exists(Path.Combine(packed.Root, "digits.png")));
    }
}
