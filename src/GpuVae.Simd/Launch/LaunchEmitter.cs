using System.Reflection;
using System.Reflection.Emit;
using GpuVae.Simd.Frontend;
using GpuVae.Simd.Ir;
using ILGPU;
using ILGPU.Runtime;

namespace GpuVae.Simd.Launch;

/// <summary>
/// Emits what ILGPU closes over a kernel as its launcher: (kernel, stream, dimension, arguments…). It takes the arguments apart into the
/// slots that <see cref="ParameterLayout"/> describes, on the stack, so that a launch neither boxes nor allocates.
/// </summary>
internal static unsafe class LaunchEmitter
{
    private const int FirstArgument = 3;

    /// <param name="entry">The kernel.</param>
    /// <param name="groupSize">The group of an implicitly grouped kernel, or 0.</param>
    /// <param name="launch">Called with kernel, stream, dimension (and group size), slots and their number.</param>
    public static MethodInfo Emit(KernelEntry entry, int groupSize, MethodInfo launch)
    {
        Type[] parameters = entry.Method.GetParameters().Select(p => p.ParameterType).ToArray();
        Type dimension = entry.IsImplicitlyGrouped ? parameters[0] : typeof(KernelConfig);
        Type[] arguments = entry.IsImplicitlyGrouped ? parameters[1..] : parameters;
        var method = new DynamicMethod(
            $"Launch {entry.Method.Name}", null, [typeof(Kernel), typeof(AcceleratorStream), dimension, .. arguments],
            typeof(LaunchEmitter).Module, skipVisibility: true)
        {
            InitLocals = false,
        };
        ILGenerator il = method.GetILGenerator();
        LocalBuilder slots = il.DeclareLocal(typeof(ulong*));
        il.Emit(OpCodes.Ldc_I4, Math.Max(1, entry.Layout.SlotCount) * sizeof(ulong));
        il.Emit(OpCodes.Conv_U);
        il.Emit(OpCodes.Localloc);
        il.Emit(OpCodes.Stloc, slots);
        foreach (ParameterLeaf leaf in entry.Layout.Leaves)
            EmitLeaf(il, leaf, arguments[leaf.Parameter], slots, entry);

        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Ldarg_1);
        if (entry.IsImplicitlyGrouped)
        {
            EmitExtent(il, dimension);
            il.Emit(OpCodes.Ldc_I4, groupSize);
        }
        else
        {
            il.Emit(OpCodes.Ldarg_2);
        }
        il.Emit(OpCodes.Ldloc, slots);
        il.Emit(OpCodes.Ldc_I4, entry.Layout.SlotCount);
        il.Emit(OpCodes.Call, launch);
        foreach (ParameterLeaf leaf in entry.Layout.Leaves.Where(l => l.IsView))
        {
            EmitAddress(il, leaf);
            il.Emit(OpCodes.Call, OnView(nameof(ViewSlots.KeepAlive), leaf, arguments[leaf.Parameter]));
        }
        il.Emit(OpCodes.Ret);
        return method;
    }

    private static void EmitLeaf(ILGenerator il, ParameterLeaf leaf, Type argument, LocalBuilder slots, KernelEntry entry)
    {
        if (leaf.IsView)
        {
            EmitAddress(il, leaf);
            EmitSlot(il, leaf, slots);
            il.Emit(OpCodes.Ldarg_0);
            il.Emit(OpCodes.Ldstr, KernelMethod.NameOf(entry.Method));
            il.Emit(OpCodes.Call, OnView(nameof(ViewSlots.Write), leaf, argument));
            return;
        }
        EmitSlot(il, leaf, slots);
        EmitAddress(il, leaf);
        il.Emit(leaf.Type.SizeOf() switch
        {
            1 => OpCodes.Ldind_U1,
            2 => OpCodes.Ldind_U2,
            4 => OpCodes.Ldind_U4,
            _ => OpCodes.Ldind_I8,
        });
        il.Emit(OpCodes.Conv_U8);
        il.Emit(OpCodes.Stind_I8);
    }

    private static MethodInfo OnView(string name, ParameterLeaf leaf, Type argument)
    {
        Type view = leaf.Path.Length == 0 ? argument : leaf.Path[^1].FieldType;
        return typeof(ViewSlots).GetMethod(name)!.MakeGenericMethod(view.GetGenericArguments());
    }

    private static void EmitAddress(ILGenerator il, ParameterLeaf leaf)
    {
        il.Emit(OpCodes.Ldarga, (short)(FirstArgument + leaf.Parameter));
        foreach (FieldInfo field in leaf.Path)
            il.Emit(OpCodes.Ldflda, field);
        if (leaf.Offset > 0)
        {
            il.Emit(OpCodes.Ldc_I4, leaf.Offset);
            il.Emit(OpCodes.Add);
        }
    }

    private static void EmitSlot(ILGenerator il, ParameterLeaf leaf, LocalBuilder slots)
    {
        il.Emit(OpCodes.Ldloc, slots);
        il.Emit(OpCodes.Ldc_I4, leaf.Slot * sizeof(ulong));
        il.Emit(OpCodes.Add);
    }

    /// <summary>The extent on three axes; those that the index lacks are 1.</summary>
    private static void EmitExtent(ILGenerator il, Type index)
    {
        foreach (string axis in (string[])["X", "Y", "Z"])
        {
            if (index.GetProperty(axis)?.GetMethod is { } getter)
            {
                il.Emit(OpCodes.Ldarga_S, (byte)2);
                il.Emit(OpCodes.Call, getter);
            }
            else
            {
                il.Emit(OpCodes.Ldc_I4_1);
            }
        }
        il.Emit(OpCodes.Newobj, typeof(Index3D).GetConstructor([typeof(int), typeof(int), typeof(int)])!);
    }
}
