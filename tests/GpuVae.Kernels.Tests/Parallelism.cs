// The tests share the devices, a device is one thread's at a time, and each keeps all processors busy: one test runs after the other.
[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.None)]
