using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;
using GpuVae.Simd.Analyses;
using GpuVae.Simd.Emit;
using GpuVae.Simd.Frontend;
using GpuVae.Simd.Ir;
using GpuVae.Simd.Launch;
using GpuVae.Simd.Passes;
using ILGPU;
using IlInstruction = GpuVae.Simd.Frontend.IlInstruction;
using ILOpCode = System.Reflection.Metadata.ILOpCode;

namespace GpuVae.Simd.Tests.Emit;

/// <summary>Follows the kernel of docs/simd-accelerator.md through the compiler: what the document shows is what happens.</summary>
public sealed class WalkthroughTests
{
    private static void Damp(Index1D i, ArrayView<float> x, float limit)
    {
        float value = x[i];
        if (value > limit)
            x[i] = limit + 0.5f * (value - limit);
    }

    [Fact]
    public void TheDocumentShowsWhatTheCompilerDoes()
    {
        string document = File.ReadAllText(Path.Combine(Folder(), "../../../docs/simd-accelerator.md")).ReplaceLineEndings("\n");
        Assert.All(Stages(), stage =>
        {
            string dump = stage.Dump.ReplaceLineEndings("\n");
            TestContext.Current.TestOutputHelper?.WriteLine($"{stage.Name}:\n{dump}");
            Assert.Contains(dump, document);
        });

        static string Folder([CallerFilePath] string file = "") => Path.GetDirectoryName(file)!;
    }

    private static IEnumerable<(string Name, string Dump)> Stages()
    {
        const int lanes = 8;
        MethodInfo method = typeof(WalkthroughTests).GetMethod(nameof(Damp), BindingFlags.Static | BindingFlags.NonPublic)!;
        IlBody body = IlBody.Of(method)!;
        yield return ("the IL of the C# compiler", string.Concat(body.Instructions.Select(i => Describe(body, i))));

        KernelEntry entry = KernelMethod.EntryOf(method, isImplicit: true);
        var target = new KernelTarget(TargetKind.Simd) { WarpSize = lanes, GroupDim = (lanes, 1, 1) };
        IrKernel kernel = KernelBuilder.Build(entry, target);
        yield return ("SSA", IrPrinter.Print(kernel));

        var passes = new StringBuilder();
        Optimizer.Run(kernel, target, name => passes.Append(name).Append('\n'));
        IrVerifier.Verify(kernel);
        yield return ("the passes that changed something", passes.ToString());
        yield return ("optimised SSA", IrPrinter.Print(kernel));

        IlRecorder? recorder = null;
        SimdEmitter.Compile(kernel, new SimdConfiguration(lanes, 256), new GroupShape(lanes, 1, 1), il => recorder = new IlRecorder(il));
        yield return ("emitted code", recorder!.Text);
    }

    private static string Describe(IlBody body, IlInstruction instruction)
    {
        string operand = instruction.Code switch
        {
            ILOpCode.Call => SequencePoints.NameOf(body.ResolveMethod(instruction.Integer)),
            ILOpCode.Ldc_r4 => $"{BitConverter.Int32BitsToSingle((int)instruction.Integer)}",
            >= ILOpCode.Br and <= ILOpCode.Blt_un => $"IL_{instruction.Integer:x4}",
            ILOpCode.Ldarg or ILOpCode.Ldarga or ILOpCode.Ldloc or ILOpCode.Stloc => $"{instruction.Integer}",
            _ => "",
        };
        return $"IL_{instruction.Offset:x4}  {$"{instruction.Code}".ToLowerInvariant().Replace('_', '.')} {operand}".TrimEnd() + "\n";
    }
}
