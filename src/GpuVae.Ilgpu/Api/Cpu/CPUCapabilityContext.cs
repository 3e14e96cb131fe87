namespace ILGPU.Runtime.CPU;

/// <summary>A CPU device can do everything.</summary>
public sealed class CPUCapabilityContext : CapabilityContext
{
    internal CPUCapabilityContext()
    {
    }
}
