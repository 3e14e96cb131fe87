namespace GpuVae.Onnx;

/// <summary>How the weights of linear and convolutional layers are stored; everything else, and all computing, is float32.</summary>
public enum OnnxPrecision
{
    /// <summary>As they are: float32.</summary>
    Single,

    /// <summary>Float16: half the bytes.</summary>
    Half,

    /// <summary>
    /// Whole numbers from -127 to 127, with a float32 scale for each output channel that its largest weight decides: a quarter of the
    /// bytes.
    /// </summary>
    Int8,
}
