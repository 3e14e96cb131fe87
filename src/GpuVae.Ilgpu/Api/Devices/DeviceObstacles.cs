using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;

namespace ILGPU.Runtime;

/// <summary>What keeps devices of this machine from being used. Not part of ILGPU's API.</summary>
public static class DeviceObstacles
{
    /// <summary>One sentence per missing driver or unusable device, with what to do; empty where nothing is missing.</summary>
    public static IReadOnlyList<string> Find()
    {
        var obstacles = new List<string>();
        CudaDevice.FindAll(obstacles);
        CLDevice.FindAll(obstacles);
        return obstacles;
    }
}
