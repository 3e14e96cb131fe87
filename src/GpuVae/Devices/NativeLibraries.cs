using System.Reflection;
using System.Runtime.InteropServices;

namespace GpuVae.Devices;

/// <summary>
/// Lets ILGPU find drivers under the names that they are installed by. ILGPU asks for <c>libOpenCL.so</c> and <c>libcuda.so</c>, which on
/// many machines are links that come with the development packages; the drivers themselves are <c>libOpenCL.so.1</c> and
/// <c>libcuda.so.1</c>.
/// </summary>
internal static class NativeLibraries
{
    private static readonly Dictionary<string, string> InstalledNames = new()
    {
        ["OpenCL"] = "libOpenCL.so.1",
        ["cuda"] = "libcuda.so.1",
    };

    private static readonly Lazy<bool> IsHostAsked = new(Install);

    public static bool HasCuda => CanLoad("cuda") || CanLoad("nvcuda");

    public static bool HasOpenCL => CanLoad("OpenCL");

    /// <summary>
    /// To be called before ILGPU first looks for devices, which it does once in a process. False where a library lies under its installed
    /// name alone and the program resolves ILGPU's libraries itself, so that finding it is up to the program: an assembly has one resolver.
    /// </summary>
    public static bool TryResolve() => IsHostAsked.Value;

    // Not where ILGPU finds all by itself: a program that sets a resolver after this would fail.
    private static bool Install()
    {
        Assembly ilgpu = typeof(Context).Assembly;
        if (!OperatingSystem.IsLinux() || !InstalledNames.Any(entry => IsHidden(ilgpu, entry.Key, entry.Value)))
            return true;
        try
        {
            NativeLibrary.SetDllImportResolver(ilgpu, Resolve);
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    private static bool CanLoad(string name) =>
        NativeLibrary.TryLoad(name, typeof(Context).Assembly, null, out _)
        || (InstalledNames.TryGetValue(name, out string? installedName) && NativeLibrary.TryLoad(installedName, out _));

    private static bool IsHidden(Assembly ilgpu, string name, string installedName) =>
        !NativeLibrary.TryLoad(name, ilgpu, null, out _) && NativeLibrary.TryLoad(installedName, out _);

    // Zero leaves the search to the runtime.
    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path) =>
        InstalledNames.TryGetValue(name, out string? installedName) && !NativeLibrary.TryLoad(name, assembly, path, out _)
            && NativeLibrary.TryLoad(installedName, out nint library)
                ? library
                : 0;
}
