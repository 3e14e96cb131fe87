using System.Reflection;
using GpuVae.Simd.Ir;

namespace GpuVae.Simd.Frontend;

/// <summary>
/// The methods whose meaning is the device's own instead of their IL. Everything else that a kernel calls is inlined as C#.
/// </summary>
internal static partial class Intrinsics
{
    private delegate Operand? Emitter(KernelBuilder builder, MethodBase method, Operand[] arguments);

    private static readonly EmitterTable Table = Build();

    /// <summary>Emits a call if the method is an intrinsic.</summary>
    /// <param name="builder">Where to emit.</param>
    /// <param name="method">The closed method.</param>
    /// <param name="arguments">Its arguments, the instance first.</param>
    /// <param name="result">What it returns; null for void.</param>
    public static bool TryEmit(KernelBuilder builder, MethodBase method, Operand[] arguments, out Operand? result)
    {
        result = null;
        if (method.DeclaringType is not { } declaring)
            return false;
        string type = (declaring.IsGenericType ? declaring.GetGenericTypeDefinition() : declaring).FullName ?? declaring.Name;
        // The API writes atomic minimum and maximum of floats as compare-and-exchange loops, which every device has.
        bool isFloatExtremum = type == "ILGPU.Atomic" && method.Name is "Min" or "Max"
            && TypeLayout.Of(TypeOf(method, 1)).CommonScalar.IsFloat();
        if (Table[type, method.Name] is { } emit && !isFloatExtremum)
        {
            if (builder.IsImplicitlyGrouped && IsCooperative(type, method.Name))
            {
                throw builder.Refuse(
                    $"{method.DeclaringType.Name}.{method.Name} is used in an implicitly grouped kernel",
                    "Its groups are not the kernel's to know: drop the index parameter, load it with LoadStreamKernel or LoadKernel, and "
                        + "launch it with a KernelConfig.");
            }
            result = emit(builder, method, arguments);
            return true;
        }
        if (IsPrefetch(method))
        {
            builder.Append(new Prefetch(arguments[0].Single));
            return true;
        }
        if (MathTypes.Contains(type) || BitTypes.Contains(type))
            result = EmitMath(builder, type, (MethodInfo)method, arguments);
        else if (declaring == typeof(ILGPU.Half) && method is MethodInfo half)
            result = EmitHalf(builder, half, arguments);
        return result is not null;
    }

    /// <summary>By the attribute's name, as a library that does not know this one declares it itself.</summary>
    private static bool IsPrefetch(MethodBase method) =>
        method is MethodInfo { IsStatic: true, ReturnType: var result } && result == typeof(void) &&
        method.GetParameters() is [{ ParameterType.IsByRef: true }] &&
        method.GetCustomAttributesData().Any(attribute => attribute.AttributeType.FullName == "GpuVae.Simd.PrefetchAttribute");

    /// <summary>
    /// Works between the threads of a group, which an implicitly grouped kernel cannot rely on; warps are the device's, not the launch's.
    /// </summary>
    private static bool IsCooperative(string type, string method) => type switch
    {
        "ILGPU.SharedMemory" => true,
        "ILGPU.Group" => method.StartsWith("Barrier", StringComparison.Ordinal) || method == "Broadcast",
        _ => false,
    };

    private static EmitterTable Build()
    {
        var table = new EmitterTable();
        AddGeometry(table);
        AddViews(table);
        AddArrays(table);
        AddMemory(table);
        AddAlignment(table);
        AddSynchronisation(table);
        AddAtomics(table);
        AddReinterpretation(table);
        AddUnsafe(table);
        AddCudaAsm(table);
        AddDiagnostics(table);
        AddEquality(table);
        return table;
    }

    private static void AddCudaAsm(EmitterTable table)
    {
        const string owner = "ILGPU.Runtime.Cuda.CudaAsm";
        table[owner, "get_IsSupported"] = (_, _, _) => Scalar(typeof(bool), Constant.Int(0));
        foreach (string name in new[] { "Emit", "EmitRef" })
        {
            table[owner, name] = (b, _, _) => throw b.Refuse(
                "CudaAsm is used on an accelerator that is not CUDA",
                "Guard it with if (CudaAsm.IsSupported) and write the other way in C#.");
        }
    }

    private static void AddDiagnostics(EmitterTable table)
    {
        foreach (string type in new[] { "System.Diagnostics.Debug", "System.Diagnostics.Trace" })
        {
            table[type, "Assert"] = (b, _, a) => Assert(b, a[0].Single, a[1..]);
            table[type, "Fail"] = (b, _, a) => Assert(b, Constant.Int(0), a);
        }

        static Operand? Assert(KernelBuilder b, Value condition, Operand[] texts)
        {
            if (!b.Target.Assertions && b.Target.Kind != TargetKind.Checked)
                return null;
            string message = texts.Select(o => (o.Single as HostValue)?.Value).OfType<string>().FirstOrDefault() ?? "";
            return Done(b.Append(new Assert(b.Emit.ToBool(condition), message)));
        }

        foreach (string name in new[] { "Write", "WriteLine" })
        {
            table["ILGPU.Interop", name] = (b, m, a) =>
            {
                if (a[0].Single is not HostValue { Value: string format })
                    throw b.Refuse($"Interop.{name} has a format that is not a constant string", "Write it as a literal.");
                IEnumerable<Value> values = a.Skip(1).Select((o, i) =>
                    TypeLayout.Of(o.Type).Leaves.Length == 1 && o.Single is not CompileTimeValue ? Printed(b, o, TypeOf(m, 1 + i))
                    : throw b.Refuse($"Interop.{name} prints a {SequencePoints.NameOf(o.Type)}", "Print its scalars."));
                return Done(b.Append(new Print(name == "WriteLine" ? format + "\n" : format, [.. values])));
            };
        }

        // The IR's integers have no sign, and arithmetic loses it: the parameter knows. Widened, an unsigned one prints as it should.
        static Value Printed(KernelBuilder b, Operand o, Type type) => KernelBuilder.IsUnsigned(type) && o.Single.Type == IrType.I32
            ? b.Emit.Convert(ConvertOp.ZeroExtend, o.Single, IrType.I64)
            : b.Resolve(o.Single);
    }

    private static Operand Scalar(Type type, Value value) => new(type, [value]);

    private static Operand Bool(KernelBuilder b, Value condition) => new(typeof(bool), [b.Emit.Extend(condition)]);

    private static Operand View(Type elementType, Value pointer, Value length) =>
        new(typeof(ILGPU.ArrayView<>).MakeGenericType(elementType), [pointer, length]);

    private static Operand? Done(Instruction instruction)
    {
        _ = instruction;
        return null;
    }

    /// <summary>The element type of the view that a method belongs to.</summary>
    private static Type ElementOf(MethodBase method) => method.DeclaringType!.GetGenericArguments()[0];

    private static Type TypeOf(MethodBase method, int parameter) => method.GetParameters()[parameter].ParameterType;

    /// <summary>Emitters by the type's full name and the method's name.</summary>
    private sealed class EmitterTable
    {
        private readonly Dictionary<(string, string), Emitter> entries = [];

        public Emitter? this[string type, string method]
        {
            get => entries.GetValueOrDefault((type, method));
            set => entries[(type, method)] = value!;
        }
    }
}
