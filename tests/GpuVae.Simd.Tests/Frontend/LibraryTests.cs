using System.Linq.Expressions;
using System.Numerics;
using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.InteropServices;
using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Backends;
using ILGPU.Backends.EntryPoints;
using ILGPU.Runtime;
using LinqExpression = System.Linq.Expressions.Expression;

namespace GpuVae.Simd.Tests.Frontend;

/// <summary>
/// Every static method on numbers that the base library and ILGPU's mathematics have gives in a kernel what it gives on the host, or is
/// refused as what cannot be compiled.
/// </summary>
public sealed class LibraryTests(ITestOutputHelper output)
{
    private const int Count = 64;

    private static readonly Type[] Numbers =
    [
        typeof(sbyte), typeof(byte), typeof(short), typeof(ushort), typeof(int), typeof(uint), typeof(long), typeof(ulong), typeof(float),
        typeof(double),
    ];

    private static int assemblies;

    public static TheoryData<Type> Libraries =>
        [.. Numbers, typeof(Math), typeof(MathF), typeof(BitOperations), typeof(BitConverter), typeof(IntrinsicMath), typeof(XMath)];

    [Theory, MemberData(nameof(Libraries))]
    public void MethodsOnNumbers(Type library)
    {
        MethodInfo[] methods =
        [
            .. library.GetMethods(BindingFlags.Public | BindingFlags.Static).Where(m => !m.ContainsGenericParameters
                && IsNumber(m.ReturnType) && m.GetParameters() is { Length: > 0 } parameters
                && parameters.All(p => IsNumber(p.ParameterType))),
        ];
        MethodInfo[] kernels = Emit(methods);
        var failures = new List<string>();
        int refused = 0;
        for (int i = 0; i < methods.Length; i++)
        {
            try
            {
                if (Failure(methods[i], kernels[i]) is { } failure)
                    failures.Add($"{methods[i]}: {failure}");
            }
            catch (Exception exception) when (exception.GetBaseException() is not KernelCompilationException)
            {
                failures.Add($"{methods[i]}: {exception.GetBaseException()}");
            }
            catch (InternalCompilerException exception) when (exception.GetBaseException() is KernelCompilationException)
            {
                refused++;
                output.WriteLine($"{methods[i]} is refused: {exception.Message}");
            }
        }
        output.WriteLine($"{methods.Length} methods, {refused} refused");
        Assert.True(failures.Count == 0, string.Join("\n", failures));
    }

    private static bool IsNumber(Type type) => type == typeof(bool) || Numbers.Contains(type);

    private static Type Stored(Type type) => type == typeof(bool) ? typeof(byte) : type;

    /// <summary>result[i] = method(x[i], y[i], z[i]); a bool is stored as a byte.</summary>
    private static MethodInfo[] Emit(MethodInfo[] methods)
    {
        var assembly = new PersistedAssemblyBuilder(
            new AssemblyName($"Library{Interlocked.Increment(ref assemblies)}"), typeof(object).Assembly);
        TypeBuilder type = assembly.DefineDynamicModule("Library").DefineType(
            "Kernels", TypeAttributes.Public | TypeAttributes.Abstract | TypeAttributes.Sealed);
        for (int i = 0; i < methods.Length; i++)
        {
            Type[] parameters = [.. methods[i].GetParameters().Select(p => p.ParameterType)];
            ILGenerator il = type.DefineMethod(
                $"Kernel{i}", MethodAttributes.Public | MethodAttributes.Static, typeof(void),
                [typeof(Index1D), View(methods[i].ReturnType), .. parameters.Select(View)]).GetILGenerator();
            EmitElement(il, 1, methods[i].ReturnType);
            for (int k = 0; k < parameters.Length; k++)
            {
                EmitElement(il, 2 + k, parameters[k]);
                il.Emit(OpCodes.Ldobj, Stored(parameters[k]));
            }
            il.Emit(OpCodes.Call, methods[i]);
            il.Emit(OpCodes.Stobj, Stored(methods[i].ReturnType));
            il.Emit(OpCodes.Ret);
        }
        type.CreateType();
        using var stream = new MemoryStream();
        assembly.Save(stream);
        Type loaded = Assembly.Load(stream.ToArray()).GetType("Kernels")!;
        return [.. Enumerable.Range(0, methods.Length).Select(i => loaded.GetMethod($"Kernel{i}")!)];
    }

    private static Type View(Type element) => typeof(ArrayView<>).MakeGenericType(Stored(element));

