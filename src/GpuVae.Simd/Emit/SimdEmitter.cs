using System.Reflection.Emit;
using GpuVae.Simd.Ir;
using GpuVae.Simd.Passes;

namespace GpuVae.Simd.Emit;

/// <summary>
/// Turns a kernel into IL over vectors: SPMD on SIMD (cf. Pharr and Mark 2012, "ispc: A SPMD Compiler for High-Performance CPU
/// Programming"). A value that is the same in all lanes, or strided by a constant, is a scalar variable; other values are one vector
/// variable per part.
/// </summary>
internal sealed partial class SimdEmitter
{
    private readonly IrKernel kernel;
    private readonly SimdConfiguration configuration;
    private readonly GroupShape group;
    private readonly ControlIndex index;
    private readonly LocalMemoryLayout localMemory;
    private readonly ScratchLayout scratch;
    private readonly ShapeAnalysis shapes;
    private readonly LaneUpdates updates;
    private readonly RegionPlan? regions;
    private readonly InlinePlan plan;
    private readonly RegionVariables? crossing;
    private readonly DynamicMethod method;
    private IlWriter il;
    private readonly int warps;

    private readonly Dictionary<Value, LocalBuilder[]> variables = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<Value, LocalBuilder> broadcasts = new(ReferenceEqualityComparer.Instance);

    // Along X, Y and Z: the groups of the launch, which of them this is, and where in it lane 0 of the warp is.
    private readonly LocalBuilder[] grid, groupIndex, thread;
    private readonly LocalBuilder dynamicBytes, warp;
    private Label groupEnd;

    private SimdEmitter(IrKernel kernel, SimdConfiguration configuration, GroupShape group, Func<ILGenerator, ILGenerator>? record)
    {
        this.kernel = kernel;
        this.configuration = configuration;
        this.group = group;
        warps = group.WarpCount(configuration.Lanes);
        index = new ControlIndex(Structurizer.Build(kernel));
        localMemory = new LocalMemoryLayout(kernel, configuration.Lanes);
        shapes = new ShapeAnalysis(kernel, index, configuration, group, localMemory);
        updates = new LaneUpdates(kernel, shapes);
        regions = warps > 1 && index.ContainsBarrier(index.Root) ? RegionPlan.Build(index, shapes) : null;
        plan = new InlinePlan(kernel, configuration, index, shapes, regions, IsStatement);
        scratch = new ScratchLayout(kernel, localMemory, warps);
        crossing = regions is null ? null : new RegionVariables(regions, shapes, plan, configuration, scratch);

        method = new DynamicMethod(
            kernel.Name, typeof(void), [typeof(SimdInvocation*), typeof(byte*), typeof(long), typeof(long)],
            typeof(SimdEmitter).Module, skipVisibility: true)
        {
            InitLocals = false,
        };
        ILGenerator generator = method.GetILGenerator(16384);
        il = new IlWriter(record?.Invoke(generator) ?? generator);
        grid = NewLocals(3, typeof(int));
        groupIndex = NewLocals(3, typeof(int));
        dynamicBytes = il.Local(typeof(int));
        warp = il.Local(typeof(int));
        thread = NewLocals(3, typeof(int));
    }

    /// <summary>Compiles an optimised kernel for one group shape.</summary>
    /// <param name="kernel">Used up: it is brought into loop-closed form.</param>
    /// <param name="configuration">The vectors to compile for.</param>
    /// <param name="group">The shape.</param>
    /// <param name="record">Puts something between the emitter and the method; tests write the code down there.</param>
    /// <exception cref="KernelCompilationException">The kernel cannot run on this backend; the message says why.</exception>
    public static SimdProgram Compile(
        IrKernel kernel, SimdConfiguration configuration, GroupShape group, Func<ILGenerator, ILGenerator>? record = null)
    {
        configuration.Validate();
        var emitter = new SimdEmitter(kernel, configuration, group, record);
        if (InductionPointers.Run(kernel, emitter.index, emitter.shapes))
        {
            DeadCode.Run(kernel);
            emitter = new(kernel, configuration, group, record);
        }
        if (emitter.regions is { IsConvergent: false })
        {
            kernel = BarrierConvergence.Run(kernel, emitter.index);
            Optimizer.Clean(kernel);
            emitter = new(kernel, configuration, group, record);
        }
        emitter.EmitMethod();
        return new SimdProgram(
            kernel.Name, group, emitter.method.CreateDelegate<SimdBody>(), emitter.scratch, new(kernel), emitter.index.HasLoops,
            kernel.Tables);
    }

    private void EmitMethod()
    {
        EmitPrologue();
        LocalBuilder position = il.Local(typeof(long));
        il.Arg(2);
        il.Set(position);
        EmitGridPosition(position);

        Label top = il.NewLabel();
        Label end = il.NewLabel();
        il.Get(position);
        il.Arg(3);
        il.Op(OpCodes.Clt);
        il.JumpIfNot(end);
        il.Mark(top);
        EmitGroup();
        EmitNextGroup();
        il.Get(position);
        il.Long(1);
        il.Op(OpCodes.Add);
        il.Set(position);
        il.Get(position);
        il.Arg(3);
        il.Op(OpCodes.Clt);
        il.JumpIf(top);
        il.Mark(end);
        il.Op(OpCodes.Ret);
    }

