using System.Runtime.InteropServices;

namespace GpuVae.Benchmarks.Peers;

/// <summary>OpenBLAS's single-precision matrix product, called through its C interface.</summary>
internal sealed unsafe class OpenBlasPeer
{
    private const int RowMajor = 101, NoTranspose = 111, Transpose = 112;

    private readonly delegate* unmanaged<int, int, int, int, int, int, float, float*, int, float*, int, float, float*, int, void> sgemm;
    private readonly delegate* unmanaged<int, void> setThreads;

    private OpenBlasPeer(nint library)
    {
        sgemm = (delegate* unmanaged<int, int, int, int, int, int, float, float*, int, float*, int, float, float*, int, void>)
            NativeLibrary.GetExport(library, "cblas_sgemm");
        var config = (delegate* unmanaged<byte*>)NativeLibrary.GetExport(library, "openblas_get_config");
        Configuration = Marshal.PtrToStringUTF8((nint)config())!.Trim();
        // Built on OpenMP it takes OpenMP's count of threads before every product, whatever it was told itself.
        bool isOnOpenMp = Configuration.Contains("USE_OPENMP", StringComparison.Ordinal);
        nint threading = isOnOpenMp && NativeLibrary.TryLoad("libgomp.so.1", out nint gomp) ? gomp : library;
        setThreads = (delegate* unmanaged<int, void>)NativeLibrary.GetExport(
            threading, threading == library ? "openblas_set_num_threads" : "omp_set_num_threads");
    }

    /// <summary>Version and kernel, as the library tells it.</summary>
    public string Configuration { get; }

    public static OpenBlasPeer? TryLoad(out string reason)
    {
        reason = "libopenblas.so.0 not found; on Debian: apt-get install libopenblas0-pthread";
        foreach (string name in (string[])["libopenblas.so.0", "libopenblas.dylib", "libopenblas.dll"])
        {
            if (NativeLibrary.TryLoad(name, out nint library))
                return new OpenBlasPeer(library);
        }
        return null;
    }

    /// <summary>c [m, n] = op(a) [m, k] · op(b) [k, n], row-major and dense.</summary>
    public void Multiply(float* a, float* b, float* c, int m, int n, int k, bool transposeA, bool transposeB, int threads)
    {
        setThreads(threads);
        sgemm(RowMajor, transposeA ? Transpose : NoTranspose, transposeB ? Transpose : NoTranspose, m, n, k,
            1f, a, transposeA ? m : k, b, transposeB ? k : n, 0f, c, n);
    }
}
