using System.Reflection.Emit;
using GpuVae.Simd.Ir;

namespace GpuVae.Simd.Emit;

/// <content>
/// Loops in methods of their own, see <see cref="LoopMethod"/>. Variables that both methods know are two variables, and pass through the
/// lane buffers: the loop's method reads them before it does anything, and the kernel's as soon as the call is back.
/// </content>
internal sealed partial class SimdEmitter
{
    private static readonly Type[] LoopParameters = [typeof(SimdInvocation*), typeof(byte*)];

    /// <summary>Emits the nodes as a method and a call of it; false, and nothing is emitted, where too much would have to be passed.</summary>
    private bool TryEmitLoopMethod(List<ControlNode> children, int from, LoopMethod loop)
    {
        var called = new DynamicMethod(
            $"{kernel.Name}, loop", typeof(void), LoopParameters, typeof(SimdEmitter).Module, skipVisibility: true) { InitLocals = false };
        var known = new HashSet<Value>(variables.Keys, ReferenceEqualityComparer.Instance);
        var broadcast = new HashSet<Value>(broadcasts.Keys, ReferenceEqualityComparer.Instance);
        Store[] scatteredBefore = [.. scattered];
        IlWriter kernelIl = il;
        il = new IlWriter(called.GetILGenerator(4096), isCalled: true);
        TwinLocals twins = il.Twins!;

        Label begin = il.NewLabel();
        Label body = il.NewLabel();
        il.Jump(begin);
        il.Mark(body);
        for (int i = from; i < loop.End; i++)
            EmitNode(children[i]);
        var results = new List<(LocalBuilder Outer, LocalBuilder Inner)>();
        foreach (Value value in variables.Keys.Where(value => !known.Contains(value)).ToList())
        {
            LocalBuilder[] inner = variables[value];
            variables.Remove(value);
            if (!loop.IsReadBehind(value))
                continue;
            LocalBuilder[] outer = variables[value] = [.. inner.Select(local => kernelIl.Local(local.LocalType))];
            results.AddRange(outer.Zip(inner));
        }
        foreach (Value value in broadcasts.Keys.Where(value => !broadcast.Contains(value)).ToList())
            broadcasts.Remove(value);
        results.AddRange(twins.Written);
        int size = Transfer(results, load: false, inner: true);
        il.Op(OpCodes.Ret);
        il.Mark(begin);
        size = Math.Max(size, Transfer(twins.All, load: true, inner: true));
        il.Jump(body);

        il = kernelIl;
        if (size > ScratchLayout.TransferBytes)
        {
            foreach (Value value in variables.Keys.Where(value => !known.Contains(value)).ToList())
                variables.Remove(value);
            scattered.UnionWith(scatteredBefore);
            return false;
        }
        Transfer(twins.All, load: false, inner: false);
        il.Arg(0);
        il.Arg(1);
        il.Call(called);
        Transfer(results, load: true, inner: false);
        return true;
    }

    /// <summary>Moves one side of pairs of variables between them and the lane buffers; returns how many bytes that takes.</summary>
    private int Transfer(IEnumerable<(LocalBuilder Outer, LocalBuilder Inner)> pairs, bool load, bool inner)
    {
        int offset = 0;
        foreach ((LocalBuilder Outer, LocalBuilder Inner) pair in pairs)
        {
            LocalBuilder local = inner ? pair.Inner : pair.Outer;
            EmitScratch(offset);
            if (load)
            {
                il.LoadObject(local.LocalType);
                il.Set(local);
            }
            else
            {
                il.Get(local);
                il.StoreObject(local.LocalType);
            }
            offset += VectorApi.SizeOf(local.LocalType);
        }
        return offset;
    }
}
