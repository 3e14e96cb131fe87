using GpuVae.Kernels.Common;
using GpuVae.Kernels.Convolution;
using GpuVae.Kernels.Evaluation;
using GpuVae.Kernels.Gemm;
using GpuVae.Kernels.Latent;
using GpuVae.Kernels.Layers;
using GpuVae.Kernels.Random;
using GpuVae.Kernels.Training;

namespace GpuVae.Devices;

/// <summary>
/// The kernels of one device, loaded at first use and then kept: models and trainers on the device share them, and a program that only
/// generates never compiles a backward pass.
/// </summary>
internal sealed class DeviceKernels(Accelerator accelerator, GemmContext gemm) : IDisposable
{
    private readonly Dictionary<Activation, LinearKernels> activated = [];
    private readonly Dictionary<(Likelihood, double, int), DecoderLikelihood> likelihoods = [];
    private readonly Dictionary<PixelLikelihood, DecoderLikelihood> ownLikelihoods = [];
    private readonly Dictionary<Type, object> priors = [];
    private LinearKernels<Identity>? linear;
    private Reduce? reduce;

    public LinearBackward<LatentGradientEpilogue> LatentBackward => field ??= new(gemm);
    public ConvolutionWeightGradient ConvolutionWeightGradient => field ??= new ConvolutionWeightGradient(accelerator);

    /// <summary>Its way back is the same whatever the activation.</summary>
    public GroupNormalization<Identity> GroupNormalization => field ??= new GroupNormalization<Identity>(accelerator);
    public Upsampling Upsampling => field ??= new Upsampling(accelerator);
    public BilinearUpsampling BilinearUpsampling => field ??= new BilinearUpsampling(accelerator);
    public Transposition Transposition => field ??= new Transposition(accelerator);
    public Augmentation Augmentation => field ??= new Augmentation(accelerator);
    public ValueGather ValueGather => field ??= new ValueGather(accelerator);
    public Centering Centering => field ??= new Centering(accelerator);
    public Gather Gather => field ??= new Gather(accelerator);
    public Reparameterize Reparameterize => field ??= new Reparameterize(accelerator);
    public FullCovariancePosterior FullCovariancePosterior => field ??= new FullCovariancePosterior(accelerator);
    public AutoregressiveFlow AutoregressiveFlow => field ??= new AutoregressiveFlow(accelerator);
    public MixturePrior MixturePrior => field ??= new MixturePrior(accelerator);
    public MixtureDraw MixtureDraw => field ??= new MixtureDraw(accelerator);
    public QuadraticFeatures QuadraticFeatures => field ??= new QuadraticFeatures(accelerator);
    public RowSoftmax RowSoftmax => field ??= new RowSoftmax(accelerator);
    public Gemm<PlainEpilogue> Product => field ??= gemm.With<PlainEpilogue>();
    public FullCovarianceMixture FullCovarianceMixture => field ??= new FullCovarianceMixture(accelerator);
    public PseudoInputs PseudoInputs => field ??= new PseudoInputs(accelerator);
    public ImportanceWeights ImportanceWeights => field ??= new ImportanceWeights(accelerator);
    public FreeBits FreeBits => field ??= new FreeBits(accelerator);
    public KlCapacity KlCapacity => field ??= new KlCapacity(accelerator);
    public TotalCorrelation TotalCorrelation => field ??= new TotalCorrelation(accelerator);
    public MeanDiscrepancy MeanDiscrepancy => field ??= new MeanDiscrepancy(accelerator);
    public OneHotConcat OneHotConcat => field ??= new OneHotConcat(accelerator);
    public ColumnCopy ColumnCopy => field ??= new ColumnCopy(accelerator);
    public RowScaling RowScaling => field ??= new RowScaling(accelerator);
    public Addition<Identity> Addition => field ??= new Addition<Identity>(accelerator);
    public LabelGather LabelGather => field ??= new LabelGather(accelerator);
    public Reduce Reduce => reduce ??= new Reduce(accelerator);
    public RandomFill RandomFill => field ??= new RandomFill(accelerator);
    public DiagonalPosterior DiagonalPosterior => field ??= new DiagonalPosterior(accelerator);
    public StandardNormalPrior StandardNormalPrior => field ??= new StandardNormalPrior(accelerator);
    public LogSumExp LogSumExp => field ??= new LogSumExp(accelerator);
    public Ssim Ssim => field ??= new Ssim(accelerator);
    public AveragePool AveragePool => field ??= new AveragePool(accelerator);
    public MaxPooling MaxPooling => field ??= new MaxPooling(accelerator);
    public MeanPooling MeanPooling => field ??= new MeanPooling(accelerator);
    public ImageStandardization ImageStandardization => field ??= new ImageStandardization(accelerator);
    public Langevin Langevin => field ??= new Langevin(accelerator);
    public WeightAverage WeightAverage => field ??= new WeightAverage(accelerator);
    public GradientSum GradientSum => field ??= new GradientSum(accelerator);
    public VectorQuantization VectorQuantization => field ??= new VectorQuantization(accelerator);
    public ScalarQuantization ScalarQuantization => field ??= new ScalarQuantization(accelerator);
    public CodebookAverage CodebookAverage => field ??= new CodebookAverage(accelerator);
    public MaskedPatches MaskedPatches => field ??= new MaskedPatches(accelerator);
    public GatedActivation GatedActivation => field ??= new GatedActivation(accelerator);
    public SequenceEmbedding SequenceEmbedding => field ??= new SequenceEmbedding(accelerator);
    public CausalAttention CausalAttention => field ??= new CausalAttention(accelerator);
    public Kernels.Likelihoods.CategoricalLoss CategoricalLoss => field ??= new Kernels.Likelihoods.CategoricalLoss(accelerator);
    public CategoricalDraw CategoricalDraw => field ??= new CategoricalDraw(accelerator);
    public CodeCount CodeCount => field ??= new CodeCount(accelerator);
    public SpectralNormalization SpectralNormalization => field ??= new SpectralNormalization(accelerator);
    public HingeLoss HingeLoss => field ??= new HingeLoss(accelerator);

