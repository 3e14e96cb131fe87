namespace GpuVae.Simd;

/// <summary>
/// Marks a static method <c>void M(ref T element)</c> with an empty body: kernels call it for an element of a view that they will read or
/// write soon. <see cref="SimdAccelerator"/> asks the caches for it; to other accelerators the call is nothing. A library that does not
/// reference this one may declare an attribute of the same name itself.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class PrefetchAttribute : Attribute;
