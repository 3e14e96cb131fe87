// A program with an accelerator, a stream and buffers of its own uses the library as a backend on them: batches are encoded and decoded
// where they lie, without a copy through the host, and a kernel of the library is used by itself.
//
//     dotnet run -c Release --project samples/EmbedAsBackend
using GpuVae.Applications;
using GpuVae.Data;
using GpuVae.Devices;
using GpuVae.Kernels.Common;
using GpuVae.Kernels.Gemm;
using GpuVae.Models;
using GpuVae.Options;
using GpuVae.Simd;
using GpuVae.Training;
using ILGPU;
using ILGPU.Runtime;

const int count = 256;
using var context = Context.Create(builder => builder.Default().EnableAlgorithms());
Device? cuda = context.Devices.FirstOrDefault(found => found.AcceleratorType == AcceleratorType.Cuda);
using Accelerator accelerator = cuda?.CreateAccelerator(context) ?? context.CreateSimdAccelerator();
using AcceleratorStream stream = accelerator.CreateStream();
Console.WriteLine($"accelerator: {accelerator.Name}");

// The library wraps what this program owns; everything it enqueues goes to this program's stream, in order with its own work.
using var device = ComputeDevice.Wrap(accelerator, stream);
ImageSet digits = SyntheticDigits.Create(count, seed: 1);
using var model = new Vae(device, new VaeOptions { Hidden = [128], Latent = 8 });
using (var trainer = new Trainer(model, digits, new TrainingOptions { Epochs = 10, BatchSize = 32, LearningRate = 3e-3 }))
    trainer.Run();

int pixels = model.Options.Shape.Pixels, latent = model.Options.Latent;
using MemoryBuffer1D<float, Stride1D.Dense> images = accelerator.Allocate1D<float>(count * pixels);
using MemoryBuffer1D<float, Stride1D.Dense> moments = accelerator.Allocate1D<float>(count * 2 * latent);
using MemoryBuffer1D<float, Stride1D.Dense> codes = accelerator.Allocate1D<float>(count * latent);
using MemoryBuffer1D<float, Stride1D.Dense> decoded = accelerator.Allocate1D<float>(count * pixels);
images.View.CopyFromCPU(stream, PictureInput.Rows(digits));

// A kernel of this program stands between two passes of the model: it takes the means out of the moments [count, mean | log-variance].
Action<AcceleratorStream, Index2D, ArrayView<float>, ArrayView<float>, int> takeMeans =
    accelerator.LoadAutoGroupedKernel<Index2D, ArrayView<float>, ArrayView<float>, int>(
    static (index, source, target, width) => target[index.X * width + index.Y] = source[2 * index.X * width + index.Y]);
model.Encode(images.View, moments.View);
takeMeans(stream, (count, latent), moments.View, codes.View, latent);
model.Decode(codes.View, decoded.View);

// A single kernel by itself: the Gram matrix G = Z·Zᵀ of the codes, whose trace is their summed squared length.
using MemoryBuffer1D<float, Stride1D.Dense> gram = accelerator.Allocate1D<float>(count * count);
using var gemm = new GemmContext(accelerator);
var z = new MatrixView(codes.View, count, latent);
gemm.With<PlainEpilogue>().Run(stream, z, z.Transposed, new MatrixView(gram.View, count, count), default);

float[] result = decoded.View.GetAsArray1D(stream), products = gram.View.GetAsArray1D(stream);
double error = digits.Pixels.Zip(result, (pixel, value) => Math.Abs(pixel / 255.0 - value)).Average();
double trace = Enumerable.Range(0, count).Sum(i => (double)products[i * count + i]);
Console.WriteLine($"mean reconstruction error per pixel {error:F3}, mean squared length of a code {trace / count:F2}");
return error < 0.2 ? 0 : 1;
