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
            foreach (ParameterLeaf? leaf in entry.Layout.Leaves.Where(l => l.Parameter == i - first))
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
        (GeometryKind Grid, GeometryKind Dim, GeometryKind Group)[] axes =
        [
            (GeometryKind.GridIdxX, GeometryKind.GroupDimX, GeometryKind.GroupIdxX),
            (GeometryKind.GridIdxY, GeometryKind.GroupDimY, GeometryKind.GroupIdxY),
            (GeometryKind.GridIdxZ, GeometryKind.GroupDimZ, GeometryKind.GroupIdxZ),
        ];
        int rank = TypeLayout.Of(type).Leaves.Length;
        if (type != typeof(Index1D) && type != typeof(Index2D) && type != typeof(Index3D))
            throw Refuse($"the index parameter has type {SequencePoints.NameOf(type)}", "Use Index1D, Index2D or Index3D.");
        var index = new Value[rank];
        guard = null!;
        for (int axis = 0; axis < rank; axis++)
        {
            var extent = new Parameter($"extent.{"xyz"[axis]}", ParameterKind.Extent, IrType.I32, entry.Layout.SlotCount + axis);
            kernel.Parameters.Add(extent);
            Value origin = Emit.Binary(BinaryOp.Mul, Geometry(axes[axis].Grid), Geometry(axes[axis].Dim));
            index[axis] = Emit.Binary(BinaryOp.Add, origin, Geometry(axes[axis].Group));
            Value inside = Emit.Compare(CompareOp.Lt, index[axis], extent);
            guard = guard is null ? inside : Emit.Binary(BinaryOp.And, guard, inside);
        }
        return new Operand(type, index);
    }

    /// <summary>A launch coordinate, or the constant that the target knows it to be.</summary>
    public Value Geometry(GeometryKind kind) => Target.ValueOf(kind) is { } known ? Constant.Int(known) : Append(new Geometry(kind));

    public T Append<T>(T instruction) where T : Instruction => ssa.Emit(instruction);

    public Value Resolve(Value value) => ssa.Resolve(value);

    /// <summary>Inlines a call; returns what it returns, or null for void.</summary>
    private Operand? InlineCall(MethodBase method, Operand[] arguments)
    {
        if (Intrinsics.TryEmit(this, method, arguments, out Operand? result))
            return result;
        if (method.DeclaringType is { IsArray: true })
            return AccessArray(method, arguments);
        if (IsRuntime(method) && method.Name.StartsWith("Throw", StringComparison.Ordinal))
            throw Refuse("an exception is thrown", "Kernels have no exceptions: return early.");
        IlBody body = RequireBody(method);
        var callee = new Frame(this, body, frame);
        for (Frame? f = frame; f is not null; f = f.Caller)
        {
            if (f.Body.Method == method)
                throw Refuse($"'{SequencePoints.NameOf(method)}' calls itself", "Everything is inlined; rewrite the recursion as a loop.");
        }
        if (callee.Depth > MaxCallDepth)
            throw Refuse($"calls nest deeper than {MaxCallDepth}", "Generic recursion never ends when everything is inlined; use a loop.");
        Frame caller = frame;
        frame = callee;
        Run(callee, arguments);
        Type returnType = (method as MethodInfo)?.ReturnType ?? typeof(void);
        if (callee.Returns.Count == 0)
            throw Refuse($"'{SequencePoints.NameOf(method)}' never returns", "Give its loop a condition that ends it.");
        result = JoinReturns(callee, returnType);
        frame = caller;
        SetLocation();
        return result;
    }

    private Operand? JoinReturns(Frame callee, Type returnType)
    {
        ssa.Current = callee.Returns[0].Block;
        if (callee.Returns.Count == 1)
            return callee.Returns[0].Value;
        BasicBlock exit = ssa.CreateBlock(isSealed: false);
        Operand? model = callee.Returns[0].Value;
        Variable[] variables = [.. (model?.Leaves ?? []).Select(l => new Variable("the returned value", l.Type) { Owner = callee })];
        foreach ((BasicBlock block, Operand? value) in callee.Returns)
        {
            ssa.Current = block;
            for (int i = 0; i < variables.Length; i++)
                ssa.WriteVariable(variables[i], ssa.Resolve(value!.Leaves[i]));
            ssa.Branch(exit);
        }
        ssa.Seal(exit);
        ssa.MoveToEnd(exit);
        ssa.Current = exit;
        int alignment = callee.Returns.Min(r => r.Value?.Alignment ?? 0);
        return model is null ? null : new Operand(returnType, [.. variables.Select(ssa.ReadVariable)], alignment);
    }

    private IlBody RequireBody(MethodBase method)
    {
        string name = SequencePoints.NameOf(method);
        if (typeof(Delegate).IsAssignableFrom(method.DeclaringType))
            throw Refuse(
                $"a delegate ({name}) is called",
                "Call the method directly, or pass a functor: a struct type parameter with an interface.");
        if (method.IsAbstract)
        {
            throw Refuse(
                $"'{name}' is called virtually",
                "Make the type a struct type parameter (where T : struct, ISomething): then the call is known at compile time.");
        }
        if (IlBody.Of(method) is not { } body)
            throw Refuse($"'{name}' has no IL and is no intrinsic", AdviceFor(method));
        if (body.HasExceptionHandlers)
            throw Refuse(
                $"'{name}' has try/catch/finally (using, lock and foreach over enumerators have too)",
                "Kernels have no exceptions; remove it.");
        if (body.IsIrreducible)
            throw Refuse($"'{name}' jumps into a loop", "Remove the goto; every loop must have one entry.");
        return body;
    }

    private static string AdviceFor(MethodBase method) => (method.DeclaringType?.FullName, method.Name) switch
    {
        ("System.Math" or "System.MathF", "Clamp") => "Use XMath.Clamp.",
        ("System.Math" or "System.MathF", _) => "Use the XMath function of that name.",
        ("System.Console", _) => "Use Interop.WriteLine.",
        _ => "Only methods whose IL can be inlined, and the intrinsics of the ILGPU API, can be called in a kernel.",
    };

    /// <summary>Interprets a body whose arguments are known. The frame's returns hold the open blocks that it ends in.</summary>
    private void Run(Frame callee, Operand[] arguments)
    {
        if (callee.Caller is null)
            RequireBody(callee.Body.Method);
        callee.Bind(arguments);
        List<IlBlock> blocks = callee.Body.ReversePostOrder;
        if (blocks[0].Predecessors.Count == 0)
        {
            callee.Entries[0] = new BlockEntry(ssa.Current, IsContinuation: true, []);
        }
        else
        {
            GoTo(blocks[0]);
        }
        var openLoops = new List<(int LastOrder, BasicBlock Head)>();
        for (int order = 0; order < blocks.Count; order++)
        {
            IlBlock block = blocks[order];
            if (callee.Entries[block.Index] is { } start)
            {
                Enter(block, start);
                if (block.Loop is { } loop)
                    openLoops.Add((loop.LastBackEdgeOrder, start.Block));
                Interpret(block);
            }
            foreach ((int last, BasicBlock head) in openLoops)
            {
                if (last == order)
                    ssa.Seal(head);
            }
        }
    }

    private void Enter(IlBlock block, BlockEntry start)
    {
        ssa.Current = start.Block;
        frame.Stack.Clear();
        if (start.IsContinuation)
        {
            frame.Stack.AddRange(start.Stack);
            return;
        }
        ssa.MoveToEnd(start.Block);
        if (block.Loop is null)
            ssa.Seal(start.Block);
        else
            ssa.EnterLoopHead(start.Block);
        for (int depth = 0; depth < start.Stack.Count; depth++)
        {
            Operand model = start.Stack[depth];
            int at = depth;
            frame.Stack.Add(model with { Leaves = [.. model.Leaves.Select((_, leaf) => ssa.ReadVariable(frame.StackVariable(at, leaf)))] });
        }
    }

    /// <summary>Ends the current block with a jump, or runs on where nothing else can jump there.</summary>
    private void GoTo(IlBlock target)
    {
        if (target.Predecessors.Count == 1 && target.Index != 0)
        {
            frame.Entries[target.Index] = new BlockEntry(ssa.Current, IsContinuation: true, [.. frame.Stack]);
            return;
        }
        BasicBlock block = PrepareEdge(target);
        ssa.Branch(block);
    }

    private void GoTo(Value condition, IlBlock whenTrue, IlBlock whenFalse)
    {
        condition = ssa.Resolve(condition);
        if (whenTrue == whenFalse)
            GoTo(whenTrue);
        else if (condition is Constant constant)
            GoTo(constant.Bits != 0 ? whenTrue : whenFalse);
        else
            ssa.Branch(condition, PrepareEdge(whenTrue), PrepareEdge(whenFalse));
    }

    /// <summary>The block of a jump's target, with what is on the stack handed over in the stack's variables.</summary>
    private BasicBlock PrepareEdge(IlBlock target)
    {
        if (frame.Entries[target.Index] is not { } start)
        {
            Frame owner = frame;
            BasicBlock block = ssa.CreateBlock(isSealed: false, target.Loop is { } loop ? v => owner.MayStore(loop, v) : null);
            start = new BlockEntry(block, IsContinuation: false, [.. frame.Stack]);
            frame.Entries[target.Index] = start;
        }
        if (start.Stack.Count != frame.Stack.Count)
            throw Refuse("the evaluation stack differs between two ways into a block", "The IL is malformed.");
        for (int depth = 0; depth < frame.Stack.Count; depth++)
        {
            Operand model = start.Stack[depth];
            Operand value = frame.Stack[depth];
            for (int leaf = 0; leaf < model.Leaves.Length; leaf++)
                ssa.WriteVariable(frame.StackVariable(depth, leaf), ToType(ssa.Resolve(value.Leaves[leaf]), model.Leaves[leaf].Type));
            start.Stack[depth] = model with { Alignment = Math.Min(model.Alignment, value.Alignment) };
        }
        return start.Block;
    }

    /// <summary>The exception that names kernel, method, line and way out.</summary>
    public Exception Refuse(string what, string advice)
    {
        Frame user = frame;
        while (user.Caller is not null && IsForeign(user.Body.Method))
            user = user.Caller;
        string through = "";
        if (!ReferenceEquals(user, frame))
        {
            Frame outermost = frame;
            while (!ReferenceEquals(outermost.Caller, user))
                outermost = outermost.Caller!;
            through = $" (inside '{SequencePoints.NameOf(outermost.Body.Method)}', which is called there)";
            if (AdviceFor(outermost.Body.Method) is var better && IsForeign(outermost.Body.Method))
                advice = better;
        }
        var message = new System.Text.StringBuilder();
        message.Append($"Kernel '{kernel.Name}' cannot be compiled: {what}{through}, in {Where(user)}. {advice}");
        for (Frame? f = user.Caller; f is not null; f = f.Caller)
            message.Append($" Called from {Where(f)}.");
        return new KernelCompilationException(message.ToString());

        static string Where(Frame f) => SequencePoints.Find(f.Body.Method, f.Instruction.Offset).ToString();
    }

    /// <summary>Code of the runtime or of ILGPU, whose lines say nothing to the kernel's author.</summary>
    private static bool IsForeign(MethodBase method) => IsRuntime(method)
        || (method.Module.Assembly.GetName().Name is { } assembly && (assembly == "ILGPU" || assembly == "ILGPU.Algorithms"));

    private static bool IsRuntime(MethodBase method) =>
        method.Module == typeof(object).Module
        || (method.DeclaringType?.Namespace?.StartsWith("System", StringComparison.Ordinal) ?? false);

    /// <summary>Locations are kept where somebody reports them: in checked mode and for assertions.</summary>
    private void SetLocation()
    {
        if (Target.Kind != TargetKind.Checked && !Target.Assertions)
            return;
        Frame user = frame;
        while (user.Caller is not null && IsForeign(user.Body.Method))
            user = user.Caller;
        ssa.Location = user.Location;
    }

    /// <summary>How a block of IL starts in the IR: as a block of its own, or by running on in the block of its only predecessor.</summary>
    private sealed record BlockEntry(BasicBlock Block, bool IsContinuation, List<Operand> Stack);

    /// <summary>One inlined call.</summary>
    private sealed class Frame(KernelBuilder builder, IlBody body, Frame? caller)
    {
        private readonly List<List<Variable>> stackVariables = [];
        private SourceLocation? location;
        private int locationOffset = -1;

        public IlBody Body { get; } = body;

        public Frame? Caller { get; } = caller;

        public int Depth { get; } = (caller?.Depth ?? 0) + 1;

        public List<Operand> Stack { get; } = [];

        public BlockEntry?[] Entries { get; } = new BlockEntry?[body.Blocks.Count];

        public Slot[] Arguments { get; private set; } = [];

        public Slot[] Locals { get; private set; } = [];

        public IlInstruction Instruction { get; set; }

        public List<(BasicBlock Block, Operand? Value)> Returns { get; } = [];

        public SourceLocation Location
        {
            get
            {
                if (locationOffset != Instruction.Offset)
                    (location, locationOffset) = (SequencePoints.Find(Body.Method, Instruction.Offset), Instruction.Offset);
                return location!;
            }
        }

        public void Bind(Operand[] arguments)
        {
            ParameterInfo[] parameters = Body.Method.GetParameters();
            int offset = Body.Method.IsStatic ? 0 : 1;
            Arguments = new Slot[arguments.Length];
            for (int i = 0; i < arguments.Length; i++)
            {
                Type type = i < offset ? arguments[i].Type : parameters[i - offset].ParameterType;
                Operand value = i < offset ? arguments[i] : builder.Coerce(arguments[i], type);
                string name = i < offset ? "this" : parameters[i - offset].Name ?? $"argument {i}";
                if (!Body.StoredArguments.Contains(i))
                {
                    Arguments[i] = new Slot(type) { Fixed = value };
                    continue;
                }
                Arguments[i] = builder.MakeSlot(
                    this, name, type, i, isArgument: true, Body.AddressedArguments.Contains(i), Body.PointerArguments.Contains(i));
                builder.StoreSlot(Arguments[i], value);
            }
            Locals = new Slot[Body.LocalTypes.Length];
            for (int i = 0; i < Locals.Length; i++)
            {
                Locals[i] = builder.MakeSlot(
                    this, $"local {i}", Body.LocalTypes[i], i,
                    isArgument: false, Body.AddressedLocals.Contains(i), Body.PointerLocals.Contains(i));
                foreach (Variable variable in Locals[i].Variables ?? [])
                    builder.ssa.WriteVariable(variable, SsaBuilder.DefaultOf(variable.Type));
            }
        }

        public Variable StackVariable(int depth, int leaf)
        {
            while (stackVariables.Count <= depth)
                stackVariables.Add([]);
            while (stackVariables[depth].Count <= leaf)
                stackVariables[depth].Add(new Variable("a conditional value", IrType.Void) { Owner = this, Index = -1 });
            return stackVariables[depth][leaf];
        }

        /// <summary>Whether a loop of this call can change a variable.</summary>
        public bool MayStore(IlLoop loop, Variable variable)
        {
            if (variable.IsAddressed)
                return true;
            if (!ReferenceEquals(variable.Owner, this))
                return false;
            return variable.Index < 0 || (variable.IsArgument ? loop.StoredArguments : loop.StoredLocals).Contains(variable.Index);
        }
    }

    /// <summary>Where an argument or local lives: in variables, in memory, or (an argument nobody stores to) as a plain value.</summary>
    private sealed record Slot(Type Type)
    {
        public Operand? Fixed { get; init; }

        public Variable[]? Variables { get; init; }

        public Value? Memory { get; init; }
    }
}
