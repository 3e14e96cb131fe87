using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime;

namespace GpuVae.Simd.Tests.Checked;

/// <summary>Every defect that the checked mode promises to find, planted on purpose, and clean kernels that it must not accuse.</summary>
public sealed class CheckedModeTests
{
    // Groups of 8 threads are two warps.
    private static readonly SimdAccelerator Accelerator =
        TestAccelerators.Context.CreateSimdAccelerator(new() { VectorBits = 128, Checked = true });

    private KernelCheckException Defect(
        Action<ArrayView<int>> kernel, int groups = 1, int threads = 8, int length = 64, bool initialise = true)
    {
        using MemoryBuffer1D<int, Stride1D.Dense> buffer = Accelerator.Allocate1D<int>(length);
        if (initialise)
            buffer.MemSetToZero();
        Action<KernelConfig, ArrayView<int>> launch = Accelerator.LoadStreamKernel(kernel);
        return Assert.Throws<KernelCheckException>(() => launch(new KernelConfig(groups, threads), buffer.View));
    }

    private int[] Clean(Action<ArrayView<int>> kernel, int groups = 1, int threads = 8, int length = 64)
    {
        using MemoryBuffer1D<int, Stride1D.Dense> buffer = Accelerator.Allocate1D<int>(length);
        buffer.MemSetToZero();
        Accelerator.LoadStreamKernel(kernel)(new KernelConfig(groups, threads), buffer.View);
        return buffer.GetAsArray1D();
    }

    [Fact]
    public void AnIndexBehindItsViewIsNamedWithLineAndThread()
    {
        KernelCheckException found = Defect(static view => view[Group.IdxX * 10] = 1, length: 64);
        Assert.Equal(KernelDefect.OutOfBounds, found.Defect);
        Assert.Equal(new Index3D(7, 0, 0), found.Thread);
        Assert.Contains("index 70 is outside its view of 64 elements", found.Message);
        Assert.Matches(@"CheckedModeTests\.cs:\d+", found.Location);
    }

    [Fact]
    public void ANegativeIndexIsFound() =>
        Assert.Equal(KernelDefect.OutOfBounds, Defect(static view => view[Group.IdxX - 1] = 1).Defect);

    [Fact]
    public void AnIndexOutsideASubviewIsFoundInsideTheBuffer() =>
        Assert.Equal(KernelDefect.OutOfBounds, Defect(static view => view.SubView(0, 4)[Group.IdxX] = 1).Defect);

    [Fact]
    public void ASubviewThatLeavesItsBufferIsFoundWhenUsed() =>
        Assert.Equal(KernelDefect.OutOfBounds, Defect(static view => view.SubView(60, 100)[Group.IdxX] = 1).Defect);

    [Fact]
    public void LocalAndSharedMemoryHaveBoundsToo()
    {
        Assert.Equal(KernelDefect.OutOfBounds, Defect(static view => LocalMemory.Allocate<int>(4)[Group.IdxX] = 1).Defect);
        Assert.Equal(KernelDefect.OutOfBounds, Defect(static view => SharedMemory.Allocate<int>(4)[Group.IdxX] = 1).Defect);
    }

    [Fact]
    public void ABarrierInADivergentBranchIsFound()
    {
        KernelCheckException found = Defect(static view =>
        {
            if (Group.IdxX < 5)
                Group.Barrier();
            view[Group.IdxX] = 1;
        });
        Assert.Equal(KernelDefect.DivergentBarrier, found.Defect);
        Assert.Contains("not all threads reach a barrier: thread (5, 0, 0) has ended", found.Message);
    }

    [Fact]
    public void TwoDifferentBarriersDoNotMatch()
    {
        KernelCheckException found = Defect(static view =>
        {
            if (Group.IdxX < 5)
                Group.Barrier();
            else
                Group.Barrier();
            view[Group.IdxX] = 1;
        });
        Assert.Equal(KernelDefect.DivergentBarrier, found.Defect);
        Assert.Contains("waits at", found.Message);
    }

    [Fact]
    public void AShuffleThatALaneSkipsIsFound()
    {
        KernelCheckException found = Defect(static view =>
        {
            if (Group.IdxX != 6)
                view[Group.IdxX] = Warp.ShuffleDown(Group.IdxX, 1);
        });
        Assert.Equal(KernelDefect.DivergentBarrier, found.Defect);
        Assert.Contains("shuffle", found.Message);
    }

    [Fact]
    public void AMissingBarrierIsARaceOnSharedMemory()
    {
        KernelCheckException found = Defect(static view =>
        {
            ArrayView<int> shared = SharedMemory.Allocate<int>(8);
            shared[Group.IdxX] = Group.IdxX;
            view[Group.IdxX] = shared[Group.DimX - 1 - Group.IdxX];
        });
        Assert.True(found.Defect is KernelDefect.DataRace or KernelDefect.UninitializedRead);
    }

    [Fact]
    public void WritingWhatANeighbourReadIsARace()
    {
        KernelCheckException found = Defect(static view =>
        {
            ArrayView<int> shared = SharedMemory.Allocate<int>(9);
            shared[Group.IdxX] = 1;
            if (Group.IdxX == 0)
                shared[8] = 1;
            Group.Barrier();
            int next = shared[Group.IdxX + 1];
            shared[Group.IdxX] = next + 1;
            view[Group.IdxX] = next;
        });
        Assert.Equal(KernelDefect.DataRace, found.Defect);
        Assert.Contains("with no barrier between", found.Message);
        Assert.Contains("by thread (0, 0, 0)", found.Message);
    }

