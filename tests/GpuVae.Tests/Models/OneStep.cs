using GpuVae.Data;
using GpuVae.Devices;
using GpuVae.Elbo;
using GpuVae.Kernels.Random;
using GpuVae.Layers;
using GpuVae.Models;
using GpuVae.Options;
using GpuVae.Training;

namespace GpuVae.Tests.Models;

/// <summary>The first training step of a small model on random images, with all that a reference needs to take it, too.</summary>
internal sealed class OneStep : IDisposable
{
    private readonly Vae model;
    private readonly Trainer trainer;

    /// <param name="device">Where to train.</param>
    /// <param name="options">The model.</param>
    /// <param name="training">One batch holds all images.</param>
    /// <param name="labels">[images], of a conditional model.</param>
    /// <param name="perceptual">Of a perceptual term.</param>
    public OneStep(
        ComputeDevice device, VaeOptions options, TrainingOptions training, int[]? labels = null, FrozenNetwork? perceptual = null)
    {
        ImageShape shape = options.Shape;
        ImageSet random = TestImages.Random(training.BatchSize, shape);
        var images = new ImageSet(random.Name, shape.Width, shape.Height, shape.Channels, random.Pixels, labels);
        model = new Vae(device, options, seed: 5);
        Parameters = model.Parameters.Parameters.ToDictionary(
            parameter => parameter.Name, parameter => model.Parameters.Read(parameter).Select(value => (double)value).ToArray());
        trainer = new Trainer(model, images, training with { LogEverySteps = 1 }, perceptual: perceptual);
        trainer.Progressed += report => (Loss, Adversarial, FeatureDistance) = (report.Loss, report.Adversarial, report.FeatureDistance);
        if (trainer.Discriminator is { } discriminator)
        {
            Discriminator = discriminator.Parameters.Parameters.ToDictionary(
                parameter => parameter.Name,
                parameter => discriminator.Parameters.Read(parameter).Select(value => (double)value).ToArray());
            float[] directions = new float[discriminator.Directions.Length];
            discriminator.Directions.Download(device.Stream, directions.AsSpan());
            Directions = Array.ConvertAll(directions, value => (double)value);
        }
        trainer.RunStep();

        Order = new int[images.Count];
        EpochOrder.Fill(Order, training.Seed, 0);
        Images = TestImages.AsDoubles(images.Select(Order).Pixels);
        Noise =
        [
            .. from row in Enumerable.Range(0, images.Count * options.Samples)
               from unit in Enumerable.Range(0, options.Latent)
               select (double)Philox.NormalAt(training.Seed, RandomPurpose.Latent, 0, row, unit),
        ];
    }

    /// <summary>Before the step, in PyTorch's layout.</summary>
    public Dictionary<string, double[]> Parameters { get; }

    public ElboParts Loss { get; private set; }

    public AdversarialParts? Adversarial { get; private set; }

    public double? FeatureDistance { get; private set; }

    /// <summary>The discriminator's weights before the step, in PyTorch's layout; null where there is none.</summary>
    public Dictionary<string, double[]>? Discriminator { get; }

    /// <summary>The directions of their spectral norms before the step.</summary>
    public double[]? Directions { get; }

    /// <summary>The images in the order of the batch, by their places in the set.</summary>
    public int[] Order { get; }

    /// <summary>[batch, pixels], in the order of the batch.</summary>
    public double[] Images { get; }

    /// <summary>[batch · samples, latent].</summary>
    public double[] Noise { get; }

    /// <summary>What the step computed for each parameter.</summary>
    public IEnumerable<(Parameter Parameter, float[] Gradient)> Gradients =>
        model.Parameters.Parameters.Select(parameter => (parameter, model.Parameters.Read(parameter, trainer.State.Gradients)));

    /// <summary>The same of the discriminator.</summary>
    public IEnumerable<(Parameter Parameter, float[] Gradient)> DiscriminatorGradients =>
        trainer.Discriminator!.Parameters.Parameters.Select(parameter => (
            parameter, trainer.Discriminator.Parameters.Read(parameter, trainer.Discriminator.Gradients)));

    public void Dispose()
    {
        trainer.Dispose();
        model.Dispose();
    }
}
