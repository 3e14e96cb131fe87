using GpuVae.Devices;

namespace GpuVae.Training;

// For programs that have something else to do while a model is trained: a window, a server.
public sealed partial class Trainer
{
    /// <summary>
    /// As <see cref="Run"/>, in a thread of its own, in which handlers of events are called, too. Until the task ends the device is in
    /// use: other threads are refused it, see <see cref="ComputeDevice"/>.
    /// </summary>
    /// <param name="progress">
    /// Told what <see cref="Progressed"/> tells; a <see cref="Progress{T}"/> brings it to the caller's thread.
    /// </param>
    /// <param name="cancellation">
    /// Asks to stop: the step under way is finished and the run kept. The task then ends with <see cref="TrainingResult.Completed"/> false,
    /// not as a cancelled one.
    /// </param>
    /// <returns>What <see cref="Run"/> returns, or throws; an <see cref="InvalidOperationException"/> where the device is in use.</returns>
    public Task<TrainingResult> RunAsync(IProgress<TrainingProgress>? progress = null, CancellationToken cancellation = default)
    {
        var isInside = new TaskCompletionSource();
        Task<TrainingResult> training = Task.Factory.StartNew(
            () =>
            {
                try
                {
                    using DeviceGate.Scope scope = Model.Device.Enter("Trainer.RunAsync");
                    isInside.SetResult();
                    return RunWith(progress, cancellation);
                }
                finally
                {
                    isInside.TrySetResult();
                }
            },
            CancellationToken.None, TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach, TaskScheduler.Default);
        // So that what the caller does next does not overtake the training on its way to the device.
        isInside.Task.Wait(CancellationToken.None);
        return training;
    }

    private TrainingResult RunWith(IProgress<TrainingProgress>? progress, CancellationToken cancellation)
    {
        if (progress is null)
            return Run(cancellation);
        Progressed += progress.Report;
        try
        {
            return Run(cancellation);
        }
        finally
        {
            Progressed -= progress.Report;
        }
    }
}
