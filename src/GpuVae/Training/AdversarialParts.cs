namespace GpuVae.Training;

/// <summary>How a model and its discriminator stand to each other; means over the images that the discriminator saw.</summary>
/// <param name="DiscriminatorLoss">
/// Hinge loss of images and reconstructions together: 2 where the discriminator cannot tell them apart, 0 where nothing escapes it.
/// </param>
/// <param name="GeneratorLoss">Minus the score of the reconstructions: above 1 the discriminator is sure of all of them.</param>
/// <param name="Weight">What the generator's gradient was multiplied by to pull as hard as it is to.</param>
public readonly record struct AdversarialParts(double DiscriminatorLoss, double GeneratorLoss, double Weight);
