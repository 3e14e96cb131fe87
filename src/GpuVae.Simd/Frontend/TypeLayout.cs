using System.Collections.Concurrent;
using System.Numerics;
using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;
using GpuVae.Simd.Ir;
using ILGPU;

namespace GpuVae.Simd.Frontend;

/// <summary>One scalar of a type taken apart.</summary>
/// <param name="Type">How the IR holds it; Void for a reference to an object, which only the compiler sees.</param>
/// <param name="ClrType">The C# type, which decides how it widens.</param>
internal readonly record struct TypeLeaf(IrType Type, Type ClrType);

/// <summary>
/// How a C# type is taken apart into scalars, and where those lie in memory. A view is (pointer, length), an array of constant extent
/// (pointer, length along each axis), a managed or raw pointer one Pointer, a fixed buffer one leaf per element.
/// </summary>
internal sealed class TypeLayout
{
    private static readonly ConcurrentDictionary<Type, TypeLayout> Cache = new();

    private readonly Dictionary<int, (int First, TypeLayout Layout, int FieldIndex)> fields = [];
    private readonly List<FieldInfo> fieldList = [];
    private readonly Lazy<(int Size, int[] LeafOffsets, int[] FieldOffsets)> memory;

    private TypeLayout(Type type)
    {
        Type = type;
        memory = new(Measure);
        var leaves = new List<TypeLeaf>();
        IsView = ParameterLayout.IsView(type);
        if (IsView || type.IsArray)
        {
            leaves.Add(new(IrType.Pointer, typeof(void*)));
            for (int axis = 0; axis < (IsView ? 1 : type.GetArrayRank()); axis++)
                leaves.Add(new(IrType.I64, typeof(long)));
            IsMemoryType = false;
        }
        else if (type.IsByRef || type.IsPointer || type.IsFunctionPointer)
        {
            leaves.Add(new(IrType.Pointer, type));
        }
        else if (!type.IsValueType)
        {
            leaves.Add(new(IrType.Void, type));
            IsMemoryType = false;
        }
        else if (ParameterLayout.ScalarTypeOf(type) is var scalar && scalar != IrType.Void)
        {
            leaves.Add(new(scalar, type));
            IsScalar = scalar != IrType.F16;
        }
        else if (type != typeof(void))
        {
            AddFields(leaves);
        }
        Leaves = [.. leaves];
    }

    public Type Type { get; }
    public TypeLeaf[] Leaves { get; }

    /// <summary>A primitive, enum or pointer: something that the IL stack holds by itself.</summary>
    public bool IsScalar { get; }
    public bool IsView { get; }

    /// <summary>Its only field is the value itself: primitives (<c>m_value</c>) and Half (its bits).</summary>
    public bool IsWhole => IsScalar || Type == typeof(ILGPU.Half);

    /// <summary>False for what cannot lie in a buffer: views, arrays and references.</summary>
    public bool IsMemoryType { get; private set; } = true;

    /// <summary>Contains a fixed buffer, so that a variable of this type has to live in memory.</summary>
    public bool NeedsMemory { get; private set; }

    /// <summary>Two fields share bytes.</summary>
    public bool HasOverlap { get; private set; }

    /// <summary>Bytes of one element of this type in a buffer.</summary>
    public int Size => memory.Value.Size;

    /// <summary>What an element's address in a view is known to be a multiple of: buffers are aligned to 16 bytes or more.</summary>
    public int Alignment => Math.Min(16, 1 << BitOperations.TrailingZeroCount(Size));

    /// <summary>The scalar type if all leaves have the same, otherwise Void.</summary>
    public IrType CommonScalar => Leaves.Length > 0 && Leaves.All(l => l.Type == Leaves[0].Type) ? Leaves[0].Type : IrType.Void;
    public static TypeLayout Of(Type type) => Cache.GetOrAdd(type, static t => new TypeLayout(t));
    public int OffsetOfLeaf(int leaf) => memory.Value.LeafOffsets[leaf];
    public int OffsetOfField(FieldInfo field) => memory.Value.FieldOffsets[Find(field).FieldIndex];

