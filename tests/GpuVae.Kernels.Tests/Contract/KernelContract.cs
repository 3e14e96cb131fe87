using System.Diagnostics;
using System.Numerics;
using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime;

namespace GpuVae.Kernels.Tests.Contract;

/// <summary>
/// Walks the IL of a kernel and of what it calls, and lists everything that ILGPU 1.5.3 refuses or silently compiles to something else.
/// Code outside the library's own assembly is judged by name, not walked.
/// </summary>
internal sealed class KernelContract
{
    private const int MaxParameters = 14;

    /// <summary>Base library methods that ILGPU maps to its own; an empty list means all of the type.</summary>
    private static readonly Dictionary<Type, string[]> BaseLibrary = new()
    {
        [typeof(Math)] = ["Abs", "Min", "Max", "Sqrt", "Sin", "Cos", "Tan", "Exp", "Log", "Log2", "Log10", "Pow", "Floor", "Ceiling",
            "Round", "Truncate",
            "Sign", "Asin", "Acos", "Atan", "Atan2", "Sinh", "Cosh", "Tanh", "CopySign"],
        [typeof(MathF)] = ["Abs", "Min", "Max", "Sqrt", "Sin", "Cos", "Tan", "Exp", "Log", "Log2", "Log10", "Pow", "Floor", "Ceiling",
            "Round", "Truncate",
            "Sign", "Asin", "Acos", "Atan", "Atan2", "Sinh", "Cosh", "Tanh", "CopySign"],
        [typeof(BitOperations)] = ["PopCount", "LeadingZeroCount", "TrailingZeroCount"],
        [typeof(BitConverter)] = ["SingleToInt32Bits", "SingleToUInt32Bits", "Int32BitsToSingle", "UInt32BitsToSingle",
            "DoubleToInt64Bits", "Int64BitsToDouble"],
        [typeof(Interlocked)] = [],
        [typeof(Debug)] = ["Assert"],
        [typeof(Trace)] = ["Assert"],
        [typeof(float)] = ["IsNaN", "IsInfinity", "IsFinite"],
        [typeof(double)] = ["IsNaN", "IsInfinity", "IsFinite"],
    };

    /// <summary>XMath of ILGPU.Algorithms 1.5.3 has no more than these.</summary>
    private static readonly string[] Xmath =
    [
        "Abs", "Sqrt", "Rsqrt", "Rcp", "Exp", "Exp2", "Log", "Log2", "Log10", "Pow", "Sin", "Cos", "Tan", "Asin", "Acos", "Atan", "Atan2",
            "Sinh", "Cosh", "Tanh",
        "SinCos", "Floor", "Ceiling", "Round", "RoundAwayFromZero", "RoundToEven", "Truncate", "Sign", "Rem", "IEEERemainder", "IsNaN",
            "IsInfinity", "IsFinite",
        "DegToRad", "RadToDeg", "Min", "Max", "Clamp", "PopCount", "LeadingZeroCount", "TrailingZeroCount", "DivRoundUp", "DivRoundDown",
    ];

    /// <summary>Types of the ILGPU namespaces whose members device code may use.</summary>
    private static readonly string[] DeviceTypes =
    [
        "Group", "Grid", "Warp", "SharedMemory", "LocalMemory", "Atomic", "MemoryFence", "Interop", "IntrinsicMath", "ArrayView",
            "ArrayView1D", "ArrayView2D",
        "ArrayView3D", "ArrayViewExtensions", "VariableView", "Index1D", "Index2D", "Index3D", "LongIndex1D", "LongIndex2D",
            "LongIndex3D", "Dense", "DenseX", "DenseY",
        "DenseXY", "DenseZY", "General", "Infinite", "Half", "SpecializedValue", "GroupExtensions", "WarpExtensions", "CudaAsm", "Input",
            "Output", "Ref",
    ];

    private static readonly OpCode[] RefusedCodes =
    [
        OpCodes.Throw, OpCodes.Rethrow, OpCodes.Localloc, OpCodes.Box, OpCodes.Unbox, OpCodes.Unbox_Any, OpCodes.Isinst,
            OpCodes.Castclass, OpCodes.Ldftn,
        OpCodes.Ldvirtftn, OpCodes.Calli, OpCodes.Stsfld, OpCodes.Ldsflda, OpCodes.Arglist, OpCodes.Mkrefany,
    ];

