using GpuVae.Cli;
using GpuVae.Parquet;

if (!Descriptors.Prepare())
    return 1;
Terminal.Open();
ParquetImages.Register();
return await Failures.RunAsync(args);
