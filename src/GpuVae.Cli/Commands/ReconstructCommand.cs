namespace GpuVae.Cli.Commands;

internal static class ReconstructCommand
{
    public static Command Create()
    {
        var pictures = new PictureArguments(defaultCount: 16, maxCount: 1024);
        var output = new PictureOutput("reconstructions");
        var command = new ExampleCommand(
            "reconstruct", "Encodes and decodes images: originals above, reconstructions below.",
            "gpuvae reconstruct",
            "gpuvae reconstruct my-images --fit --run runs/digits --count 32 --out mine.png");
        output.AddTo(command);
        pictures.AddTo(command);
        new RunArguments().Act(command, (parsed, folder, model) =>
        {
            ImageSet images = LabelGuess.Complete(model, pictures.Load(parsed, folder, model.Options.Shape));
            output.Write(parsed, model.Options.Shape, Pictures.Reconstructions(model, images));
        });
        return command;
    }
}
