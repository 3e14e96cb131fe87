namespace ILGPU.Runtime.Cuda;

/// <summary>A compute capability, such as 8.0.</summary>
public readonly record struct CudaArchitecture(int Major, int Minor)
{
    /// <summary>Compute capability times ten.</summary>
    internal int Number => Major * 10 + Minor;

    public override string ToString() => $"sm_{Number}";
}