    private static void EmitElement(ILGenerator il, int argument, Type element)
    {
        il.Emit(OpCodes.Ldarga_S, (byte)argument);
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Call, View(element).GetMethod("get_Item", [typeof(Index1D)])!);
    }

    private static string? Failure(MethodInfo method, MethodInfo kernel)
    {
        Type[] parameters = [.. method.GetParameters().Select(p => p.ParameterType)];
        Array[] inputs = parameters.Select((type, i) => Inputs(Stored(type), i)).ToArray();
        ParameterExpression host = LinqExpression.Parameter(typeof(int));
        MethodCallExpression result = LinqExpression.Call(method, parameters.Select((type, k) => Argument(type, inputs[k], host)));
        Func<int, object> call = LinqExpression.Lambda<Func<int, object>>(LinqExpression.Convert(result, typeof(object)), host).Compile();
        object[] expected = new object[Count];
        for (int i = 0; i < Count; i++)
        {
            try
            {
                expected[i] = call(i);
            }
            catch (Exception exception) when (exception is ArithmeticException or ArgumentException)
            {
                // What the host refuses is replaced by what it takes, if there is something.
                if (i == 0)
                    return null;
                foreach (Array? input in inputs)
                    input.SetValue(input.GetValue(i - 1), i);
                expected[i] = expected[i - 1];
            }
        }
        MethodInfo run = typeof(LibraryTests).GetMethod(nameof(Run), BindingFlags.Static | BindingFlags.NonPublic)!;
        return (string?)run.MakeGenericMethod(Stored(method.ReturnType))
            .Invoke(null, BindingFlags.DoNotWrapExceptions, null, [kernel, inputs, expected], null);
    }

    private static LinqExpression Argument(Type type, Array input, LinqExpression index)
    {
        LinqExpression element = LinqExpression.ArrayIndex(LinqExpression.Constant(input), index);
        return type == typeof(bool) ? LinqExpression.NotEqual(element, LinqExpression.Constant((byte)0)) : element;
    }

    private static string? Run<TResult>(MethodInfo kernel, Array[] inputs, object[] expected) where TResult : unmanaged
    {
        SimdAccelerator accelerator = TestAccelerators.Widest;
        CompiledKernel compiled = accelerator.GetBackend().Compile(EntryPointDescription.FromImplicitlyGroupedKernel(kernel), default);
        using Kernel loaded = accelerator.LoadAutoGroupedKernel(compiled);
        using MemoryBuffer1D<TResult, Stride1D.Dense> result = accelerator.Allocate1D<TResult>(Count);
        (IDisposable Buffer, object View)[] buffers = inputs.Select(input => Upload(accelerator, input)).ToArray();
        loaded.Launch(accelerator.DefaultStream, Count, [result.View.BaseView, .. buffers.Select(b => b.View)]);
        TResult[] actual = result.GetAsArray1D();
        foreach ((IDisposable buffer, _) in buffers)
            buffer.Dispose();
        for (int i = 0; i < Count; i++)
        {
            object want = expected[i] is bool flag ? (byte)(flag ? 1 : 0) : expected[i];
            if (!Agree(want, actual[i]))
                return $"{actual[i]} instead of {want} of ({string.Join(", ", inputs.Select(input => input.GetValue(i)))})";
        }
        return null;
    }

    private static bool Agree(object want, object got) => (want, got) switch
    {
        // Elementary functions are 3 ULP at most; what is made of two of them, 8.
        (float x, float y) => x.Equals(y) || x == y || Math.Abs((double)x - y) <= 8 * Ulp(x),
        (double x, double y) => x.Equals(y) || x == y || Math.Abs(x - y) <= 8 * (Math.BitIncrement(Math.Abs(x)) - Math.Abs(x)),
        _ => want.Equals(got),
    };

    private static double Ulp(float x) => MathF.BitIncrement(MathF.Abs(x)) - (double)MathF.Abs(x);

    // By the type's name: an int[] passes for a uint[].
    private static (IDisposable Buffer, object View) Upload(Accelerator accelerator, Array input) =>
        ((IDisposable, object))typeof(LibraryTests).GetMethod(nameof(UploadArray), BindingFlags.Static | BindingFlags.NonPublic)!
            .MakeGenericMethod(input.GetType().GetElementType()!).Invoke(null, [accelerator, input])!;

    private static (IDisposable Buffer, object View) UploadArray<T>(Accelerator accelerator, T[] values) where T : unmanaged
    {
        MemoryBuffer1D<T, Stride1D.Dense> buffer = accelerator.Allocate1D(values);
        return (buffer, buffer.View.BaseView);
    }

    private static double Special(int i) => (i % 9) switch
    {
        0 => double.NaN,
        1 => double.PositiveInfinity,
        2 => double.NegativeInfinity,
        3 => -0.0,
        4 => 1e-40,
        5 => float.MaxValue,
        6 => -2.5,
        7 => 0.5,
        _ => -1e-7,
    };

    private static Array Inputs(Type type, int parameter)
    {
        var random = new Random(parameter);
        var values = Array.CreateInstance(type, Count);
        for (int i = 0; i < Count; i++)
        {
            // The later parameters are larger, so that a lower bound is below an upper one.
            double real = (i % 4) switch
            {
                0 => i / 4 - 4 + 10 * parameter,
                1 => Special(i / 4 + parameter),
                _ => (random.NextDouble() - 0.4) * 100 + 60 * parameter,
            };
            int unused = 64 - 8 * Marshal.SizeOf(type);
            long integer = (i % 8) switch
            {
                0 or 4 => i - 16 + 30 * parameter,
                1 => long.MinValue >> unused,
                5 => long.MaxValue >> unused,
                2 or 6 => random.NextInt64() >> 8 * random.Next(8),
                _ => random.Next(100),
            };
            values.SetValue(
                type == typeof(float) ? (float)real : type == typeof(double) ? real
                : type == typeof(sbyte) ? (sbyte)integer : type == typeof(byte) ? (byte)integer
                : type == typeof(short) ? (short)integer : type == typeof(ushort) ? (ushort)integer
                : type == typeof(int) ? (int)integer : type == typeof(uint) ? (uint)integer
                : type == typeof(long) ? integer : (object)(ulong)integer,
                i);
        }
        return values;
    }
}
