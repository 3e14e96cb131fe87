namespace GpuVae.Ilgpu.Backends.Cuda;

/// <summary>For which GPU and in which version of the PTX ISA a kernel is written, and its launch bounds.</summary>
/// <param name="Arch">Compute capability times ten: 75 for sm_75.</param>
/// <param name="IsaVersion">PTX ISA version times ten: 63 for 6.3.</param>
/// <param name="MaxThreadsPerGroup">For <c>.maxntid</c>, or 0.</param>
/// <param name="MinGroupsPerMultiprocessor">For <c>.minnctapersm</c>, or 0.</param>
internal readonly record struct PtxTarget(int Arch, int IsaVersion, int MaxThreadsPerGroup = 0, int MinGroupsPerMultiprocessor = 0)
{
    /// <summary>The oldest architecture that kernels are written for (Volta: independent thread scheduling, shfl.sync).</summary>
    public const int MinArch = 70;

    /// <summary>The oldest driver: CUDA 10.1 is the first with the calls that are used here.</summary>
    public const int MinDriverVersion = 10010;

    /// <summary>Architectures and the PTX ISA that first knew them (PTX ISA manual, release notes).</summary>
    private static readonly (int Arch, int Isa)[] Architectures =
    [
        (70, 60), (72, 61), (75, 63), (80, 70), (86, 71), (87, 74), (89, 78), (90, 78), (100, 86), (103, 88), (110, 90), (120, 87),
        (121, 88),
    ];

    /// <summary>CUDA driver versions (as cuDriverGetVersion gives them) and the newest PTX ISA that each compiles.</summary>
    private static readonly (int Driver, int Isa)[] Drivers =
    [
        (10010, 64), (10020, 65), (11000, 70), (11010, 71), (11020, 72), (11030, 73), (11040, 74), (11050, 75), (11060, 76),
        (11070, 77), (11080, 78), (12000, 80), (12010, 81), (12020, 82), (12030, 83), (12040, 84), (12050, 85), (12070, 86), (12080, 87),
        (12090, 88), (13000, 90), (13010, 91),
    ];

    /// <summary>
    /// The target for a device under a driver. A driver that does not know the device's architecture by name still runs PTX of an older
    /// one on it.
    /// </summary>
    /// <exception cref="NotSupportedException">The device is older than sm_70 or the driver older than CUDA 10.1.</exception>
    public static PtxTarget For(int arch, int driverVersion)
    {
        if (arch < MinArch)
            throw new NotSupportedException($"This GPU has compute capability {arch / 10}.{arch % 10}; kernels need 7.0 (Volta) or newer.");
        int isa = Drivers.Where(d => d.Driver <= driverVersion).Select(d => d.Isa).DefaultIfEmpty(0).Last();
        if (isa == 0)
        {
            throw new NotSupportedException(
                $"The CUDA driver is version {driverVersion / 1000}.{driverVersion % 1000 / 10}; 10.1 or newer is needed.");
        }
        int known = Architectures.Where(a => a.Arch <= arch && a.Isa <= isa).Max(a => a.Arch);
        return new PtxTarget(known, isa);
    }

    /// <summary>The oldest PTX ISA that knows the architecture, for compiling where there is no driver.</summary>
    public static PtxTarget ForArch(int arch) => new(arch, Architectures.Single(a => a.Arch == arch).Isa);
}
