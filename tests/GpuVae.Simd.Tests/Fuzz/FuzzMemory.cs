using System.Runtime.InteropServices;

namespace GpuVae.Simd.Tests.Fuzz;

/// <summary>
/// The buffers of a launch as bytes. Int and float have an input and an output view each; the other types have one, whose first 64
/// elements are the input. Outputs have four elements per thread.
/// </summary>
internal sealed class FuzzMemory
{
    public const int Inputs = 64;
    public const int Atomics = 9;
    public const int Approximate = 10;

    /// <summary>Elements of the view of atomics that all threads share; one of its own for each thread follows.</summary>
    public const int SharedAtomics = 16;
    private const int PerThread = 4;

    /// <summary>The element type of each kernel parameter.</summary>
    public static FuzzType[] Types { get; } =
    [
        FuzzType.Int, FuzzType.Int, FuzzType.Float, FuzzType.Float, FuzzType.Byte, FuzzType.Short, FuzzType.UInt, FuzzType.Long,
            FuzzType.Double,
        FuzzType.Int, FuzzType.Float, FuzzType.Half,
    ];

    private FuzzMemory(byte[][] buffers) => Buffers = buffers;

    public byte[][] Buffers { get; }

    public static int InputOf(FuzzType type) => Array.IndexOf(Types, type);

    public static int OutputOf(FuzzType type) => InputOf(type) + (type is FuzzType.Int or FuzzType.Float ? 1 : 0);

    public static int OutputStart(FuzzType type) => type is FuzzType.Int or FuzzType.Float ? 0 : Inputs;

    public static bool IsOutputOnly(int parameter) => parameter is 1 or 3 or Atomics or Approximate;

    public static int SizeOf(FuzzType type) => type switch
    {
        FuzzType.Byte => 1,
        FuzzType.Short or FuzzType.Half => 2,
        FuzzType.Long or FuzzType.Double => 8,
        _ => 4,
    };

    public static FuzzMemory For(Program program)
    {
        var random = new Random(program.Seed);
        byte[][] buffers = new byte[Types.Length][];
        for (int i = 0; i < buffers.Length; i++)
        {
            int outputs = program.Threads * PerThread;
            int count = i switch
            {
                Atomics => SharedAtomics + program.Threads,
                0 or 2 => Inputs,
                1 or 3 or Approximate => outputs,
                _ => Inputs + outputs,
            };
            buffers[i] = new byte[count * SizeOf(Types[i])];
            if (!IsOutputOnly(i))
                Fill(buffers[i].AsSpan(0, Inputs * SizeOf(Types[i])), Types[i], random);
        }
        return new FuzzMemory(buffers);
    }

    public FuzzMemory Copy() => new([.. Buffers.Select(b => (byte[])b.Clone())]);

    /// <summary>The first difference, or null. Integers agree to the bit; floats too, but for NaN payloads and the sign of zero.</summary>
    public string? Difference(FuzzMemory actual, IReadOnlySet<int>? threads = null)
    {
        for (int i = 0; i < Buffers.Length; i++)
        {
            if (threads is not null && i == Atomics)
                continue;
            FuzzType type = Types[i];
            int size = SizeOf(type), start = IsOutputOnly(i) ? 0 : Inputs;
            for (int k = 0; k < Buffers[i].Length / size; k++)
            {
                if (threads is not null && !threads.Contains((k - start) / PerThread))
                    continue;
                Span<byte> x = Buffers[i].AsSpan(k * size, size);
                Span<byte> y = actual.Buffers[i].AsSpan(k * size, size);
                if (!x.SequenceEqual(y) && !Agree(type, x, y, i == Approximate))
                    return $"{SourceWriter.Name(type)} view {i}, element {k}: {Show(type, y)} instead of {Show(type, x)}";
            }
        }
        return null;
    }

    private static void Fill(Span<byte> bytes, FuzzType type, Random random)
    {
        if (IsFloat(type))
        {
            for (int i = 0; i < Inputs; i++)
            {
                double value = random.Next(4) == 0 ? random.Next(-9, 9) : (random.NextDouble() - 0.5) * Math.Pow(10, random.Next(-3, 6));
                if (type == FuzzType.Float)
                    MemoryMarshal.Cast<byte, float>(bytes)[i] = (float)value;
                else if (type == FuzzType.Half)
                    MemoryMarshal.Cast<byte, Half>(bytes)[i] = (Half)value;
                else
                    MemoryMarshal.Cast<byte, double>(bytes)[i] = value;
            }
            return;
        }
        random.NextBytes(bytes);
    }

    private static bool Agree(FuzzType type, ReadOnlySpan<byte> x, ReadOnlySpan<byte> y, bool approximate)
    {
        if (!IsFloat(type))
            return false;
        double a = ReadFloat(type, x), b = ReadFloat(type, y);
        if (a == b || (double.IsNaN(a) && double.IsNaN(b)))
            return true;
        // 8 ULP of the result, or of 1 where sin and cos cancel.
        return approximate && Math.Abs(a - b) <= 8 * Math.Max(Math.ScaleB(1, -23), MathF.BitIncrement((float)Math.Abs(a)) - Math.Abs(a));
    }

    private static bool IsFloat(FuzzType type) => type is FuzzType.Float or FuzzType.Double or FuzzType.Half;

    private static double ReadFloat(FuzzType type, ReadOnlySpan<byte> bytes) => type switch
    {
        FuzzType.Half => (double)MemoryMarshal.Read<Half>(bytes),
        FuzzType.Float => MemoryMarshal.Read<float>(bytes),
        _ => MemoryMarshal.Read<double>(bytes),
    };

    private static string Show(FuzzType type, ReadOnlySpan<byte> bytes) => type switch
    {
        FuzzType.Byte => bytes[0].ToString(),
        FuzzType.Short => MemoryMarshal.Read<short>(bytes).ToString(),
        FuzzType.Int => MemoryMarshal.Read<int>(bytes).ToString(),
        FuzzType.UInt => MemoryMarshal.Read<uint>(bytes).ToString(),
        FuzzType.Long => MemoryMarshal.Read<long>(bytes).ToString(),
        _ => ReadFloat(type, bytes).ToString("R"),
    };
}
