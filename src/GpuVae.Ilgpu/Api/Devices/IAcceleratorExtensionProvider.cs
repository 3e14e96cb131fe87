namespace ILGPU.Runtime;

/// <summary>
/// Makes an extension object for the accelerator at hand; see <see cref="Accelerator.CreateExtension{TExtension, TProvider}"/>.
/// </summary>
public interface IAcceleratorExtensionProvider<out TExtension>
{
    TExtension CreateCPUExtension(CPU.CPUAccelerator accelerator);

    TExtension CreateCudaExtension(Cuda.CudaAccelerator accelerator);

    TExtension CreateOpenCLExtension(OpenCL.CLAccelerator accelerator);
}
