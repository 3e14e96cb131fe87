using GpuVae.Ilgpu.Backends.Cpu.Emulated;

namespace ILGPU;

/// <summary>The group of the calling thread; for kernels only.</summary>
public static class Group
{
    public static int IdxX => EmulatedThread.Current.GroupIdxX;

    public static int IdxY => EmulatedThread.Current.GroupIdxY;

    public static int IdxZ => EmulatedThread.Current.GroupIdxZ;

    public static int DimX => EmulatedThread.Current.Group.GroupDim.X;

    public static int DimY => EmulatedThread.Current.Group.GroupDim.Y;

    public static int DimZ => EmulatedThread.Current.Group.GroupDim.Z;

    /// <summary>The thread's index in its group.</summary>
    public static Index3D Index => new(IdxX, IdxY, IdxZ);

    /// <summary>The number of threads of the group along each axis.</summary>
    public static Index3D Dimension => new(DimX, DimY, DimZ);

    /// <summary>The thread's index in its group, counted along X, then Y, then Z.</summary>
    public static int LinearIndex => (((IdxZ * DimY) + IdxY) * DimX) + IdxX;

    public static bool IsFirstThread => LinearIndex == 0;

    public static bool IsLastThread => LinearIndex == Dimension.Size - 1;

    /// <summary>Waits until all threads of the group are here; what they wrote before is visible to all afterwards.</summary>
    public static void Barrier() => EmulatedThread.Current.GroupBarrier();

    /// <summary>A barrier that counts the threads whose predicate is true.</summary>
    public static int BarrierPopCount(bool predicate) => EmulatedThread.Current.GroupBarrierPopCount(predicate);

    /// <summary>A barrier that tells whether the predicate is true in all threads.</summary>
    public static bool BarrierAnd(bool predicate) => EmulatedThread.Current.GroupBarrierPopCount(!predicate) == 0;

    /// <summary>A barrier that tells whether the predicate is true in any thread.</summary>
    public static bool BarrierOr(bool predicate) => EmulatedThread.Current.GroupBarrierPopCount(predicate) > 0;

    /// <summary>The value of one thread, for all threads of the group, which must all call this.</summary>
    /// <param name="value">The value of the calling thread.</param>
    /// <param name="threadIndex">The linear index of the thread whose value counts.</param>
    public static T Broadcast<T>(T value, int threadIndex) where T : unmanaged => EmulatedThread.Current.GroupBroadcast(value, threadIndex);
}
