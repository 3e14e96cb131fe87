using System.Reflection;
using System.Reflection.Emit;
using ILGPU;

namespace GpuVae.Simd.Tests.Fuzz;

/// <summary>
/// Emits random kernels as IL into an assembly that is loaded from memory like any other, so that its IL can be read back.
/// Parameters: see <see cref="FuzzMemory"/>.
/// </summary>
internal sealed class KernelEmitter
{
    private const int LocalCount = 4;

    private static readonly string[] AtomicOperations = ["Add", "Min", "Max", "And", "Or", "Xor"];
    private static int assemblies;

    private readonly FuzzApi api;
    private readonly ILGenerator il;
    private readonly Program program;
    private readonly Dictionary<string, LocalBuilder> variables = [];
    private readonly Dictionary<(FuzzType, bool IsDynamic), LocalBuilder> shared = [];
    private readonly Stack<(Label Break, Label Continue)> loops = [];
    private readonly LocalBuilder thread;
    private readonly LocalBuilder me;
    private readonly LocalBuilder size;
    private readonly LocalBuilder local;
    private readonly Label end;

    private KernelEmitter(FuzzApi api, ILGenerator il, Program program)
    {
        this.api = api;
        this.il = il;
        this.program = program;
        end = il.DefineLabel();
        me = il.DeclareLocal(typeof(int));
        size = il.DeclareLocal(typeof(int));
        thread = il.DeclareLocal(typeof(int));
        local = il.DeclareLocal(api.View(typeof(int)));
        Prologue();
        Emit(program.Body);
        Epilogue();
        il.MarkLabel(end);
        il.Emit(OpCodes.Ret);
    }

    public static Type Clr(FuzzType type) => type switch
    {
        FuzzType.Byte => typeof(byte),
        FuzzType.Short => typeof(short),
        FuzzType.Int => typeof(int),
        FuzzType.UInt => typeof(uint),
        FuzzType.Long => typeof(long),
        FuzzType.Float => typeof(float),
        FuzzType.Half => typeof(ILGPU.Half),
        _ => typeof(double),
    };

    /// <summary>One view for each of <see cref="FuzzMemory.Types"/>, behind the index where there is one.</summary>
    public static Type[] ParameterTypes(FuzzApi api, bool isImplicit) =>
        [.. isImplicit ? [typeof(Index1D)] : Type.EmptyTypes, .. FuzzMemory.Types.Select(type => api.View(Clr(type)))];

    public static MethodInfo[] Emit(FuzzApi api, params ReadOnlySpan<Program> programs)
    {
        var assembly = new PersistedAssemblyBuilder(new AssemblyName($"Fuzz{Interlocked.Increment(ref assemblies)}"),
            typeof(object).Assembly);
        TypeBuilder type = assembly.DefineDynamicModule("Fuzz").DefineType("Kernels",
            TypeAttributes.Public | TypeAttributes.Abstract | TypeAttributes.Sealed);
        for (int i = 0; i < programs.Length; i++)
        {
            MethodBuilder method = type.DefineMethod($"Kernel{i}", MethodAttributes.Public | MethodAttributes.Static, typeof(void),
                ParameterTypes(api, programs[i].IsImplicit));
            _ = new KernelEmitter(api, method.GetILGenerator(), programs[i]);
        }
        type.CreateType();
        using var stream = new MemoryStream();
        assembly.Save(stream);
        Type loaded = Assembly.Load(stream.ToArray()).GetType("Kernels")!;
        return [.. Enumerable.Range(0, programs.Length).Select(i => loaded.GetMethod($"Kernel{i}")!)];
    }

    /// <summary>What the evaluation stack holds for a variable of the type.</summary>
    private static FuzzType Computed(FuzzType type) =>
        type is FuzzType.Byte or FuzzType.Short ? FuzzType.Int : type == FuzzType.Half ? FuzzType.Float : type;

    private static bool IsFloat(FuzzType type) => type is FuzzType.Float or FuzzType.Double or FuzzType.Half;

