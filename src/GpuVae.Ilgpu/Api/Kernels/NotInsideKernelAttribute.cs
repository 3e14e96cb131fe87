namespace ILGPU;

/// <summary>Marks a member that only the host may use.</summary>
[AttributeUsage(AttributeTargets.Method | AttributeTargets.Constructor | AttributeTargets.Property)]
public sealed class NotInsideKernelAttribute : Attribute;
