using System.Runtime.InteropServices;
using ILGPU.Runtime;

namespace GpuVae.Kernels.Tests;

public sealed class OpTests
{
    public static IEnumerable<TheoryDataRow<string, string>> Rows() =>
        from device in TestDevices.Names
        from op in OpTable.All
        where !(op.IsHeavy && TestDevices.IsSlow(device))
        select new TheoryDataRow<string, string>(device, op.Name)
            .WithTrait("Device", device.Split(' ')[0]).WithTrait("Op", op.Name);

    [Theory]
    [MemberData(nameof(Rows))]
    public void AgreesWithTheReferenceAndRepeatsBitForBit(string device, string opName)
    {
        Accelerator accelerator = TestDevices.Open(device);
        Op op = OpTable.Find(opName);
        List<float[]> first = Execute(accelerator, op);
        List<float[]> second = Execute(accelerator, op);
        for (int i = 0; i < first.Count; i++)
            Assert.Equal(MemoryMarshal.Cast<float, int>(first[i]), MemoryMarshal.Cast<float, int>(second[i]));
    }

    internal static List<float[]> Execute(Accelerator accelerator, Op op)
    {
        using var run = new OpRun(accelerator, seed: 1);
        op.Run(run);
        var outputs = new List<float[]>();
        foreach ((string name, float[] actual, double[] reference) in run.Results())
        {
            double error = RelativeError(actual, reference);
            Assert.True(error <= op.Tolerance, $"{op.Name}, output {name}: relative error {error:g3} exceeds {op.Tolerance:g3}.");
            outputs.Add(actual);
        }
        return outputs;
    }

    /// <summary>‖out − ref‖/‖ref‖; NaN where anything is left unwritten. A zero reference asks for exact zeros.</summary>
    private static double RelativeError(float[] actual, double[] reference)
    {
        double difference = 0, norm = 0;
        for (int i = 0; i < reference.Length; i++)
        {
            difference += (actual[i] - reference[i]) * (actual[i] - reference[i]);
            norm += reference[i] * reference[i];
        }
        return norm > 0 ? Math.Sqrt(difference / norm) : difference == 0 ? 0 : double.PositiveInfinity;
    }
}
