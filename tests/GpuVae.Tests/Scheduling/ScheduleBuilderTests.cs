using GpuVae.Scheduling;
using ILGPU;
using ILGPU.Runtime;

namespace GpuVae.Tests.Scheduling;

public sealed class ScheduleBuilderTests(CpuDevice cpu) : IClassFixture<CpuDevice>
{
    [Fact]
    public void StepsRunInOrderOnTensorsThatKeepTheirValuesWhileTheyLive()
    {
        var builder = new ScheduleBuilder(3);
        PlannedTensor a = builder.Tensor("a", 100), b = builder.Tensor("b", 100), c = builder.Tensor("c", 100);
        var seen = new List<string>();
        float read = 0;
        void Add(string name, PlannedTensor[] uses, Action<AcceleratorStream> work) => builder.Add(name, 1, 2, uses, stream =>
        {
            seen.Add(name);
            work(stream);
        }, isOfUser: true);
        Add("write a", [a], stream => a.View.MemSet(stream, 1));
        Add("write b", [b], stream => b.View.MemSet(stream, 2));
        Add("read b", [b], _ => { });
        Add("write c", [c], stream => c.View.MemSet(stream, 3));
        Add("read a and c", [a, c], stream => read = a.View.GetAsArray(stream)[299]);
        // b and c are never alive together, so two places serve three tensors.
        Assert.Equal(2 * 320, builder.Plan());
        using MemoryBuffer1D<float, Stride1D.Dense> memory = cpu.Device.Accelerator.Allocate1D<float>(builder.Plan());
        Schedule schedule = builder.Bind(memory.View);
        schedule.Run(cpu.Device.Stream);
        Assert.Equal(["write a", "write b", "read b", "write c", "read a and c"], seen);
        Assert.Equal(BitConverter.UInt32BitsToSingle(0x01010101), read);
        Assert.Equal(2 * 320 * 4, schedule.ArenaBytes);
        Assert.Equal(5, schedule.Flops);
    }

    [Fact]
    public void TooLittleMemoryIsRefused()
    {
        var builder = new ScheduleBuilder(2);
        PlannedTensor tensor = builder.Tensor("t", 64);
        builder.Add("use", 0, 0, [tensor], _ => { });
        using MemoryBuffer1D<float, Stride1D.Dense> memory = cpu.Device.Accelerator.Allocate1D<float>(64);
        Assert.Throws<ArgumentException>(() => builder.Bind(memory.View));
    }
}
