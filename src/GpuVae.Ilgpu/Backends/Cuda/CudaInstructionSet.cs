namespace ILGPU.Runtime.Cuda;

/// <summary>A version of the PTX ISA, such as 7.8.</summary>
public readonly record struct CudaInstructionSet(int Major, int Minor)
{
    public override string ToString() => $"{Major}.{Minor}";
}
