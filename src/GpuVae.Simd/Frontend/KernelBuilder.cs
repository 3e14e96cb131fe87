using System.Reflection;
using GpuVae.Simd.Ir;
using ILGPU;

namespace GpuVae.Simd.Frontend;

/// <summary>
/// Builds the IR of a kernel by interpreting its IL, with every call inlined. What cannot be part of a kernel is refused here, with the
/// source line and what to write instead.
/// </summary>
internal sealed partial class KernelBuilder
{
    private const int MaxCallDepth = 256;

    private readonly KernelEntry entry;
    private readonly IrKernel kernel;
    private readonly SsaBuilder ssa;
    private Frame frame = null!;

    private KernelBuilder(KernelEntry entry, KernelTarget target, IReadOnlyDictionary<int, AddressSpace> knownSpaces)
    {
        this.entry = entry;
        Target = target;
        kernel = new IrKernel(SequencePoints.NameOf(entry.Method));
        ssa = new SsaBuilder(kernel, knownSpaces, Refuse);
        Emit = new Emitter(ssa);
    }

    public KernelTarget Target { get; }
    public bool IsImplicitlyGrouped => entry.IsImplicitlyGrouped;
    public Emitter Emit { get; }

    /// <summary>Builds the unoptimised IR.</summary>
    /// <exception cref="KernelCompilationException">The method cannot be a kernel.</exception>
    public static IrKernel Build(KernelEntry entry, KernelTarget target)
    {
        var knownSpaces = new Dictionary<int, AddressSpace>();
        while (true)
        {
            var builder = new KernelBuilder(entry, target, knownSpaces);
            try
            {
                builder.BuildKernel();
                BoolPhis.Run(builder.kernel);
                return builder.kernel;
            }
            catch (SsaBuilder.UnknownSpaceException e) when (knownSpaces.TryAdd(e.Number, e.Space))
            {
            }
            catch (Exception e) when (e is not KernelCompilationException and not OutOfMemoryException)
            {
                // IL that no C# compiler writes, or a static constructor that fails: still an error of this kernel, at this line.
                throw new KernelCompilationException(
                    builder.Refuse($"the code is not understood ({e.GetType().Name}: {e.Message})", "Write it more simply.").Message, e);
            }
        }
    }

    private void BuildKernel()
    {
        BasicBlock entryBlock = ssa.CreateBlock(isSealed: true);
        ssa.Current = entryBlock;
        ParameterInfo[] parameters = entry.Method.GetParameters();
        if (IlBody.Of(entry.Method) is not { } body)
            throw new KernelCompilationException($"Kernel '{kernel.Name}' has no IL body: it is abstract, extern or made by the runtime.");
        var arguments = new List<Operand>();
        if (!entry.Method.IsStatic)
            arguments.Add(new Operand(entry.Method.DeclaringType!, [new HostValue(HostValue.Opaque)]));
        frame = new Frame(this, body, caller: null);
        int first = entry.IsImplicitlyGrouped ? 1 : 0;
        List<Operand> declared = DeclareParameters(parameters, first);
        var guard = default(Value);
        if (entry.IsImplicitlyGrouped)
            arguments.Add(MakeIndex(parameters[0].ParameterType, out guard));
        arguments.AddRange(declared);
        BasicBlock exit = ssa.CreateBlock(isSealed: false);
        if (guard is not null)
        {
            BasicBlock inside = ssa.CreateBlock(isSealed: false);
            ssa.Branch(guard, inside, exit);
            ssa.Seal(inside);
            ssa.Current = inside;
        }
        Run(frame, [.. arguments]);
        foreach ((BasicBlock block, _) in frame.Returns)
        {
            ssa.Current = block;
            ssa.Branch(exit);
        }
        if (exit.Predecessors.Count == 0)
            throw Refuse("the kernel never returns", "Give the loop a condition that ends it.");
        ssa.Seal(exit);
        ssa.MoveToEnd(exit);
        ssa.Current = exit;
        exit.Terminator = new Return();
    }