    private void Prologue()
    {
        if (program.IsImplicit)
        {
            il.Emit(OpCodes.Ldarga_S, (byte)0);
            il.Emit(OpCodes.Call, typeof(Index1D).GetProperty(nameof(Index1D.X))!.GetMethod!);
            il.Emit(OpCodes.Stloc, thread);
        }
        else
        {
            EmitThread();
        }

        il.Emit(OpCodes.Ldc_I4, LocalCount);
        il.Emit(OpCodes.Call, api.Allocate("Local", typeof(int)));
        il.Emit(OpCodes.Stloc, local);
        for (int i = 0; i < LocalCount; i++)
        {
            int index = i;
            Element(local, typeof(int), () => il.Emit(OpCodes.Ldc_I4, index));
            il.Emit(OpCodes.Ldloc, thread);
            il.Emit(OpCodes.Ldc_I4, 7 * i);
            il.Emit(OpCodes.Xor);
            il.Emit(OpCodes.Stind_I4);
        }
        foreach (FuzzType type in Enum.GetValues<FuzzType>())
        {
            for (int i = 0; i < 2; i++)
            {
                LocalBuilder variable = il.DeclareLocal(Clr(type));
                variables.Add(ProgramGenerator.Variable(type, i), variable);
                int shift = i * 11;
                ElementOf(FuzzMemory.InputOf(type), type, () =>
                {
                    il.Emit(OpCodes.Ldloc, thread);
                    il.Emit(OpCodes.Ldc_I4, shift);
                    il.Emit(OpCodes.Add);
                    il.Emit(OpCodes.Ldc_I4, 63);
                    il.Emit(OpCodes.And);
                });
                il.Emit(OpCodes.Ldobj, Clr(type));
                il.Emit(OpCodes.Stloc, variable);
            }
        }
        if (!program.Communicates)
            return;
        foreach (FuzzType type in Enum.GetValues<FuzzType>())
        {
            LocalBuilder view = il.DeclareLocal(api.View(Clr(type)));
            shared.Add((type, false), view);
            il.Emit(OpCodes.Ldc_I4, 64);
            il.Emit(OpCodes.Call, api.Allocate("Shared", Clr(type)));
            il.Emit(OpCodes.Stloc, view);
            view = il.DeclareLocal(api.View(Clr(type)));
            shared.Add((type, true), view);
            il.Emit(OpCodes.Call, api.DynamicShared(Clr(type)));
            il.Emit(OpCodes.Stloc, view);
        }
    }

    /// <summary>me = (IdxZ * DimY + IdxY) * DimX + IdxX; size = DimX * DimY * DimZ; thread = GridIdx * size + me.</summary>
    private void EmitThread()
    {
        Coordinate("Group.IdxZ");
        Coordinate("Group.DimY");
        il.Emit(OpCodes.Mul);
        Coordinate("Group.IdxY");
        il.Emit(OpCodes.Add);
        Coordinate("Group.DimX");
        il.Emit(OpCodes.Mul);
        Coordinate("Group.IdxX");
        il.Emit(OpCodes.Add);
        il.Emit(OpCodes.Stloc, me);
        Coordinate("Group.DimX");
        Coordinate("Group.DimY");
        il.Emit(OpCodes.Mul);
        Coordinate("Group.DimZ");
        il.Emit(OpCodes.Mul);
        il.Emit(OpCodes.Stloc, size);
        Coordinate("Grid.IdxX");
        il.Emit(OpCodes.Ldloc, size);
        il.Emit(OpCodes.Mul);
        il.Emit(OpCodes.Ldloc, me);
        il.Emit(OpCodes.Add);
        il.Emit(OpCodes.Stloc, thread);
    }

    /// <summary>What the variables hold at the end is seen in any case.</summary>
    private void Epilogue()
    {
        foreach (FuzzType type in Enum.GetValues<FuzzType>())
        {
            for (int i = 0; i < 2; i++)
                Emit(new Output(2 + i, new Read(type, ProgramGenerator.Variable(type, i))));
        }
    }

    /// <summary>An implicitly grouped kernel computes the place from its index instead.</summary>
    private void Coordinate(string name)
    {
        if (!program.IsImplicit)
        {
            il.Emit(OpCodes.Call, api.Coordinate(name));
            return;
        }
        if (name == "Group.DimX")
        {
            il.Emit(OpCodes.Ldc_I4, program.DimX);
            return;
        }
        int group = program.DimX * program.DimY * program.DimZ;
        (int divisor, int remainder) = name switch
        {
            "Group.IdxX" => (1, program.DimX),
            "Group.IdxY" => (program.DimX, program.DimY),
            "Group.IdxZ" => (program.DimX * program.DimY, program.DimZ),
            _ => (group, program.Groups),
        };
        il.Emit(OpCodes.Ldloc, thread);
        il.Emit(OpCodes.Ldc_I4, divisor);
        il.Emit(OpCodes.Div);
        il.Emit(OpCodes.Ldc_I4, remainder);
        il.Emit(OpCodes.Rem);
    }

