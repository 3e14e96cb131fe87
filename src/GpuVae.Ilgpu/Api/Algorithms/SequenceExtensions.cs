using ILGPU.Algorithms.Sequencers;
using ILGPU.Runtime;

namespace ILGPU.Algorithms.Sequencers
{
    /// <summary>Computes the elements of a sequence from their index.</summary>
    public interface ISequencer<T> where T : unmanaged
    {
        T ComputeSequenceElement(LongIndex1D sequenceIndex);
    }
}

namespace ILGPU.Algorithms
{
    /// <summary>Fills views with sequences.</summary>
    public static class SequenceExtensions
    {
        /// <summary>Stores the sequence's i-th element in the view's i-th.</summary>
        public static void Sequence<T, TSequencer>(
            this Accelerator accelerator, AcceleratorStream stream, ArrayView<T> view, TSequencer sequencer)
            where T : unmanaged
            where TSequencer : struct, ISequencer<T>
        {
            if (view.HasData())
                accelerator.LaunchAutoGrouped(Store, stream, view.IntExtent, view, sequencer);
        }

        private static void Store<T, TSequencer>(Index1D index, ArrayView<T> view, TSequencer sequencer)
            where T : unmanaged
            where TSequencer : struct, ISequencer<T> =>
            view[index] = sequencer.ComputeSequenceElement(index);
    }
}
