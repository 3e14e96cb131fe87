using GpuVae.Devices;
using GpuVae.Options;
using GpuVae.Simd;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;

namespace GpuVae.Tests.Devices;

public class ComputeDeviceTests
{
    [Fact]
    public void TheListHoldsTheCpuAndItsFirstEntryIsAuto()
    {
        IReadOnlyList<DeviceDescription> devices = ComputeDevice.List();
        Assert.Contains(devices, device => device.Name == "cpu");
        Assert.Equal(devices.Select(device => device.Name).Distinct(), devices.Select(device => device.Name));
        using var auto = ComputeDevice.Open();
        Assert.Equal(devices[0].Name, auto.Name);
    }

    [Fact]
    public void CudaComesBeforeTheCpuAndIlgpusEmulatorLast()
    {
        string[] names = [.. ComputeDevice.List().Select(device => device.Name)];
        Assert.Equal("ilgpu-cpu", names[^1]);
        Assert.All(names.TakeWhile(name => name != "cpu"), name => Assert.Matches("^(cuda|opencl):[0-9]+$", name));
        // What stands between them is a processor that OpenCL drives.
        Assert.All(names.SkipWhile(name => name != "cpu").Skip(1).SkipLast(1), name => Assert.StartsWith("opencl:", name));
    }

    [Fact]
    public void EmulatorAndCpuHaveTheMachinesMemory()
    {
        long memory = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        foreach (DeviceDescription device in ComputeDevice.List().Where(device => device.Type == AcceleratorType.CPU))
            Assert.Equal(memory, device.MemoryBytes);
    }

    [Theory]
    [InlineData("cpu", "cpu", typeof(SimdAccelerator))]
    [InlineData("CPU:0", "cpu", typeof(SimdAccelerator))]
    [InlineData("ilgpu-cpu", "ilgpu-cpu", typeof(CPUAccelerator))]
    public void TheProcessorsAreOpenedByTheirNames(string asked, string name, Type accelerator)
    {
        using var device = ComputeDevice.Open(asked);
        Assert.Equal(name, device.Name);
        Assert.IsType(accelerator, device.Accelerator);
    }

    [Fact]
    public void AWrappedAcceleratorHasTheNameThatOpensItsDevice()
    {
        using var context = Context.Create(builder => builder.CPU().EnableAlgorithms());
        using Accelerator simd = context.CreateSimdAccelerator(), emulator = context.CreateCPUAccelerator(0);
        using ComputeDevice cpu = ComputeDevice.Wrap(simd), slow = ComputeDevice.Wrap(emulator);
        Assert.Equal("cpu", cpu.Name);
        Assert.Equal("ilgpu-cpu", slow.Name);
    }

    [Theory]
    [InlineData("cuda:99")]
    [InlineData("tpu")]
    [InlineData("")]
    public void AnUnknownDeviceIsBadInputThatListsThoseThatExist(string name)
    {
        BadInputException error = Assert.Throws<BadInputException>(() => ComputeDevice.Open(name));
        Assert.Contains($"'{name}'", error.Message, StringComparison.Ordinal);
        Assert.Contains("cpu (", error.Message, StringComparison.Ordinal);
    }

    // Each kind of device is there, or it is said why it is not.
    [Theory]
    [InlineData("cuda:", "CUDA")]
    [InlineData("opencl:", "OpenCL")]
    public void WhatCannotBeUsedIsListedWithTheReason(string devices, string kind)
    {
        if (!ComputeDevice.List().Any(device => device.Name.StartsWith(devices, StringComparison.Ordinal)))
            Assert.Contains(ComputeDevice.Obstacles(), reason => reason.StartsWith(kind, StringComparison.OrdinalIgnoreCase));
    }
}