    private void ElementOf(int parameter, FuzzType type, Action index)
    {
        il.Emit(OpCodes.Ldarga_S, (byte)(parameter + (program.IsImplicit ? 1 : 0)));
        index();
        il.Emit(OpCodes.Call, Indexer(Clr(type)));
    }

    private void Element(LocalBuilder view, Type element, Action index)
    {
        il.Emit(OpCodes.Ldloca, view);
        index();
        il.Emit(OpCodes.Call, Indexer(element));
    }

    private MethodInfo Indexer(Type element) => api.View(element).GetMethod("get_Item", [typeof(int)])!;

    private void Masked(Expression index, int mask)
    {
        Emit(index);
        il.Emit(OpCodes.Ldc_I4, mask);
        il.Emit(OpCodes.And);
    }

    private void Emit(Statement statement)
    {
        switch (statement)
        {
            case Block block:
                foreach (Statement inner in block.Statements)
                    Emit(inner);
                break;
            case Assign assign:
                Emit(assign.Value);
                ToStorage(assign.Type);
                il.Emit(OpCodes.Stloc, variables[assign.Variable]);
                break;
            case If branch:
                Label otherwise = il.DefineLabel();
                Label join = il.DefineLabel();
                Emit(branch.Condition, otherwise);
                Emit(branch.Then);
                il.Emit(OpCodes.Br, join);
                il.MarkLabel(otherwise);
                Emit(branch.Else);
                il.MarkLabel(join);
                break;
            case For loop:
                EmitLoop(loop);
                break;
            case Break:
                il.Emit(OpCodes.Br, loops.Peek().Break);
                break;
            case Continue:
                il.Emit(OpCodes.Br, loops.Peek().Continue);
                break;
            case Return:
                il.Emit(OpCodes.Br, end);
                break;
            case Output output:
                ElementOf(FuzzMemory.OutputOf(output.Value.Type), output.Value.Type, () =>
                    ThreadSlot(output.Slot, FuzzMemory.OutputStart(output.Value.Type)));
                Emit(output.Value);
                ToStorage(output.Value.Type);
                il.Emit(OpCodes.Stobj, Clr(output.Value.Type));
                break;
            case Elementary elementary:
                EmitElementary(elementary);
                break;
            case LocalWrite write:
                Element(local, typeof(int), () => Masked(write.Index, LocalCount - 1));
                Emit(write.Value);
                il.Emit(OpCodes.Stind_I4);
                break;
            case AtomicUpdate update:
                // Each operation has elements of its own: mixed with others its order would matter.
                int start = 2 * Array.IndexOf(AtomicOperations, update.Operation);
                ElementOf(FuzzMemory.Atomics, FuzzType.Int, () =>
                {
                    Masked(update.Index, 1);
                    il.Emit(OpCodes.Ldc_I4, start);
                    il.Emit(OpCodes.Add);
                });
                Emit(update.Value);
                il.Emit(OpCodes.Call, api.Atomic(update.Operation));
                il.Emit(OpCodes.Pop);
                break;
            case AtomicFetch fetch:
                ElementOf(FuzzMemory.Atomics, FuzzType.Int, () =>
                {
                    il.Emit(OpCodes.Ldloc, thread);
                    il.Emit(OpCodes.Ldc_I4, FuzzMemory.SharedAtomics);
                    il.Emit(OpCodes.Add);
                });
                Emit(fetch.Value);
                il.Emit(OpCodes.Call, api.Atomic(fetch.Operation));
                il.Emit(OpCodes.Stloc, variables[fetch.Variable]);
                break;
            default:
                EmitCommunication(statement);
                break;
        }
    }

