namespace ILGPU.Runtime.Cuda;

/// <summary>How a host thread waits for the device.</summary>
[Flags]
public enum CudaAcceleratorFlags
{
    ScheduleAuto = 0,
    ScheduleSpin = 1,
    ScheduleYield = 2,
    ScheduleBlockingSync = 4,
}
