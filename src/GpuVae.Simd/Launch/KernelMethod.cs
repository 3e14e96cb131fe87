using System.Reflection;
using GpuVae.Simd.Frontend;
using GpuVae.Simd.Ir;
using ILGPU;
using ILGPU.Backends.EntryPoints;

namespace GpuVae.Simd.Launch;

/// <summary>Checks what was handed in as a kernel and describes it for the compilers.</summary>
internal static class KernelMethod
{
    /// <exception cref="NotSupportedException">The delegate captures variables or has several targets.</exception>
    public static MethodInfo Of(Delegate action)
    {
        ArgumentNullException.ThrowIfNull(action);
        if (!action.HasSingleTarget)
            throw new NotSupportedException("A kernel is a single method; this delegate combines several.");
        return action.Method;
    }

    public static KernelEntry EntryOf(MethodInfo method, bool isImplicit)
    {
        string name = NameOf(method);
        if (method.ReturnType != typeof(void))
            throw new NotSupportedException(
                $"Kernel '{name}' returns a {method.ReturnType.Name}; a kernel returns nothing and writes to views instead.");
        if (method.ContainsGenericParameters)
            throw new NotSupportedException($"Kernel '{name}' has open type parameters; close them with MakeGenericMethod.");
        if (!method.IsStatic && method.DeclaringType is { } closure && ParameterLayout.InstanceFields(closure).Any())
        {
            throw new NotSupportedException(
                $"Kernel '{name}' captures variables of its surroundings; pass them as parameters: " +
                string.Join(", ", ParameterLayout.InstanceFields(closure).Select(f => f.Name)) + ".");
        }
        Type[] parameters = method.GetParameters().Select(p => p.ParameterType).ToArray();
        foreach (Type type in parameters)
            CheckParameter(name, type, type);
        if (isImplicit)
        {
            if (parameters is not [var first, ..] || (first != typeof(Index1D) && first != typeof(Index2D) && first != typeof(Index3D)))
            {
                throw new NotSupportedException(
                    $"Kernel '{name}' is implicitly grouped, so its first parameter must be an Index1D, Index2D or Index3D. " +
                    "Load an explicitly grouped kernel with LoadKernel or LoadStreamKernel.");
            }
            parameters = parameters[1..];
        }
        return new(method, isImplicit, new ParameterLayout(parameters), new Dictionary<int, ulong>());
    }

    /// <summary>The name that users know the kernel by.</summary>
    public static string NameOf(MethodInfo method) =>
        method.GetCustomAttribute<KernelNameAttribute>()?.KernelName ?? $"{method.DeclaringType?.Name}.{method.Name}";

    private static void CheckParameter(string kernel, Type parameter, Type type)
    {
        if (ParameterLayout.IsView(type))
        {
            CheckElement(kernel, parameter, type.GetGenericArguments()[0]);
            return;
        }
        CheckLeaf(kernel, parameter, type);
        if (ParameterLayout.ScalarTypeOf(type) == IrType.Void)
        {
            foreach (FieldInfo field in ParameterLayout.InstanceFields(type))
                CheckParameter(kernel, parameter, field.FieldType);
            // Arguments travel field by field, so what is not one value per field cannot.
            if (TypeLayout.Of(type).HasOverlap)
            {
                throw Refuse(
                    kernel, parameter, $"fields of {type.Name} share bytes; pass the values in a view, or each as a parameter of its own");
            }
        }
    }

    private static void CheckElement(string kernel, Type parameter, Type type)
    {
        CheckLeaf(kernel, parameter, type);
        if (ParameterLayout.ScalarTypeOf(type) == IrType.Void)
        {
            foreach (FieldInfo field in ParameterLayout.InstanceFields(type))
                CheckElement(kernel, parameter, field.FieldType);
        }
    }

    private static void CheckLeaf(string kernel, Type parameter, Type type)
    {
        string? advice = type.IsByRef ? "pass a view of one element instead of a reference"
            : type == typeof(bool) ? "pass a byte or an int instead of a bool"
            : type == typeof(char) ? "pass a ushort instead of a char"
            : type.IsArray ? "pass an ArrayView instead of an array"
            : !type.IsValueType && !type.IsPointer ? $"pass values and views instead of the class {type.Name}"
            : null;
        if (advice is not null)
            throw Refuse(kernel, parameter, advice);
    }

    // The types that ILGPU's own check of parameters throws.
    private static ArgumentException Refuse(string kernel, Type parameter, string advice)
    {
        string message = $"Kernel '{kernel}' cannot take a parameter of type {parameter.Name}: {advice}.";
        return new(message, new NotSupportedException(message));
    }
}
