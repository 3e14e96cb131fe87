namespace ILGPU.Runtime.CPU;

/// <summary>Devices that a CPU device can be shaped like.</summary>
public enum CPUDeviceKind
{
    /// <summary>The vectors and processors of this machine.</summary>
    Default,

    /// <summary>Warps of 32.</summary>
    Nvidia,

    /// <summary>Warps of 32, small groups.</summary>
    AMD,

    /// <summary>Warps of 64.</summary>
    LegacyAMD,

    /// <summary>Warps of 16.</summary>
    Intel,
}
