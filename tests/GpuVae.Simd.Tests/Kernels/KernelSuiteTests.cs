
namespace GpuVae.Simd.Tests.Kernels;

/// <summary>The suite of kernels at every width and in checked mode, against ILGPU's CPU accelerator.</summary>
public sealed class KernelSuiteTests
{
    private static readonly Dictionary<(string, int), Array[]> Expected = [];

    public static TheoryData<string, string> Cases
    {
        get
        {
            var cases = new TheoryData<string, string>();
            foreach (string kernel in KernelSuite.Runs.Keys)
            {
                foreach (string accelerator in TestAccelerators.All)
                {
                    // ILGPU has no warps of one lane to compare with.
                    if (kernel != "Shuffles" || TestAccelerators.Open(accelerator).WarpSize > 1)
                        cases.Add(kernel, accelerator);
                }
            }
            return cases;
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public void RunsLikeOnTheReference(string kernel, string accelerator)
    {
        (int ulps, Func<ILGPU.Runtime.Accelerator, Array[]>? run) = KernelSuite.Runs[kernel];
        SimdAccelerator simd = TestAccelerators.Open(accelerator);
        if (!Expected.TryGetValue((kernel, simd.WarpSize), out Array[]? results))
            Expected[(kernel, simd.WarpSize)] = results = run(TestAccelerators.Reference(simd.WarpSize));
        KernelSuite.AssertSame(results, run(simd), ulps);
    }
}
