using System.Reflection;
using GpuVae.Simd.Ir;

namespace GpuVae.Simd.Frontend;

/// <content>Calls, which are all inlined, and what they reach.</content>
internal sealed partial class KernelBuilder
{
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
            throw RefuseDelegate($"a delegate ({name}) is called");
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

    private void Call(MethodBase method)
    {
        Operand[] arguments = PopAll(method.GetParameters().Length + (method.IsStatic ? 0 : 1));
        if (constrainedType is { } type)
        {
            constrainedType = null;
            method = Implementation(method, type);
        }
        else if (method.IsAbstract && !method.IsStatic && PointeeOf(arguments[0]) is { } receiver)
        {
            // A default interface method calls another member of the interface on the struct it was called for.
            method = Implementation(method, receiver);
        }
        if (InlineCall(method, arguments) is { } result)
            Push(result);
    }

    private static Type? PointeeOf(Operand receiver) =>
        receiver.Type is { IsByRef: true } type && type.GetElementType() is { IsValueType: true } pointee ? pointee : null;

    /// <summary>The method that a call through an interface reaches on a value type.</summary>
    private MethodBase Implementation(MethodBase method, Type type)
    {
        if (method.DeclaringType is not { IsInterface: true } contract)
        {
            if (method.DeclaringType == type || !type.IsValueType)
                return method;
            Type[] parameters = method.GetParameters().Select(p => p.ParameterType).ToArray();
            MethodInfo? overriding = type.GetMethod(
                method.Name, BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly, parameters);
            return overriding ?? throw Refuse(
                $"'{SequencePoints.NameOf(method)}' is called on {SequencePoints.NameOf(type)}, which boxes it",
                "Give the struct a method of its own.");
        }
        if (!type.IsValueType && !method.IsStatic)
        {
            throw Refuse(
                $"'{SequencePoints.NameOf(method)}' is called on class {SequencePoints.NameOf(type)}",
                "Make the functor a struct.");
        }
        MethodBase definition = method is MethodInfo { IsGenericMethod: true } generic ? generic.GetGenericMethodDefinition() : method;
        InterfaceMapping map = type.GetInterfaceMap(contract);
        int index = Array.FindIndex(
            map.InterfaceMethods, m => m.MetadataToken == definition.MetadataToken && m.Module == definition.Module);
        MethodInfo? target = index < 0 ? (MethodInfo)definition : map.TargetMethods[index];
        if (target is null || target.IsAbstract)
            throw Refuse(
                $"{SequencePoints.NameOf(type)} does not implement '{SequencePoints.NameOf(method)}'", "Implement it in the struct.");
        return target.IsGenericMethodDefinition ? target.MakeGenericMethod(method.GetGenericArguments()) : target;
    }

    private Operand New(ConstructorInfo constructor)
    {
        Type type = constructor.DeclaringType!;
        Operand[] arguments = PopAll(constructor.GetParameters().Length);
        if (type.IsArray)
            return NewArray(type, arguments, initialise: true);
        if (typeof(Delegate).IsAssignableFrom(type))
            throw RefuseDelegate("a delegate or lambda is made");
        if (type.IsSubclassOf(typeof(Exception)) || type == typeof(Exception))
            throw RefuseThrow();
        if (!type.IsValueType)
        {
            throw Refuse(
                $"an object of class {SequencePoints.NameOf(type)} is allocated",
                "Kernels cannot allocate; use structs, LocalMemory or SharedMemory.");
        }
        (Slot slot, Operand address) = MakeTemporary(type);
        InlineCall(constructor, [address, .. arguments]);
        return LoadSlot(slot);
    }

    /// <summary>What <c>new T()</c> of a struct gives.</summary>
    public Operand New(Type type)
    {
        (Slot slot, Operand address) = MakeTemporary(type);
        if (type.GetConstructor(Type.EmptyTypes) is { } constructor)
            InlineCall(constructor, [address]);
        return LoadSlot(slot);
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
