using GpuVae.Cli;

if (!Descriptors.Prepare())
    return 1;
Terminal.Open();
return await Failures.RunAsync(args);
