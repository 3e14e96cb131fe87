using System.Reflection;
using System.Reflection.Emit;
using GpuVae.Ilgpu.Compiler;
using GpuVae.Ilgpu.Compiler.Ir;
using ILGPU;

namespace GpuVae.Ilgpu.Backends.Cpu.Emulated;

/// <summary>
/// Calls the kernel for the threads x0 ≤ x &lt; x1 of the row (y, z): indices in the group, or in the launch if the kernel is
/// implicitly grouped.
/// </summary>
internal unsafe delegate void KernelRunner(EmulatedThread thread, ulong* slots, int x0, int x1, int y, int z);

/// <summary>Emits the loop that reads the arguments from their slots and calls the kernel once per thread.</summary>
internal static class KernelRunnerEmitter
{
    public static unsafe KernelRunner Emit(KernelEntry entry, bool needsThread)
    {
        var kernel = entry.Method;
        var method = new DynamicMethod(
            $"Run {kernel.Name}", null,
            [typeof(EmulatedThread), typeof(ulong*), typeof(int), typeof(int), typeof(int), typeof(int)],
            typeof(KernelRunnerEmitter).Module, skipVisibility: true);
        var il = method.GetILGenerator();
        var parameters = kernel.GetParameters().Select(p => p.ParameterType).ToArray();
        var values = parameters.Skip(entry.IsImplicitlyGrouped ? 1 : 0).Select(il.DeclareLocal).ToArray();
        foreach (var leaf in entry.Layout.Leaves)
            EmitLeaf(il, values[leaf.Parameter], leaf);

        var body = il.DefineLabel();
        var test = il.DefineLabel();
        il.Emit(OpCodes.Br, test);
        il.MarkLabel(body);
        if (needsThread)
        {
            il.Emit(OpCodes.Ldarg_0);
            il.Emit(OpCodes.Ldarg_2);
            il.Emit(OpCodes.Ldarg, 4);
            il.Emit(OpCodes.Ldarg, 5);
            string begin = entry.IsImplicitlyGrouped ? nameof(EmulatedThread.BeginImplicit) : nameof(EmulatedThread.Begin);
            il.Emit(OpCodes.Call, typeof(EmulatedThread).GetMethod(begin)!);
        }
        // A lambda that captures nothing is an instance method that does not look at its instance.
        if (!kernel.IsStatic)
            il.Emit(OpCodes.Ldnull);
        if (entry.IsImplicitlyGrouped)
            EmitIndex(il, parameters[0]);
        foreach (var value in values)
            il.Emit(OpCodes.Ldloc, value);
        il.Emit(OpCodes.Call, kernel);
        il.Emit(OpCodes.Ldarg_2);
        il.Emit(OpCodes.Ldc_I4_1);
        il.Emit(OpCodes.Add);
        il.Emit(OpCodes.Starg, 2);
        il.MarkLabel(test);
        il.Emit(OpCodes.Ldarg_2);
        il.Emit(OpCodes.Ldarg_3);
        il.Emit(OpCodes.Blt, body);
        il.Emit(OpCodes.Ret);
        return method.CreateDelegate<KernelRunner>();
    }

    private static void EmitIndex(ILGenerator il, Type index)
    {
        int rank = index == typeof(Index1D) ? 1 : index == typeof(Index2D) ? 2 : 3;
        int[] sources = [2, 4, 5];
        foreach (int source in sources[..rank])
            il.Emit(OpCodes.Ldarg, source);
        il.Emit(OpCodes.Newobj, index.GetConstructor([.. Enumerable.Repeat(typeof(int), rank)])!);
    }

    private static void EmitLeaf(ILGenerator il, LocalBuilder local, ParameterLeaf leaf)
    {
        var type = leaf.Path.Length == 0 ? local.LocalType : leaf.Path[^1].FieldType;
        EmitAddress(il, local, leaf.Path);
        if (leaf.IsView)
        {
            // Kernels cannot reach the buffer of a view, so only its address and length are restored.
            EmitSlot(il, leaf.Slot + 1);
            il.Emit(OpCodes.Stfld, FieldOf(type, nameof(ArrayView<>.pointer)));
            EmitAddress(il, local, leaf.Path);
            EmitSlot(il, leaf.Slot + 2);
            il.Emit(OpCodes.Stfld, FieldOf(type, nameof(ArrayView<>.length)));
            return;
        }
        EmitSlot(il, leaf.Slot);
        il.Emit(leaf.Type.SizeOf() switch
        {
            1 => OpCodes.Stind_I1,
            2 => OpCodes.Stind_I2,
            4 => OpCodes.Stind_I4,
            _ => OpCodes.Stind_I8,
        });
    }

    private static FieldInfo FieldOf(Type view, string name) => view.GetField(name, BindingFlags.Instance | BindingFlags.NonPublic)!;

    private static void EmitAddress(ILGenerator il, LocalBuilder local, FieldInfo[] path)
    {
        il.Emit(OpCodes.Ldloca, local);
        foreach (var field in path)
            il.Emit(OpCodes.Ldflda, field);
    }

    private static void EmitSlot(ILGenerator il, int slot)
    {
        il.Emit(OpCodes.Ldarg_1);
        il.Emit(OpCodes.Ldc_I4, slot * sizeof(ulong));
        il.Emit(OpCodes.Add);
        il.Emit(OpCodes.Ldind_I8);
    }
}
