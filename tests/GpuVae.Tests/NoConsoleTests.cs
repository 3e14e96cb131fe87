using System.Reflection;
using GpuVae.Kernels.Gemm;
using GpuVae.Models;
using GpuVae.Onnx;
using GpuVae.Parquet;

namespace GpuVae.Tests;

/// <summary>
/// A library in somebody's program has no business with the program's console. GpuVae.Simd has: it writes what a kernel prints.
/// </summary>
public class NoConsoleTests
{
    private const BindingFlags Declared =
        BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    [Theory]
    [InlineData(typeof(Vae))]
    [InlineData(typeof(GemmContext))]
    [InlineData(typeof(OnnxExport))]
    [InlineData(typeof(ParquetImages))]
    public void NoLibraryWritesToTheConsole(Type library) => Assert.DoesNotContain(typeof(Console), TypesUsedBy(library.Assembly));

    [Fact]
    public void AWriterToTheConsoleIsFound() => Assert.Contains(typeof(Console), TypesUsedBy(typeof(NoConsoleTests).Assembly));

    // What the search must find.
    private static void Write() => Console.Write("");

    private static HashSet<Type?> TypesUsedBy(Assembly assembly) =>
    [
        .. from type in assembly.GetTypes()
           from method in type.GetMethods(Declared).Concat<MethodBase>(type.GetConstructors(Declared))
           where method.GetMethodBody() is not null
           from instruction in IlReader.Read(method.GetMethodBody()!.GetILAsByteArray()!)
           where instruction.Token != 0
           select method.Module.ResolveMember(
               instruction.Token, type.GetGenericArguments(), method.IsGenericMethod ? method.GetGenericArguments() : []) is var member
               && member is Type itself ? itself : member!.DeclaringType,
    ];
}
