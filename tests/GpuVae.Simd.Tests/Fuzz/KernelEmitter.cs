using System.Reflection;
using System.Reflection.Emit;
using ILGPU;

namespace GpuVae.Simd.Tests.Fuzz;

/// <summary>
/// Emits random kernels as IL into an assembly that is loaded from memory like any other, so that its IL can be read back.
/// Parameters: see <see cref="FuzzMemory"/>.
/// </summary>
internal sealed partial class KernelEmitter
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
}