    private void EmitCommunication(Statement statement)
    {
        switch (statement)
        {
            case Exchange exchange:
                LocalBuilder memory = shared[(exchange.Type, exchange.IsDynamic)];
                Element(memory, Clr(exchange.Type), () => il.Emit(OpCodes.Ldloc, me));
                Emit(exchange.Value);
                il.Emit(OpCodes.Stobj, Clr(exchange.Type));
                il.Emit(OpCodes.Call, api.Barrier);
                Element(memory, Clr(exchange.Type), () =>
                {
                    Emit(exchange.From);
                    il.Emit(OpCodes.Ldloc, size);
                    il.Emit(OpCodes.Rem_Un);
                });
                il.Emit(OpCodes.Ldobj, Clr(exchange.Type));
                il.Emit(OpCodes.Stloc, variables[exchange.Variable]);
                il.Emit(OpCodes.Call, api.Barrier);
                break;
            case ShuffleInto shuffle:
                Emit(shuffle.Value);
                EmitLane(shuffle);
                il.Emit(OpCodes.Call, api.Shuffle(shuffle.Kind, Clr(shuffle.Type)));
                il.Emit(OpCodes.Stloc, variables[shuffle.Variable]);
                break;
            case Vote vote:
                EmitBoolean(vote.Condition);
                il.Emit(OpCodes.Call, api.Vote(vote.Kind));
                il.Emit(OpCodes.Stloc, variables[vote.Variable]);
                break;
            default:
                throw new NotSupportedException(statement.GetType().Name);
        }
    }

    /// <summary>Source lanes are inside the warp; offsets and masks are constants smaller than the smallest warp.</summary>
    private void EmitLane(ShuffleInto shuffle)
    {
        if (shuffle.Kind != "Shuffle")
        {
            il.Emit(OpCodes.Ldc_I4, 1 + (shuffle.Variable[^1] & 1));
            return;
        }
        Emit(shuffle.Lane);
        Coordinate("Warp.WarpSize");
        il.Emit(OpCodes.Rem_Un);
    }

    private void ThreadSlot(int slot, int start)
    {
        il.Emit(OpCodes.Ldloc, thread);
        il.Emit(OpCodes.Ldc_I4_4);
        il.Emit(OpCodes.Mul);
        il.Emit(OpCodes.Ldc_I4, slot + start);
        il.Emit(OpCodes.Add);
    }

    private void EmitElementary(Elementary elementary)
    {
        ElementOf(FuzzMemory.Approximate, FuzzType.Float, () => ThreadSlot(elementary.Slot, 0));
        // Arguments from 0.01 to about 10: in range of every function and away from the zeros of log, sin and cos at 0 and 1.
        Masked(((Cast)elementary.Argument).Operand, 1023);
        il.Emit(OpCodes.Conv_R4);
        il.Emit(OpCodes.Ldc_R4, 0.0097f);
        il.Emit(OpCodes.Mul);
        il.Emit(OpCodes.Ldc_R4, 1.013f);
        Call("Max", FuzzType.Float);
        il.Emit(OpCodes.Call, api.Elementary(elementary.Function));
        il.Emit(OpCodes.Stind_R4);
    }

    private void EmitLoop(For loop)
    {
        LocalBuilder counter = il.DeclareLocal(typeof(int));
        variables[loop.Counter] = counter;
        Label body = il.DefineLabel(), next = il.DefineLabel(), test = il.DefineLabel(), after = il.DefineLabel();
        il.Emit(OpCodes.Ldc_I4_0);
        il.Emit(OpCodes.Stloc, counter);
        il.Emit(OpCodes.Br, test);
        il.MarkLabel(body);
        loops.Push((after, next));
        Emit(loop.Body);
        loops.Pop();
        il.MarkLabel(next);
        il.Emit(OpCodes.Ldloc, counter);
        il.Emit(OpCodes.Ldc_I4_1);
        il.Emit(OpCodes.Add);
        il.Emit(OpCodes.Stloc, counter);
        il.MarkLabel(test);
        il.Emit(OpCodes.Ldloc, counter);
        Emit(loop.Turns);
        il.Emit(OpCodes.Blt, body);
        il.MarkLabel(after);
    }

    private void EmitBoolean(Condition condition)
    {
        Label whenFalse = il.DefineLabel(), done = il.DefineLabel();
        Emit(condition, whenFalse);
        il.Emit(OpCodes.Ldc_I4_1);
        il.Emit(OpCodes.Br, done);
        il.MarkLabel(whenFalse);
        il.Emit(OpCodes.Ldc_I4_0);
        il.MarkLabel(done);
    }

