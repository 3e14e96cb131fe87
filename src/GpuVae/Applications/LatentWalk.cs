namespace GpuVae.Applications;

/// <summary>Closed walks through the latent space.</summary>
public static class LatentWalk
{
    /// <summary>
    /// A loop that visits every stop and returns to the first: along arcs (see <see cref="Interpolation.Slerp"/>), slowing down towards
    /// each stop. Played again and again it has no seam.
    /// </summary>
    /// <param name="stops">[n, latent].</param>
    /// <param name="latent">Values of a code.</param>
    /// <param name="framesPerStop">Frames from a stop to before the next.</param>
    /// <returns>[n · framesPerStop, latent]; frame i · framesPerStop is stop i.</returns>
    /// <exception cref="ArgumentException">Fewer than two stops, or no whole number of them.</exception>
    public static float[] Loop(ReadOnlySpan<float> stops, int latent, int framesPerStop)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(latent);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(framesPerStop);
        int count = stops.Length / latent;
        if (count < 2 || stops.Length % latent != 0)
            throw new ArgumentException($"{stops.Length} values are not two or more codes of {latent}.", nameof(stops));
        float[] walk = new float[checked(count * framesPerStop * latent)];
        for (int frame = 0; frame < count * framesPerStop; frame++)
        {
            int stop = frame / framesPerStop, next = (stop + 1) % count;
            double t = Ease((double)(frame % framesPerStop) / framesPerStop);
            Interpolation.Slerp(
                stops.Slice(stop * latent, latent), stops.Slice(next * latent, latent), t, walk.AsSpan(frame * latent, latent));
        }
        return walk;
    }

    /// <summary>The cubic 3t² − 2t³: from 0 to 1 with no speed at either end.</summary>
    private static double Ease(double t) => t * t * (3 - 2 * t);
}
