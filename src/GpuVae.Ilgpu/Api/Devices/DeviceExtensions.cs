namespace ILGPU.Runtime;

public static class DeviceExtensions
{
    /// <summary>Writes the description of the device to the console.</summary>
    public static void PrintInformation(this IDevice device) => device.PrintInformation(Console.Out);
}
