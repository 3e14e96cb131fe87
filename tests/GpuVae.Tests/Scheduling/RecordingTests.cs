using GpuVae.Scheduling;

namespace GpuVae.Tests.Scheduling;

public sealed class RecordingTests(CpuDevice cpu) : IClassFixture<CpuDevice>
{
    [Fact]
    public void WhatCannotBeRecordedIsNotRun()
    {
        int runs = 0;
        Assert.Null(Recording.TryCapture(cpu.Device.Stream, () => runs++));
        Assert.Equal(0, runs);
    }
}