    private List<Operand> DeclareParameters(ParameterInfo[] parameters, int first)
    {
        var operands = new List<Operand>();
        for (int i = first; i < parameters.Length; i++)
        {
            Type type = parameters[i].ParameterType;
            if (type.IsByRef || !type.IsValueType && !type.IsPointer)
            {
                throw Refuse(
                    $"parameter '{parameters[i].Name}' has type {SequencePoints.NameOf(type)}, which a launch cannot pass to a device",
                    type.IsArray ? "Pass an ArrayView of a device buffer." : "Pass value types only: scalars, structs of them, views.");
            }
            var leaves = new List<Value>();
            foreach (ParameterLeaf leaf in entry.Layout.Leaves.Where(l => l.Parameter == i - first))
            {
                string name = string.Join('.', leaf.Path.Select(f => FieldName(f.Name)).Prepend(parameters[i].Name ?? $"p{i}"));
                if (leaf.IsView)
                {
                    Type viewType = leaf.Path.Length == 0 ? type : leaf.Path[^1].FieldType;
                    int size = RequireMemoryType(viewType.GetGenericArguments()[0]).Size;
                    leaves.Add(Declare(new Parameter(name + ".pointer", ParameterKind.ViewPointer, IrType.Pointer, leaf.Slot, size)));
                    leaves.Add(Declare(new Parameter(name + ".length", ParameterKind.ViewLength, IrType.I64, leaf.Slot + 1)));
                }
                else if (leaf.IsSpecialized && entry.SpecializedSlots.TryGetValue(leaf.Slot, out ulong bits))
                {
                    leaves.Add(Constant.FromBits(leaf.Type, bits));
                }
                else
                {
                    leaves.Add(Declare(new Parameter(name, ParameterKind.Scalar, leaf.Type, leaf.Slot)));
                }
            }
            if (leaves.Count != TypeLayout.Of(type).Leaves.Length)
            {
                throw Refuse(
                    $"parameter '{parameters[i].Name}' of type {SequencePoints.NameOf(type)} holds a fixed buffer or a reference",
                    "Put the data in a buffer and pass a view of it.");
            }
            operands.Add(FromStorage(type, [.. leaves]));
        }
        return operands;

        Value Declare(Parameter parameter)
        {
            kernel.Parameters.Add(parameter);
            return parameter;
        }

        // <X>k__BackingField reads better as X.
        static string FieldName(string name) => name.StartsWith('<') ? name[1..name.IndexOf('>')] : name;
    }

    /// <summary>The index of an implicitly grouped kernel, and the condition that it lies within the extent.</summary>
    private Operand MakeIndex(Type type, out Value guard)
    {
        int rank = TypeLayout.Of(type).Leaves.Length;
        if (type != typeof(Index1D) && type != typeof(Index2D) && type != typeof(Index3D))
            throw Refuse($"the index parameter has type {SequencePoints.NameOf(type)}", "Use Index1D, Index2D or Index3D.");
        var index = new Value[rank];
        guard = null!;
        for (int axis = 0; axis < rank; axis++)
        {
            var extent = new Parameter($"extent.{"xyz"[axis]}", ParameterKind.Extent, IrType.I32, entry.Layout.SlotCount + axis);
            kernel.Parameters.Add(extent);
            Value origin = Emit.Binary(BinaryOp.Mul, Geometry(GeometryKind.GridIdxX + axis), Geometry(GeometryKind.GroupDimX + axis));
            index[axis] = Emit.Binary(BinaryOp.Add, origin, Geometry(GeometryKind.GroupIdxX + axis));
            Value inside = Emit.Compare(CompareOp.Lt, index[axis], extent);
            guard = guard is null ? inside : Emit.Binary(BinaryOp.And, guard, inside);
        }
        return new Operand(type, index);
    }

    /// <summary>A launch coordinate, or the constant that the target knows it to be.</summary>
    public Value Geometry(GeometryKind kind) => Target.ValueOf(kind) is { } known ? Constant.Int(known) : Append(new Geometry(kind));

    public T Append<T>(T instruction) where T : Instruction => ssa.Emit(instruction);

    public Value Resolve(Value value) => ssa.Resolve(value);
}
