using System.Reflection;
using System.Runtime.CompilerServices;
using GpuVae.Simd.Ir;
using ILGPU;
using ILGPU.Runtime;

namespace GpuVae.Simd.Frontend;

/// <summary>One leaf of a parameter.</summary>
/// <param name="Parameter">Index of the kernel parameter, not counting the index of an implicitly grouped kernel.</param>
/// <param name="Path">The fields from the parameter to the leaf.</param>
/// <param name="IsView">The leaf is an ArrayView: two slots (address, length); otherwise one slot with the scalar's bits.</param>
/// <param name="Type">The scalar's type, or the view's element type (Void where the element is no scalar).</param>
/// <param name="Slot">The first slot.</param>
/// <param name="IsSpecialized">The leaf belongs to a SpecializedValue.</param>
/// <param name="Offset">Bytes from the path's last field to the leaf: the elements of a fixed buffer have no fields of their own.</param>
internal sealed record ParameterLeaf(
    int Parameter, FieldInfo[] Path, bool IsView, IrType Type, int Slot, bool IsSpecialized, int Offset = 0)
{
    public int SlotCount => IsView ? 2 : 1;
}

/// <summary>
/// How the arguments of a launch are laid out for every backend: a block of 8-byte slots, one per scalar (zero-extended bits), two per
/// view. Structs are taken apart in the order of their fields. The launcher that writes the block and the front end that reads
/// it both follow this one description.
/// </summary>
internal sealed class ParameterLayout
{
    public ParameterLayout(IReadOnlyList<Type> parameterTypes)
    {
        var leaves = new List<ParameterLeaf>();
        int slot = 0;
        for (int i = 0; i < parameterTypes.Count; i++)
            AddLeaves(i, parameterTypes[i], [], specialized: false);
        Leaves = leaves;
        SlotCount = slot;

        void AddLeaves(int parameter, Type type, FieldInfo[] path, bool specialized)
        {
            bool isView = IsView(type);
            IrType scalar = ScalarTypeOf(isView ? type.GetGenericArguments()[0] : type);
            if (isView || scalar != IrType.Void)
            {
                var leaf = new ParameterLeaf(parameter, path, isView, scalar, slot, specialized);
                leaves.Add(leaf);
                slot += leaf.SlotCount;
                return;
            }
            specialized |= type.IsGenericType && type.GetGenericTypeDefinition() == typeof(SpecializedValue<>);
            foreach (FieldInfo field in InstanceFields(type))
            {
                if (ScalarBuffer(type, field) is var (element, length))
                {
                    for (int i = 0; i < length; i++)
                        leaves.Add(new(parameter, [.. path, field], false, element, slot++, specialized, i * element.SizeOf()));
                }
                else
                {
                    AddLeaves(parameter, field.FieldType, [.. path, field], specialized);
                }
            }
        }
    }

    public IReadOnlyList<ParameterLeaf> Leaves { get; }
    public int SlotCount { get; }

    /// <summary>The elements behind a field that stands for a fixed buffer or an inline array of scalars; null for any other.</summary>
    private static (IrType Element, int Length)? ScalarBuffer(Type type, FieldInfo field)
    {
        if (field.GetCustomAttribute<FixedBufferAttribute>() is { } buffer)
            return (ScalarTypeOf(buffer.ElementType), buffer.Length);
        return type.GetCustomAttribute<InlineArrayAttribute>() is { } array
            && ScalarTypeOf(field.FieldType) is var scalar and not IrType.Void
            ? (scalar, array.Length)
            : null;
    }

    public static bool IsView(Type type) => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(ArrayView<>);

    /// <summary>The instance fields of a struct in declaration order.</summary>
    public static IEnumerable<FieldInfo> InstanceFields(Type type) =>
        type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic).OrderBy(f => f.MetadataToken);

    /// <summary>The IR type of a C# scalar (enums by their underlying type), or Void for anything else.</summary>
    public static IrType ScalarTypeOf(Type type)
    {
        if (type.IsEnum)
            type = type.GetEnumUnderlyingType();
        if (type.IsPointer)
            return IrType.Pointer;
        if (type == typeof(ILGPU.Half))
            return IrType.F16;
        return Type.GetTypeCode(type) switch
        {
            TypeCode.Boolean => IrType.Bool,
            TypeCode.SByte or TypeCode.Byte => IrType.I8,
            TypeCode.Int16 or TypeCode.UInt16 or TypeCode.Char => IrType.I16,
            TypeCode.Int32 or TypeCode.UInt32 => IrType.I32,
            TypeCode.Int64 or TypeCode.UInt64 => IrType.I64,
            TypeCode.Single => IrType.F32,
            TypeCode.Double => IrType.F64,
            _ => type == typeof(nint) || type == typeof(nuint) ? IrType.I64 : IrType.Void,
        };
    }
}