    /// <summary>Falls through when the condition holds.</summary>
    private void Emit(Condition condition, Label whenFalse)
    {
        switch (condition)
        {
            case Logic { And: true } logic:
                Emit(logic.Left, whenFalse);
                Emit(logic.Right, whenFalse);
                break;
            case Logic logic:
                Label holds = il.DefineLabel(), second = il.DefineLabel();
                Emit(logic.Left, second);
                il.Emit(OpCodes.Br, holds);
                il.MarkLabel(second);
                Emit(logic.Right, whenFalse);
                il.MarkLabel(holds);
                break;
            case Comparison comparison:
                Emit(comparison.Left);
                Emit(comparison.Right);
                bool unsigned = comparison.Left.Type == FuzzType.UInt, isFloat = IsFloat(comparison.Left.Type);
                // C# branches on the opposite; for floats the opposite of an ordered comparison is an unordered one.
                il.Emit(comparison.Operator switch
                {
                    "<" => unsigned || isFloat ? OpCodes.Bge_Un : OpCodes.Bge,
                    "<=" => unsigned || isFloat ? OpCodes.Bgt_Un : OpCodes.Bgt,
                    ">" => unsigned || isFloat ? OpCodes.Ble_Un : OpCodes.Ble,
                    ">=" => unsigned || isFloat ? OpCodes.Blt_Un : OpCodes.Blt,
                    "==" => OpCodes.Bne_Un,
                    _ => OpCodes.Beq,
                }, whenFalse);
                break;
        }
    }

    private void Emit(Expression expression)
    {
        switch (expression)
        {
            case Literal literal:
                EmitLiteral(literal);
                break;
            case Read read:
                il.Emit(OpCodes.Ldloc, variables[read.Variable]);
                FromStorage(read.Type);
                break;
            case Input input:
                ElementOf(FuzzMemory.InputOf(input.Type), input.Type, () => Masked(input.Index, 63));
                il.Emit(OpCodes.Ldobj, Clr(input.Type));
                FromStorage(input.Type);
                break;
            case LocalRead read:
                Element(local, typeof(int), () => Masked(read.Index, LocalCount - 1));
                il.Emit(OpCodes.Ldind_I4);
                break;
            case Coordinate coordinate:
                Coordinate(coordinate.Name);
                break;
            case UnaryExpression unary:
                EmitUnary(unary);
                break;
            case BinaryExpression binary:
                EmitBinary(binary);
                break;
            case Choice choice:
                Label otherwise = il.DefineLabel(), done = il.DefineLabel();
                Emit(choice.Condition, otherwise);
                Emit(choice.WhenTrue);
                il.Emit(OpCodes.Br, done);
                il.MarkLabel(otherwise);
                Emit(choice.WhenFalse);
                il.MarkLabel(done);
                break;
            case Cast cast:
                Emit(cast.Operand);
                EmitCast(cast.Operand.Type, cast.Type);
                break;
        }
    }

    private void EmitLiteral(Literal literal)
    {
        switch (Computed(literal.Type))
        {
            case FuzzType.Int:
                il.Emit(OpCodes.Ldc_I4, (int)literal.Value);
                break;
            case FuzzType.UInt:
                il.Emit(OpCodes.Ldc_I4, (int)(uint)literal.Value);
                break;
            case FuzzType.Long:
                il.Emit(OpCodes.Ldc_I8, (long)literal.Value);
                break;
            case FuzzType.Float:
                il.Emit(OpCodes.Ldc_R4, literal.Type == FuzzType.Half ? (float)(System.Half)literal.Value : (float)literal.Value);
                break;
            default:
                il.Emit(OpCodes.Ldc_R8, literal.Value);
                break;
        }
    }

    private void EmitCast(FuzzType from, FuzzType to)
    {
        // Floats reach the small types through int, whose conversion is defined for every value.
        if (IsFloat(from) && to is FuzzType.Byte or FuzzType.Short)
            il.Emit(OpCodes.Conv_I4);
        if (from == FuzzType.UInt && IsFloat(to))
            il.Emit(OpCodes.Conv_R_Un);
        il.Emit(to switch
        {
            FuzzType.Byte => OpCodes.Conv_U1,
            FuzzType.Short => OpCodes.Conv_I2,
            FuzzType.Int => OpCodes.Conv_I4,
            FuzzType.UInt => OpCodes.Conv_U4,
            FuzzType.Long => from == FuzzType.UInt ? OpCodes.Conv_U8 : OpCodes.Conv_I8,
            FuzzType.Float or FuzzType.Half => OpCodes.Conv_R4,
            _ => OpCodes.Conv_R8,
        });
        Narrow(to);
    }

