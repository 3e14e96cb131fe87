using System.Diagnostics;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;

namespace ILGPU;

public sealed partial class Context
{
    /// <summary>Collects the settings and the devices of a context.</summary>
    public sealed class Builder
    {
        private readonly List<Func<IEnumerable<Device>>> deviceProviders = [];
        private readonly ContextProperties properties = new();

        internal Builder()
        {
        }

        /// <summary>All devices; assertions and output inside kernels if a debugger is attached.</summary>
        public Builder Default() => AllAccelerators().AutoAssertions().AutoIOOperations();

        /// <summary>Every device of every kind.</summary>
        public Builder AllAccelerators() => this.DefaultCPU().OpenCL().Cuda();

        /// <summary>Every device that the predicate accepts.</summary>
        public Builder AllAccelerators(Predicate<Device> predicate)
        {
            ArgumentNullException.ThrowIfNull(predicate);
            int first = deviceProviders.Count;
            AllAccelerators();
            for (int i = first; i < deviceProviders.Count; i++)
            {
                var provider = deviceProviders[i];
                deviceProviders[i] = () => provider().Where(device => predicate(device));
            }
            return this;
        }

        public Builder Optimize(OptimizationLevel level)
        {
            properties.OptimizationLevel = level;
            return this;
        }

        public Builder Debug() => Optimize(OptimizationLevel.Debug).Assertions().DebugSymbols(DebugSymbolsMode.Kernel);

        public Builder Release() => Optimize(OptimizationLevel.Release).DebugSymbols(DebugSymbolsMode.Disabled);

        public Builder AutoDebug() => Debugger.IsAttached ? Debug() : this;

        public Builder Assertions()
        {
            properties.EnableAssertions = true;
            return this;
        }

        public Builder AutoAssertions() => Debugger.IsAttached ? Assertions() : this;

        public Builder IOOperations()
        {
            properties.EnableIOOperations = true;
            return this;
        }

        public Builder AutoIOOperations() => Debugger.IsAttached ? IOOperations() : this;

        public Builder Math(MathMode mode)
        {
            properties.MathMode = mode;
            return this;
        }

        public Builder Inlining(InliningMode mode)
        {
            properties.InliningMode = mode;
            return this;
        }

        public Builder StaticFields(StaticFieldMode mode)
        {
            properties.StaticFieldMode = mode;
            return this;
        }

        public Builder Arrays(ArrayMode mode)
        {
            properties.ArrayMode = mode;
            return this;
        }

        public Builder Caching(CachingMode mode)
        {
            properties.CachingMode = mode;
            return this;
        }

        public Builder PageLocking(PageLockingMode mode)
        {
            properties.PageLockingMode = mode;
            return this;
        }

        public Builder DebugSymbols(DebugSymbolsMode mode)
        {
            properties.DebugSymbolsMode = mode;
            return this;
        }

        /// <summary>Lets streams take profiling markers.</summary>
        public Builder Profiling()
        {
            properties.EnableProfiling = true;
            return this;
        }

        /// <summary>The compiler verifies its own intermediate results.</summary>
        public Builder Verify()
        {
            properties.EnableVerifier = true;
            return this;
        }

        public Builder LibDevice()
        {
            properties.EnableLibDevice = true;
            return this;
        }

        public Builder LibDevice(string nvvmPath, string libdevicePath)
        {
            properties.LibNvvmPath = nvvmPath;
            properties.LibDevicePath = libdevicePath;
            return LibDevice();
        }

        /// <summary>Looks for the devices and makes the context.</summary>
        public Context ToContext() => new(properties.Clone(), deviceProviders.SelectMany(provider => provider()));

        /// <summary>Adds devices; the function runs when the context is made.</summary>
        internal Builder AddDevices(Func<IEnumerable<Device>> provider)
        {
            deviceProviders.Add(provider);
            return this;
        }
    }
}
