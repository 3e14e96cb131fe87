using GpuVae.Devices;

namespace GpuVae.Tests.Devices;

public class ComputeDeviceTests
{
    [Fact]
    public void TheListHoldsTheCpuAndItsFirstEntryIsAuto()
    {
        IReadOnlyList<DeviceDescription> devices = ComputeDevice.List();
        Assert.Contains(devices, device => device.Name == "cpu");
        Assert.Equal(devices.Select(device => device.Name).Distinct(), devices.Select(device => device.Name));
        using ComputeDevice auto = ComputeDevice.Open();
        Assert.Equal(devices[0].Name, auto.Name);
    }

    [Theory]
    [InlineData("cpu")]
    [InlineData("CPU:0")]
    public void TheCpuHasTwoNames(string name)
    {
        using ComputeDevice device = ComputeDevice.Open(name);
        Assert.Equal("cpu", device.Name);
    }

    [Theory]
    [InlineData("cuda:99")]
    [InlineData("tpu")]
    [InlineData("")]
    public void AnUnknownDeviceIsBadInputThatListsThoseThatExist(string name)
    {
        var error = Assert.Throws<BadInputException>(() => ComputeDevice.Open(name));
        Assert.Contains($"'{name}'", error.Message, StringComparison.Ordinal);
        Assert.Contains("cpu (", error.Message, StringComparison.Ordinal);
    }
}