    /// <summary>Of the discriminator's activation.</summary>
    public FeatureMatching<LeakyRelu> FeatureMatching => field ??= new FeatureMatching<LeakyRelu>(accelerator);
    public FeatureDistance FeatureDistance => field ??= new FeatureDistance(accelerator);
    public AdaptiveWeight AdaptiveWeight => field ??= new AdaptiveWeight(accelerator);
    public CodeNorm CodeNorm => field ??= new CodeNorm(accelerator);
    public JacobianPenalty JacobianPenalty => field ??= new JacobianPenalty(accelerator);
    public StepEnd StepEnd => field ??= new StepEnd(accelerator);

    /// <summary>The products of linear layers, and all of the others, with an activation.</summary>
    public LinearKernels LinearWith(Activation? activation)
    {
        if (activation is null)
            return linear ??= new LinearKernels<Identity>(gemm);
        if (!activated.TryGetValue(activation, out LinearKernels? kernels))
            activated[activation] = kernels = activation.Load(gemm);
        return kernels;
    }

    /// <summary>The likelihood that <paramref name="options"/> describe.</summary>
    public DecoderLikelihood LikelihoodOf(VaeOptions options)
    {
        (Likelihood, double, int) key = (options.Likelihood, options.Variance, options.MixtureComponents);
        if (!likelihoods.TryGetValue(key, out DecoderLikelihood? likelihood))
            likelihoods[key] = likelihood = DecoderLikelihood.Create(accelerator, gemm, options);
        return likelihood;
    }

    /// <summary>A likelihood of the caller's own.</summary>
    public DecoderLikelihood LikelihoodOf(PixelLikelihood own)
    {
        if (!ownLikelihoods.TryGetValue(own, out DecoderLikelihood? likelihood))
            ownLikelihoods[own] = likelihood = own.Load(accelerator, gemm);
        return likelihood;
    }

    /// <summary>The prior of units with this density.</summary>
    public FactorizedPrior<TDensity> PriorOf<TDensity>()
        where TDensity : struct, ICodeDensity
    {
        if (!priors.TryGetValue(typeof(TDensity), out object? prior))
            priors[typeof(TDensity)] = prior = new FactorizedPrior<TDensity>(accelerator);
        return (FactorizedPrior<TDensity>)prior;
    }

    public void Dispose() => reduce?.Dispose();
}
