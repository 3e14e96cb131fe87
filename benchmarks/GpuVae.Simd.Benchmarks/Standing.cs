namespace GpuVae.Simd.Benchmarks;

/// <summary>How fast a program is, in its unit per second.</summary>
/// <param name="EmulatorShape">The shape of ILGPU's CPU device that was fastest.</param>
internal sealed record Standing(BenchmarkProgram Program, string EmulatorShape, double Simd, double Emulated, double Plain)
{
    public double OverEmulator => Simd / Emulated;

    public double OverPlain => Simd / Plain;
}
