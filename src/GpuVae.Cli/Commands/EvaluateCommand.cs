using System.CommandLine;
using GpuVae.Models;

namespace GpuVae.Cli.Commands;

internal static class EvaluateCommand
{
    public static Command Create()
    {
        var run = RunArgument.Create();
        var data = new DataArguments();
        var seed = CommonOptions.Seed();
        var device = new DeviceArguments();
        var command = new ExampleCommand(
            "evaluate", "Prints the parts of the evidence lower bound on any images.",
            "gpuvae evaluate",
            "gpuvae evaluate --run runs/mnist --data path/to/mnist")
        {
            run, seed,
        };
        device.AddTo(command);
        data.AddTo(command, withTestData: false);
        command.SetAction(parsed =>
        {
            var folder = RunArgument.Open(parsed.GetValue(run));
            using var opened = device.Open(parsed);
            using var model = Vae.Load(opened, folder.Path);
            var images = data.LoadTest(parsed, folder);
            ulong noise = parsed.GetValue(seed);
            var parts = model.Evaluate(images, noise);
            Console.WriteLine($"{images.Count} images of {images.Name}, one noise sample each from seed {noise}, on {opened.Name}");
            Console.WriteLine($"reconstruction  {parts.Reconstruction,10:F3} nats per image (summed over pixels)");
            Console.WriteLine($"KL divergence   {parts.Kl,10:F3} nats per image (summed over latent units)");
            Console.WriteLine($"ELBO            {-(parts.Reconstruction + parts.Kl),10:F3} nats per image");
            Console.WriteLine($"loss            {parts.Loss,10:F3} nats per image (reconstruction + {parts.Beta} × KL)");
        });
        return command;
    }
}
