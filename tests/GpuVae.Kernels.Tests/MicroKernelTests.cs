namespace GpuVae.Kernels.Tests;

public sealed class MicroKernelTests
{
    public static TheoryData<string> Files => [.. MicroKernels.Files().Select(file => Path.GetFileName(file.Path))];

    [Theory]
    [MemberData(nameof(Files))]
    public void WhatIsCommittedIsWhatTheGeneratorWrites(string name)
    {
        (string path, string text) = MicroKernels.Files().Single(file => Path.GetFileName(file.Path) == name);
        Assert.True(
            text == File.ReadAllText(path),
            $"{name} is not what MicroKernels.cs writes: run `dotnet run --file tests/GpuVae.Kernels.Tests/MicroKernels.cs`.");
    }
}