    /// <summary>The first leaf of a field and the layout of the field's type.</summary>
    public (int First, TypeLayout Layout, int FieldIndex) Find(FieldInfo field) => fields[field.MetadataToken];

    private void AddFields(List<TypeLeaf> leaves)
    {
        InlineArrayAttribute? inlineArray = Type.GetCustomAttribute<InlineArrayAttribute>();
        foreach (FieldInfo field in ParameterLayout.InstanceFields(Type))
        {
            TypeLayout layout = Of(field.FieldType);
            fields[field.MetadataToken] = (leaves.Count, layout, fieldList.Count);
            fieldList.Add(field);
            FixedBufferAttribute? buffer = field.GetCustomAttribute<FixedBufferAttribute>();
            int copies = buffer?.Length ?? inlineArray?.Length ?? 1;
            for (int i = 0; i < copies; i++)
                leaves.AddRange(buffer is null ? layout.Leaves : Of(buffer.ElementType).Leaves);
            NeedsMemory |= layout.NeedsMemory || buffer is not null || inlineArray is not null;
            IsMemoryType &= layout.IsMemoryType;
            HasOverlap |= layout.HasOverlap;
        }
        if (Type.IsExplicitLayout && IsMemoryType)
        {
            int ends = 0;
            foreach ((FieldInfo field, int offset) in fieldList.Zip(memory.Value.FieldOffsets).OrderBy(p => p.Second))
            {
                HasOverlap |= offset < ends;
                ends = offset + Of(field.FieldType).Size;
            }
        }
    }

    private (int Size, int[] LeafOffsets, int[] FieldOffsets) Measure()
    {
        if (!IsMemoryType)
            throw new InvalidOperationException($"{Type} cannot lie in device memory.");
        int[] fieldOffsets = new int[fieldList.Count];
        int size = MeasureManaged(fieldOffsets);
        if (fieldList.Count == 0)
            return (size, [0], fieldOffsets);
        var leafOffsets = new List<int>();
        int copies = Type.GetCustomAttribute<InlineArrayAttribute>()?.Length ?? 1;
        for (int i = 0; i < fieldList.Count; i++)
        {
            FixedBufferAttribute? buffer = fieldList[i].GetCustomAttribute<FixedBufferAttribute>();
            TypeLayout layout = Of(buffer?.ElementType ?? fieldList[i].FieldType);
            for (int copy = 0; copy < (buffer?.Length ?? copies); copy++)
            {
                for (int leaf = 0; leaf < layout.Leaves.Length; leaf++)
                    leafOffsets.Add(fieldOffsets[i] + copy * layout.Size + layout.OffsetOfLeaf(leaf));
            }
        }
        return (size, [.. leafOffsets], fieldOffsets);
    }

    /// <summary>Asks the runtime itself, which alone knows the managed layout: a generated method measures the fields of a local.</summary>
    private int MeasureManaged(int[] offsets)
    {
        if (Type.IsPointer || Type.IsByRef || Type.IsFunctionPointer)
            return 8;
        var method = new DynamicMethod("Measure", typeof(int), [typeof(int[])], typeof(TypeLayout).Module, skipVisibility: true);
        ILGenerator il = method.GetILGenerator();
        LocalBuilder local = il.DeclareLocal(Type);
        for (int i = 0; i < offsets.Length; i++)
        {
            il.Emit(OpCodes.Ldarg_0);
            il.Emit(OpCodes.Ldc_I4, i);
            il.Emit(OpCodes.Ldloca, local);
            il.Emit(OpCodes.Ldflda, fieldList[i]);
            il.Emit(OpCodes.Conv_U);
            il.Emit(OpCodes.Ldloca, local);
            il.Emit(OpCodes.Conv_U);
            il.Emit(OpCodes.Sub);
            il.Emit(OpCodes.Conv_I4);
            il.Emit(OpCodes.Stelem_I4);
        }
        il.Emit(OpCodes.Sizeof, Type);
        il.Emit(OpCodes.Ret);
        return method.CreateDelegate<Func<int[], int>>()(offsets);
    }
}
