using System.Runtime.CompilerServices;
using Xunit.Sdk;
using Xunit.v3;

// The tests share the accelerators, and each keeps all processors busy: one test runs after the other.
[assembly: Parallelization(Mode = ParallelMode.None)]

// ILGPU's launchers see the kernels, most of which are not public.
[assembly: InternalsVisibleTo("ILGPURuntime")]
