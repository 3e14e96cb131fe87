using GpuVae.Devices;
using ILGPU.Runtime;
using ILGPU.Runtime.OpenCL;

namespace GpuVae.Tests.Devices;

public sealed class DeviceErrorsTests
{
    [Theory]
    [InlineData(
        CLError.CL_OUT_OF_RESOURCES,
        "OpenCL: CL_OUT_OF_RESOURCES (-5); the device may be lost: look at the system's log, and start again.")]
    [InlineData(CLError.CL_INVALID_KERNEL_ARGS, "OpenCL: CL_INVALID_KERNEL_ARGS (-52).")]
    public void ACodeBecomesASentence(CLError code, string sentence) =>
        Assert.Equal(sentence, DeviceErrors.Describe(new CLException(code)));

    [Fact]
    public void AnErrorIsExplainedOnceAndKeepsItsType()
    {
        var error = new CLException(CLError.CL_MEM_OBJECT_ALLOCATION_FAILURE);
        AcceleratorException? clear = DeviceErrors.Explain(error, "encoder.0 forward on a GPU");
        Assert.StartsWith(
            "encoder.0 forward on a GPU: OpenCL: CL_MEM_OBJECT_ALLOCATION_FAILURE", Assert.IsType<CLException>(clear).Message);
        Assert.Same(error, clear.InnerException);
        Assert.Null(DeviceErrors.Explain(clear, "training"));
    }

    [Fact]
    public void OtherErrorsKeepTheirMessages() => Assert.Equal("no", DeviceErrors.Describe(new InvalidOperationException("no")));
}
