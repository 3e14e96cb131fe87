using System.Numerics;
using System.Reflection;
using ILGPU;

namespace GpuVae.Kernels.Tests.Contract;

/// <summary>
/// The kernels stay inside what ILGPU 1.5.3 compiles, so that the library also builds and runs on the NuGet packages. The offenders below
/// show that the walk finds each kind of thing it is there for.
/// </summary>
public class ContractTests
{
    [Fact]
    public void KernelsStayInsideTheContract()
    {
        Assert.True(KernelCatalog.All.Count > 20, "the catalogue found too few kernels: has the naming changed?");
        Assert.Empty(KernelCatalog.All.SelectMany(KernelContract.Violations).Distinct());
    }

    [Theory]
    [InlineData(nameof(Offenders.Throws), "throw")]
    [InlineData(nameof(Offenders.Tries), "try block")]
    [InlineData(nameof(Offenders.FusesOnTheHost), "FusedMultiplyAdd")]
    [InlineData(nameof(Offenders.Clamps), "Clamp")]
    [InlineData(nameof(Offenders.TakesBool), "Boolean")]
    [InlineData(nameof(Offenders.TakesStructWithChar), "Char")]
    [InlineData(nameof(Offenders.TakesReference), "reference")]
    [InlineData(nameof(Offenders.CountsInAStatic), "mutable static")]
    [InlineData(nameof(Offenders.ReadsAStaticArray), "static array")]
    [InlineData(nameof(Offenders.AllocatesByLength), "no constant")]
    [InlineData(nameof(Offenders.UsesSpan), "Span")]
    [InlineData(nameof(Offenders.Recurses), "recursion")]
    [InlineData(nameof(Offenders.ShufflesBytes), "shuffle of Byte")]
    [InlineData(nameof(Offenders.SharesImplicitly), "implicitly grouped")]
    [InlineData(nameof(Offenders.CallsVirtually), "virtual call")]
    [InlineData(nameof(Offenders.AddsVectors), "Vector4")]
    [InlineData(nameof(Offenders.UsesSystemHalf), "Half")]
    public void FindsWhatIlgpuRefuses(string offender, string named)
    {
        MethodInfo method = typeof(Offenders).GetMethod(offender, BindingFlags.Static | BindingFlags.Public)!;
        Assert.Contains(KernelContract.Violations(method), v => v.Contains(named, StringComparison.Ordinal));
    }

    [Fact]
    public void AcceptsWhatIlgpuAccepts() =>
        Assert.Empty(KernelContract.Violations(typeof(Offenders).GetMethod(nameof(Offenders.IsFine))!));

    public readonly record struct Mixed(int Number, char Letter);

    public static class Offenders
    {
        private static readonly float[] Table = [1, 2, 3];
        private static int counter;

        public static void Throws(ArrayView<int> view)
        {
            if (view[0] < 0)
                throw new InvalidOperationException();
        }

        public static void Tries(ArrayView<int> view)
        {
            try
            {
                view[0] = 1;
            }
            finally
            {
                view[1] = 1;
            }
        }

        public static void FusesOnTheHost(ArrayView<float> view) => view[0] = MathF.FusedMultiplyAdd(view[1], view[2], view[3]);

        public static void Clamps(ArrayView<float> view) => view[0] = Math.Clamp(view[0], 0f, 1f);

        public static void TakesBool(ArrayView<int> view, bool flag) => view[0] = flag ? 1 : 0;

        public static void TakesStructWithChar(ArrayView<int> view, Mixed mixed) => view[0] = mixed.Number + mixed.Letter;

        public static void TakesReference(ArrayView<int> view, in int number) => view[0] = number;

        public static void CountsInAStatic(ArrayView<int> view) => view[0] = counter++;

        public static void ReadsAStaticArray(ArrayView<float> view) => view[0] = Table[1];

        public static void AllocatesByLength(ArrayView<int> view)
        {
            int[] array = new int[view.IntLength];
            view[0] = array[0];
        }

        public static void UsesSpan(ArrayView<int> view)
        {
            ReadOnlySpan<int> span = [1, 2, 3, view[0]];
            view[0] = span[view[1]];
        }

        public static void Recurses(ArrayView<int> view) => view[0] = Factorial(view[0]);

        public static void ShufflesBytes(ArrayView<byte> view) => view[0] = Warp.ShuffleXor(view[0], 1);

        public static void SharesImplicitly(Index1D index, ArrayView<int> view)
        {
            ArrayView<int> shared = SharedMemory.Allocate<int>(4);
            view[index] = shared[0];
        }

        public static void CallsVirtually(ArrayView<int> view) => view[0] = view.GetType().GetHashCode();

        public static void AddsVectors(ArrayView<Vector4> view) => view[0] = view[1] + view[2];

        public static void UsesSystemHalf(ArrayView<float> view) => view[0] = (float)(System.Half)view[1];

        public static void IsFine(ArrayView<float> view, int n)
        {
            float[] local = new float[4];
            ArrayView<float> shared = SharedMemory.Allocate<float>(32);
            for (int i = 0; i < n; i++)
                local[i & 3] += view[i] * MathF.Sqrt(view[0]);
            shared[Group.IdxX] = local[0];
            Group.Barrier();
            (float low, float high) = (shared[0], Warp.ShuffleXor(local[1], 1));
            Atomic.Add(ref view[0], low + high);
        }

        private static int Factorial(int n) => n <= 1 ? 1 : n * Factorial(n - 1);
    }
}
