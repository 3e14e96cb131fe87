using GpuVae.Models;

namespace GpuVae.Tests.Models;

/// <summary>What the models of samples/models draw.</summary>
public sealed class ReadyModelTests(CpuDevice cpu) : IClassFixture<CpuDevice>
{
    private const int Side = 64, Plane = Side * Side, Channels = 3, Count = 64;

    /// <summary>
    /// Enlarging by convolutions leaves patterns of two, four and eight pixels, which a plain background shows: nearest upsampling alone
    /// had second differences of 3 levels of 255 there, which is seen.
    /// </summary>
    [Fact]
    public void FacesHaveNoPatternOfTheDecoder()
    {
        using var model = Vae.Load(cpu.Device, Path.Combine(BuildFacts.Repository, "samples", "models", "faces.safetensors"));
        // Caps of the sampler's faces have whole brims, which reach the columns looked at; patterns are the decoder's in any case.
        model.Sampler = null;
        float[] faces = model.Generate(Count, seed: 3);
        foreach (int step in (int[])[1, Side])
        {
            // Of every second place along the step, and the others.
            double even = Mean(i => i / step % 2 == 0, i => faces[i] - faces[i + step], 0, Side - 1);
            double odd = Mean(i => i / step % 2 == 1, i => faces[i] - faces[i + step], 0, Side - 1);
            Assert.InRange(even / odd, 0.9, 1.1);
            foreach (int left in (int[])[2, Side - 12])
            {
                double curved = Mean(_ => true, i => faces[i] - 2 * faces[i + step] + faces[i + 2 * step], left, left + 8);
                Assert.InRange(255 * curved, 0, 1.8);
            }
        }

        // Over some columns of the rows 2 to 29, which hats and hair hardly reach at the sides.
        double Mean(Func<int, bool> wanted, Func<int, float> of, int left, int right) => (
            from plane in Enumerable.Range(0, Count * Channels)
            from y in Enumerable.Range(2, 28)
            from x in Enumerable.Range(left, right - left)
            let place = plane * Plane + y * Side + x
            where wanted(place)
            select Math.Abs(of(place))).Average();
    }
}