    private readonly MethodInfo kernel;
    private readonly bool isImplicit;
    private readonly List<string> violations = [];
    private readonly HashSet<MethodBase> finished = [];
    private readonly Stack<MethodBase> path = new();

    private KernelContract(MethodInfo kernel)
    {
        this.kernel = kernel;
        isImplicit = KernelCatalog.IsImplicitlyGrouped(kernel);
    }

    /// <summary>Empty when ILGPU 1.5.3 would compile the kernel as it is meant.</summary>
    public static IReadOnlyList<string> Violations(MethodInfo kernel)
    {
        var contract = new KernelContract(kernel);
        contract.CheckSignature();
        contract.Visit(kernel);
        return contract.violations;
    }

    private void Report(string what) =>
        violations.Add($"{string.Join(" → ", path.Reverse().Select(m => $"{m.DeclaringType?.Name}.{m.Name}"))}: {what}");

    private void CheckSignature()
    {
        path.Push(kernel);
        ParameterInfo[] parameters = kernel.GetParameters().Skip(isImplicit ? 1 : 0).ToArray();
        if (!kernel.IsStatic || kernel.ReturnType != typeof(void))
            Report("a kernel is a static void method");
        if (parameters.Length > MaxParameters)
            Report($"{parameters.Length} parameters; the launchers go up to {MaxParameters}");
        foreach (ParameterInfo? parameter in parameters)
        {
            if (parameter.ParameterType.IsByRef)
                Report($"parameter {parameter.Name} is a reference");
            else
                CheckBlittable(parameter.ParameterType, $"parameter {parameter.Name}");
        }
        path.Pop();
    }

