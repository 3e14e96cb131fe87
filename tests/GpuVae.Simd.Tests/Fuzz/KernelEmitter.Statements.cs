using System.Reflection;
using System.Reflection.Emit;
using ILGPU;

namespace GpuVae.Simd.Tests.Fuzz;

/// <content>Statements: what a program does.</content>
internal sealed partial class KernelEmitter
{
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
}