    private void Narrow(FuzzType type)
    {
        if (type == FuzzType.Byte)
            il.Emit(OpCodes.Conv_U1);
        else if (type == FuzzType.Short)
            il.Emit(OpCodes.Conv_I2);
        else if (type == FuzzType.Half)
        {
            ToStorage(type);
            FromStorage(type);
        }
    }

    /// <summary>A Half lies in memory and variables as such, and on the stack as the float of the same value.</summary>
    private void ToStorage(FuzzType type)
    {
        if (type == FuzzType.Half)
            il.Emit(OpCodes.Call, api.ToHalf);
    }

    private void FromStorage(FuzzType type)
    {
        if (type == FuzzType.Half)
            il.Emit(OpCodes.Call, api.FromHalf);
    }

    private void EmitUnary(UnaryExpression unary)
    {
        Emit(unary.Operand);
        switch (unary.Operator)
        {
            case "-":
                il.Emit(OpCodes.Neg);
                break;
            case "~":
                il.Emit(OpCodes.Not);
                break;
            default:
                Call(unary.Operator, unary.Type);
                break;
        }
        Narrow(unary.Type);
    }

    private void Call(string function, FuzzType type)
    {
        type = Computed(type);
        Type clr = Clr(Computed(type));
        bool isBinary = function is "Min" or "Max";
        Type owner = type == FuzzType.Float && function is "Sqrt" or "Floor" && type == FuzzType.Float ? typeof(MathF) : typeof(Math);
        il.Emit(OpCodes.Call, owner.GetMethod(function, isBinary ? [clr, clr] : [clr])!);
    }

    private void EmitBinary(BinaryExpression binary)
    {
        FuzzType type = Computed(binary.Type);
        if (binary.Type == FuzzType.Half && api.HalfOperator(binary.Operator) is { } method)
        {
            Emit(binary.Left);
            ToStorage(FuzzType.Half);
            Emit(binary.Right);
            ToStorage(FuzzType.Half);
            il.Emit(OpCodes.Call, method);
            FromStorage(FuzzType.Half);
            return;
        }
        Emit(binary.Left);
        Emit(binary.Right);
        bool unsigned = type == FuzzType.UInt;
        switch (binary.Operator)
        {
            case "Min" or "Max":
                Call(binary.Operator, binary.Type);
                break;
            case "<<" or ">>":
                if (type == FuzzType.Long)
                    il.Emit(OpCodes.Conv_I4);
                il.Emit(OpCodes.Ldc_I4, type == FuzzType.Long ? 63 : 31);
                il.Emit(OpCodes.And);
                il.Emit(binary.Operator == "<<" ? OpCodes.Shl : unsigned ? OpCodes.Shr_Un : OpCodes.Shr);
                break;
            case "/" or "%" when !IsFloat(type):
                // The divisor becomes positive and odd: no exception, no overflow.
                il.Emit(OpCodes.Ldc_I4, 0xFFF);
                if (type == FuzzType.Long)
                    il.Emit(OpCodes.Conv_I8);
                il.Emit(OpCodes.And);
                il.Emit(OpCodes.Ldc_I4_1);
                if (type == FuzzType.Long)
                    il.Emit(OpCodes.Conv_I8);
                il.Emit(OpCodes.Or);
                il.Emit(binary.Operator == "/" ? unsigned ? OpCodes.Div_Un : OpCodes.Div : unsigned ? OpCodes.Rem_Un : OpCodes.Rem);
                break;
            default:
                il.Emit(binary.Operator switch
                {
                    "+" => OpCodes.Add,
                    "-" => OpCodes.Sub,
                    "*" or "exact*" => OpCodes.Mul,
                    "/" => OpCodes.Div,
                    "&" => OpCodes.And,
                    "|" => OpCodes.Or,
                    "^" => OpCodes.Xor,
                    _ => throw new NotSupportedException(binary.Operator),
                });
                break;
        }
        if (binary.Operator == "*" && IsFloat(type))
        {
            // Something between a product and a sum, or contraction would round differently.
            EmitLiteral(new Literal(type, 1e20));
            Call("Min", type);
        }
        Narrow(binary.Type);
    }
}