    [Fact]
    public void TwoGroupsWritingOneElementRace()
    {
        KernelCheckException found = Defect(static view => view[Group.IdxX] = Grid.IdxX, groups: 2);
        Assert.Equal(KernelDefect.DataRace, found.Defect);
        Assert.Equal(new Index3D(1, 0, 0), found.Group);
        Assert.Contains("of group (0, 0, 0)", found.Message);
    }

    [Fact]
    public void AnAtomicAndAPlainWriteRace() => Assert.Equal(
        KernelDefect.DataRace,
        Defect(static view =>
        {
            if (Group.IdxX == 0)
                view[0] = 5;
            else
                Atomic.Add(ref view[0], 1);
        }).Defect);

    [Fact]
    public void ReadingWhatNobodyWroteIsFound()
    {
        Assert.Equal(KernelDefect.UninitializedRead, Defect(static view => view[1] = view[0] + 1, threads: 1, initialise: false).Defect);
        Assert.Equal(
            KernelDefect.UninitializedRead,
            Defect(static view => view[0] = SharedMemory.Allocate<int>(4)[1], threads: 1).Defect);
    }

    [Fact]
    public void AMisalignedCastIsFound()
    {
        KernelCheckException found = Defect(static view => view.SubView(1).Cast<long>()[0] = 1, threads: 1);
        Assert.Equal(KernelDefect.MisalignedAccess, found.Defect);
        Assert.Contains("no multiple of 8", found.Message);
    }

    [Fact]
    public void ABrokenPromiseOfAlignmentIsFound()
    {
        KernelCheckException found = Defect(static view => view.SubView(1).AsAligned16()[0] = 1, threads: 1);
        Assert.Equal(KernelDefect.AssertionFailed, found.Defect);
        Assert.Contains("multiple of 16 bytes", found.Message);
        Assert.Equal(1, Clean(static view => view.SubView(1).AlignTo16().Main.AsAligned16()[0] = 1, threads: 1)[4]);
    }

    [Fact]
    public void DivisionByZeroIsFound() =>
        Assert.Equal(KernelDefect.DivisionByZero, Defect(static view => view[0] = 7 / view[1], threads: 1).Defect);

    [Fact]
    public void TheAcceleratorSurvivesADefect()
    {
        Defect(static view => view[Group.IdxX - 1] = 1);
        Assert.Equal(3, Clean(static view => view[Group.IdxX] = 3)[5]);
    }

    [Fact]
    public void BarriersAndAtomicsMakeCommunicationClean()
    {
        int[] result = Clean(
            static view =>
            {
                ArrayView<int> shared = SharedMemory.Allocate<int>(8);
                for (int round = 0; round < 3; round++)
                {
                    shared[Group.IdxX] = Group.IdxX + round;
                    Group.Barrier();
                    int other = shared[Group.DimX - 1 - Group.IdxX];
                    Group.Barrier();
                    Atomic.Add(ref view[round], other);
                }
                view[8 + Grid.GlobalIndex.X] = Warp.ShuffleXor(Group.IdxX, 1);
            },
            groups: 2);
        Assert.Equal([56, 72, 88], result[..3]);
        Assert.Equal([1, 0, 3, 2], result[8..12]);
    }

    [Fact]
    public void DynamicSharedMemoryAndSeveralDimensionsAreClean()
    {
        using MemoryBuffer1D<int, Stride1D.Dense> buffer = Accelerator.Allocate1D<int>(64);
        buffer.MemSetToZero();
        Action<KernelConfig, ArrayView<int>> launch = Accelerator.LoadStreamKernel(static (ArrayView<int> view) =>
        {
            ArrayView<int> shared = SharedMemory.GetDynamic<int>();
            shared[Group.LinearIndex] = Group.IdxY * 10 + Group.IdxX;
            Group.Barrier();
            view[(Grid.IdxX * 12) + Group.LinearIndex] = shared[(Group.LinearIndex + 1) % 12] + shared.IntLength;
        });
        launch(new KernelConfig(new Index3D(2, 1, 1), new Index3D(4, 3, 1), SharedMemoryConfig.RequestDynamic<int>(12)), buffer.View);
        Assert.Equal([13, 14, 15, 22], buffer.GetAsArray1D()[..4]);
    }

    [Fact]
    public void ImplicitlyGroupedKernelsRunUpToTheirExtent()
    {
        using MemoryBuffer1D<float, Stride1D.Dense> buffer = Accelerator.Allocate1D<float>(1000);
        Action<Index2D, ArrayView<float>> launch = Accelerator.LoadAutoGroupedStreamKernel<Index2D, ArrayView<float>>(
            static (i, view) => view[(i.Y * 100) + i.X] = XMath.Sqrt(i.X) + i.Y);
        launch(new Index2D(100, 10), buffer.View);
        Assert.Equal(MathF.Sqrt(99) + 9, buffer.GetAsArray1D()[999]);
    }

    [Fact]
    public void CopiesCarryWhatIsInitialised()
    {
        using MemoryBuffer1D<int, Stride1D.Dense> from = Accelerator.Allocate1D<int>(8);
        using MemoryBuffer1D<int, Stride1D.Dense> to = Accelerator.Allocate1D<int>(8);
        from.View.SubView(0, 4).MemSetToZero();
        from.View.CopyTo(Accelerator.DefaultStream, to.View);
        Action<KernelConfig, ArrayView<int>, int> launch =
            Accelerator.LoadStreamKernel(static (ArrayView<int> view, int i) => view[0] = view[i]);
        launch(new KernelConfig(1, 1), to.View, 3);
        Assert.Throws<KernelCheckException>(() => launch(new KernelConfig(1, 1), to.View, 4));
    }
}