    private void EmitPrologue()
    {
        LoadField(nameof(SimdInvocation.GridX), grid[0]);
        LoadField(nameof(SimdInvocation.GridY), grid[1]);
        LoadField(nameof(SimdInvocation.GridZ), grid[2]);
        LoadField(nameof(SimdInvocation.DynamicSharedBytes), dynamicBytes);
        foreach (Parameter parameter in kernel.Parameters)
        {
            if (parameter.Users.Count == 0)
                continue;
            LocalBuilder local = il.Local(ScalarClr(parameter.Type));
            variables[parameter] = [local];
            il.Arg(0);
            il.Field(typeof(SimdInvocation).GetField(nameof(SimdInvocation.Slots))!);
            il.Op(OpCodes.Conv_U8);
            il.AddOffset(parameter.Slot * 8L);
            EmitScalarLoad(parameter.Type);
            il.Set(local);
            EmitBroadcastVariable(parameter);
        }
        foreach (Allocation allocation in kernel.Allocations)
        {
            if (allocation.Users.Count == 0 || allocation.Space == AddressSpace.Local)
                continue;
            LocalBuilder local = il.Local(typeof(long));
            variables[allocation] = [local];
            EmitScratch(scratch.OffsetOf(allocation));
            il.Set(local);
        }

        void LoadField(string name, LocalBuilder local)
        {
            il.Arg(0);
            il.Field(typeof(SimdInvocation).GetField(name)!);
            il.Set(local);
        }
    }

    /// <summary>position → group coordinates, once per range; then they are counted on.</summary>
    private void EmitGridPosition(LocalBuilder position)
    {
        for (int axis = 0; axis < 3; axis++)
        {
            il.Get(position);
            for (int faster = 0; faster < axis; faster++)
                By(faster, OpCodes.Div);
            if (axis < 2)
                By(axis, OpCodes.Rem);
            il.Op(OpCodes.Conv_I4);
            il.Set(groupIndex[axis]);
        }

        void By(int axis, OpCode op)
        {
            il.Get(grid[axis]);
            il.Op(OpCodes.Conv_I8);
            il.Op(op);
        }
    }

    private void EmitNextGroup()
    {
        Label done = il.NewLabel();
        for (int axis = 0; axis < 2; axis++)
        {
            il.Increment(groupIndex[axis]);
            il.Get(groupIndex[axis]);
            il.Get(grid[axis]);
            il.Op(OpCodes.Clt);
            il.JumpIf(done);
            il.Int(0);
            il.Set(groupIndex[axis]);
        }
        il.Increment(groupIndex[2]);
        il.Mark(done);
    }

    private void EmitGroup()
    {
        if (regions is not null)
        {
            groupEnd = il.NewLabel();
            EmitRegions(regions.Root);
            il.Mark(groupEnd);
            return;
        }
        EmitWarps(() => EmitNode(index.Root));
    }

    /// <summary>Runs the body once per warp, with the mask full or, where the last warp is not, cut to the group's size.</summary>
    private void EmitWarps(Action body)
    {
        Label top = il.NewLabel();
        Label outerSkip = skip;
        warpEnd = skip = il.NewLabel();
        il.Int(0);
        il.Set(warp);
        if (warps > 1)
            il.Mark(top);
        EmitThreadBase();
        mask = group.HasPartialWarp(configuration.Lanes) ? EmitGroupMask() : Mask.Full;
        EmitLocalAllocations();
        body();
        il.Mark(warpEnd);
        skip = outerSkip;
        if (warps == 1)
            return;
        il.Increment(warp);
        il.JumpIfBelow(warp, warps, top);
    }

    private void EmitLocalAllocations()
    {
        foreach (Allocation allocation in kernel.Allocations)
        {
            if (allocation.Users.Count == 0 || allocation.Space != AddressSpace.Local)
                continue;
            if (!variables.TryGetValue(allocation, out LocalBuilder[]? local))
                variables[allocation] = local = [il.Local(typeof(long))];
            EmitScratch(scratch.LocalOffset + localMemory.OffsetOf(allocation));
            if (warps > 1)
            {
                il.Get(warp);
                il.AddScaled(scratch.LocalBytesPerWarp);
            }
            il.Set(local[0]);
        }
    }

    /// <summary>The coordinates of the warp's lane 0 in its group.</summary>
    private void EmitThreadBase()
    {
        int divisor = 1;
        for (int axis = 0; axis < 3; axis++)
        {
            int length = group.Along(axis);
            if (length == 1 || warps == 1)
            {
                il.Int(0);
            }
            else
            {
                il.Get(warp);
                il.Int(configuration.Lanes);
                il.Op(OpCodes.Mul);
                il.Int(divisor);
                il.Op(OpCodes.Div_Un);
                il.Int(length);
                il.Op(OpCodes.Rem_Un);
            }
            il.Set(thread[axis]);
            divisor *= length;
        }
    }
}
