using System.Reflection.Emit;
using GpuVae.Ilgpu.Compiler;
using GpuVae.Ilgpu.Compiler.Ir;

namespace ILGPU.Runtime;

/// <summary>
/// Takes an argument apart into the slots that <see cref="ParameterLayout"/> describes. The code is emitted once per type, so that a launch
/// neither boxes nor allocates.
/// </summary>
internal static unsafe class SlotWriter<T> where T : struct
{
    public delegate void Writer(ref T value, ulong* slots);

    /// <summary>Slots that a value takes.</summary>
    public static readonly int Count;

    public static readonly Writer Write;

    static SlotWriter()
    {
        var layout = new ParameterLayout([typeof(T)]);
        Count = layout.SlotCount;
        Write = Emit(layout);
    }

    private static Writer Emit(ParameterLayout layout)
    {
        var method = new DynamicMethod(
            $"WriteSlots<{typeof(T).Name}>",
            null,
            [typeof(T).MakeByRefType(), typeof(ulong*)],
            typeof(SlotWriter<T>).Module,
            skipVisibility: true);
        var il = method.GetILGenerator();
        foreach (var leaf in layout.Leaves)
        {
            var type = leaf.Path.Length == 0 ? typeof(T) : leaf.Path[^1].FieldType;
            if (leaf.IsView)
            {
                EmitAddress(il, leaf);
                EmitSlot(il, leaf.Slot);
                il.Emit(OpCodes.Call, typeof(ViewSlots).GetMethod(nameof(ViewSlots.Write))!.MakeGenericMethod(type.GetGenericArguments()));
                continue;
            }
            EmitSlot(il, leaf.Slot);
            EmitAddress(il, leaf);
            switch (leaf.Type.SizeOf())
            {
                case 1:
                    il.Emit(OpCodes.Ldind_U1);
                    break;
                case 2:
                    il.Emit(OpCodes.Ldind_U2);
                    break;
                case 4:
                    il.Emit(OpCodes.Ldind_U4);
                    break;
                default:
                    il.Emit(OpCodes.Ldind_I8);
                    break;
            }
            il.Emit(OpCodes.Conv_U8);
            il.Emit(OpCodes.Stind_I8);
        }
        il.Emit(OpCodes.Ret);
        return method.CreateDelegate<Writer>();
    }

    private static void EmitAddress(ILGenerator il, ParameterLeaf leaf)
    {
        il.Emit(OpCodes.Ldarg_0);
        foreach (var field in leaf.Path)
            il.Emit(OpCodes.Ldflda, field);
    }

    private static void EmitSlot(ILGenerator il, int slot)
    {
        il.Emit(OpCodes.Ldarg_1);
        il.Emit(OpCodes.Ldc_I4, slot * sizeof(ulong));
        il.Emit(OpCodes.Add);
    }
}
