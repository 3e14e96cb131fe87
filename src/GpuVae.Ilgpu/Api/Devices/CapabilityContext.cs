namespace ILGPU.Runtime;

/// <summary>What a device can do beyond the common ground; the kinds of devices define the properties.</summary>
public abstract class CapabilityContext;