    private void CheckBlittable(Type type, string what)
    {
        if (type == typeof(bool) || type == typeof(char))
            Report($"{what} holds a {type.Name}, which is not blittable");
        else if (!type.IsValueType && !type.IsPointer)
            Report($"{what} holds the class {type.Name}");
        else if (Nullable.GetUnderlyingType(type) is not null || type == typeof(System.Half) || type == typeof(Int128) ||
            type == typeof(UInt128))
            Report($"{what} holds a {type.Name}");
        else if (type.IsDefined(typeof(InlineArrayAttribute)))
            Report($"{what} holds the inline array {type.Name}");
        else if (type.IsGenericType && type.Assembly == typeof(ArrayView<>).Assembly)
            Array.ForEach(type.GetGenericArguments(), a => CheckBlittable(a, what));
        else if (!type.IsPrimitive && !type.IsEnum && !type.IsPointer && type.Assembly != typeof(ArrayView<>).Assembly)
        {
            foreach (FieldInfo field in type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic))
                CheckBlittable(field.FieldType, $"{what}.{field.Name}");
        }
    }

    private void Visit(MethodBase method)
    {
        if (path.Contains(method))
        {
            Report($"recursion into {method.Name}");
            return;
        }
        if (!finished.Add(method))
            return;
        path.Push(method);
        if (method.GetMethodBody() is { } body)
        {
            if (body.ExceptionHandlingClauses.Count > 0)
                Report("a try block");
            foreach (LocalVariableInfo local in body.LocalVariables)
                CheckLocal(local.LocalType);
            Walk(method, body.GetILAsByteArray()!);
        }
        path.Pop();
    }

    private void CheckLocal(Type type)
    {
        if (type.IsByRef || type.IsPointer)
            type = type.GetElementType()!;
        if (type == typeof(nint) || type == typeof(nuint))
            Report("arithmetic on nint");
        else if (type == typeof(System.Half) || type == typeof(Int128) || type == typeof(UInt128) || type.IsByRefLike)
            Report($"a variable of type {type.Name}");
    }

    private void Walk(MethodBase method, byte[] il)
    {
        Type[]? typeArguments = method.DeclaringType?.GetGenericArguments();
        Type[]? methodArguments = method.IsGenericMethod ? method.GetGenericArguments() : null;
        Type? constraint = null;
        OpCode previous = OpCodes.Nop;
        foreach ((OpCode code, int token) in IlReader.Read(il))
        {
            if (RefusedCodes.Contains(code))
                Report($"the instruction {code.Name}");
            if (code == OpCodes.Newarr && !previous.Name!.StartsWith("ldc.i4", StringComparison.Ordinal))
                Report("an array whose length is no constant");
            switch (code.OperandType)
            {
                case OperandType.InlineMethod:
                    Call(method.Module.ResolveMethod(token, typeArguments, methodArguments)!, constraint, code);
                    constraint = null;
                    break;
                case OperandType.InlineType when code == OpCodes.Constrained:
                    constraint = method.Module.ResolveType(token, typeArguments, methodArguments);
                    break;
                case OperandType.InlineField when code == OpCodes.Ldsfld:
                    CheckStatic(method.Module.ResolveField(token, typeArguments, methodArguments)!);
                    break;
            }
            previous = code;
        }
    }

    private void CheckStatic(FieldInfo field)
    {
        if (!field.IsInitOnly)
            Report($"the mutable static field {field.Name}");
        else if (field.FieldType.IsArray)
            Report($"the static array {field.Name}");
    }

    private void Call(MethodBase callee, Type? constraint, OpCode code)
    {
        Type type = callee.DeclaringType!;
        if (constraint is not null && !constraint.IsGenericParameter)
            callee = Implementation(constraint, callee);
        else if (code == OpCodes.Callvirt && callee.IsVirtual)
            Report($"the virtual call {type.Name}.{callee.Name}");
        type = callee.DeclaringType!;
        if (code == OpCodes.Newobj && !type.IsValueType)
            Report($"a new {type.Name}");
        else if (type.Namespace?.StartsWith("ILGPU", StringComparison.Ordinal) == true)
            CheckIlgpu(type, callee);
        else if (type.Assembly == typeof(object).Assembly || type.Namespace?.StartsWith("System", StringComparison.Ordinal) == true)
            CheckBaseLibrary(type, callee);
        else
            Visit(callee);
    }

    private static MethodBase Implementation(Type type, MethodBase declared)
    {
        if (!declared.DeclaringType!.IsInterface)
            return declared;
        InterfaceMapping map = type.GetInterfaceMap(declared.DeclaringType);
        MethodBase definition = declared is MethodInfo { IsGenericMethod: true } generic ? generic.GetGenericMethodDefinition() : declared;
        MethodInfo target = map.TargetMethods[Array.IndexOf(map.InterfaceMethods, definition)];
        return declared is MethodInfo { IsGenericMethod: true } closed ? target.MakeGenericMethod(closed.GetGenericArguments()) : target;
    }

    private void CheckIlgpu(Type type, MethodBase callee)
    {
        string name = type.Name.Split('`')[0];
        if (type == typeof(XMath) ? !Xmath.Contains(callee.Name) : !IsDeviceMember(type, name, callee))
            Report($"{name}.{callee.Name} is not part of what ILGPU 1.5.3 offers to kernels");
        if (isImplicit && (type == typeof(Group) || type == typeof(Warp) || type == typeof(SharedMemory)))
            Report($"{name}.{callee.Name} in an implicitly grouped kernel");
        if (type == typeof(Warp) && callee.IsGenericMethod && callee.GetGenericArguments()[0] is var shuffled && !IsWord(shuffled))
            Report($"a shuffle of {shuffled.Name}; only 32- and 64-bit values are right on every backend");
    }

    private static bool IsDeviceMember(Type type, string name, MethodBase callee) =>
        DeviceTypes.Contains(name) || type.Namespace is "ILGPU.Algorithms.ScanReduceOperations" or "ILGPU.AtomicOperations" ||
        (type == typeof(Accelerator) && callee.Name == "get_CurrentType");

    private static bool IsWord(Type type) => type.IsPrimitive
        ? type != typeof(byte) && type != typeof(sbyte) && type != typeof(short) && type != typeof(ushort) && type != typeof(bool) &&
            type != typeof(char)
        : type.IsValueType && type != typeof(ILGPU.Half) &&
            type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic).All(f => IsWord(f.FieldType));

    private void CheckBaseLibrary(Type type, MethodBase callee)
    {
        bool known = BaseLibrary.TryGetValue(type, out string[]? names) && (names.Length == 0 || names.Contains(callee.Name));
        if (known || type.IsGenericType && type.Name.StartsWith("ValueTuple", StringComparison.Ordinal))
            return;
        Report($"{type.Name}.{callee.Name}, which ILGPU 1.5.3 does not map to the device");
    }
}
